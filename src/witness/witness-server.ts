// A witness (c2sp.org/tlog-witness) for the checkpoints of sales: it cosigns what goes on from the
// one that it has cosigned last, and nothing else. Judging, keeping and signing of one question are
// one turn of the process, so that no two can start from the same size.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cosign, formatWitnessKey, witnessKey } from '../domain/proof/cosignature.ts'
import { rawPublicKey, type Signer, type VerifierKey } from '../domain/proof/signed-note.ts'
import { type Judged, judge } from '../domain/proof/witness.ts'
import type { Clock } from '../ports/clock.ts'
import type { WitnessStore } from '../ports/witness.ts'

export type WitnessParts = {
  /** Its name, and its key. */
  signer: Signer
  /** Of the logs that it knows; one of a prefix stands for all coupons below it. */
  logs: readonly VerifierKey[]
  store: WitnessStore
  clock: Clock
  host: string
  port: number
  /** What it has refused, and what it could not keep. */
  onRefused(text: string): void
}
export type RunningWitness = { url: string; key: string; close(): Promise<void> }

/** A proof has 63 lines at most, a note a hundred signatures. */
const bodyBytesMax = 64 * 1024
const requestMsMax = 10_000
const connectionsMax = 1_000

type Answer = { status: number; type?: string; text: string }

export async function startWitness(parts: WitnessParts): Promise<RunningWitness> {
  const { signer, host, port } = parts
  const key = formatWitnessKey(witnessKey(signer.name, rawPublicKey(signer.privateKey)))
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const path = (request.url ?? '').split('?')[0]
    if (request.method === 'GET' && path === '/key') return { status: 200, text: `${key}\n` }
    if (path !== '/add-checkpoint') return { status: 404, text: 'there is nothing here\n' }
    if (request.method !== 'POST') return { status: 405, text: 'POST it\n' }
    const body = await bodyOf(request)
    return body === null ? { status: 413, text: 'too long\n' } : addCheckpoint(parts, body)
  }
  const server = createServer({ requestTimeout: requestMsMax }, (request, response) => {
    answer(request).then(
      (it) => send(response, it),
      (error: unknown) => {
        parts.onRefused(`a question was not answered: ${String(error)}`)
        send(response, { status: 500, text: 'it could not be kept\n' })
      },
    )
  })
  server.maxConnections = connectionsMax
  await once(server.listen(port, host), 'listening')
  return { url: urlOf(server), key, close: () => closed(server) }
}

function addCheckpoint(parts: WitnessParts, body: string): Answer {
  const { signer, logs, store, clock, onRefused } = parts
  const judged = judge(body, { logs, seen: (origin) => store.read(origin) })
  if (judged.kind !== 'goes_on') {
    const origin = /\n\n([^\n]{1,300})/.exec(body)?.[1] ?? 'a checkpoint'
    if (judged.kind !== 'conflict' || !asksForSize(body)) onRefused(`${origin}: ${judged.kind}`)
    return refusals[judged.kind](judged)
  }
  store.write(judged.origin, judged.note)
  return { status: 200, text: cosign(judged.text, signer, Math.floor(clock.now() / 1000)) }
}

/** As who does not know yet how far the witness is. */
function asksForSize(body: string): boolean {
  return body.startsWith('old 0\n')
}

type Refusal = Exclude<Judged, { kind: 'goes_on' }>

const refusals: Record<Refusal['kind'], (judged: Refusal) => Answer> = {
  malformed: () => ({ status: 400, text: 'it is no add-checkpoint of the protocol\n' }),
  unknown_log: () => ({ status: 404, text: 'this log is not known here\n' }),
  not_signed: () => ({ status: 403, text: 'it is not signed by the key of this log\n' }),
  inconsistent: () => ({ status: 422, text: 'the proof does not hold\n' }),
  conflict: (judged) => ({
    status: 409,
    type: 'text/x.tlog.size',
    text: `${judged.kind === 'conflict' ? judged.size : 0}\n`,
  }),
}

/** Null: it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > bodyBytesMax) return null
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

function send(
  response: ServerResponse,
  { status, type = 'text/plain; charset=utf-8', text }: Answer,
): void {
  // Whoever sends too much, or breaks off, is not read any further.
  const connection = status === 413 ? { connection: 'close' } : {}
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...connection })
  response.end(text)
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function closed(server: Server): Promise<void> {
  const ended = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  await ended
}

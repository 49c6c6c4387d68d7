// Runs one load of claims, given as JSON on standard input, and prints its result as one line of
// JSON. Requests are built before the first one leaves; waits by timers, since the servers need
// the processors too.

import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { signToken } from '../../../src/client/tokens.ts'
import { type LoadOptions, type LoadResult, runLoad } from '../../load/raw-client.ts'
import type { ClaimLoad, ClaimLoadResult } from './claim-load.ts'
import type { Answer } from './ledger.ts'
import type { RowLag, RowSampling, Sampled } from './row-sampler.ts'

const tokenSeconds = 3600
const toldYes = 201

const load = JSON.parse(readFileSync(0, 'utf8')) as ClaimLoad
const requests = buildRequests(load)
const sampler = load.sampling && (await startSampler(load.sampling))
const answers: Answer[] = []
const loads = await Promise.all(load.ports.map((_, at) => ask(at)))
const result: ClaimLoadResult = { loads, answers, rowLag: (await sampler?.end()) ?? null }
process.stdout.write(`${JSON.stringify(result)}\n`)

function buildRequests({ path, secret, users }: ClaimLoad): Buffer[] {
  return Array.from({ length: users.count }, (_, n) => {
    const sub = `${users.prefix}${n}`
    const times = { expiresInSeconds: tokenSeconds, now: Date.now() }
    const token = signToken({ secret, sub, operator: false, ...times })
    const lines = [
      `POST ${path} HTTP/1.1`,
      'host: 127.0.0.1',
      `authorization: Bearer ${token}`,
      'content-length: 0',
    ]
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  })
}

function ask(at: number): Promise<LoadResult> {
  const { ports, users, asks = 1, cycles = false, connections, ledger = false, sampling } = load
  /** Ask `a` of user `u` is number u × asks + a of all, and each node is given every so many. */
  const userOf = (n: number) => Math.floor((n * ports.length + nodeAt(n)) / asks)
  // With as many nodes as asks, users would always begin with the same one.
  const nodeAt = (n: number) => (at + n) % ports.length
  const options: LoadOptions = {
    port: ports[at] ?? 0,
    connections,
    requests: (n) => requests[cycles ? userOf(n) % users.count : userOf(n)] ?? null,
    spins: false,
  }
  const { durationMs, warmUpMs, ratePerSecond } = load
  for (const [key, value] of Object.entries({ durationMs, warmUpMs, ratePerSecond })) {
    if (value !== undefined) Object.assign(options, { [key]: value })
  }
  if (ledger || sampling) {
    const oneIn = sampling?.oneIn ?? 1
    options.onAnswer = ({ n, status, body }) => {
      if (ledger) answers.push({ user: userOf(n), status, slot: slotIn(status, body) })
      if (status !== toldYes || n % oneIn !== 0) return
      const answeredAt = performance.timeOrigin + performance.now()
      sampler?.add({ userId: `${users.prefix}${userOf(n)}`, at: answeredAt })
    }
  }
  return runLoad(options)
}

function slotIn(status: number, body: Buffer): number | null {
  if (status >= 202) return null
  const found = /"slot":(\d+)/.exec(body.toString('latin1'))
  return found === null ? null : Number(found[1])
}

type Sampler = { add(sampled: Sampled): void; end(): Promise<RowLag> }

async function startSampler(sampling: RowSampling): Promise<Sampler> {
  const thread = new Worker(new URL('./row-sampler.ts', import.meta.url), { workerData: sampling })
  const heard = () =>
    new Promise<unknown>((resolve, reject) => {
      thread.once('message', resolve)
      thread.once('error', reject)
    })
  await heard()
  return {
    add: (sampled) => thread.postMessage(sampled),
    async end() {
      const lag = heard()
      thread.postMessage('end' satisfies Sampled)
      return (await lag) as RowLag
    },
  }
}

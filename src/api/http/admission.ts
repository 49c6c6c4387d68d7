// Who may come in, and how the server stops. While the service starts, only probes are answered;
// while it drains, everything is, but the client is told to connect anew. Then it accepts no more
// connections, answers all that it accepted, and after a deadline closes what is left.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../ports/clock.ts'
import { stopping as refused, starting } from '../claims/claim-answers.ts'
import { makeTypeReadable } from './json-body.ts'
import { said } from './problems/languages.ts'
import { sendProblem, sendUnavailable } from './problems/problems.ts'
import { refuseQuietly } from './problems/quiet-refusals.ts'
import type { ServerLimits } from './server-limits.ts'

export type AdmissionParts = {
  clock: Clock
  limits: ServerLimits
  /** Absent: it serves from the first moment until it is stopped. */
  phase?: (() => 'starting' | 'serving' | 'draining') | undefined
}

export type Admission = {
  /** Whether nothing keeps a request out; what does, the hook tells. */
  admits(request: IncomingMessage): boolean
  /** The connection of this request is no fresh one any more. */
  taken(request: IncomingMessage): void
  /** Whether clients are told to connect anew. */
  isClosing(): boolean
  /** Resolves when no connection is open. */
  stop(): Promise<void>
}

/** Whoever stands before this server may go by another of two than this server does. */
const single = new Set(['host', 'authorization', 'content-type', 'idempotency-key'])
const names = [...single].join(', ')
const hostMissing = said('The header Host is missing.', 'Host 헤더가 없습니다.')
const sentTwice = said(
  `Each of ${names} may be sent once.`,
  `${names}는 한 번씩만 보낼 수 있습니다.`,
)

function hasRepeated({ rawHeaders, headers }: IncomingMessage): boolean {
  // What came more than once is one header here.
  if (rawHeaders.length === 2 * Object.keys(headers).length) return false
  const seen = new Set<string>()
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = (rawHeaders[n] ?? '').toLowerCase()
    if (seen.has(name)) return true
    if (single.has(name)) seen.add(name)
  }
  return false
}

export function useAdmission(
  app: FastifyInstance,
  { clock, limits, phase = () => 'serving' }: AdmissionParts,
): Admission {
  const { server } = app
  /** Connections without a request so far, which Node does not count as idle. */
  const fresh = new Set<Socket>()
  let stopping = false

  server.on('connection', (socket) => {
    fresh.add(socket)
    socket.once('close', () => fresh.delete(socket))
  })
  const isClosing = () => stopping || phase() === 'draining'
  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request
    fresh.delete(raw.socket)
    // Here, because each hook of its own costs every request.
    makeTypeReadable(raw.headers)
    if (raw.headers.host === undefined && raw.httpVersion === '1.1') {
      return sendProblem(reply, 'malformed-request', { detail: hostMissing })
    }
    if (hasRepeated(raw)) {
      return sendProblem(reply, 'malformed-request', { detail: sentTwice })
    }
    if (stopping) return sendUnavailable(reply, refused)
    if (phase() === 'starting' && request.routeOptions.config.call?.caller !== 'service') {
      return sendUnavailable(reply, starting)
    }
    done()
  })
  // oxlint-disable-next-line max-params -- fastify's signature
  app.addHook('onSend', (request, reply, _payload, done) => {
    refuseQuietly(request, reply)
    if (isClosing()) reply.header('connection', 'close')
    done()
  })

  async function stop(): Promise<void> {
    stopping = true
    const cancelFirst = clock.after(limits.firstRequestWaitMs, () => {
      for (const socket of fresh) if (socket.bytesRead === 0) socket.destroy()
    })
    const cancelLast = clock.after(limits.closeWaitMsMax, () => server.closeAllConnections())
    try {
      await app.close()
    } finally {
      cancelFirst()
      cancelLast()
    }
  }

  return {
    admits: (raw) => {
      if (stopping || phase() !== 'serving') return false
      return raw.headers.host !== undefined && !hasRepeated(raw)
    },
    taken: ({ socket }) => fresh.delete(socket),
    isClosing,
    stop,
  }
}

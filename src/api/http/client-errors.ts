// What goes wrong below fastify, where only a socket is left to answer on: bytes that are not
// HTTP, headers too large, requests that never end, methods and expectations that Node handles.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ProblemSlug, problemBody, problems, problemType } from './problems.ts'

export function useClientErrors(server: Server): void {
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    const slug = 'unsupported-expectation'
    response.statusCode = problems[slug].status
    response.setHeader('content-type', problemType)
    response.setHeader('connection', 'close')
    response.end(problemBody(slug))
  })
  server.on('connect', (_request, socket: Duplex) => endWith(socket, 'method-not-allowed'))
}

export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy(error)
    return
  }
  endWith(socket, clientProblems[error.code ?? ''] ?? 'malformed-request')
}

const clientProblems: Record<string, ProblemSlug> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body-too-large',
}

/**
 * A whole request came before the bad bytes: its answer is still to come or half written, and
 * what is written now would pass for it. A claim must not seem refused because of what followed.
 */
function isAnswering(socket: Duplex & { _httpMessage?: ServerResponse | null }): boolean {
  const response = socket._httpMessage ?? null
  if (response === null) return false
  const request: IncomingMessage = response.req
  return request.complete || response.headersSent
}

function endWith(socket: Duplex, slug: ProblemSlug): void {
  const { status } = problems[slug]
  const body = problemBody(slug)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'connection: close',
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...(slug === 'method-not-allowed' ? ['allow: GET, HEAD, POST'] : []),
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

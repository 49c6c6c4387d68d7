// Browsers write an error of their own for every answer of 4xx that a page gets, whatever the page
// does about it. So pages may ask for 200 with the status beside it. Everyone else, and all that is
// counted, has the status itself (docs/decisions/0078).

import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'

const statusHeader = 'answer-status'
const wanted = new RegExp(`\\b${statusHeader}\\b`)

/** Whether 200 is sent in place of `status`, with `quietHeaders`. */
export function isToldQuietly(status: number, { prefer }: IncomingHttpHeaders): boolean {
  if (status < 400 || status >= 500 || prefer === undefined) return false
  return wanted.test(prefer.toString())
}

export function quietHeaders(status: number): Record<string, string> {
  return { [statusHeader]: String(status), 'preference-applied': statusHeader }
}

/** To be called before an answer is sent. */
export function refuseQuietly({ headers }: FastifyRequest, reply: FastifyReply): void {
  const { statusCode } = reply
  if (!isToldQuietly(statusCode, headers)) return
  reply.headers(quietHeaders(statusCode)).code(200)
}

/** What an answer was, after it was sent. */
export function statusOf(reply: FastifyReply): number {
  const { statusCode } = reply.raw
  return statusCode === 200 ? Number(reply.getHeader(statusHeader) ?? statusCode) : statusCode
}

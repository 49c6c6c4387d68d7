// Browsers write an error of their own for every answer of 4xx that a page gets, whatever the page
// does about it. So the console may ask for 200 with the status beside it. Everyone else, and all
// that is counted, has the status itself (docs/decisions/0078).

import type { FastifyReply, FastifyRequest } from 'fastify'
import { hasGuard } from '../../console/session-cookie.ts'

const statusHeader = 'answer-status'

/** To be called before an answer is sent. */
export function refuseQuietly({ headers }: FastifyRequest, reply: FastifyReply): void {
  const { statusCode } = reply
  if (statusCode < 400 || statusCode >= 500 || !hasGuard(headers)) return
  if (headers.prefer?.toString() !== statusHeader) return
  reply.header(statusHeader, String(statusCode)).header('preference-applied', statusHeader)
  reply.code(200)
}

/** What an answer was, after it was sent. */
export function statusOf(reply: FastifyReply): number {
  const { statusCode } = reply.raw
  return statusCode === 200 ? Number(reply.getHeader(statusHeader) ?? statusCode) : statusCode
}

// Answers plain claims before fastify sees them, which would take most of their time: a POST to the
// claims of a coupon, without a body and without a mistake, by somebody whose token can be judged
// now, while the service serves. Whatever else comes, fastify answers. What is done by hand here, a
// test holds against what fastify answers to the same request.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { couponIdPattern } from '../../domain/coupons/messages.ts'
import { bearerToken } from '../http/auth.ts'
import { answerOfError } from '../http/error-replies.ts'
import { languageOf } from '../http/problems/languages.ts'
import { type ProblemSlug, problems } from '../http/problems/problem-texts.ts'
import { bodyOf, type ProblemMembers, problemType } from '../http/problems/problems.ts'
import { isToldQuietly, quietHeaders } from '../http/problems/quiet-refusals.ts'
import type { CountCaller } from '../http/rate-limits.ts'
import { type Answer, jsonType } from '../http/route.ts'
import type { AnswerCounts } from '../metrics/answer-metrics.ts'
import { asPreferred, type ClaimAnswersParts, claimAnswers } from '../routes/claims.ts'
import type { TokenVerifier } from '../tokens/token-verifier.ts'
import type { PlainRequests } from './plain-requests.ts'

export type PlainClaimsParts = ClaimAnswersParts & {
  tokens: Pick<TokenVerifier, 'verifyNow'>
  count: CountCaller
  plain: PlainRequests
  answers: AnswerCounts
  logger: Logger | undefined
}

const before = '/coupons/'
const after = '/claims'
const couponId = new RegExp(couponIdPattern)

/** Takes a request or leaves it, as it says; what it leaves it has not touched. */
export function plainClaims(app: FastifyInstance, parts: PlainClaimsParts) {
  const { tokens, count, plain, answers, clock, logger } = parts
  const answerOf = claimAnswers(parts)

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const id = couponOf(request)
    if (id === null || !hasNoBody(request) || !plain.admits(request)) return false
    const token = bearerToken(request.headers.authorization)
    const caller = token === null ? null : tokens.verifyNow(token)
    if (caller === null || typeof caller === 'string') return false
    plain.taken(request)
    const arrivedAt = clock.monotonic()
    const send = (answer: Answer) => {
      if ('reason' in answer) app.countUnavailable(answer.reason)
      const preferred = asPreferred(answer, preferOf(request))
      const told = sendAnswer(plain, { request, response }, preferred)
      answers.answered('claims', told, clock.monotonic() - arrivedAt)
    }
    const fail = (error: unknown) => send(answerOfError(error, request, logger))
    const seconds = count(caller)
    if (seconds > 0) {
      send({ problem: 'too-many-requests', retryAfterSeconds: seconds })
      return true
    }
    try {
      const answer = answerOf(id, caller, arrivedAt)
      if (answer instanceof Promise) answer.then(send).catch(fail)
      else send(answer)
    } catch (error) {
      fail(error)
    }
    return true
  }
}

function preferOf({ headers }: IncomingMessage): string | undefined {
  return headers.prefer?.toString()
}

function couponOf({ method, url = '' }: IncomingMessage): string | null {
  if (method !== 'POST' || !url.startsWith(before) || !url.endsWith(after)) return null
  const id = url.slice(before.length, -after.length)
  return couponId.test(id) ? id : null
}

/** Nothing of it is to be read, whatever type it says. */
function hasNoBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] === undefined && (length === undefined || length === '0')
}

type Exchange = { request: IncomingMessage; response: ServerResponse }

/** Returns what it was, which may be sent as 200. */
function sendAnswer(plain: PlainRequests, exchange: Exchange, answer: Answer): number {
  if ('status' in answer) {
    const { status, location } = answer
    const head = plain.head(exchange.request)
    if (location !== undefined) head.push('location', location)
    // The answers of claims are text: see routes/claims.ts.
    end(exchange.response, { status, type: jsonType, head, body: String(answer.body) })
    return status
  }
  if ('problem' in answer) return sendProblem(plain, exchange, answer)
  const { reason, retryAfterSeconds } = answer
  const members = { reason }
  return sendProblem(plain, exchange, { problem: 'unavailable', members, retryAfterSeconds })
}

type Problem = {
  problem: ProblemSlug
  members?: ProblemMembers | undefined
  retryAfterSeconds?: number
}

function sendProblem(
  plain: PlainRequests,
  { request, response }: Exchange,
  { problem, members, retryAfterSeconds }: Problem,
): number {
  const language = languageOf(request.headers)
  const head = plain.head(request)
  if (retryAfterSeconds !== undefined) head.push('retry-after', String(retryAfterSeconds))
  if (language !== 'en') head.push('content-language', language)
  const { status: told } = problems[problem]
  const isQuiet = isToldQuietly(told, request.headers)
  if (isQuiet) head.push(...Object.entries(quietHeaders(told)).flat())
  const status = isQuiet ? 200 : told
  end(response, { status, type: problemType, head, body: bodyOf(problem, members, language) })
  return told
}

type Response = { status: number; type: string; head: string[]; body: string }

/** As one piece: the head goes out with the body. */
function end(response: ServerResponse, { status, type, head, body }: Response): void {
  head.push('content-type', type, 'content-length', String(Buffer.byteLength(body)))
  response.writeHead(status, head)
  response.end(body)
}

// How clients keep at what they want, and what becomes of it: an attempt is repeated where it was
// turned away and polled where it was only accepted; one that timed out, was cut off or got a 5xx
// is unknown, never a no.

import { type Json, jsonObject, milliseconds, problemSlug, reasonOf } from '../client/answers.ts'
import type { Attempt } from '../client/http-client.ts'
import { type Clock, sleep } from '../ports/clock.ts'

/** Pending: accepted (202) and polled, without an end. Unknown: nobody said. */
export type Undecided = { kind: 'pending' } | { kind: 'unknown'; reason: string }

/** From its first request to its end. Times are milliseconds of one clock that never goes back. */
export type Entry<Answer> = {
  /** When its first request left, and when the request that was answered left. */
  firstSentAt: number
  sentAt: number
  endedAt: number
  retries: number
  polls: number
  answer: Answer | Undecided
}

/** What one request came to: a definite answer, or none yet. */
export type Reply<Answer> = Answer | Open
type Open =
  | { kind: 'pending'; location: string | null; retryAfterMs: number | null }
  /** It may be sent again: nothing was done, or doing it twice is doing it once. */
  | { kind: 'again'; reason: string; retryAfterMs: number | null }
  /** The service knows of nothing that was accepted. */
  | { kind: 'none' }
  | { kind: 'unknown'; reason: string }

export function isDefinite<Answer extends { kind: string }>(
  reply: Reply<Answer> | Undecided,
): reply is Answer {
  return !['pending', 'again', 'none', 'unknown'].includes(reply.kind)
}

/** How the answers to one kind of attempt are read. */
export type ReplyRules<Answer> = {
  /** A definite answer, or anything else that these say for sure; null where they do not. */
  answerOf(status: number, content: Json): Reply<Answer> | null
  /** The problem of a 404 that says that there is nothing. */
  none: string
  /** It has a key, and may be sent again whatever came of it. */
  isKeyed: boolean
}

/** What is not in the contract means nothing: it is unknown, never a no. */
export function replyOf<Answer>(attempt: Attempt, rules: ReplyRules<Answer>): Reply<Answer> {
  const { isKeyed } = rules
  if (attempt.kind !== 'answered') {
    const { kind, reason } = attempt
    if (kind === 'lost' && !isKeyed) return { kind: 'unknown', reason }
    return { kind: 'again', reason, retryAfterMs: null }
  }
  const { status, headers } = attempt
  const content = jsonObject(attempt.body) ?? {}
  const answer = rules.answerOf(status, content)
  if (answer !== null) return answer
  const retryAfterMs = milliseconds(headers.retryAfter)
  const location = headers.location ?? null
  const reason = reasonOf(status, content)
  if (status === 202 && (isKeyed || location !== null)) {
    return { kind: 'pending', location, retryAfterMs }
  }
  const isAway = isKeyed ? status >= 500 : status === 503 && retryAfterMs !== null
  if (status === 408 || status === 429 || isAway) return { kind: 'again', reason, retryAfterMs }
  if (status === 404 && problemSlug(content) === rules.none) return { kind: 'none' }
  return { kind: 'unknown', reason }
}

export type Following<Answer> = {
  /** From the first request to the end. */
  msMax: number
  /** Added to each wait, so that those who were turned away together do not come back together. */
  spreadMs?: number
  first(): Promise<Reply<Answer>>
  poll(location: string): Promise<Reply<Answer>>
  /** What is said of those whom no request got an answer. */
  givenUp: string
}

/** Where the service named no time. */
export const againMs = 250

export async function follow<Answer extends { kind: string }>(
  clock: Clock,
  following: Following<Answer>,
): Promise<Entry<Answer>> {
  const { msMax, spreadMs = 0, givenUp } = following
  const firstSentAt = clock.monotonic()
  let location: string | null = null
  let retries = 0
  let polls = 0
  for (;;) {
    const sentAt = clock.monotonic()
    const reply: Reply<Answer> = await (location === null
      ? following.first()
      : following.poll(location))
    const endedAt = clock.monotonic()
    const times = { firstSentAt, sentAt, endedAt, retries, polls }
    if (isDefinite(reply) || reply.kind === 'unknown') return { ...times, answer: reply }

    const named = reply.kind === 'none' ? null : reply.retryAfterMs
    const waitMs = (named ?? againMs) + spreadMs
    if (endedAt + waitMs > firstSentAt + msMax) {
      if (location !== null || reply.kind === 'pending') {
        return { ...times, answer: { kind: 'pending' } }
      }
      const why = reply.kind === 'none' ? 'it is not there' : reply.reason
      return { ...times, answer: { kind: 'unknown', reason: `${givenUp} (${why})` } }
    }
    // What was accepted and is not there may never have been stored.
    if (reply.kind === 'none') location = null
    if (reply.kind === 'pending') location = reply.location
    if (reply.kind === 'pending') polls += 1
    else retries += 1
    await sleep(clock, waitMs)
  }
}

// One ask, from its first request to its end in the ledger: politely asked again where it was
// turned away, polled where it was only accepted, and unknown as soon as nobody can say.

import { type Clock, sleep } from '../../ports/clock.ts'
import type { Entry, Told, Undecided } from '../ledger.ts'
import type { Hearing } from '../silence.ts'
import type { Reply, Service } from './coupon-service.ts'

export type AskParts = { clock: Clock; service: Service; hearing: Hearing; limits: AskLimits }
export type AskLimits = {
  /** From the first request of an ask to its end. */
  askMsMax: number
}
export type Asked = { couponId: string; user: number; token: string }

/** Longer than a restart; a person would have left. */
export const askMsMax = 30_000
/** Where the service named no time. */
const retryMsDefault = 250
const pollMs = 200
/** Those who were turned away together must not come back together. */
const spreadMs = 100

export async function ask(parts: AskParts, asked: Asked): Promise<Entry> {
  const { clock } = parts
  const firstSentAt = clock.now()
  const deadline = firstSentAt + parts.limits.askMsMax
  let location: string | null = null
  let retries = 0
  let polls = 0
  for (;;) {
    const sentAt = clock.now()
    const reply: Reply =
      location === null
        ? await parts.service.claim(asked.couponId, asked.token)
        : await parts.service.poll(location, asked.token)
    const endedAt = clock.now()
    parts.hearing.note('heard' in reply ? reply : null)
    const times = { user: asked.user, firstSentAt, sentAt, endedAt, retries, polls }
    const answer = end(reply, location !== null)
    if (answer !== null) return { ...times, answer }

    const waitMs = waitOf(reply) + (asked.user % spreadMs)
    if (endedAt + waitMs > deadline) return { ...times, answer: late(reply, location) }
    if (reply.kind === 'pending') location = reply.location
    if (reply.kind === 'turned_away') retries += 1
    else polls += 1
    await sleep(clock, waitMs)
  }
}

/** What the reply ends the ask with; null where it goes on. */
function end(reply: Reply, accepted: boolean): Told | Undecided | null {
  switch (reply.kind) {
    case 'pending':
    case 'turned_away':
      return null
    case 'none':
      // Accepted and not yet won; without having been accepted, no answer to a claim at all.
      return accepted ? null : { kind: 'unknown', reason: 'no answer to a claim' }
    case 'unknown':
      return accepted ? null : { kind: 'unknown', reason: reply.reason }
    default:
      return reply
  }
}

function late(reply: Reply, location: string | null): Undecided {
  if (location !== null || reply.kind === 'pending') return { kind: 'pending' }
  const why = 'reason' in reply ? reply.reason : reply.kind
  return { kind: 'unknown', reason: `turned away to the end (${why})` }
}

function waitOf(reply: Reply): number {
  if (reply.kind === 'turned_away') return reply.retryAfterMs ?? retryMsDefault
  return reply.kind === 'pending' ? (reply.retryAfterMs ?? pollMs) : pollMs
}

// A deadline of our own on what the database is asked: an adapter's may be longer than anybody
// waits for an answer.

import type { Clock } from '../../ports/clock.ts'
import { PortError } from '../../ports/coupons.ts'

/** Rejects as the database does while it is away, where `answer` takes longer than `ms`. */
export function inTime<Answer>(clock: Clock, ms: number, answer: Promise<Answer>): Promise<Answer> {
  const late = Promise.withResolvers<never>()
  const cancel = clock.after(ms, () => late.reject(storeAway(`no answer for ${ms} ms`)))
  return Promise.race([answer, late.promise]).finally(cancel)
}

export function storeAway(message: string): PortError {
  return new PortError('store_unavailable', message, { retryable: true })
}

/** What is read for an answer to something that is done already: null where it cannot be had. */
export async function readAfterwards<Answer>(
  clock: Clock,
  ms: number,
  read: () => Promise<Answer | null>,
): Promise<Answer | null> {
  try {
    return await inTime(clock, ms, read())
  } catch (error) {
    if (error instanceof PortError && error.retryable) return null
    throw error
  }
}

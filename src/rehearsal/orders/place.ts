// One order, from its first request to its end in the ledger: placed again with the same key where
// nobody could say, followed at its Location where it was only accepted, and given up in the end.

import { type Clock, sleep } from '../../ports/clock.ts'
import type { Hearing } from '../silence.ts'
import type { Intent, OrderAnswer, OrderEntry } from './order-ledger.ts'
import type { OrderReply, ShopService } from './shop-service.ts'

export type PlaceParts = {
  clock: Clock
  shop: Pick<ShopService, 'place' | 'poll'>
  hearing: Hearing
  limits: PlaceLimits
}
export type PlaceLimits = {
  /** From the first request of an order to its end. */
  orderMsMax: number
}

/** Three times what the service gives an order by default, so that a restart is waited for too. */
export const orderMsMax = 90_000
/** Where the service named no time. */
const retryMsDefault = 250
const pollMsDefault = 250

export async function place(
  parts: PlaceParts,
  { intent, token }: { intent: Intent; token: string },
): Promise<OrderEntry> {
  const { clock, shop } = parts
  const sentAt = clock.now()
  const deadline = sentAt + parts.limits.orderMsMax
  let location: string | null = null
  let retries = 0
  let polls = 0
  for (;;) {
    const reply: OrderReply =
      location === null ? await shop.place(intent, token) : await shop.poll(location, token)
    const endedAt = clock.now()
    parts.hearing.note('heard' in reply ? reply : null)
    const entry = { intent, sentAt, endedAt, retries, polls }
    const answer = endOf(reply)
    if (answer !== null) return { ...entry, answer }

    const waitMs = waitOf(reply)
    if (endedAt + waitMs > deadline) return { ...entry, answer: late(reply, location) }
    // An order that was accepted and is not there may never have been stored: the key says it all.
    if (reply.kind === 'none') location = null
    if (reply.kind === 'pending') location = reply.location
    if (reply.kind === 'pending') polls += 1
    else retries += 1
    await sleep(clock, waitMs)
  }
}

/** What the reply ends the order with; null where it goes on. */
function endOf(reply: OrderReply): OrderAnswer | null {
  switch (reply.kind) {
    case 'pending':
    case 'again':
    case 'none':
      return null
    case 'unknown':
      return { kind: 'unknown', reason: reply.reason }
    default:
      return reply
  }
}

function late(reply: OrderReply, location: string | null): OrderAnswer {
  if (location !== null || reply.kind === 'pending') return { kind: 'pending' }
  const why = 'reason' in reply ? reply.reason : 'the order is not there'
  return { kind: 'unknown', reason: `no answer to the end (${why})` }
}

function waitOf(reply: OrderReply): number {
  const named = 'retryAfterMs' in reply ? reply.retryAfterMs : null
  return named ?? (reply.kind === 'pending' ? pollMsDefault : retryMsDefault)
}

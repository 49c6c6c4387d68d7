// How a redemption looks to the shop: what its own record came to, which nothing changes that came
// after it, and how it stands now.

import { type Offer, offerOf } from '../coupons/offer.ts'
import type { RedemptionEnd } from './redemption-messages.ts'
import type { Order } from './state.ts'

export type RedemptionStanding =
  /** The coupon step has not answered, or a one-shot use is not decided. */
  | { kind: 'pending' }
  /** It never had the coupon. */
  | { kind: 'refused'; reason: RedemptionEnd }
  | { kind: 'reserved' | 'used'; offer: Taken }
  | { kind: 'released'; offer: Taken; reason: RedemptionEnd }
type Taken = Exclude<Offer, { refused: unknown }>

/** What the record that placed it came to. */
export function placedStanding(order: Order): RedemptionStanding {
  const standing = standingOf(order, Number.NEGATIVE_INFINITY)
  const { redemption } = order
  if (standing.kind === 'pending' || standing.kind === 'refused') return standing
  if (redemption?.use !== true) return { kind: 'reserved', offer: standing.offer }
  if (order.status === 'placed') return { kind: 'pending' }
  return { kind: 'used', offer: standing.offer }
}

/** How it stands. Whoever only looks takes the time that it has, ms UTC. */
export function standingOf(order: Order, now: number): RedemptionStanding {
  const { redemption, heard, deadline } = order
  const { coupon } = heard
  const reason = order.status === 'cancelled' ? (order.reason as RedemptionEnd) : null
  const offer =
    coupon?.type === 'coupon.used' && redemption !== undefined
      ? offerOf(coupon, redemption.subtotal)
      : null
  if (offer === null || 'refused' in offer || reason === 'mixed_up') {
    return reason === null ? { kind: 'pending' } : { kind: 'refused', reason }
  }
  if (reason !== null) return { kind: 'released', offer, reason }
  // Used at once it is spent by the coupon step's answer.
  if (order.status === 'confirmed' || redemption?.use === true) return { kind: 'used', offer }
  return now < deadline
    ? { kind: 'reserved', offer }
    : { kind: 'released', offer, reason: 'timed_out' }
}

/** Whether all that it had is let go of, so that others can have it. */
export function isLetGo({ status, heard }: Order): boolean {
  if (status !== 'cancelled') return false
  const isHeld = heard.coupon?.type === 'coupon.used'
  return !isHeld || heard.notes.some(({ outcome }) => outcome === 'released')
}

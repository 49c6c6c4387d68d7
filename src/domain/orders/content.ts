// What an order is about: whether two ask for the same, and what its lines come to.

import { type Offer, type OfferTerms, offerOf } from '../coupons/offer.ts'
import type { Line, OrderPlaced, PricedLine, Sums } from './messages.ts'

/** Whether the same key asks for the same order. How long it may take is not part of it. */
export function sameContent(
  order: { userId: string; lines: OrderPlaced['lines']; couponId?: string | undefined },
  other: typeof order,
): boolean {
  return (
    order.userId === other.userId &&
    order.couponId === other.couponId &&
    sameLines(order.lines, other.lines)
  )
}

/** Held prices × quantities, less what the coupon takes off; or why it cannot be spent on them. */
export function sumsOf(lines: readonly PricedLine[], coupon: OfferTerms): Sums | Refused {
  const subtotal = lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0)
  const offer = offerOf(coupon, subtotal)
  return 'refused' in offer ? offer : { subtotal, ...offer }
}

type Refused = Extract<Offer, { refused: unknown }>

/** In whatever sequence: a product is in one line only. */
export function sameLines(a: readonly Line[], b: readonly Line[]): boolean {
  if (a.length !== b.length) return false
  const quantities = new Map(b.map(({ productId, quantity }) => [productId, quantity]))
  return a.every(({ productId, quantity }) => quantities.get(productId) === quantity)
}

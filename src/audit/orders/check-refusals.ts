// Whether a step had a reason to refuse an order: a refusal is the last word, so it may only be
// said where nothing else was possible. What shows otherwise stands in other places of the log.

import type { OrderHistory } from '../../domain/orders/history.ts'
import type { OrderPlaced } from '../../domain/orders/messages.ts'
import { type Broken, brokenOrder, recordAt } from '../findings.ts'
import { endOf, type HistoryParts, overdueGraceMs, skewMsMax } from './check-histories.ts'

export type RefusalParts = HistoryParts & {
  /** The confirmed order that spent it, by user and coupon. */
  spent: ReadonlyMap<string, string>
}
type Refused = Pick<OrderHistory, 'answers' | 'end'> & {
  placed: OrderPlaced
  /** Ms UTC. */
  placedAt: number
  broken: Broken
}

export function checkRefusals(parts: RefusalParts): void {
  for (const history of parts.orders.values()) checkOrder(history, parts)
}

function checkOrder(history: OrderHistory, parts: RefusalParts): void {
  const { orderId, placed, alsoPlaced, answers, end } = history
  // Of several contents under one id a step may have met another one.
  if (placed === null || alsoPlaced.length > 0) return
  const { message, origin } = placed
  const broken = brokenOrder(parts.findings, orderId)
  const refused = { placed: message, placedAt: origin.appendedAt, answers, end, broken }
  if (answers['coupon.refused']?.reason === 'coupon_already_used') checkUsed(refused, parts)
  if (answers['coupon.refused']?.reason === 'coupon_not_held') checkNotHeld(refused, parts)
  if (answers['coupon.refused']?.reason === 'coupon_expired') checkExpired(refused, parts)
  if (answers['stock.refused']?.reason === 'unknown_product') checkUnknown(refused, parts)
}

/** Used is a coupon that a confirmed order has, and no other. */
function checkUsed({ placed, end, broken }: Refused, parts: RefusalParts): void {
  const { spent, now, isStopped } = parts
  const { userId, coupon } = placed
  if (coupon === undefined) return
  // The other order stands in another partition, which may have been read a moment before.
  const isLongAgo = end !== null && now - end.origin.appendedAt > overdueGraceMs
  if (!isStopped && !isLongAgo) return
  if (spent.has(`${userId} ${coupon.couponId}`)) return
  broken('I13', `coupon ${coupon.couponId} was refused as used, which no order has spent`)
}

/** The step waits until the rows have the record that the order names. */
function checkNotHeld({ placed, broken }: Refused, { claims }: RefusalParts): void {
  const { userId, coupon } = placed
  if (coupon === undefined) return
  const known = claims?.coupons.get(coupon.couponId)
  const won = known?.winners.get(userId)
  if (known?.partition !== coupon.partition || won === undefined) return
  if (won.offset > coupon.offset) return
  const record = recordAt({ partition: known.partition, offset: won.offset })
  const refused = `coupon ${coupon.couponId} was refused as not held`
  broken('I13', `${refused}, but ${userId} won it by ${record}`)
}

/** By the append time of the order. */
function checkExpired({ placed, placedAt, broken }: Refused, parts: RefusalParts): void {
  const { userId, coupon } = placed
  const known = parts.claims?.coupons.get(coupon?.couponId ?? '')
  const won = known?.winners.get(userId)
  if (known === undefined || won === undefined) return
  const leftMs = endOf(known.terms, won.appendedAt) - placedAt
  if (leftMs < skewMsMax(parts)) return
  broken('I15', `coupon ${known.couponId} was refused as expired, ${leftMs} ms before it ended`)
}

/** A product is known for ever, and surely since some of it were held. */
function checkUnknown({ placedAt, answers, broken }: Refused, parts: RefusalParts): void {
  const productId = answers['stock.refused']?.productId ?? ''
  const since = parts.heldSince.get(productId) ?? Number.POSITIVE_INFINITY
  if (placedAt <= since + skewMsMax(parts)) return
  broken('I11', `product ${productId} was refused as unknown, which others had been sold before`)
}

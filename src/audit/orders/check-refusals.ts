// Whether a step had a reason to refuse an order: a refusal is the last word, so it may only be
// said where nothing else was possible. What shows otherwise stands in other places of the log.

import type { Logged, OrderHistory, RedemptionHistory } from '../../domain/orders/history.ts'
import {
  type AnyPlaced,
  balanceMax,
  type OrderMessage,
  type WalletMessage,
} from '../../domain/orders/messages.ts'
import type { Origin } from '../../domain/orders/retries.ts'
import type { AcceptedClock } from '../../ports/log.ts'
import type { ConsumerName } from '../../ports/orders.ts'
import { type Broken, brokenOrder, recordAt } from '../findings.ts'
import { overdueGraceMs, skewMsMax } from './check-histories.ts'
import { endOf, revocationOf, type SpendingHistory, type SpendingParts } from './check-spent.ts'
import type { OrdersLog } from './read-log.ts'

export type RefusalParts = SpendingParts & {
  created: ReadonlyMap<string, Created>
  /** By product, the most that confirmed orders can ever have taken of it. */
  sold: ReadonlyMap<string, number>
  acceptedClocks: readonly AcceptedClock[]
  /** By product, when a step first said that it holds some, ms UTC. */
  heldSince: ReadonlyMap<string, number>
  /** The confirmed order or used redemption that spent it, by user and coupon. */
  spent: ReadonlyMap<string, string>
  holders: ReadonlyMap<string, readonly Holder[]>
  /** By user. */
  topUps: ReadonlyMap<string, readonly Logged<WalletMessage>[]>
  /** By user, the most that all orders can ever have taken, even if it came back. */
  mostPaid: ReadonlyMap<string, number>
  /** By their places, records that the payment step could not handle at once. */
  failedTopUps: ReadonlySet<string>
}
/** Of a product, by the records that create it; `origin` is null where it may be any of them. */
export type Created = { origin: Origin | null; leastStock: number }
type Holder = { orderId: string; isReserved: boolean; until: number }
type Refused = Pick<OrderHistory, 'answers'> & {
  end: OrderHistory['end'] | RedemptionHistory['released']
  placed: AnyPlaced
  /** Ms UTC. */
  placedAt: number
  broken: Broken
}

export function checkRefusals(given: Omit<RefusalParts, 'holders'>): void {
  const parts = { ...given, holders: holdersOf(given.histories) }
  for (const history of parts.histories) {
    if (history.redemption === null) checkOrder(history, parts)
    else checkRedeemed(history, history.redemption, parts)
  }
}

/**
 * By user and coupon, who has had it for a while, and until when. Who ended without an answer, or
 * only by it, may have had it, too: rows that were lost before it was said are made anew without.
 */
function holdersOf(histories: readonly SpendingHistory[]): RefusalParts['holders'] {
  const holders = new Map<string, Holder[]>()
  for (const history of histories) {
    const { orderId, placed, answers, redemption, returnDue, couponLetGoAt, end } = history
    const by = redemption?.placed ?? placed
    const used = answers['coupon.used']
    const ended = redemption?.released ?? end
    const couponId = used?.couponId ?? by?.message.coupon?.couponId
    if (by === null || couponId === undefined) continue
    const refused = answers['coupon.refused']?.reason
    const isAnswered = refused !== undefined && refused !== 'redemption_over'
    if (used === undefined && isAnswered) continue
    const unsaid = ended === null ? null : ended.origin.appendedAt + overdueGraceMs
    const until = (used === undefined ? unsaid : couponLetGoAt) ?? Number.POSITIVE_INFINITY
    const key = `${by.message.userId} ${couponId}`
    // A returned order had spent it, until it gave it back.
    const isReserved = redemption !== null || returnDue !== null
    const holder = { orderId, isReserved, until }
    holders.set(key, [...(holders.get(key) ?? []), holder])
  }
  return holders
}

function checkRedeemed(
  { orderId, answers }: SpendingHistory,
  { placed, alsoPlaced, released }: RedemptionHistory,
  parts: RefusalParts,
): void {
  if (alsoPlaced.length > 0) return
  const { message, origin } = placed
  const broken = brokenOrder(parts.findings, orderId)
  const at = origin.appendedAt
  const refused: Refused = { placed: message, placedAt: at, answers, end: released, broken }
  checkCoupon(refused, parts)
}

function checkCoupon(refused: Refused, parts: RefusalParts): void {
  switch (refused.answers['coupon.refused']?.reason) {
    case 'coupon_already_used':
      return checkUsed(refused, parts)
    case 'coupon_not_held':
      return checkNotHeld(refused, parts)
    case 'coupon_expired':
      return checkExpired(refused, parts)
    case 'coupon_revoked':
      return checkRevoked(refused, parts)
    case 'redemption_over':
    case undefined:
  }
}

function checkOrder(history: SpendingHistory, parts: RefusalParts): void {
  const { orderId, placed, alsoPlaced, answers, end, due } = history
  // Of several contents under one id a step may have met another one.
  if (placed === null || alsoPlaced.length > 0) return
  const { message, origin } = placed
  const broken = brokenOrder(parts.findings, orderId)
  const refused = { placed: message, placedAt: origin.appendedAt, answers, end, broken }
  checkCoupon(refused, parts)
  if (due !== null) checkFunds(refused, due.message, parts)
  switch (answers['stock.refused']?.reason) {
    case 'unknown_product':
      return checkUnknown(refused, parts)
    case 'out_of_stock':
      return checkOutOfStock(refused, parts)
    case undefined:
  }
}

/**
 * Used is a coupon that a confirmed order or used redemption has. Who comes while a redemption has
 * reserved it does not wait, nor does a redemption while an order lives that has it.
 */
function checkUsed({ placed, placedAt, end, broken }: Refused, parts: RefusalParts): void {
  const { spent, holders } = parts
  const { userId, coupon } = placed
  if (coupon === undefined) return
  if (!areOthersRead(end, parts)) return
  const key = `${userId} ${coupon.couponId}`
  const isHeld = (holders.get(key) ?? []).some(({ orderId, isReserved, until }) => {
    const mayRefuse = isReserved || placed.type === 'redemption.placed'
    return mayRefuse && orderId !== placed.orderId && until >= placedAt - skewMsMax(parts)
  })
  if (isHeld || spent.has(key)) return
  broken('I13', `coupon ${coupon.couponId} was refused as used, which no order has spent`)
}

/** They stand in other partitions, which may have been read a moment before. */
function areOthersRead(end: Refused['end'], { now, isStopped }: RefusalParts): boolean {
  return isStopped || (end !== null && now - end.origin.appendedAt > overdueGraceMs)
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
  const refused = `coupon ${coupon.couponId} was refused as not held` as const
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

/** What is told before the claims were read is told of what stands in them. */
function checkRevoked({ placed, end, broken }: Refused, { claims, ...parts }: RefusalParts): void {
  const { readAt = Number.POSITIVE_INFINITY } = claims ?? {}
  const endedAt = end?.origin.appendedAt ?? Number.POSITIVE_INFINITY
  if (!parts.isStopped && endedAt >= readAt - skewMsMax(parts)) return
  const known = claims?.coupons.get(placed.coupon?.couponId ?? '')
  const won = known?.winners.get(placed.userId)
  if (known === undefined || won === undefined) return
  if (revocationOf(known, won.slot) !== undefined) return
  broken('I15', `coupon ${known.couponId} was refused as revoked, which nobody has revoked`)
}

/** A product is known for ever: to each order that comes after it, and once some are held. */
function checkUnknown({ placedAt, answers, broken }: Refused, parts: RefusalParts): void {
  const productId = answers['stock.refused']?.productId ?? ''
  const { origin = null } = parts.created.get(productId) ?? {}
  if (origin !== null && isAfter(placedAt, origin.appendedAt, parts)) {
    const refused = `product ${productId} was refused as unknown` as const
    return broken('I11', `${refused}, but ${recordAt(origin)} had created it`)
  }
  const heldSince = parts.heldSince.get(productId) ?? Number.POSITIVE_INFINITY
  if (!isAfter(placedAt, heldSince, parts)) return
  broken('I11', `product ${productId} was refused as unknown, which others had been sold before`)
}

/**
 * What is merely held is waited for. What was supplied later is left out: nobody knows whether the
 * step had come to it.
 */
function checkOutOfStock({ placed, end, answers, broken }: Refused, parts: RefusalParts): void {
  const productId = answers['stock.refused']?.productId ?? ''
  const lines = placed.type === 'order.placed' ? placed.lines : []
  const { quantity = 0 } = lines.find((line) => line.productId === productId) ?? {}
  const { leastStock = 0 } = parts.created.get(productId) ?? {}
  const left = leastStock - (parts.sold.get(productId) ?? 0)
  if (quantity === 0 || left < quantity || !areOthersRead(end, parts)) return
  broken('I11', `product ${productId} was refused as out of stock, but ${left} were never sold`)
}

/** The wallet waits until all that stood in the log before is read, and for what may come back. */
function checkFunds(
  { placedAt, end, broken }: Refused,
  { userId, total }: OrderMessage<'order.payment_due'>,
  parts: RefusalParts,
): void {
  if (!areOthersRead(end, parts)) return
  const left = toppedUpBefore(placedAt, userId, parts) - (parts.mostPaid.get(userId) ?? 0)
  if (left < total) return
  broken('I12', `${total} was refused for want of money, but ${left} of ${userId} was never spent`)
}

/** What has surely been applied: of a command the first record, and none that reached the limit. */
function toppedUpBefore(placedAt: number, userId: string, parts: RefusalParts): number {
  const { failedTopUps } = parts
  const all = parts.topUps.get(userId) ?? []
  if (all.reduce((sum, { message }) => sum + message.amount, 0) > balanceMax) return 0
  let sum = 0
  for (const records of Map.groupBy(all, ({ message }) => message.commandId).values()) {
    const [first] = records
    const isSure = !records.some(({ origin }) => failedTopUps.has(nameOf(origin)))
    if (first === undefined || !isSure) continue
    if (isAfter(placedAt, first.origin.appendedAt, parts)) sum += first.message.amount
  }
  return sum
}

/**
 * Whether what was appended at the one time was appended after what was at the other. Where an
 * operator has set the log's clock back, the times between say nothing of that.
 */
function isAfter(at: number, other: number, parts: RefusalParts): boolean {
  if (at <= other + skewMsMax(parts)) return false
  return !parts.acceptedClocks.some((back) => other >= back.at && at <= back.before)
}

/**
 * By product. A record that the stock step could not handle at once may have been applied at any
 * time later, or never.
 */
export function createdBy(log: OrdersLog): Map<string, Created> {
  const failed = failedIn(log, 'stock-step')
  const created = new Map<string, Created>()
  for (const { message, origin } of log.products) {
    if (message.type !== 'product.created') continue
    const { productId, stock } = message
    const known = created.get(productId) ?? { origin: null, leastStock: stock }
    const applied = known.origin ?? (failed.has(nameOf(origin)) ? null : origin)
    const leastStock = Math.min(known.leastStock, stock)
    created.set(productId, { origin: applied, leastStock })
  }
  return created
}

/** By their places, records that a consumer could not handle at once. */
export function failedIn(
  { retried, deadLettered }: OrdersLog,
  consumer: ConsumerName,
): Set<string> {
  return new Set([
    ...retried.flatMap(({ note }) => (note?.consumer === consumer ? nameOf(note.origin) : [])),
    ...deadLettered.flatMap((letter) => {
      return letter.consumer === consumer ? nameOf(letter.origin) : []
    }),
  ])
}

function nameOf({ topic, partition, offset }: Origin): string {
  return `${topic} ${partition} ${offset}`
}

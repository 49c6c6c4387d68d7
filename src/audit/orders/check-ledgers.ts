// Whether what the topics say of each order fits together: it ends in time, for a reason that a
// step gave; it is confirmed with exactly what was held, used and paid. All by sums of its own.

import type { Coupon } from '../../domain/coupons/state.ts'
import type { OrderCancelled, OrderPlaced } from '../../domain/orders/messages.ts'
import type { LogBounds } from '../../ports/log.ts'
import { type Broken, brokenOrder, type Findings } from '../findings.ts'
import { type OrderLedger, sameLines } from './ledger.ts'

/** The replayed claims; what is newer than they are is left alone. */
export type ReplayedClaims = {
  coupons: ReadonlyMap<string, Coupon>
  bounds: readonly LogBounds[]
}
export type LedgerParts = {
  ledgers: ReadonlyMap<string, OrderLedger>
  findings: Findings
  /** What the time is taken to be, ms UTC: an order that lives longer than it may is broken. */
  now: number
  claims: ReplayedClaims | null
}
export type OrderCounts = {
  orders: number
  confirmed: number
  cancelled: number
  /** Not ended yet, and not too old for it. */
  live: number
}

/** After its deadline the process needs a moment, more after an outage of its database. */
const overdueGraceMs = 60_000
/** What the clocks of two machines may differ by: one says the time-out, the other stores it. */
const clockSkewMsMax = 5_000

export function checkLedgers({ ledgers, findings, now, claims }: LedgerParts): OrderCounts {
  const counts: OrderCounts = { orders: 0, confirmed: 0, cancelled: 0, live: 0 }
  const spent = new Map<string, string>()
  for (const ledger of ledgers.values()) {
    const { placed, end, orderId } = ledger
    // The steps' topic was read later, and may speak of orders that came in between.
    if (placed === null) continue
    counts.orders += 1
    const broken = brokenOrder(findings, orderId)
    const order = { ...ledger, placed }
    if (ledger.due !== null) checkSums(order, broken)
    if (end === null) {
      counts.live += 1
      checkAge(order, now, broken)
    } else if (end.type === 'order.cancelled') {
      counts.cancelled += 1
      checkCancelled(order, end, broken)
    } else {
      counts.confirmed += 1
      checkConfirmed(order, end.couponId, broken)
      checkSpent({ order, claims, spent, broken })
    }
  }
  return counts
}

type PlacedLedger = OrderLedger & { placed: OrderPlaced }

function checkAge({ placed, placedAt }: PlacedLedger, now: number, broken: Broken): void {
  const late = now - placedAt - placed.timeLimitMs
  if (late <= overdueGraceMs) return
  broken('I10', () => `it has no end, ${Math.round(late / 1000)} s after its time was over`)
}

/** Held prices × quantities − discount. */
function checkSums({ placed, due, answers }: PlacedLedger, broken: Broken): void {
  if (due === null) return
  if (due.userId !== placed.userId) {
    broken('I12', () => `payment is due of ${due.userId}, but ${placed.userId} placed it`)
  }
  const held = answers['stock.held']
  // Without a coupon the step may have met other content under this id, and lets go of it.
  const used = placed.coupon === undefined ? undefined : answers['coupon.used']
  if (held === undefined) {
    broken('I11', () => 'payment was due, but no stock was held')
    return
  }
  if (!sameLines(held.lines, placed.lines)) {
    broken('I11', () => `other lines were held than were placed: ${JSON.stringify(held.lines)}`)
  }
  if (placed.coupon !== undefined && used?.couponId !== placed.coupon.couponId) {
    const { couponId } = placed.coupon
    broken('I13', () => `it is for coupon ${couponId}, but used ${used?.couponId ?? 'none'}`)
  }
  let subtotal = 0n
  for (const { quantity, unitPrice } of held.lines) subtotal += BigInt(quantity) * BigInt(unitPrice)
  let discount = 0n
  if (used?.discount?.kind === 'amount') discount = BigInt(used.discount.value)
  if (used?.discount?.kind === 'percent') discount = (subtotal * BigInt(used.discount.value)) / 100n
  const total = subtotal > discount ? subtotal - discount : 0n
  if (BigInt(due.subtotal) === subtotal && BigInt(due.total) === total) return
  broken('I12', () => {
    const asked = `${due.total} of ${due.subtotal} was due`
    return `${asked}, but held prices less the discount are ${total} of ${subtotal}`
  })
}

function checkConfirmed(
  { due, placed, answers }: PlacedLedger,
  couponId: string | undefined,
  broken: Broken,
): void {
  if (couponId !== placed.coupon?.couponId) {
    broken('I13', () => `it was confirmed with coupon ${couponId}, placed with another`)
  }
  const captured = answers['payment.captured']?.amount
  if (captured === undefined) broken('I12', () => 'it was confirmed, but nothing was captured')
  else if (due !== null && captured !== due.total) {
    broken('I12', () => `${captured} was captured, but ${due.total} was due`)
  }
  if (answers['payment.refunded']) broken('I12', () => 'it was confirmed, but refunded')
  if (answers['stock.released']) {
    broken('I11', () => 'it was confirmed, but its stock was released')
  }
  const released = answers['coupon.released']
  if (released !== undefined && released.couponId === couponId) {
    broken('I13', () => `it was confirmed, but its coupon ${couponId} was released`)
  }
}

function checkCancelled(order: PlacedLedger, { reason }: OrderCancelled, broken: Broken): void {
  const { answers, placed, placedAt, endedAt } = order
  if (answers['stock.sold']) broken('I11', () => 'it was cancelled, but its stock was sold')
  const captured = answers['payment.captured']?.amount
  const refunded = answers['payment.refunded']?.amount
  if (captured !== undefined && refunded !== undefined && captured !== refunded) {
    broken('I12', () => `${captured} was captured, but ${refunded} refunded`)
  }
  if (reason === 'timed_out') {
    const early = placedAt + placed.timeLimitMs - endedAt
    if (early > clockSkewMsMax) {
      broken('I10', () => `it timed out ${early} ms before its time was over`)
    }
    return
  }
  const refusals = [
    answers['coupon.refused'],
    answers['stock.refused'],
    answers['payment.refused'],
  ].map((refused) => refused?.reason)
  if (reason === 'mixed_up' || refusals.includes(reason)) return
  broken('I10', () => `it was cancelled for ${reason}, which no step has said`)
}

type Spending = {
  order: PlacedLedger
  claims: ReplayedClaims | null
  /** The confirmed order that spent it, by user and coupon. */
  spent: Map<string, string>
  broken: Broken
}

function checkSpent({ order, claims, spent, broken }: Spending): void {
  const { userId, coupon } = order.placed
  if (coupon === undefined) return
  const { couponId, partition, offset } = coupon
  const other = spent.get(`${userId} ${couponId}`)
  if (other !== undefined) {
    broken('I13', () => `${userId} spent coupon ${couponId} here and in order ${other}`)
  }
  spent.set(`${userId} ${couponId}`, order.orderId)
  if (claims === null || offset >= (claims.bounds[partition]?.end ?? 0)) return
  const known = claims.coupons.get(couponId)
  if (known?.winners.has(userId) !== true) {
    broken('I13', () => `${userId} never won coupon ${couponId}, which it has spent`)
    return
  }
  const discount = order.answers['coupon.used']?.discount
  const terms = known.terms.discount
  if (discount?.kind === terms?.kind && discount?.value === terms?.value) return
  broken('I12', () => `another discount was taken off than that of coupon ${couponId}`)
}

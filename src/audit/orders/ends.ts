// Whether what the topics say of each order fits together: it ends in time, for a reason that a
// step gave; it is confirmed with exactly what was held, used and paid. All by sums of its own.

import type { Coupon } from '../../domain/coupons/state.ts'
import type { OrderCancelled, OrderPlaced } from '../../domain/orders/messages.ts'
import type { LogBounds } from '../../ports/coupons.ts'
import type { Findings, Invariant } from '../findings.ts'
import { heldOf, type OrderBook, paidOf, sameLines, usedOf } from './ledger.ts'

/** The replayed claims; what is newer than they are is left alone. */
export type ReplayedClaims = {
  coupons: ReadonlyMap<string, Coupon>
  bounds: readonly LogBounds[]
}
export type EndsParts = {
  books: ReadonlyMap<string, OrderBook>
  findings: Findings
  /** What the time is taken to be, ms UTC: an order that lives longer than it may is broken. */
  now: number
  claims: ReplayedClaims | null
}
export type EndCounts = { orders: number; confirmed: number; cancelled: number; live: number }

/** After its deadline the process needs a moment, more after an outage of its database. */
export const overdueGraceMs = 60_000
/** What the clocks of two machines may differ by: one says the time-out, the other stores it. */
const clockSkewMsMax = 5_000

export function judgeEnds({ books, findings, now, claims }: EndsParts): EndCounts {
  const counts: EndCounts = { orders: 0, confirmed: 0, cancelled: 0, live: 0 }
  const spent = new Map<string, string>()
  for (const book of books.values()) {
    const { placed, end, orderId } = book
    // The steps' topic was read later, and may speak of orders that came in between.
    if (placed === null) continue
    counts.orders += 1
    const broken: Broken = (invariant, text) => {
      findings.addOfOrder(invariant, orderId, () => `order ${orderId}: ${text()}`)
    }
    const order = { ...book, placed }
    if (book.due !== null) judgeSums(order, broken)
    if (end === null) {
      counts.live += 1
      judgeAge(order, now, broken)
    } else if (end.type === 'order.cancelled') {
      counts.cancelled += 1
      judgeCancelled(order, end, broken)
    } else {
      counts.confirmed += 1
      judgeConfirmed(order, broken)
      if (placed.coupon !== undefined) judgeSpent({ order, claims, spent, broken })
    }
  }
  return counts
}

type Broken = (invariant: Invariant, text: () => string) => void
type PlacedBook = OrderBook & { placed: OrderPlaced }

function judgeAge({ placed, placedAt }: PlacedBook, now: number, broken: Broken): void {
  const late = now - placedAt - placed.timeLimitMs
  if (late <= overdueGraceMs) return
  broken('I10', () => `it has no end, ${Math.round(late / 1000)} s after its time was over`)
}

/** Held prices × quantities − discount. */
function judgeSums(book: PlacedBook, broken: Broken): void {
  const { placed, due } = book
  if (due === null) return
  if (due.userId !== placed.userId) {
    broken('I12', () => `payment is due of ${due.userId}, but ${placed.userId} placed it`)
  }
  const held = heldOf(book)
  // Without a coupon the step may have met other content under this id, and lets go of it.
  const used = placed.coupon === undefined ? null : usedOf(book)
  if (held === null) {
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

function judgeConfirmed(book: PlacedBook, broken: Broken): void {
  const { due, placed, end } = book
  const couponId = end?.type === 'order.confirmed' ? end.couponId : undefined
  if (couponId !== placed.coupon?.couponId) {
    broken('I13', () => `it was confirmed with coupon ${couponId}, placed with another`)
  }
  const captured = paidOf(book, 'payment.captured')
  if (captured === null) broken('I12', () => 'it was confirmed, but nothing was captured')
  else if (due !== null && captured !== due.total) {
    broken('I12', () => `${captured} was captured, but ${due.total} was due`)
  }
  if (book.said.has('payment.refunded')) broken('I12', () => 'it was confirmed, but refunded')
  if (book.said.has('stock.released')) {
    broken('I11', () => 'it was confirmed, but its stock was released')
  }
  const released = book.said.get('coupon.released')
  if (released !== undefined && 'couponId' in released && released.couponId === couponId) {
    broken('I13', () => `it was confirmed, but its coupon ${couponId} was released`)
  }
}

function judgeCancelled(book: PlacedBook, { reason }: OrderCancelled, broken: Broken): void {
  if (book.said.has('stock.sold')) broken('I11', () => 'it was cancelled, but its stock was sold')
  const captured = paidOf(book, 'payment.captured')
  const refunded = paidOf(book, 'payment.refunded')
  if (captured !== null && refunded !== null && captured !== refunded) {
    broken('I12', () => `${captured} was captured, but ${refunded} refunded`)
  }
  if (reason === 'timed_out') {
    const deadline = book.placedAt + book.placed.timeLimitMs
    const early = deadline - book.endedAt
    if (early > clockSkewMsMax) {
      broken('I10', () => `it timed out ${early} ms before its time was over`)
    }
  } else if (reason !== 'mixed_up' && !wasRefused(book, reason)) {
    broken('I10', () => `it was cancelled for ${reason}, which no step has said`)
  }
}

function wasRefused({ said }: OrderBook, reason: OrderCancelled['reason']): boolean {
  return (['coupon.refused', 'stock.refused', 'payment.refused'] as const).some((type) => {
    const refused = said.get(type)
    return refused !== undefined && 'reason' in refused && refused.reason === reason
  })
}

type Spending = {
  order: PlacedBook
  claims: ReplayedClaims | null
  /** The confirmed order that spent it, by user and coupon. */
  spent: Map<string, string>
  broken: Broken
}

function judgeSpent({ order, claims, spent, broken }: Spending): void {
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
  const discount = usedOf(order)?.discount
  const terms = known.terms.discount
  if (discount?.kind === terms?.kind && discount?.value === terms?.value) return
  broken('I12', () => `another discount was taken off than that of coupon ${couponId}`)
}

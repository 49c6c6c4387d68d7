// Whether what the topics say of each order fits together: it ends in time, for a reason that a
// step gave; it is confirmed with exactly what was held, used and paid. All by sums of its own.

import type { Discount } from '../../domain/coupons/messages.ts'
import { sameLines } from '../../domain/orders/content.ts'
import type { OrderHistory } from '../../domain/orders/history.ts'
import type { OrderMessage, OrderPlaced } from '../../domain/orders/messages.ts'
import { type Broken, brokenOrder, type Findings } from '../findings.ts'

export type HistoryParts = {
  orders: ReadonlyMap<string, OrderHistory>
  findings: Findings
  /** What the time is taken to be, ms UTC: an order that lives longer than it may is broken. */
  now: number
  /** By product, what any record created it for. */
  prices: ReadonlyMap<string, ReadonlySet<number>>
  /** Nothing was written while the topics were read one after the other, and by one clock. */
  isStopped: boolean
}
export type OrderCounts = {
  orders: number
  confirmed: number
  /** Of those that were confirmed; the last of them may still be given back. */
  returned: number
  cancelled: number
  /** Not ended yet, and not too old for it. */
  live: number
  redemptions: number
}

/** How it is told. */
export const overdue = 'it has no end'
/** After its deadline the process needs a moment, more after an outage of its database. */
export const overdueGraceMs = 60_000
/** What the clocks of two machines may differ by: one says the time-out, the other stores it. */
const clockSkewMsMax = 5_000

/** What the append times of two topics may differ by. */
export function skewMsMax({ isStopped }: Pick<HistoryParts, 'isStopped'>): number {
  return isStopped ? 0 : clockSkewMsMax
}

export function noOrders(): OrderCounts {
  return { orders: 0, confirmed: 0, returned: 0, cancelled: 0, live: 0, redemptions: 0 }
}

/** Adds to `counts`. Redemptions are counted here, and checked in check-redemptions.ts. */
export function checkHistories(parts: HistoryParts, counts: OrderCounts = noOrders()): void {
  const { orders, findings, now, isStopped } = parts
  for (const history of orders.values()) {
    const { placed, due, end, answers, orderId, redemption, returnDue, returned } = history
    if (redemption !== null) {
      counts.redemptions += 1
      continue
    }
    // The steps' topic was read later, and may speak of orders that came in between.
    if (placed === null) {
      const broken = brokenOrder(findings, orderId)
      if (isStopped) broken('I10', 'a step has answered, but nobody has placed it')
      continue
    }
    counts.orders += 1
    const checked: Checked = {
      placed: placed.message,
      timeOverAt: placed.origin.appendedAt + placed.message.timeLimitMs,
      due: due?.message ?? null,
      answers,
      broken: brokenOrder(findings, orderId),
    }
    checkSums(checked)
    checkPrices(checked, parts.prices)
    if (end === null) {
      counts.live += 1
      checkAge(checked, now)
    } else if (end.message.type === 'order.cancelled') {
      counts.cancelled += 1
      checkCancelled(checked, end.message.reason, end.origin.appendedAt)
    } else {
      counts[returnDue === null ? 'confirmed' : 'returned'] += 1
      checkConfirmed(checked, end.message.couponId)
      if (returnDue === null) checkKept(checked, end.message.couponId)
      else checkReturn(checked, { returnDue: returnDue.message, isOver: returned !== null })
    }
  }
}

/** A product has one price for ever. */
function checkPrices({ answers, broken }: Checked, prices: HistoryParts['prices']): void {
  for (const { productId, unitPrice } of answers['stock.held']?.lines ?? []) {
    const known = prices.get(productId)
    if (known?.has(unitPrice) === true) continue
    const price = [...(known ?? ['nothing'])].join(' or ')
    broken('I12', `${productId} was held for ${unitPrice}, but costs ${price}`)
  }
}

type Checked = Pick<OrderHistory, 'answers'> & {
  placed: OrderPlaced
  timeOverAt: number
  due: OrderMessage<'order.payment_due'> | null
  broken: Broken
}

function checkAge({ timeOverAt, broken }: Checked, now: number): void {
  const late = now - timeOverAt
  if (late <= overdueGraceMs) return
  broken('I10', `${overdue}, ${Math.round(late / 1000)} s after its time was over`)
}

/** Held prices × quantities − discount. */
function checkSums({ placed, due, answers, broken }: Checked): void {
  if (due === null) return
  if (due.userId !== placed.userId) {
    broken('I12', `payment is due of ${due.userId}, but ${placed.userId} placed it`)
  }
  const held = answers['stock.held']
  // Without a coupon the step may have met other content under this id, and lets go of it.
  const used = placed.coupon === undefined ? undefined : answers['coupon.used']
  if (held === undefined) return broken('I11', 'payment was due, but no stock was held')
  if (!sameLines(held.lines, placed.lines)) {
    broken('I11', `other lines were held than were placed: ${JSON.stringify(held.lines)}`)
  }
  if (placed.coupon !== undefined && used?.couponId !== placed.coupon.couponId) {
    const { couponId } = placed.coupon
    broken('I13', `it is for coupon ${couponId}, but used ${used?.couponId ?? 'none'}`)
  }
  let subtotal = 0n
  for (const { quantity, unitPrice } of held.lines) subtotal += BigInt(quantity) * BigInt(unitPrice)
  const { minimum = 0 } = used ?? {}
  if (subtotal < BigInt(minimum)) {
    broken('I15', `its coupon was spent on ${subtotal}, below its minimum of ${minimum}`)
  }
  const discount = exactDiscount(used?.discount, subtotal)
  const total = subtotal > discount ? subtotal - discount : 0n
  if (BigInt(due.subtotal) === subtotal && BigInt(due.total) === total) return
  const asked = `${due.total} of ${due.subtotal} was due` as const
  broken('I12', `${asked}, but held prices less the discount are ${total} of ${subtotal}`)
}

export function exactDiscount(discount: Discount | undefined, subtotal: bigint): bigint {
  if (discount === undefined) return 0n
  if (discount.kind === 'amount') return BigInt(discount.value)
  const share = (subtotal * BigInt(discount.value)) / 100n
  return discount.max !== undefined && share > discount.max ? BigInt(discount.max) : share
}

function checkConfirmed(
  { due, placed, answers, broken }: Checked,
  couponId: string | undefined,
): void {
  if (couponId !== placed.coupon?.couponId) {
    broken('I13', `it was confirmed with coupon ${couponId}, placed with another`)
  }
  const captured = answers['payment.captured']?.amount
  if (captured === undefined) broken('I12', 'it was confirmed, but nothing was captured')
  else if (due !== null && captured !== due.total) {
    broken('I12', `${captured} was captured, but ${due.total} was due`)
  }
}

function checkKept({ answers, broken }: Checked, couponId: string | undefined): void {
  if (answers['payment.refunded']) broken('I12', 'it was confirmed, but refunded')
  if (answers['stock.released']) broken('I11', 'it was confirmed, but its stock was released')
  const released = answers['coupon.released']
  if (released !== undefined && released.couponId === couponId) {
    broken('I13', `it was confirmed, but its coupon ${couponId} was released`)
  }
}

/** All that it had is given back, and by the record that says so all of it is. */
function checkReturn(
  { due, placed, answers, broken }: Checked,
  { returnDue, isOver }: { returnDue: OrderMessage<'order.return_due'>; isOver: boolean },
): void {
  const couponId = placed.coupon?.couponId
  if (returnDue.couponId !== couponId) {
    broken('I13', `it is returned with coupon ${returnDue.couponId}, placed with another`)
  }
  const refunded = answers['payment.refunded']?.amount
  const total = due?.total ?? 0
  if (refunded !== undefined && refunded !== total) {
    broken('I12', `it is returned, but ${refunded} of ${total} was refunded`)
  }
  if (!isOver) return
  if (total > 0 && refunded === undefined) broken('I12', 'it is returned, but nothing was refunded')
  if (!answers['stock.released']) broken('I11', 'it is returned, but its stock was not released')
  if (couponId !== undefined && answers['coupon.released']?.couponId !== couponId) {
    broken('I13', `it is returned, but its coupon ${couponId} was not released`)
  }
}

function checkCancelled(
  { answers, timeOverAt, broken }: Checked,
  reason: OrderMessage<'order.cancelled'>['reason'],
  endedAt: number,
): void {
  if (answers['stock.sold']) broken('I11', 'it was cancelled, but its stock was sold')
  const captured = answers['payment.captured']?.amount
  const refunded = answers['payment.refunded']?.amount
  if (captured !== undefined && refunded !== undefined && captured !== refunded) {
    broken('I12', `${captured} was captured, but ${refunded} refunded`)
  }
  if (reason === 'timed_out') {
    const early = timeOverAt - endedAt
    if (early > clockSkewMsMax) broken('I10', `it timed out ${early} ms before its time was over`)
    return
  }
  const { 'coupon.refused': coupon, 'stock.refused': stock, 'payment.refused': payment } = answers
  if (reason === 'mixed_up') return
  if (reason === 'minimum_not_met') return checkBelowMinimum({ answers, broken })
  if ([coupon, stock, payment].some((refused) => refused?.reason === reason)) return
  broken('I10', `it was cancelled for ${reason}, which no step has said`)
}

function checkBelowMinimum({ answers, broken }: Pick<Checked, 'answers' | 'broken'>): void {
  const { 'coupon.used': used, 'stock.held': held } = answers
  const { minimum = 0 } = used ?? {}
  const lines = held?.lines ?? []
  const subtotal = lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0)
  if (held !== undefined && subtotal < minimum) return
  broken('I10', `it was cancelled for ${subtotal} below the minimum of ${minimum} of its coupon`)
}

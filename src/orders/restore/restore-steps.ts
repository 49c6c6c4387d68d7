// The row that a step had of an order, from what it said: what it decided depended on how topics
// and partitions were interleaved, and is not decided again. What follows from the order's end
// depends on the row alone; it is done here, whether or not the step had come to it. Else what a
// cancelled order held would be missing for those who were given it since.

import { decideCoupon, evolveCoupon, takenBy } from '../../domain/orders/coupon-step.ts'
import type { Logged, OrderHistory, RedemptionHistory } from '../../domain/orders/history.ts'
import type { OrderMessage, StepMessage } from '../../domain/orders/messages.ts'
import {
  decidePayment,
  evolvePayment,
  type PaymentRowEvent,
} from '../../domain/orders/payment-step.ts'
import {
  absent,
  type Charge,
  type CouponRow,
  type PaymentRow,
  type StockRow,
} from '../../domain/orders/state.ts'
import { decideStock, evolveStock } from '../../domain/orders/stock-step.ts'

/** `again`: the record that the step has still to act upon, or to answer. */
export type RestoredRow<Row> = { row: Row; again: Logged<OrderMessage> | null }

export function restoreCoupon(order: OrderHistory): RestoredRow<CouponRow> {
  if (order.redemption !== null) return restoreRedeemed(order, order.redemption)
  const row = couponAnswered(order)
  if (order.end === null) return { row, again: row.status === 'absent' ? order.placed : null }
  return followed(order, row, (message, so) => {
    const { events, replies } = decideCoupon({ message, at: 0, facts: null }, so)
    return { row: events.reduce(evolveCoupon, so), replies }
  })
}

function restoreRedeemed(
  { answers }: OrderHistory,
  { placed, alsoPlaced, used, released }: RedemptionHistory,
): RestoredRow<CouponRow> {
  const { 'coupon.used': using, 'coupon.refused': refused } = answers
  let row: CouponRow = absent
  if (refused !== undefined) row = evolveCoupon(row, { ...refused, type: 'refused' })
  else if (using !== undefined) {
    const { type: _, ...usedAs } = using
    const of =
      [placed.message, ...alsoPlaced].find(({ coupon }) => coupon.couponId === using.couponId) ??
      placed.message
    const { userId } = of
    const use = { ...usedAs, userId }
    row = takenBy(of, placed.origin.appendedAt, use).reduce(evolveCoupon, row)
  }
  const end = released ?? used
  if (end === null) return { row, again: row.status === 'absent' ? placed : null }
  let isSaid = true
  for (const ended of [used, released]) {
    if (ended === null) continue
    const { message } = ended
    const { events, replies } = decideCoupon({ message, at: 0, facts: null }, row)
    row = events.reduce(evolveCoupon, row)
    isSaid = replies.every(({ type }) => answers[type] !== undefined)
  }
  return { row, again: isSaid ? null : end }
}

export function restoreStock(order: OrderHistory): RestoredRow<StockRow> {
  if (order.redemption !== null) return { row: absent, again: null }
  const row = stockAnswered(order)
  if (order.end === null) return { row, again: row.status === 'absent' ? order.placed : null }
  return followed(order, row, (message, so) => {
    const { events, replies } = decideStock({ message, at: 0, products: new Map() }, so)
    return { row: events.reduce(evolveStock, so), replies }
  })
}

/**
 * `isWallet`: the provider is the built-in wallet, which is restored from these rows, so what it
 * did and the step did not say was not done. Any other provider may have captured it, and is asked.
 */
export function restorePayment(order: OrderHistory, isWallet: boolean): RestoredRow<PaymentRow> {
  if (order.redemption !== null) return { row: absent, again: null }
  const answered = paymentAnswered(order, isWallet)
  const { end } = order
  if (end === null) {
    const isOpen = answered.status === 'absent' || answered.status === 'asked'
    return { row: answered, again: isOpen ? order.due : null }
  }
  let asked: OrderHistory['end' | 'returnDue'] = null
  const restored = followed(order, answered, (message, so) => {
    const { events, effects, replies } = decidePayment({ kind: 'record', message }, so)
    const row = events.reduce(evolvePayment, so)
    const [question] = effects
    if (question === undefined) return { row, replies }
    if (!isWallet) {
      asked = message.type === 'order.return_due' ? order.returnDue : end
      return { row, replies: [] }
    }
    const answer = { kind: 'undone', refunded: question.payment.amount } as const
    const undone = decidePayment({ kind: 'answer', answer }, row)
    return { row: undone.events.reduce(evolvePayment, row), replies: undone.replies }
  })
  return asked === null ? restored : { ...restored, again: asked }
}

type Followed<Row> = { row: Row; replies: readonly StepMessage[] }

/** What the order's end, and its return, make of a row; the last unanswered one is taken again. */
function followed<Row>(
  { end, returnDue, answers }: OrderHistory,
  answered: Row,
  follow: (message: OrderMessage, row: Row) => Followed<Row>,
): RestoredRow<Row> {
  const restored: RestoredRow<Row> = { row: answered, again: null }
  for (const record of [end, returnDue]) {
    if (record === null) continue
    const { row, replies } = follow(record.message, restored.row)
    restored.row = row
    // Where a reply was never said, the record is taken again: the row then gives the same reply.
    const isSaid = replies.every(({ type }) => answers[type] !== undefined)
    if (!isSaid) restored.again = record
  }
  return restored
}

function couponAnswered({ placed, alsoPlaced, answers, returnDue }: OrderHistory): CouponRow {
  if (placed === null) return absent
  const { orderId, coupon } = placed.message
  const { 'coupon.used': used, 'coupon.refused': refused } = answers
  if (used !== undefined) {
    const { type: _, ...usedAs } = used
    const wanted = [placed.message, ...alsoPlaced]
    const of = wanted.find((one) => one.coupon?.couponId === used.couponId) ?? placed.message
    const using = evolveCoupon(absent, { type: 'used', use: { ...usedAs, userId: of.userId } })
    // For a return it was kept before: that follows from the records.
    const isReleased = answers['coupon.released'] !== undefined && returnDue === null
    return isReleased ? evolveCoupon(using, { type: 'released' }) : using
  }
  if (refused !== undefined) return evolveCoupon(absent, { ...refused, type: 'refused' })
  return coupon === undefined ? evolveCoupon(absent, { type: 'unneeded', orderId }) : absent
}

function stockAnswered({ answers, returnDue }: OrderHistory): StockRow {
  const { 'stock.held': held, 'stock.refused': refused } = answers
  if (held !== undefined) {
    const { type: _, ...hold } = held
    const holding = evolveStock(absent, { type: 'held', hold })
    if (answers['stock.sold']) return evolveStock(holding, { type: 'sold' })
    const isReleased = answers['stock.released'] !== undefined && returnDue === null
    return isReleased ? evolveStock(holding, { type: 'released' }) : holding
  }
  return refused === undefined ? absent : evolveStock(absent, { ...refused, type: 'refused' })
}

/** A payment may be refunded that the step never said was captured: its answer came too late. */
function paymentAnswered({ due, answers }: OrderHistory, isWallet: boolean): PaymentRow {
  if (due === null) return absent
  const { orderId, userId, total } = due.message
  const { 'payment.captured': captured, 'payment.refunded': refunded } = answers
  const refused = answers['payment.refused']
  const amount = captured?.amount ?? refunded?.amount ?? total
  const events: PaymentRowEvent[] = [{ type: 'asked', payment: { orderId, userId, amount } }]
  if (refunded !== undefined) {
    events.push({ type: 'undoing' }, { type: 'undone', refunded: amount })
  } else if (captured !== undefined) events.push({ type: 'captured' })
  else if (refused !== undefined) events.push({ type: 'refused', reason: refused.reason })
  else if (isWallet || total === 0) return absent
  return events.reduce<PaymentRow>(evolvePayment, absent)
}

/** What the wallet did about an order; null: it was never asked, or was asked to undo nothing. */
export function chargeOf(row: PaymentRow, { end }: Pick<OrderHistory, 'end'>): Charge | null {
  switch (row.status) {
    case 'captured': {
      if (row.amount === 0) return null
      const captured = { status: 'captured', amount: row.amount } as const
      return end === null ? { ...captured, unsettled: true } : captured
    }
    case 'refused':
      return { status: 'refused', reason: row.reason }
    case 'refunded':
      return { status: 'undone', refunded: row.amount }
    case 'absent':
    case 'asked':
    case 'undoing':
    case 'cancelled':
      return null
  }
}

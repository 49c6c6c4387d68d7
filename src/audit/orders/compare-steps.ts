// Compares the rows that the three steps keep of each order with how the order stands in the log:
// held, used and paid exactly if it lives or is confirmed, and nothing left if it was cancelled.
// A coupon that is used is used by the order's own row (I13).

import type { OfferTerms } from '../../domain/coupons/offer.ts'
import { isUsedAtOnce } from '../../domain/orders/coupon-step.ts'
import type { OrderHistory, RedemptionHistory, StepAnswers } from '../../domain/orders/history.ts'
import type {
  CouponRow,
  PaymentRow,
  Step as StepName,
  StockRow,
} from '../../domain/orders/state.ts'
import type { AuditedStepRow } from '../../ports/orders-audit.ts'
import { type Columns, compareColumns, sameJson } from '../compare-columns.ts'
import { brokenOrder, type Invariant } from '../findings.ts'
import type { Piece, Sentence } from '../sentences.ts'
import type { OrdersParts } from './compare-orders.ts'

/** returned: as soon as it is due. */
type Standing = 'placed' | 'due' | 'confirmed' | 'cancelled' | 'returned'
type End = Exclude<Standing, 'placed' | 'due'>
type AnyRow = CouponRow | StockRow | PaymentRow
type Found<Row extends AnyRow> = {
  row: Row
  order: OrderHistory
  /** Whether the step has seen all that the log says of the order. */
  isSettled: boolean
  broken(text: Sentence): void
}
type Step<Row extends AnyRow> = {
  name: StepName
  invariant: Invariant
  /** What the row may be, once the step has seen all that the log says. */
  settled: Readonly<Record<Standing, readonly Row['status'][]>>
  /** What only an end of the order allows. */
  needs: Readonly<Partial<Record<Row['status'], readonly End[]>>>
  /** The answer without which the row cannot be so, once what the step published is in the log. */
  answers: Readonly<Partial<Record<Row['status'], keyof StepAnswers>>>
  /** What the row must be where the step has said so; the first that it has said counts. */
  said: readonly {
    answer: keyof StepAnswers
    after?: keyof StepAnswers
    rows: readonly Row['status'][]
  }[]
  /** What the log gives of the row's own columns. */
  columns?(found: Found<Row>): Columns<Row>
  check?(found: Found<Row>): void
}

export function compareSteps(parts: OrdersParts): void {
  compareRows(parts, stockStep, parts.rows['stock-rows'])
  compareRows(parts, couponStep, parts.rows['coupon-rows'])
  compareRows(parts, paymentStep, parts.rows['payment-rows'])
  compareUses(parts)
}

const stockStep: Step<StockRow> = {
  name: 'stock',
  invariant: 'I11',
  settled: {
    placed: ['waiting', 'held', 'refused'],
    due: ['held'],
    confirmed: ['sold'],
    cancelled: ['refused', 'released', 'cancelled'],
    returned: ['returned'],
  },
  needs: { sold: ['confirmed', 'returned'], released: ['cancelled'], returned: ['returned'] },
  answers: {
    held: 'stock.held',
    sold: 'stock.held',
    released: 'stock.held',
    returned: 'stock.held',
  },
  said: [
    { answer: 'stock.released', after: 'stock.sold', rows: ['returned'] },
    { answer: 'stock.sold', rows: ['sold', 'returned'] },
    { answer: 'stock.released', after: 'stock.held', rows: ['released', 'returned'] },
    { answer: 'stock.held', rows: ['held', 'sold', 'released', 'returned'] },
    { answer: 'stock.refused', rows: ['refused'] },
  ],
  columns({ row, order }) {
    const { 'stock.held': held, 'stock.refused': refused } = order.answers
    if (held !== undefined && 'lines' in row) return { lines: held.lines }
    if (refused !== undefined && row.status === 'refused') {
      const { reason, productId } = refused
      return { reason, productId }
    }
    return waitingColumns(row, order)
  },
}
const couponStep: Step<CouponRow> = {
  name: 'coupon',
  invariant: 'I13',
  settled: {
    placed: ['waiting', 'used', 'refused', 'unneeded'],
    due: ['used', 'refused', 'unneeded'],
    // Which of them, is seen from the coupon that was confirmed.
    confirmed: ['used', 'unneeded', 'refused', 'released'],
    cancelled: ['unneeded', 'refused', 'released', 'cancelled'],
    returned: ['unneeded', 'refused', 'released'],
  },
  needs: {},
  answers: { used: 'coupon.used', released: 'coupon.used' },
  said: [
    { answer: 'coupon.released', after: 'coupon.used', rows: ['released'] },
    { answer: 'coupon.used', rows: ['used', 'released'] },
    { answer: 'coupon.refused', rows: ['refused'] },
  ],
  columns({ row, order, isSettled }) {
    const { answers, redemption } = order
    const placed = redemption?.placed ?? order.placed
    const { 'coupon.used': used, 'coupon.refused': refused } = answers
    if (placed !== null && 'userId' in row) {
      const given: Columns<CouponRow> = { userId: placed.message.userId }
      if (used !== undefined) {
        const { discount, minimum } = used
        Object.assign(given, { couponId: used.couponId, discount, minimum })
      }
      if (redemption !== null) {
        const isOpen = redemption.used === null && mayBeUsedAtOnce(redemption, used)
        if (isSettled && redemption.released === null && !isOpen) {
          given.kept = redemption.used === null ? undefined : true
        }
        return given
      }
      if (isSettled) given.kept = spentBy(row, order) === undefined ? undefined : true
      return given
    }
    if (refused !== undefined && row.status === 'refused') return { reason: refused.reason }
    return waitingColumns(row, order)
  },
  check({ row, order, isSettled, broken }) {
    const { end, redemption } = order
    if (redemption !== null) return checkRedeemed(row, redemption, { isSettled, broken })
    if (end?.message.type !== 'order.confirmed') return
    const { couponId } = end.message
    const used = spentBy(row, order)
    if (used === couponId) return
    // It waited when its row was read, and was answered since.
    if (row.status === 'waiting' && !isSettled) return
    // Of other content under the same id the step may still have to let go.
    if (couponId === undefined && !isSettled) return
    broken(`confirmed with ${couponId ?? 'no coupon'}, but its row used ${used ?? 'none'}`)
  },
}
/** Then its row may say that it is spent before the process does; an older step did not. */
function mayBeUsedAtOnce({ placed, alsoPlaced }: RedemptionHistory, terms: OfferTerms = {}) {
  return [placed.message, ...alsoPlaced].some((message) => isUsedAtOnce(message, terms))
}

/** Until when it is reserved may be counted from a copy of its record that the step met first. */
function checkRedeemed(
  row: CouponRow,
  { placed, alsoPlaced, used, released }: RedemptionHistory,
  { isSettled, broken }: Pick<Found<CouponRow>, 'isSettled' | 'broken'>,
): void {
  const isReserved = row.status === 'used' && row.kept !== true
  const reference = isReserved ? placed.message.reference : undefined
  const reserved = 'reserved' in row ? row.reserved?.reference : undefined
  if (alsoPlaced.length === 0 && reserved !== reference) {
    broken(`its coupon row is for ${reserved ?? 'an order'}, not for ${reference ?? 'one'}`)
  }
  if (used === null || released !== null || row.status === 'used') return
  if (row.status === 'waiting' && !isSettled) return
  broken(`it has used its coupon, but its row is ${row.status}`)
}

/** What it has spent for good; a return gives that back. */
function spentBy(row: CouponRow, { end, returnDue }: OrderHistory): string | undefined {
  if (end?.message.type !== 'order.confirmed') return undefined
  if (row.status === 'used') return row.couponId
  const isBack = row.status === 'released' && returnDue !== null
  return isBack && row.couponId === end.message.couponId ? row.couponId : undefined
}

const paymentStep: Step<PaymentRow> = {
  name: 'payment',
  invariant: 'I12',
  settled: {
    placed: ['absent'],
    due: ['captured', 'refused'],
    confirmed: ['captured'],
    cancelled: ['refused', 'refunded', 'cancelled'],
    // Where nothing was paid nothing is given back.
    returned: ['refunded', 'captured'],
  },
  needs: { refunded: ['cancelled', 'returned'], undoing: ['cancelled', 'returned'] },
  answers: {
    captured: 'payment.captured',
    refunded: 'payment.refunded',
    refused: 'payment.refused',
  },
  said: [
    { answer: 'payment.refunded', rows: ['refunded'] },
    // Where nothing was to be paid, nothing is given back.
    { answer: 'payment.captured', rows: ['captured', 'undoing', 'refunded', 'cancelled'] },
    { answer: 'payment.refused', rows: ['refused'] },
  ],
  columns({ row, order: { answers } }) {
    const refused = answers['payment.refused']
    return refused !== undefined && row.status === 'refused' ? { reason: refused.reason } : {}
  },
  check({ row, order: { due, returnDue }, isSettled, broken }) {
    if (isSettled && returnDue !== null && row.status === 'captured' && row.amount > 0) {
      broken(`it is returned, but ${row.amount} was not given back`)
    }
    if ('disputed' in row) broken('the payment provider contradicts itself: see its dead letter')
    if (due === null || !('amount' in row)) return
    const { total, userId } = due.message
    if (row.amount === total && row.userId === userId) return
    broken(`its payment row has ${row.amount} of ${row.userId}, but ${total} of ${userId} was due`)
  },
}

function compareRows<Row extends AnyRow>(
  { orders, inFlight, findings }: OrdersParts,
  step: Step<Row>,
  rows: ReadonlyMap<string, AuditedStepRow<Row>>,
): void {
  const { name, invariant } = step
  const consumer = `${name}-step` as const
  for (const orderId of rows.keys()) {
    if (isPlaced(orders.get(orderId))) continue
    brokenOrder(findings, orderId)(
      invariant,
      `a ${name} row, but the orders topic has no such order`,
    )
  }
  for (const [orderId, order] of orders) {
    if (!isPlaced(order)) continue
    const broken = (text: Sentence) => brokenOrder(findings, orderId)(invariant, text)
    const stored = rows.get(orderId)
    if (order.redemption !== null && name !== 'coupon') {
      if (stored !== undefined) broken(`a ${name} row, but it is a redemption`)
      continue
    }
    const status: Row['status'] = stored?.row.status ?? 'absent'
    const isSettled = inFlight.isOrderSettled(consumer, order)
    const standing = standingOf(order)
    // A restore knows nothing of what was held where only its release was published.
    const said = step.said.find(({ answer, after = answer }) => {
      return order.answers[answer] !== undefined && order.answers[after] !== undefined
    })
    if (isSettled && !step.settled[standing].includes(status)) {
      broken(`${standing} in the log, but its ${name} row is ${status}`)
    } else if (isSettled && said !== undefined && !said.rows.includes(status)) {
      broken(`its ${name} row is ${status}, but the step said ${said.answer}`)
    }
    const needed = step.needs[status]
    if (needed !== undefined && !needed.includes(standing as End)) {
      broken(`its ${name} row is ${status}, but the order is not ${needed.join(' or ')}`)
    }
    if (stored === undefined) continue
    const { row } = stored
    if (stored.status !== status) {
      broken(`its ${name} row is ${status}, the column says ${stored.status}`)
    }
    const answer = step.answers[status]
    const isSaid = answer === undefined || order.answers[answer] !== undefined
    if (!isSaid && inFlight.isAnswered(consumer, order)) {
      broken(`its ${name} row is ${status}, but the step never said so`)
    }
    const found = { row, order, isSettled, broken }
    compareColumns(row, step.columns?.(found) ?? {}, (text) =>
      broken(`its ${name} row has ${text}`),
    )
    step.check?.(found)
  }
}

/** It waits with the record that the step met first, which need not be the first in the log. */
function waitingColumns(row: AnyRow, { placings }: OrderHistory): Columns<AnyRow> {
  if (row.status !== 'waiting' || placings.length === 0) return {}
  return { placed: placings.find((placing) => sameJson(row.placed, placing)) ?? placings[0] }
}

/** The steps know an order from the orders topic alone. */
function isPlaced(order: OrderHistory | undefined): order is OrderHistory {
  return order !== undefined && order.lastOffsets.orders >= 0
}

function standingOf({ end, due, redemption, returnDue }: OrderHistory): Standing {
  if (redemption !== null) {
    if (redemption.released !== null) return 'cancelled'
    return redemption.used === null ? 'placed' : 'confirmed'
  }
  if (returnDue !== null) return 'returned'
  if (end !== null) return end.message.type === 'order.confirmed' ? 'confirmed' : 'cancelled'
  return due === null ? 'placed' : 'due'
}

/** Each use is that of the order's own row, and of an order that is confirmed, or still lives. */
function compareUses({ rows, orders, inFlight, findings }: OrdersParts): void {
  for (const [orderId, { userId, couponId }] of rows.uses) {
    const used = `coupon ${couponId} of ${userId} is used by order ${orderId}` as const
    const broken = (text: Piece) => findings.add('I13', { orderId }, `${used}, ${text}`)
    const order = orders.get(orderId)
    if (!isPlaced(order)) {
      broken('which is not in the log')
      continue
    }
    const isSettled = inFlight.isOrderSettled('coupon-step', order)
    if (isSettled && order.redemption?.released) broken('which was released')
    const end = isSettled ? order.end?.message : undefined
    if (end?.type === 'order.cancelled') broken('which was cancelled')
    if (end !== undefined && order.returnDue !== null) broken('which was returned')
    if (end?.type === 'order.confirmed' && end.couponId !== couponId) {
      broken(`which was confirmed with ${end.couponId ?? 'no coupon'}`)
    }
    if (inFlight.isMoving('coupon-step', orderId)) continue
    const row = rows['coupon-rows'].get(orderId)?.row
    const own = row?.status === 'used' && row.couponId === couponId && row.userId === userId
    if (!own) broken(`whose row is ${row?.status ?? 'missing'}`)
  }
  for (const [orderId, { row }] of rows['coupon-rows']) {
    if (row.status !== 'used' || rows.uses.has(orderId)) continue
    if (inFlight.isMoving('coupon-step', orderId)) continue
    const text = `its row has used coupon ${row.couponId}, but nobody uses it` as const
    brokenOrder(findings, orderId)('I13', text)
  }
}

// Compares the rows that the three steps keep of each order with how the order stands in the log:
// held, used and paid exactly if it lives or is confirmed, and nothing left if it was cancelled.

import type { CouponRow, PaymentRow, StockRow } from '../../domain/orders/state.ts'
import type { AuditedStepRow, ConsumerName } from '../../ports/orders.ts'
import type { Findings, Invariant } from '../findings.ts'
import { type ComparisonParts, ofOrder } from './compare-orders.ts'
import { heldOf, type OrderBook, sameLines } from './ledger.ts'

type Standing = 'placed' | 'due' | 'confirmed' | 'cancelled'
type AnyRow = CouponRow | StockRow | PaymentRow
type Step<Row extends AnyRow> = {
  consumer: ConsumerName
  name: string
  invariant: Invariant
  rows: ReadonlyMap<string, AuditedStepRow<Row>>
  /** What the row may be, once the step has seen all that the log says. */
  settled: Readonly<Record<Standing, readonly Row['status'][]>>
  /** What only an end of the order allows. */
  needs: Readonly<Partial<Record<Row['status'], 'confirmed' | 'cancelled'>>>
}

export function compareSteps(parts: ComparisonParts): void {
  const { rows } = parts
  compareRows(parts, { ...stockStep, rows: rows.stockRows }, checkStockRow)
  compareRows(parts, { ...couponStep, rows: rows.couponRows }, checkCouponRow)
  compareRows(parts, { ...paymentStep, rows: rows.paymentRows }, checkPaymentRow)
}

const stockStep = {
  consumer: 'stock-step',
  name: 'stock',
  invariant: 'I11',
  settled: {
    placed: ['held', 'refused'],
    due: ['held'],
    confirmed: ['sold'],
    cancelled: ['refused', 'released', 'cancelled'],
  },
  needs: { sold: 'confirmed', released: 'cancelled' },
} as const
const couponStep = {
  consumer: 'coupon-step',
  name: 'coupon',
  invariant: 'I13',
  settled: {
    placed: ['used', 'refused', 'unneeded'],
    due: ['used', 'refused', 'unneeded'],
    // Which of them, is seen from the coupon that was confirmed.
    confirmed: ['used', 'unneeded', 'refused', 'released'],
    cancelled: ['unneeded', 'refused', 'released', 'cancelled'],
  },
  needs: {},
} as const
const paymentStep = {
  consumer: 'payment-step',
  name: 'payment',
  invariant: 'I12',
  settled: {
    placed: ['absent'],
    due: ['captured', 'refused'],
    confirmed: ['captured'],
    cancelled: ['refused', 'refunded', 'cancelled'],
  },
  needs: { refunded: 'cancelled', undoing: 'cancelled' },
} as const

type Check<Row extends AnyRow> = {
  row: Row
  book: OrderBook
  /** Whether the step has seen all that the log says of the order. */
  settled: boolean
  /** Whether what it said must be in the log. */
  answered: boolean
  broken(text: () => string): void
}

function compareRows<Row extends AnyRow>(
  parts: ComparisonParts,
  step: Step<Row>,
  check: (found: Check<Row>) => void,
): void {
  const { log, flight, findings } = parts
  for (const orderId of step.rows.keys()) {
    if ((log.books.get(orderId)?.lastOffsets.orders ?? -1) >= 0) continue
    const text = () =>
      `order ${orderId}: a ${step.name} row, but the orders topic has no such order`
    findings.addOfOrder(step.invariant, orderId, text)
  }
  for (const book of log.books.values()) {
    if (book.lastOffsets.orders < 0) continue
    const { orderId } = book
    const broken = brokenOf(findings, step.invariant, orderId)
    const question = ofOrder(step.consumer, book)
    const stored = step.rows.get(orderId)
    const status: Row['status'] = stored?.row.status ?? 'absent'
    const settled = flight.waiting(question) === null
    if (settled) {
      const standing = standingOf(book)
      if (!step.settled[standing].includes(status)) {
        broken(() => `${standing} in the log, but its ${step.name} row is ${status}`)
      }
    }
    const needed = step.needs[status]
    if (needed !== undefined && book.end?.type !== `order.${needed}`) {
      broken(() => `its ${step.name} row is ${status}, but the order is not ${needed}`)
    }
    if (stored === undefined) continue
    if (stored.status !== status) {
      broken(() => `its ${step.name} row is ${status}, the column says ${stored.status}`)
    }
    check({ row: stored.row, book, settled, answered: flight.isAnswered(question), broken })
  }
}

function standingOf({ end, due }: OrderBook): Standing {
  if (end !== null) return end.type === 'order.confirmed' ? 'confirmed' : 'cancelled'
  return due === null ? 'placed' : 'due'
}

function checkStockRow({ row, book, answered, broken }: Check<StockRow>): void {
  if (row.status !== 'held' && row.status !== 'sold' && row.status !== 'released') return
  const held = heldOf(book)
  if (held === null) {
    if (answered) broken(() => `its stock row is ${row.status}, but the step never said it held`)
    return
  }
  if (!sameLines(row.lines, held.lines)) {
    broken(() => `its stock row has other lines than the step said: ${JSON.stringify(row.lines)}`)
  }
}

function checkCouponRow({ row, book, settled, answered, broken }: Check<CouponRow>): void {
  const { placed, end } = book
  if (row.status === 'used' || row.status === 'released') {
    if (answered && !book.said.has('coupon.used')) {
      broken(() => `its coupon row is ${row.status}, but the step never said it was used`)
    }
    if (placed !== null && row.userId !== placed.userId) {
      broken(() => `its coupon row names ${row.userId}, but ${placed.userId} placed it`)
    }
  }
  if (end?.type !== 'order.confirmed') return
  const used = row.status === 'used' ? row.couponId : undefined
  // Of other content under the same id the step may still have to let go.
  if (end.couponId === undefined ? used === undefined || !settled : used === end.couponId) return
  broken(() => `confirmed with ${end.couponId ?? 'no coupon'}, but its row used ${used ?? 'none'}`)
}

function checkPaymentRow({ row, book, answered, broken }: Check<PaymentRow>): void {
  const { due } = book
  if (!('amount' in row)) return
  if (due !== null && (row.amount !== due.total || row.userId !== due.userId)) {
    broken(() => {
      const found = `${row.amount} of ${row.userId}`
      return `its payment row has ${found}, but ${due.total} of ${due.userId} was due`
    })
  }
  if (row.status === 'captured' && answered && !book.said.has('payment.captured')) {
    broken(() => 'its payment row is captured, but the step never said so')
  }
  if (row.status === 'refunded' && answered && !book.said.has('payment.refunded')) {
    broken(() => 'its payment row is refunded, but the step never said so')
  }
}

function brokenOf(
  findings: Findings,
  invariant: Invariant,
  orderId: string,
): (text: () => string) => void {
  return (text) => findings.addOfOrder(invariant, orderId, () => `order ${orderId}: ${text()}`)
}

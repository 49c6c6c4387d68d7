// What the log says about one order, kept without asking `decide`: its records and its steps'
// answers, each once, in the order of their topics. What breaks a rule by itself is found here;
// what must fit together is judged once all is read (audit-orders-ends.ts).

import type {
  CouponUsed,
  Line,
  OrderCancelled,
  OrderConfirmed,
  OrderMessage,
  OrderPaymentDue,
  OrderPlaced,
  StepMessage,
  StockHeld,
} from '../../domain/orders/messages.ts'
import type { Findings, Invariant } from '../findings.ts'

export type OrderBook = {
  orderId: string
  partition: number
  placed: OrderPlaced | null
  placedAt: number
  /** Of other content that was placed under the same id: a step may have met it first. */
  otherLines: readonly Line[]
  /** The first offset of what the orders topic says; Infinity where it does not. */
  offsets: { placed: number; due: number; end: number }
  /** The last record about it in each of the two topics; -1: there is none. */
  lastOffsets: { orders: number; steps: number }
  due: OrderPaymentDue | null
  end: OrderConfirmed | OrderCancelled | null
  endedAt: number
  /** What the steps said, by type; the first of each. */
  said: Map<StepMessage['type'], StepMessage>
}

export function openBook(orderId: string, partition: number): OrderBook {
  const never = Number.POSITIVE_INFINITY
  return {
    orderId,
    partition,
    placed: null,
    placedAt: 0,
    otherLines: [],
    offsets: { placed: never, due: never, end: never },
    lastOffsets: { orders: -1, steps: -1 },
    due: null,
    end: null,
    endedAt: 0,
    said: new Map(),
  }
}

export type Place = { offset: number; at: number }

export function enterOrder(
  book: OrderBook,
  message: OrderMessage,
  { place, findings }: { place: Place; findings: Findings },
): void {
  const { offset, at } = place
  book.lastOffsets.orders = offset
  const wrong = (text: () => string) => addTo(findings, 'I10', { book, offset, text })
  switch (message.type) {
    case 'order.placed':
      // Other content under the same id: the first counts, and the process says so.
      if (book.placed !== null) {
        if (sameLines(book.placed.lines, message.lines)) return
        book.otherLines = [...book.otherLines, ...message.lines]
        return
      }
      if (book.due !== null || book.end !== null) wrong(() => 'it is placed after it went on')
      Object.assign(book, { placed: message, placedAt: at })
      book.offsets.placed = offset
      return
    case 'order.payment_due':
      if (book.placed === null) wrong(() => 'payment is due of an order that was never placed')
      if (book.due === null) {
        // It may be published late, after the time was over.
        if (book.end?.type === 'order.confirmed') wrong(() => 'payment is due after the end')
        book.due = message
        book.offsets.due = offset
      } else if (!same(book.due, message)) wrong(() => 'payment is due twice, in other sums')
      return
    case 'order.confirmed':
    case 'order.cancelled':
      if (book.placed === null) wrong(() => 'it ends without ever being placed')
      if (message.type === 'order.confirmed' && book.due === null) {
        wrong(() => 'it is confirmed before payment was due')
      }
      if (book.end === null) {
        Object.assign(book, { end: message, endedAt: at })
        book.offsets.end = offset
      } else if (!same(book.end, message)) {
        const before = endText(book.end)
        wrong(() => `it ends twice: ${before}, then ${endText(message)}`)
      }
  }
}

export function enterStep(
  book: OrderBook,
  message: StepMessage,
  { place, findings }: { place: Place; findings: Findings },
): void {
  const { offset } = place
  book.lastOffsets.steps = offset
  const { type } = message
  const before = book.said.get(type)
  const wrong = (text: () => string) => {
    addTo(findings, promiseOf(type), { book, offset, text, topic: 'steps' })
  }
  if (before === undefined) {
    book.said.set(type, message)
    const gainsaid = opposites.find((pair) => pair.includes(type))?.find((it) => it !== type)
    if (gainsaid !== undefined && book.said.has(gainsaid)) {
      wrong(() => `${type}, but before ${gainsaid}`)
    }
  } else if (!same(before, message)) {
    wrong(() => `${type} twice, and not the same: ${JSON.stringify([before, message])}`)
  }
}

export function usedOf(book: OrderBook): CouponUsed | null {
  return (book.said.get('coupon.used') as CouponUsed | undefined) ?? null
}

export function heldOf(book: OrderBook): StockHeld | null {
  return (book.said.get('stock.held') as StockHeld | undefined) ?? null
}

/** What was captured or refunded, as the payment step said; null: it did not. */
export function paidOf(
  book: OrderBook,
  type: 'payment.captured' | 'payment.refunded',
): number | null {
  const said = book.said.get(type)
  return said !== undefined && 'amount' in said ? said.amount : null
}

export function sameLines(a: readonly Line[], b: readonly Line[]): boolean {
  if (a.length !== b.length) return false
  const quantities = new Map(b.map(({ productId, quantity }) => [productId, quantity]))
  return a.every(({ productId, quantity }) => quantities.get(productId) === quantity)
}

export function endText(end: OrderConfirmed | OrderCancelled): string {
  return end.type === 'order.confirmed' ? 'confirmed' : `cancelled (${end.reason})`
}

/** Decoded by the same readers, so that their fields stand in the same order. */
function same(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** No order can be told both. */
const opposites: readonly (readonly StepMessage['type'][])[] = [
  ['coupon.used', 'coupon.refused'],
  ['stock.held', 'stock.refused'],
  ['payment.captured', 'payment.refused'],
  ['stock.released', 'stock.sold'],
]

function promiseOf(type: StepMessage['type']): Invariant {
  if (type.startsWith('coupon.')) return 'I13'
  return type.startsWith('stock.') ? 'I11' : 'I12'
}

type Wrong = { book: OrderBook; offset: number; text: () => string; topic?: 'steps' }

function addTo(findings: Findings, invariant: Invariant, wrong: Wrong): void {
  const { book, offset, text, topic = 'orders' } = wrong
  findings.addOfOrder(invariant, book.orderId, () => {
    const where = `record ${offset} of partition ${book.partition} of the ${topic}`
    return `order ${book.orderId}: ${where}: ${text()}`
  })
}

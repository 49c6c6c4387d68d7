// What the log says about one order, kept without asking `decide`: its records and its steps'
// answers, each once, in the order of their topics. What breaks a rule by itself is found here;
// what must fit together is checked once all is read (check-ledgers.ts).

import type {
  Line,
  OrderCancelled,
  OrderConfirmed,
  OrderMessage,
  OrderPaymentDue,
  OrderPlaced,
  StepMessage,
} from '../../domain/orders/messages.ts'
import { brokenOrder, type Findings, type Invariant } from '../findings.ts'

export type OrderLedger = {
  orderId: string
  partition: number
  placed: OrderPlaced | null
  placedAt: number
  /** Of other content that was placed under the same id: a step may have met it first. */
  otherLines: readonly Line[]
  /** The last record about it in each of the two topics; -1: there is none. */
  lastOffsets: { orders: number; steps: number }
  due: OrderPaymentDue | null
  end: OrderConfirmed | OrderCancelled | null
  endedAt: number
  /** What the steps answered, by type; the first of each. */
  answers: Answers
}
export type Answers = { [Type in StepMessage['type']]?: Extract<StepMessage, { type: Type }> }

export function openLedger(orderId: string, partition: number): OrderLedger {
  return {
    orderId,
    partition,
    placed: null,
    placedAt: 0,
    otherLines: [],
    lastOffsets: { orders: -1, steps: -1 },
    due: null,
    end: null,
    endedAt: 0,
    answers: {},
  }
}

/** A record of one of the two topics. `at`: its append time, ms UTC. */
export type Entry<Message> = { message: Message; offset: number; at: number }

export function enterOrder(
  ledger: OrderLedger,
  { message, offset, at }: Entry<OrderMessage>,
  findings: Findings,
): void {
  ledger.lastOffsets.orders = offset
  const broken = brokenOrder(findings, ledger.orderId)
  const wrong = (text: () => string) => {
    broken(
      'I10',
      () => `record ${offset} of partition ${ledger.partition} of the orders: ${text()}`,
    )
  }
  switch (message.type) {
    case 'order.placed':
      // Other content under the same id: the first counts, and the process says so.
      if (ledger.placed !== null) {
        if (sameLines(ledger.placed.lines, message.lines)) return
        ledger.otherLines = [...ledger.otherLines, ...message.lines]
        return
      }
      if (ledger.due !== null || ledger.end !== null) wrong(() => 'it is placed after it went on')
      Object.assign(ledger, { placed: message, placedAt: at })
      return
    case 'order.payment_due':
      if (ledger.placed === null) wrong(() => 'payment is due of an order that was never placed')
      if (ledger.due === null) {
        // It may be published late, after the time was over.
        if (ledger.end?.type === 'order.confirmed') wrong(() => 'payment is due after the end')
        ledger.due = message
      } else if (!same(ledger.due, message)) wrong(() => 'payment is due twice, in other sums')
      return
    case 'order.confirmed':
    case 'order.cancelled':
      if (ledger.placed === null) wrong(() => 'it ends without ever being placed')
      if (message.type === 'order.confirmed' && ledger.due === null) {
        wrong(() => 'it is confirmed before payment was due')
      }
      if (ledger.end === null) Object.assign(ledger, { end: message, endedAt: at })
      else if (!same(ledger.end, message)) {
        const before = endText(ledger.end)
        wrong(() => `it ends twice: ${before}, then ${endText(message)}`)
      }
  }
}

export function enterStep(
  ledger: OrderLedger,
  { message, offset }: Entry<StepMessage>,
  findings: Findings,
): void {
  ledger.lastOffsets.steps = offset
  const { type } = message
  const answers: Partial<Record<StepMessage['type'], StepMessage>> = ledger.answers
  const before = answers[type]
  const broken = brokenOrder(findings, ledger.orderId)
  const wrong = (text: () => string) => {
    const where = `record ${offset} of partition ${ledger.partition} of the steps`
    broken(promiseOf(type), () => `${where}: ${text()}`)
  }
  if (before === undefined) {
    answers[type] = message
    const opposite = opposites.find((pair) => pair.includes(type))?.find((it) => it !== type)
    if (opposite !== undefined && answers[opposite] !== undefined) {
      wrong(() => `${type}, but before ${opposite}`)
    }
  } else if (!same(before, message)) {
    wrong(() => `${type} twice, and not the same: ${JSON.stringify([before, message])}`)
  }
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

/** No order can have both answers. */
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

// Whether a record of an order may stand where it stands, checked without asking `decide`. What
// must fit together is checked once all is read (check-histories.ts).

import { isOfOrder, type Logged, type OrderHistory } from '../../domain/orders/history.ts'
import {
  isOfRedemption,
  type OrderEnd,
  type OrderMessage,
  type RedemptionMessage,
  type StepMessage,
} from '../../domain/orders/messages.ts'
import { type Findings, type Invariant, recordAt } from '../findings.ts'
import type { Sentence } from '../sentences.ts'

/** `history`: of the records before it. */
export function checkRecord(
  history: OrderHistory,
  { message, origin }: Logged<OrderMessage | StepMessage>,
  findings: Findings,
): void {
  const { orderId } = history
  const topic = isOfOrder(message) ? 'orders' : 'steps'
  const wrong = (text: Sentence) => {
    const what = `order ${orderId}: ${recordAt(origin)} of the ${topic}` as const
    findings.add(promiseOf(message.type), { orderId, what }, text)
  }
  if (isOfRedemption(message)) checkRedemption(history, message, wrong)
  else if (isOfOrder(message)) checkOrder(history, message, wrong)
  else checkAnswer(history, message, wrong)
}

type Wrong = (text: Sentence) => void

function checkRedemption(
  { redemption }: OrderHistory,
  message: RedemptionMessage,
  wrong: Wrong,
): void {
  switch (message.type) {
    case 'redemption.used': {
      if (redemption === null) return wrong('it is used without ever being placed')
      const { used, released } = redemption
      if (used !== null && !same(used.message, message)) wrong('it is used twice, and not the same')
      if (used === null && released !== null) wrong('it is used after it was released')
      return
    }
    case 'redemption.released': {
      if (redemption === null) return wrong('it is released without ever being placed')
      const { used, released } = redemption
      if (released !== null && !same(released.message, message)) {
        wrong(`it is released twice: ${released.message.reason}, then ${message.reason}`)
      }
      if (used !== null && message.reason !== 'released') {
        wrong(`it was used, but is released as ${message.reason}`)
      }
      return
    }
    case 'redemption.placed':
    case 'redemption.use':
    case 'redemption.release':
    case 'redemption.expired':
  }
}

type OfOrder = Exclude<OrderMessage, RedemptionMessage>

function checkOrder(history: OrderHistory, message: OfOrder, wrong: Wrong): void {
  const { placed, due, end, returnDue } = history
  switch (message.type) {
    case 'order.placed':
      // Other content under the same id: the first counts, and the process says so.
      if (placed === null && (due !== null || end !== null)) wrong('it is placed after it went on')
      return
    case 'order.payment_due':
      if (placed === null) wrong('payment is due of an order that was never placed')
      if (due !== null && !same(due.message, message)) wrong('payment is due twice, in other sums')
      // It may be published late, after the time was over.
      if (due === null && end?.message.type === 'order.confirmed')
        wrong('payment is due after the end')
      return
    case 'order.confirmed':
    case 'order.cancelled':
      if (placed === null) wrong('it ends without ever being placed')
      if (message.type === 'order.confirmed' && due === null) {
        wrong('it is confirmed before payment was due')
      }
      if (end !== null && !same(end.message, message)) {
        wrong(`it ends twice: ${endText(end.message)}, then ${endText(message)}`)
      }
      return
    case 'order.return_asked':
      // Whoever asks for what cannot be is told no.
      return
    case 'order.return_due':
      if (end?.message.type !== 'order.confirmed') wrong('it is returned, but was not confirmed')
      if (returnDue !== null && !same(returnDue.message, message)) {
        wrong('it is returned twice, and not the same')
      }
      return
    case 'order.returned':
      if (returnDue === null) wrong('it is returned before a return was due')
  }
}

function checkAnswer(history: OrderHistory, message: StepMessage, wrong: Wrong): void {
  const { answers, returnDue } = history
  const { type } = message
  const before = answers[type]
  if (before === undefined) {
    const opposite = opposites.find((pair) => pair.includes(type))?.find((it) => it !== type)
    // What was sold is given back for a return.
    const isReturn = type.startsWith('stock.') && returnDue !== null && answers['stock.held']
    if (opposite !== undefined && answers[opposite] && !isReturn)
      wrong(`${type}, but before ${opposite}`)
  } else if (!same(before, message)) {
    wrong(`${type} twice, and not the same: ${JSON.stringify([before, message])}`)
  }
}

type EndText = 'confirmed' | `cancelled (${string})`

export function endText(end: OrderEnd): EndText {
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

function promiseOf(type: (OrderMessage | StepMessage)['type']): Invariant {
  if (type.startsWith('order.') || type.startsWith('redemption.')) return 'I10'
  if (type.startsWith('coupon.')) return 'I13'
  return type.startsWith('stock.') ? 'I11' : 'I12'
}

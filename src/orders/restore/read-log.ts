// What the log says of orders, read to its end as it stood at the beginning: of each order what was
// placed and decided, the state that follows from it, and what each step answered.

import {
  decodeOrderMessage,
  decodeStepMessage,
  type OrderCancelled,
  type OrderConfirmed,
  type OrderMessage,
  type OrderPaymentDue,
  type OrderPlaced,
  orderStepsTopic,
  ordersTopic,
  type StepMessage,
} from '../../domain/orders/messages.ts'
import { decide, evolve, initialState } from '../../domain/orders/process.ts'
import { readAt, type StoredPlace } from '../../domain/orders/records.ts'
import type { Origin } from '../../domain/orders/retries.ts'
import type { OrderState } from '../../domain/orders/state.ts'
import { type Decoded } from '../../domain/record.ts'
import type { Log, LogBounds } from '../../ports/log.ts'
import { readToEnd } from '../../ports/partition-reader.ts'

/** By topic and partition, as they stood at the beginning. */
export type LogEnds = ReadonlyMap<string, readonly LogBounds[]>
export type LogAsItStood = { log: Pick<Log, 'tail'>; ends: LogEnds }
export type Logged<Message> = { message: Message; origin: Origin }
/** What each step answered, by type: the first of each. */
export type Answers = { [Type in StepMessage['type']]?: Extract<StepMessage, { type: Type }> }

export type LoggedOrder = {
  state: OrderState
  /** Decided by the answers, and the orders topic does not say so yet. */
  unannounced: boolean
  placed: Logged<OrderPlaced> | null
  /** Other content under the same id, which a step may have met first. */
  alsoPlaced: OrderPlaced[]
  due: Logged<OrderPaymentDue> | null
  end: Logged<OrderConfirmed | OrderCancelled> | null
  answers: Answers
}

/**
 * The orders of one partition, by id. Its two topics have the same partitions, so nothing else is
 * said of them. Orders first: what that topic says was decided is what was decided.
 */
export async function readOrders(
  from: LogAsItStood,
  partition: number,
): Promise<Map<string, LoggedOrder>> {
  const orders = new Map<string, LoggedOrder>()
  const of = (orderId: string): LoggedOrder => {
    const order = orders.get(orderId) ?? newOrder()
    orders.set(orderId, order)
    return order
  }
  await readMessages(
    { ...from, topic: ordersTopic, partition },
    (value, place) => readAt(decodeOrderMessage(value), place),
    (logged) => enterDecided(of(logged.message.orderId), logged),
  )
  await readMessages(
    { ...from, topic: orderStepsTopic, partition },
    (value, place) => readAt(decodeStepMessage(value), place),
    (logged) => enterAnswer(of(logged.message.orderId), logged),
  )
  return orders
}

/** What is no record is left out: it is, or becomes, a dead letter. */
export async function readMessages<Message>(
  from: LogAsItStood & { topic: string; partition: number },
  decode: (value: Buffer, place: StoredPlace) => Decoded<Message>,
  take: (logged: Logged<Message>) => void,
): Promise<void> {
  const { log, ends, topic, partition } = from
  const bounds = ends.get(topic) ?? []
  await readToEnd({
    log,
    topic,
    bounds,
    only: partition,
    decode: ({ value }) => decode(value, { partition, partitions: bounds.length }),
    onMessage(message, { offset, appendedAt }) {
      take({ message, origin: { topic, partition, offset, appendedAt } })
    },
  })
}

function newOrder(): LoggedOrder {
  const state = initialState()
  const nothing = { placed: null, alsoPlaced: [], due: null, end: null, answers: {} }
  return { state, unannounced: false, ...nothing }
}

function enterDecided(order: LoggedOrder, logged: Logged<OrderMessage>): void {
  const { message, origin } = logged
  switch (message.type) {
    case 'order.placed':
      if (order.placed === null) order.placed = { message, origin }
      else if (message.coupon?.couponId !== order.placed.message.coupon?.couponId) {
        order.alsoPlaced.push(message)
      }
      break
    case 'order.payment_due':
      order.due ??= { message, origin }
      break
    case 'order.confirmed':
    case 'order.cancelled':
      order.end ??= { message, origin }
      break
  }
  fold(order, logged)
}

function enterAnswer(order: LoggedOrder, logged: Logged<StepMessage>): void {
  const { message } = logged
  const answers: Partial<Record<StepMessage['type'], StepMessage>> = order.answers
  answers[message.type] ??= message
  if (fold(order, logged)) order.unannounced = true
}

/** Whether something new was decided. What contradicts is a dead letter, and changes nothing. */
function fold(order: LoggedOrder, logged: Logged<OrderMessage | StepMessage>): boolean {
  const { message, origin } = logged
  const command = { kind: 'record', message, at: origin.appendedAt } as const
  const { outcome, events, publish } = decide(command, order.state)
  order.state = events.reduce(evolve, order.state)
  return outcome === 'applied' && publish.length > 0
}

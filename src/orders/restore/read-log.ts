// What the log says of orders, read to its end as it stood at the beginning: of each order what was
// placed and decided, the state that follows from it, and what each step said it did.

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
import type { Log, LogBounds } from '../../ports/coupons.ts'
import { readToEnd } from '../../ports/partition-reader.ts'

/** By topic and partition, as they stood at the beginning. */
export type LogEnds = ReadonlyMap<string, readonly LogBounds[]>
export type LogAsItStood = { log: Pick<Log, 'tail'>; ends: LogEnds }
export type Spoken<Message> = { message: Message; origin: Origin }
/** What each step said, by type: the first of each. */
export type Said = { [Type in StepMessage['type']]?: Extract<StepMessage, { type: Type }> }

export type ToldOrder = {
  state: OrderState
  /** Decided by what was said, and the orders topic does not say so yet. */
  unannounced: boolean
  placed: Spoken<OrderPlaced> | null
  /** Other content under the same id, which a step may have met first. */
  alsoPlaced: OrderPlaced[]
  due: Spoken<OrderPaymentDue> | null
  end: Spoken<OrderConfirmed | OrderCancelled> | null
  said: Said
}

/**
 * The orders of one partition, by id. Its two topics have the same partitions, so nothing else is
 * said of them. Orders first: what that topic says was decided is what was decided.
 */
export async function readOrders(
  from: LogAsItStood,
  partition: number,
): Promise<Map<string, ToldOrder>> {
  const orders = new Map<string, ToldOrder>()
  const of = (orderId: string): ToldOrder => {
    const order = orders.get(orderId) ?? newOrder()
    orders.set(orderId, order)
    return order
  }
  await readMessages(
    { ...from, topic: ordersTopic, partition },
    (value, place) => readAt(decodeOrderMessage(value), place),
    (spoken) => tellDecided(of(spoken.message.orderId), spoken),
  )
  await readMessages(
    { ...from, topic: orderStepsTopic, partition },
    (value, place) => readAt(decodeStepMessage(value), place),
    (spoken) => tellSaid(of(spoken.message.orderId), spoken),
  )
  return orders
}

/** What is no record is left out: it is, or becomes, a dead letter. */
export async function readMessages<Message>(
  from: LogAsItStood & { topic: string; partition: number },
  decode: (value: Buffer, place: StoredPlace) => Decoded<Message>,
  take: (spoken: Spoken<Message>) => void,
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

function newOrder(): ToldOrder {
  const state = initialState()
  const nothing = { placed: null, alsoPlaced: [], due: null, end: null, said: {} }
  return { state, unannounced: false, ...nothing }
}

function tellDecided(order: ToldOrder, spoken: Spoken<OrderMessage>): void {
  const { message, origin } = spoken
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
  fold(order, spoken)
}

function tellSaid(order: ToldOrder, spoken: Spoken<StepMessage>): void {
  const { message } = spoken
  const said: Partial<Record<StepMessage['type'], StepMessage>> = order.said
  said[message.type] ??= message
  if (fold(order, spoken)) order.unannounced = true
}

/** Whether something new was decided. What contradicts is a dead letter, and changes nothing. */
function fold(order: ToldOrder, spoken: Spoken<OrderMessage | StepMessage>): boolean {
  const { message, origin } = spoken
  const command = { kind: 'record', message, at: origin.appendedAt } as const
  const { outcome, events, publish } = decide(command, order.state)
  order.state = events.reduce(evolve, order.state)
  return outcome === 'applied' && publish.length > 0
}

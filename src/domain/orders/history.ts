// What the two topics of orders say about one order: what was placed and decided, what each step
// answered, and the state that follows. Whoever makes rows anew, or audits them, reads this.

import {
  type AnyPlaced,
  isOfRedemption,
  type OrderEnd,
  type OrderMessage,
  type OrderPlaced,
  type RedemptionMessage,
  type RedemptionPlaced,
  type StepMessage,
} from './messages.ts'
import { decide, evolve, initialState, type OrderOutcome } from './process.ts'
import type { Origin } from './retries.ts'
import type { OrderState } from './state.ts'

export type Logged<Message> = { message: Message; origin: Origin }

export type OrderHistory = {
  orderId: string
  partition: number
  /** As `decide` and `evolve` rebuild it. */
  state: OrderState
  /** Decided by what was answered or asked, and the orders topic does not say so yet. */
  unannounced: boolean
  placed: Logged<OrderPlaced> | null
  /** Other content under the same id, which a step may have met first. */
  alsoPlaced: OrderPlaced[]
  /**
   * Every record that placed something under this id: what says the same may differ in details,
   * such as its time limit, and a step may have met any of them first.
   */
  placings: AnyPlaced[]
  due: Logged<OrderMessage<'order.payment_due'>> | null
  end: Logged<OrderEnd> | null
  /** Of its return: that the steps are to give back, and that they have. */
  returnDue: Logged<OrderMessage<'order.return_due'>> | null
  returned: Logged<OrderMessage<'order.returned'>> | null
  /** Null: it is an order. */
  redemption: RedemptionHistory | null
  /** What each step answered, by type: the first of each. */
  answers: StepAnswers
  /** When the coupon step had let go of its coupon, and said so, ms UTC; null: it has not. */
  couponLetGoAt: number | null
  /** The last record about it in each of the two topics; -1: there is none. */
  lastOffsets: { orders: number; steps: number }
}
/** The first of each. `said`: what the shop and the time said, all of it, in the log's order. */
export type RedemptionHistory = {
  placed: Logged<RedemptionPlaced>
  alsoPlaced: RedemptionPlaced[]
  said: Logged<RedemptionSaid>[]
  used: Logged<OrderMessage<'redemption.used'>> | null
  released: Logged<OrderMessage<'redemption.released'>> | null
}
export type RedemptionSaid = OrderMessage<`redemption.${'use' | 'release' | 'expired'}`>
export type StepAnswers = { [Type in StepMessage['type']]?: StepMessage<Type> }

export function historyOf(
  histories: Map<string, OrderHistory>,
  { message: { orderId }, origin: { partition } }: Logged<OrderMessage | StepMessage>,
): OrderHistory {
  const known = histories.get(orderId)
  if (known !== undefined) return known
  const history: OrderHistory = {
    orderId,
    partition,
    state: initialState(),
    unannounced: false,
    placed: null,
    alsoPlaced: [],
    placings: [],
    due: null,
    end: null,
    returnDue: null,
    returned: null,
    redemption: null,
    answers: {},
    couponLetGoAt: null,
    lastOffsets: { orders: -1, steps: -1 },
  }
  histories.set(orderId, history)
  return history
}

/**
 * Records of the orders topic come first: what it says was decided is what was decided. What
 * contradicts it is a dead letter, and changes nothing.
 */
export function enter(
  history: OrderHistory,
  { message, origin }: Logged<OrderMessage | StepMessage>,
): OrderOutcome {
  const command = { kind: 'record', message, at: origin.appendedAt } as const
  const { outcome, events, publish } = decide(command, history.state)
  history.state = events.reduce(evolve, history.state)
  // Whoever asks for nothing that can be leaves no trace, and may ask before there is an order.
  if (message.type === 'order.return_asked' && outcome === 'refused') return outcome
  history.lastOffsets[isOfOrder(message) ? 'orders' : 'steps'] = origin.offset
  if (isOfRedemption(message)) {
    if (outcome === 'applied' && publish.length > 0) history.unannounced = true
    enterRedemption(history, { message, origin }, outcome)
    return outcome
  }
  switch (message.type) {
    case 'order.placed':
      history.placed ??= { message, origin }
      history.placings.push(message)
      if (outcome === 'conflict') history.alsoPlaced.push(message)
      break
    case 'order.payment_due':
      history.due ??= { message, origin }
      break
    case 'order.confirmed':
    case 'order.cancelled':
      history.end ??= { message, origin }
      break
    case 'order.return_asked':
      if (outcome === 'applied') history.unannounced = true
      break
    case 'order.return_due':
      history.returnDue ??= { message, origin }
      history.unannounced = false
      break
    case 'order.returned':
      history.returned ??= { message, origin }
      history.unannounced = false
      break
    default: {
      const answers: Partial<Record<StepMessage['type'], StepMessage>> = history.answers
      answers[message.type] ??= message
      if (message.type === 'coupon.released') history.couponLetGoAt ??= origin.appendedAt
      if (outcome === 'applied' && publish.length > 0) history.unannounced = true
    }
  }
  return outcome
}

function enterRedemption(
  history: OrderHistory,
  { message, origin }: Logged<RedemptionMessage>,
  outcome: OrderOutcome,
): void {
  const { redemption } = history
  if (message.type === 'redemption.placed') {
    const first = { placed: { message, origin }, alsoPlaced: [], said: [] }
    history.redemption ??= { ...first, used: null, released: null }
    history.placings.push(message)
    if (outcome === 'conflict') redemption?.alsoPlaced.push(message)
    return
  }
  if (redemption === null) return
  switch (message.type) {
    case 'redemption.use':
    case 'redemption.release':
    case 'redemption.expired':
      redemption.said.push({ message, origin })
      break
    case 'redemption.used':
      redemption.used ??= { message, origin }
      break
    case 'redemption.released':
      redemption.released ??= { message, origin }
      history.unannounced = false
  }
}

export function isOfOrder(message: OrderMessage | StepMessage): message is OrderMessage {
  return message.type.startsWith('order.') || isOfRedemption(message)
}

// The order process: what follows from what the steps said. Nothing else ends an order, and only
// the wish to return it leads on from a confirmation. An order takes the first answer of each step
// and ends once; whatever comes twice or late changes nothing but the notes. What the orders topic
// says was decided counts before what this fold would decide, so a rebuild (orders topic first)
// ends every order as it ended.

import { sameContent, sameLines, sumsOf } from './content.ts'
import { heardBy, partsOf, withMessage } from './heard.ts'
import {
  type CancelReason,
  isOfRedemption,
  type OrderMessage,
  type OrderPlaced,
  type RedemptionMessage,
  type StepMessage,
  type Sums,
} from './messages.ts'
import {
  decideRedemption,
  mustExpire,
  type RedemptionEvent,
  redemptionEndsOf,
  redemptionFollowUp,
  redemptionOf,
  withoutWord,
} from './redemption.ts'
import { confirmedAt, hasGivenBack, isReturning } from './returning.ts'
import type {
  DueOrder,
  EndReason,
  LiveOrder,
  OrderContent,
  OrderState,
  PlacedOrder,
  ReturnAsked,
  StepOutcome,
} from './state.ts'

/** A record of either topic with its append time, or the time itself; both ms UTC. */
export type OrderCommand =
  | { kind: 'record'; message: OrderMessage | StepMessage; at: number }
  | { kind: 'time'; now: number }
export type OrderOutcome =
  | 'applied'
  | 'repeated' // known already; what had been decided is published again
  | 'ignored' // known already, or not yet time
  | 'refused' // a return that is none: not confirmed, too late, or returned already
  | 'conflict' // placed again under the same id with other content; the first counts
  | 'contradiction' // two deciders or a step that changed its mind: a bug, to be looked at
export type OrderEvent =
  | { type: 'placed'; placed: OrderPlaced; at: number }
  | { type: 'answered'; message: StepMessage; at: number }
  | { type: 'due'; sums: Sums }
  | { type: 'confirmed' }
  /** Its record stands in the log: `at`, its append time. */
  | { type: 'confirmation_met'; at: number }
  | { type: 'returning'; asked: ReturnAsked }
  | { type: 'returned' }
  | { type: 'cancelled'; reason: EndReason }
  | RedemptionEvent
export type OrderDecision = {
  outcome: OrderOutcome
  events: readonly OrderEvent[]
  /** For the orders topic, in this order, after the events are stored. */
  publish: readonly OrderMessage[]
}

export function initialState(): OrderState {
  return { status: 'absent' }
}

export function decide(command: OrderCommand, state: OrderState): OrderDecision {
  if (command.kind === 'time') return decideTime(command.now, state)
  const { message, at } = command
  if (isOfRedemption(message)) return decideOfRedemption(message, at, state)
  switch (message.type) {
    case 'order.placed':
      return decidePlaced(message, at, state)
    case 'order.payment_due':
      return decideWrittenDue(message, state)
    case 'order.confirmed':
      return decideWrittenConfirmed(at, state)
    case 'order.cancelled':
      return decideWrittenCancelled(message.reason, state)
    case 'order.return_asked':
      return decideReturnAsked(message, at, state)
    case 'order.return_due':
      return isReturning(state) ? ignored : contradiction
    case 'order.returned':
      return decideWrittenReturned(state)
    default:
      return decideStep(message, at, state)
  }
}

export function evolve(state: OrderState, event: OrderEvent): OrderState {
  switch (event.type) {
    case 'placed':
      if (state.status !== 'absent' && state.status !== 'awaited') break
      return { status: 'placed', ...contentOf(event, state) }
    case 'reserving': {
      if (state.status !== 'absent' && state.status !== 'awaited') break
      const { placed, at } = event
      const content = contentOf({ placed: { ...placed, lines: [] }, at }, state)
      return { status: 'placed', ...content, redemption: redemptionOf(placed) }
    }
    case 'worded':
    case 'over': {
      if (state.status !== 'placed' || state.redemption === undefined) break
      const said = event.type === 'over' ? { isOver: true as const } : { word: event.word }
      return { ...state, redemption: { ...state.redemption, ...said } }
    }
    case 'used': {
      if (state.status !== 'placed' || state.redemption === undefined) break
      // A release that came before the coupon step's answer is still to be done.
      const done = state.redemption.word === 'return' ? {} : withoutWord(state)
      return { ...state, ...done, status: 'confirmed', sums: event.sums }
    }
    case 'answered': {
      const { message, at } = event
      const heard = withMessage(heardBy(state), message, at)
      if (state.status !== 'absent') return { ...state, heard }
      return { status: 'awaited', orderId: message.orderId, heard }
    }
    case 'due':
      if (state.status !== 'placed') break
      return { ...state, status: 'due', sums: event.sums }
    case 'confirmed':
      if (state.status !== 'due') break
      return { ...state, status: 'confirmed', confirmedAt: null }
    case 'confirmation_met':
      if (state.status !== 'confirmed') break
      return { ...state, confirmedAt: event.at }
    case 'cancelled': {
      const isUsed = state.status === 'confirmed' && state.redemption !== undefined
      if (!isLive(state) && !isUsed) break
      const sums = state.status === 'placed' ? null : state.sums
      const { reason } = event
      return { ...state, ...withoutWord(state), status: 'cancelled', reason, sums }
    }
    case 'returning':
      if (state.status !== 'confirmed') break
      return { ...state, status: 'returning', asked: event.asked }
    case 'returned':
      if (state.status !== 'returning') break
      return { ...state, status: 'returned' }
  }
  throw new Error(`${event.type} of an order that is ${state.status}`)
}

/** The records that say how far an order was decided; none while nothing is. */
export function decisionsOf(state: OrderState): OrderMessage[] {
  const isEnded = state.status === 'confirmed' || state.status === 'cancelled'
  if (isEnded && state.redemption !== undefined) return redemptionEndsOf(state)
  const decision = decisionOf(state)
  return decision === null ? [] : [decision]
}

/** Of an order, not of a redemption. */
export function decisionOf(state: OrderState): OrderMessage | null {
  switch (state.status) {
    case 'absent':
    case 'awaited':
    case 'placed':
      return null
    case 'due': {
      const { orderId, userId, sums } = state
      return { type: 'order.payment_due', orderId, userId, ...sums }
    }
    case 'confirmed': {
      const confirmed: OrderMessage<'order.confirmed'> = {
        type: 'order.confirmed',
        orderId: state.orderId,
      }
      if (state.coupon !== null) confirmed.couponId = state.coupon.couponId
      return confirmed
    }
    case 'cancelled': {
      const reason = state.reason as CancelReason
      return { type: 'order.cancelled', orderId: state.orderId, reason }
    }
    case 'returning': {
      const due: OrderMessage<'order.return_due'> = {
        type: 'order.return_due',
        orderId: state.orderId,
      }
      if (state.coupon !== null) due.couponId = state.coupon.couponId
      return due
    }
    case 'returned':
      return { type: 'order.returned', orderId: state.orderId }
  }
}

function decideOfRedemption(
  message: RedemptionMessage,
  at: number,
  state: OrderState,
): OrderDecision {
  const event = decideRedemption(message, at, state)
  if (event === 'repeated') return repeated(state)
  if (typeof event === 'string') return { ...ignored, outcome: event }
  // What is read back is said already.
  const isOurs = message.type === 'redemption.release' && event.type === 'cancelled'
  return isOurs ? decided(state, event) : applied(state, event)
}

/** That the time of a redemption is over is said to the log first: there the shop may be sooner. */
function decideTime(now: number, state: OrderState): OrderDecision {
  if (mustExpire(state, now)) {
    const { orderId } = state
    return { ...ignored, publish: [{ type: 'redemption.expired', orderId }] }
  }
  if ('redemption' in state) return ignored
  if (!isLive(state) || now < state.deadline) return ignored
  return decided(state, { type: 'cancelled', reason: 'timed_out' })
}

function decidePlaced(placed: OrderPlaced, at: number, state: OrderState): OrderDecision {
  if (state.status === 'absent' || state.status === 'awaited') {
    return applied(state, { type: 'placed', placed, at })
  }
  const { userId, lines, coupon } = placed
  const known = { ...state, couponId: state.coupon?.couponId }
  const same = sameContent({ userId, lines, couponId: coupon?.couponId }, known)
  return same ? repeated(state) : conflict
}

/** Read back from the orders topic: known already, but for a rebuild. */
function decideWrittenDue(
  { subtotal, discount, total }: OrderMessage<'order.payment_due'>,
  state: OrderState,
): OrderDecision {
  switch (state.status) {
    case 'absent':
    case 'awaited':
      return contradiction
    case 'placed':
      return applied(state, { type: 'due', sums: { subtotal, discount, total } })
    case 'due':
    case 'confirmed':
    case 'returning':
    case 'returned':
    case 'cancelled': {
      // Cancelled without sums: it was cancelled before the late record of what was due.
      const { sums } = state
      const same = sums === null || (sums.subtotal === subtotal && sums.total === total)
      return same ? ignored : contradiction
    }
  }
}

/** Read back from the orders topic: known already, but for a rebuild, and for when it was. */
function decideWrittenConfirmed(at: number, state: OrderState): OrderDecision {
  const met = { type: 'confirmation_met', at } as const
  if (state.status === 'due') return sequence([{ type: 'confirmed' }, met])
  if (isReturning(state)) return ignored
  if (state.status !== 'confirmed') return contradiction
  return typeof state.confirmedAt === 'number' ? ignored : sequence([met])
}

/** Read back from the orders topic: known already, but for a rebuild. */
function decideWrittenCancelled(reason: CancelReason, state: OrderState): OrderDecision {
  if (state.status === 'cancelled') return state.reason === reason ? ignored : contradiction
  return isLive(state) ? applied(state, { type: 'cancelled', reason }) : contradiction
}

/** Read back from the orders topic: known already, but for a rebuild. */
function decideWrittenReturned(state: OrderState): OrderDecision {
  if (state.status === 'returned') return ignored
  return state.status === 'returning' ? applied(state, { type: 'returned' }) : contradiction
}

/** Decided by the orders topic alone, so by every reader alike; an order is returned once. */
function decideReturnAsked(
  { by, commandId, reason, withinMs }: OrderMessage<'order.return_asked'>,
  at: number,
  state: OrderState,
): OrderDecision {
  if (isReturning(state)) return state.asked.commandId === commandId ? repeated(state) : refused
  if (state.status !== 'confirmed' || state.redemption !== undefined) return refused
  const since = confirmedAt(state)
  // What was asked before it is not asked again when a restart reads it again.
  if (since === null || at <= since) return refused
  if (at - since > (withinMs ?? Number.POSITIVE_INFINITY)) return refused
  const asked: ReturnAsked = { by, commandId, at }
  if (reason !== undefined) asked.reason = reason
  return applied(state, { type: 'returning', asked })
}

function decideStep(message: StepMessage, at: number, state: OrderState): OrderDecision {
  const { step, outcome, isAnswer } = partsOf(message)
  const heard = heardBy(state)
  if (heard.notes.some((note) => note.step === step && note.outcome === outcome)) {
    // Only answers repeat a decision: a repeated decision repeats what steps did about it, and if
    // that repeated the decision in turn, the two would go on for ever.
    if (isLastWord(state, outcome)) return repeated(state)
    return isAnswer ? repeated(state) : ignored
  }
  // The step has given the other answer before: yes and no cannot both be true.
  if (isAnswer && heard[step] !== null) return contradiction
  return applied(state, { type: 'answered', message, at })
}

/** Nothing is done about order.returned, so nothing repeats for ever. */
function isLastWord(state: OrderState, outcome: StepOutcome): boolean {
  return state.status === 'returned' && (outcome === 'released' || outcome === 'refunded')
}

/** What the steps' answers come to, if anything: at most two events, one after the other. */
function followUp(state: OrderState): OrderEvent | null {
  if (state.status === 'returning') return hasGivenBack(state) ? { type: 'returned' } : null
  const ofRedemption = redemptionFollowUp(state)
  if (ofRedemption !== null) return ofRedemption
  if (!isLive(state) || state.redemption !== undefined) return null
  if (isMixedUp(state)) return { type: 'cancelled', reason: 'mixed_up' }
  return state.status === 'placed' ? afterAnswers(state) : afterPayment(state)
}

function afterAnswers(order: PlacedOrder): OrderEvent | null {
  const { coupon, stock } = order.heard
  if (coupon?.type === 'coupon.refused') return { type: 'cancelled', reason: coupon.reason }
  if (stock?.type === 'stock.refused') return { type: 'cancelled', reason: stock.reason }
  if (stock === null || (order.coupon !== null && coupon === null)) return null
  const sums = sumsOf(stock.lines, coupon ?? {})
  if ('refused' in sums) return { type: 'cancelled', reason: sums.refused }
  return { type: 'due', sums }
}

function afterPayment(order: DueOrder): OrderEvent | null {
  const { payment } = order.heard
  if (payment === null) return null
  if (payment.type === 'payment.refused') return { type: 'cancelled', reason: payment.reason }
  const exact = payment.amount === order.sums.total
  return exact ? { type: 'confirmed' } : { type: 'cancelled', reason: 'mixed_up' }
}

/** Whether a step did something for other content that was placed under the same id. */
function isMixedUp({ lines, coupon, heard }: OrderContent): boolean {
  if (heard.coupon?.type === 'coupon.used' && heard.coupon.couponId !== coupon?.couponId) {
    return true
  }
  if (heard.coupon?.type === 'coupon.refused' && coupon === null) return true
  return heard.stock?.type === 'stock.held' && !sameLines(heard.stock.lines, lines)
}

function contentOf(
  { placed, at }: { placed: Omit<OrderPlaced, 'type'>; at: number },
  state: OrderState,
): OrderContent {
  const { orderId, userId, lines, coupon = null, timeLimitMs } = placed
  const deadline = at + timeLimitMs
  return { orderId, userId, lines, coupon, placedAt: at, deadline, heard: heardBy(state) }
}

export function isLive(state: OrderState): state is LiveOrder {
  return state.status === 'placed' || state.status === 'due'
}

/** An event that a record brought, and what follows from it. */
function applied(state: OrderState, event: OrderEvent): OrderDecision {
  const events = [event]
  const publish: OrderMessage[] = []
  let next = evolve(state, event)
  // That it is to be returned is a decision of our own; the rest is what others have said.
  if (event.type === 'returning') publish.push(...decisionsOf(next))
  for (let then = followUp(next); then !== null; then = followUp(next)) {
    events.push(then)
    next = evolve(next, then)
    publish.push(...decisionsOf(next))
  }
  return { outcome: 'applied', events, publish }
}

/** Events that a record of our own brought back. */
function sequence(events: readonly OrderEvent[]): OrderDecision {
  return { outcome: 'applied', events, publish: [] }
}

/** An event that is a decision of our own. */
function decided(state: OrderState, event: OrderEvent): OrderDecision {
  return { outcome: 'applied', events: [event], publish: decisionsOf(evolve(state, event)) }
}

function repeated(state: OrderState): OrderDecision {
  return { outcome: 'repeated', events: [], publish: decisionsOf(state) }
}

const ignored: OrderDecision = { outcome: 'ignored', events: [], publish: [] }
const refused: OrderDecision = { outcome: 'refused', events: [], publish: [] }
const conflict: OrderDecision = { outcome: 'conflict', events: [], publish: [] }
const contradiction: OrderDecision = { outcome: 'contradiction', events: [], publish: [] }

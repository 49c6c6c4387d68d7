// What becomes of a redemption, as process.ts has it of an order: reserved once the coupon step has
// used the coupon for it, then used or released by the shop's first word, or released once its time
// is over. Which word came first is decided by the log alone, and nothing is decided before the
// coupon step has answered, so whichever of the two topics is read first, it ends the same.

import { offerOf } from '../coupons/offer.ts'
import type { OrderMessage, RedemptionMessage, RedemptionPlaced, Sums } from './messages.ts'
import type { RedemptionEnd } from './redemption-messages.ts'
import type {
  CancelledOrder,
  ConfirmedOrder,
  OrderContent,
  OrderState,
  PlacedOrder,
  Redemption,
} from './state.ts'

export type RedemptionEvent =
  | { type: 'reserving'; placed: RedemptionPlaced; at: number }
  | { type: 'worded'; word: NonNullable<Redemption['word']> }
  | { type: 'over' }
  | { type: 'used'; sums: Sums }
  | { type: 'cancelled'; reason: RedemptionEnd }
/** `outcome` where no event follows. */
export type RedemptionDecision =
  | RedemptionEvent
  | 'repeated'
  | 'ignored'
  | 'conflict'
  | 'contradiction'
export type RedemptionOrder = PlacedOrder & { redemption: Redemption }

export function decideRedemption(
  message: RedemptionMessage,
  at: number,
  state: OrderState,
): RedemptionDecision {
  switch (message.type) {
    case 'redemption.placed':
      return decidePlaced(message, at, state)
    case 'redemption.use':
    case 'redemption.expired':
      if (!isReserving(state)) return saidAgain(state)
      return message.type === 'redemption.use' ? decideUse(at, state) : decideExpired(at, state)
    case 'redemption.release':
      return decideRelease(state)
    case 'redemption.used':
      return decideWrittenUse(message, state)
    case 'redemption.released':
      return decideWrittenRelease(message, state)
  }
}

/** Whether its time is over and the log does not say so yet. */
export function mustExpire(state: OrderState, now: number): state is RedemptionOrder {
  return isReserving(state) && state.redemption.isOver !== true && now >= state.deadline
}

/** What follows once the coupon step has answered. */
export function redemptionFollowUp(state: OrderState): RedemptionEvent | null {
  if (!('redemption' in state) || state.redemption === undefined) return null
  const { word, isOver, subtotal } = state.redemption
  if (state.status === 'confirmed') return word === 'return' ? released('released') : null
  if (state.status !== 'placed') return null
  const { coupon, notes } = state.heard
  if (coupon === null) return null
  if (coupon.type === 'coupon.refused') return released(coupon.reason)
  if (coupon.couponId !== state.coupon?.couponId) return released('mixed_up')
  const offer = offerOf(coupon, subtotal)
  if ('refused' in offer) return released(offer.refused)
  if (word === 'use' || word === 'return') return { type: 'used', sums: { subtotal, ...offer } }
  if (word === 'release') return released('released')
  if (isOver === true) return released('timed_out')
  return notes.some(({ outcome }) => outcome === 'wanted') ? released('replaced') : null
}

/** The records that say how it ended: that it was used comes first, always. */
export function redemptionEndsOf(state: ConfirmedOrder | CancelledOrder): OrderMessage[] {
  const { orderId, coupon, sums } = state
  const ends: OrderMessage[] = []
  if (sums !== null && coupon !== null) {
    ends.push({ type: 'redemption.used', orderId, couponId: coupon.couponId, ...sums })
  }
  if (state.status === 'cancelled') {
    const reason = state.reason as RedemptionEnd
    ends.push({ type: 'redemption.released', orderId, reason })
  }
  return ends
}

/** As it is placed: a one-shot redemption has had its word. */
export function redemptionOf({ reference, subtotal, use }: RedemptionPlaced): Redemption {
  const redemption: Redemption = { reference, subtotal }
  return use === true ? { ...redemption, use, word: 'use' } : redemption
}

/** What was said has been done. */
export function withoutWord(order: OrderContent): { redemption?: Redemption } {
  if (order.redemption === undefined) return {}
  const { word: _, isOver: __, ...redemption } = order.redemption
  return { redemption }
}

/** Whether the same key asks for the same. */
export function sameRedemption(
  one: Asked,
  other: { userId: string; coupon: OrderContent['coupon']; redemption?: Redemption | undefined },
): boolean {
  const { redemption } = other
  return (
    redemption !== undefined &&
    one.userId === other.userId &&
    one.couponId === other.coupon?.couponId &&
    one.reference === redemption.reference &&
    one.subtotal === redemption.subtotal &&
    (one.use === true) === (redemption.use === true)
  )
}
export type Asked = Pick<Redemption, 'reference' | 'subtotal' | 'use'> & {
  userId: string
  couponId: string
}

function decidePlaced(placed: RedemptionPlaced, at: number, state: OrderState): RedemptionDecision {
  if (state.status === 'absent' || state.status === 'awaited') {
    return { type: 'reserving', placed, at }
  }
  const asked = { ...placed, couponId: placed.coupon.couponId }
  return sameRedemption(asked, state) ? 'repeated' : 'conflict'
}

/** What had been decided may not be published: who died then reads the same word again. */
function saidAgain(state: OrderState): RedemptionDecision {
  const isEnded = state.status === 'confirmed' || state.status === 'cancelled'
  return isEnded && state.redemption !== undefined ? 'repeated' : 'ignored'
}

function decideUse(at: number, { redemption, deadline }: RedemptionOrder): RedemptionDecision {
  const { word, isOver } = redemption
  const isInTime = word === undefined && isOver !== true && at < deadline
  return isInTime ? { type: 'worded', word: 'use' } : 'ignored'
}

function decideExpired(at: number, { redemption, deadline }: RedemptionOrder): RedemptionDecision {
  return redemption.isOver === true || at < deadline ? 'ignored' : { type: 'over' }
}

function decideRelease(state: OrderState): RedemptionDecision {
  if (isUsed(state)) return released('released')
  if (!isReserving(state)) return saidAgain(state)
  const { word, isOver } = state.redemption
  if (word === 'use') return { type: 'worded', word: 'return' }
  return word === undefined && isOver !== true ? { type: 'worded', word: 'release' } : 'ignored'
}

/** Read back from the orders topic: known already, but for a rebuild. */
function decideWrittenUse(
  { subtotal, discount, total }: OrderMessage<'redemption.used'>,
  state: OrderState,
): RedemptionDecision {
  if (isReserving(state)) return { type: 'used', sums: { subtotal, discount, total } }
  if (state.status !== 'confirmed' && state.status !== 'cancelled') return 'contradiction'
  return state.sums?.total === total ? 'ignored' : 'contradiction'
}

/** Read back from the orders topic: known already, but for a rebuild. */
function decideWrittenRelease(
  { reason }: OrderMessage<'redemption.released'>,
  state: OrderState,
): RedemptionDecision {
  if (isReserving(state) || (isUsed(state) && reason === 'released')) return released(reason)
  return state.status === 'cancelled' && state.reason === reason ? 'ignored' : 'contradiction'
}

function isReserving(state: OrderState): state is RedemptionOrder {
  return state.status === 'placed' && state.redemption !== undefined
}

function isUsed(state: OrderState): boolean {
  return state.status === 'confirmed' && state.redemption !== undefined
}

function released(reason: RedemptionEnd): RedemptionEvent {
  return { type: 'cancelled', reason }
}

// The coupon step's row of one order: a coupon is used by at most one order, and let go of once
// if that order is cancelled. It reads the orders topic only. Where the issuer has not come to the
// coupon, or a living order has it, it says neither yes nor no: the order waits in its row, and its
// record is decided again when that changes. What the coupons schema says is for the caller to look
// up, in the transaction that stores the decision.

import { type OfferTerms, offerOf } from '../coupons/offer.ts'
import { type HeldTerms, isOver } from '../coupons/validity.ts'
import {
  type AnyPlaced,
  type CouponRefusal,
  isOfRedemption,
  type OrderMessage,
  type RedemptionMessage,
  type RedemptionPlaced,
  type StepMessage,
} from './messages.ts'
import type { CouponRow, CouponUse, Reserved, WaitingForCoupon } from './state.ts'
import { applied, contradiction, ignored, repeated, type StepDecision } from './step.ts'

/** What the coupons schema says, as of the transaction, about the coupon that an order names. */
export type CouponFacts = {
  /** The first offset of the coupon's partition that the issuer has not yet applied. */
  issuerNext: number
  /** How far it had been when its rows were dropped, to be made anew; 0: they never were. */
  issuerWas: number
  /** The issued coupon of this user; null: there is no row. */
  issued: HeldTerms | null
  /** Whether the issuer has applied a revoke of it. */
  isRevoked: boolean
  /** The order that uses it now, if any, and whether that is for good. */
  usedBy: string | null
  isKept: boolean
  /** Where that is a redemption. */
  reserved: Reserved | null
}
export type CouponCommand = {
  message: OrderMessage
  /** When it was appended, ms UTC. */
  at: number
  /** May be null where the record places nothing, or an order without a coupon. */
  facts: CouponFacts | null
}
export type CouponRowEvent =
  | { type: 'waits'; placed: AnyPlaced; at: number }
  | { type: 'wants'; orderId: string }
  | { type: 'used'; use: CouponUse }
  | { type: 'kept' }
  | { type: 'refused'; orderId: string; reason: CouponRefusal }
  | { type: 'unneeded'; orderId: string }
  | { type: 'released' }
  | { type: 'cancelled'; orderId: string }
export type CouponEffect = { kind: 'use' | 'keep' | 'release'; use: CouponUse }
export type CouponDecision = StepDecision<CouponRowEvent, CouponEffect>

export function decideCoupon(command: CouponCommand, row: CouponRow): CouponDecision {
  const { message } = command
  if (isOfRedemption(message)) return decideRedemption({ ...command, message }, row)
  switch (message.type) {
    case 'order.placed':
      return decidePlaced({ ...command, message }, row)
    case 'order.payment_due':
    case 'order.return_asked':
    case 'order.returned':
      return ignored
    case 'order.confirmed':
      return decideSpent(message, row, confirmed)
    case 'order.return_due':
      return decideSpent(message, row, returned)
    case 'order.cancelled':
      return decideCancelled(message.orderId, row)
  }
}

export function evolveCoupon(row: CouponRow, event: CouponRowEvent): CouponRow {
  const isOpen = row.status === 'absent' || row.status === 'waiting'
  switch (event.type) {
    case 'waits': {
      if (row.status !== 'absent') break
      const { placed, at: since } = event
      return { status: 'waiting', orderId: placed.orderId, placed, since }
    }
    case 'wants':
      if (row.status !== 'waiting') break
      return { ...row, wants: event.orderId }
    case 'used':
      if (!isOpen) break
      return { status: 'used', ...event.use }
    case 'kept':
      if (row.status !== 'used' && row.status !== 'released') break
      return { ...notReserved(row), kept: true }
    case 'refused':
      if (!isOpen) break
      return { status: 'refused', orderId: event.orderId, reason: event.reason }
    case 'unneeded':
    case 'cancelled':
      if (!isOpen) break
      return { status: event.type, orderId: event.orderId }
    case 'released':
      if (row.status !== 'used') break
      return { ...notReserved(row), status: 'released' }
  }
  throw new Error(`${event.type} of a coupon row that is ${row.status}`)
}

/** Only what may still end either way is reserved. */
function notReserved<Row extends UsedRow>(row: Row): Omit<Row, 'reserved'> {
  const { reserved: _, ...rest } = row
  return rest
}

/** Whether there is an answer by now, or somebody else's place to ask for. */
export function isAnswerable({ placed, since, wants }: WaitingForCoupon, facts: CouponFacts) {
  const standing = standingOf(placed, since, facts)
  return standing !== 'wait' && (standing !== 'want' || facts.usedBy !== wants)
}

/**
 * wait: neither yes nor no could be said for good. want: the same, and the redemption that has
 * reserved the coupon is of the same reference, and is asked to let go. A coupon that is revoked,
 * or over, stays so, whoever has it. While rows are made anew, nobody can say that it is not.
 */
function standingOf(
  placed: AnyPlaced,
  at: number,
  { issuerNext, issuerWas, issued, isRevoked, usedBy, isKept, reserved }: CouponFacts,
): 'free' | 'wait' | 'want' | CouponRefusal {
  const { offset = 0, revoked } = placed.coupon ?? {}
  if (issued === null) return issuerNext <= offset ? 'wait' : 'coupon_not_held'
  if (isKept) return 'coupon_already_used'
  if (isRevoked || revoked !== undefined) return 'coupon_revoked'
  if (isOver(issued.validUntil, at)) return 'coupon_expired'
  if (usedBy === null) return issuerNext < issuerWas ? 'wait' : 'free'
  const isReserved = reserved !== null && at < reserved.until
  if (placed.type === 'order.placed') return isReserved ? 'coupon_already_used' : 'wait'
  if (reserved === null) return 'coupon_already_used'
  if (!isReserved) return 'wait'
  return reserved.reference === placed.reference ? 'want' : 'coupon_already_used'
}

function decidePlaced(
  { message, at, facts }: CouponCommand & { message: AnyPlaced },
  row: CouponRow,
): CouponDecision {
  if (row.status !== 'absent' && row.status !== 'waiting') return repeatAnswer(row)
  const { orderId, coupon } = message
  // Of other content under its id the first counts, which waits.
  if (row.status === 'waiting' && row.placed.coupon?.couponId !== coupon?.couponId) return ignored
  // Stored as well: whatever else is placed under this id must find the order taken.
  if (coupon === undefined) return applied({ type: 'unneeded', orderId }, [], [])
  if (facts === null) throw new Error(`no facts about the coupon of order ${orderId}`)
  if (facts.usedBy === orderId) return contradiction
  // A copy of it may come later, from a node that knows less.
  const { placed, since } = row.status === 'waiting' ? row : { placed: message, since: at }
  const standing = standingOf(placed, since, facts)
  switch (standing) {
    case 'wait':
      return waiting({ placed, at: since }, row, null)
    case 'want':
      return waiting({ placed, at: since }, row, facts.usedBy)
    case 'free':
      return useNow(placed, since, facts)
    default:
      return refuse(orderId, standing)
  }
}

/** `wants`: whose place it is to take; asked once, and again where its record is read again. */
function waiting(
  waits: { placed: AnyPlaced; at: number },
  row: CouponRow,
  wants: string | null,
): CouponDecision {
  const events: CouponRowEvent[] = row.status === 'waiting' ? [] : [{ type: 'waits', ...waits }]
  if (wants !== null && !(row.status === 'waiting' && row.wants === wants)) {
    events.push({ type: 'wants', orderId: wants })
  }
  const next = events.reduce(evolveCoupon, row)
  if (events.length === 0) return repeatAnswer(row)
  return { outcome: 'applied', events, effects: [], replies: repeatAnswer(next).replies }
}

function useNow(placed: AnyPlaced, at: number, { issued }: CouponFacts): CouponDecision {
  const { orderId, userId, coupon } = placed
  if (issued === null || coupon === undefined) throw new Error(`${orderId} has nothing to use`)
  const { discount, minimum } = issued
  const using: CouponUse = { orderId, couponId: coupon.couponId, userId }
  if (discount !== undefined) using.discount = discount
  if (minimum !== undefined) using.minimum = minimum
  const events = takenBy(placed, at, using)
  const use = events[0].use
  const effects: CouponEffect[] = events.map(({ type }) => {
    return { kind: type === 'kept' ? 'keep' : 'use', use }
  })
  return { outcome: 'applied', events, effects, replies: [usedReply(use)] }
}

type Taken = readonly [CouponRowEvent & { type: 'used' }, ...{ type: 'kept' }[]]

/**
 * How a coupon is taken by what was appended then. A redemption that uses it at once has spent it
 * by that: nothing is left that could end it otherwise, and who revokes finds it so.
 */
export function takenBy(placed: AnyPlaced, at: number, use: CouponUse): Taken {
  if (placed.type === 'order.placed') return [{ type: 'used', use }]
  if (isUsedAtOnce(placed, use)) return [{ type: 'used', use }, { type: 'kept' }]
  const { reference, timeLimitMs } = placed
  return [{ type: 'used', use: { ...use, reserved: { reference, until: at + timeLimitMs } } }]
}

/** Below its minimum it is let go of, as soon as the process hears of it. */
export function isUsedAtOnce({ use, subtotal }: RedemptionPlaced, terms: OfferTerms): boolean {
  return use === true && !('refused' in offerOf(terms, subtotal))
}

/** The process says which word of the shop counts; who has no answer yet is let go by any end. */
function decideRedemption(
  command: CouponCommand & { message: RedemptionMessage },
  row: CouponRow,
): CouponDecision {
  const { message } = command
  const { orderId } = message
  switch (message.type) {
    case 'redemption.placed':
      return decidePlaced({ ...command, message }, row)
    case 'redemption.use':
      return ignored
    case 'redemption.release':
    case 'redemption.expired': {
      const isOpen = row.status === 'absent' || row.status === 'waiting'
      return isOpen ? refuse(orderId, 'redemption_over') : ignored
    }
    case 'redemption.used':
      if (row.status === 'used') return row.couponId === message.couponId ? keep(row) : release(row)
      if (row.status !== 'released') return contradiction
      // It was released since; that it was used comes late, by way of a retry.
      if (row.kept === true || row.couponId !== message.couponId) return ignored
      return applied({ type: 'kept' }, [], [])
    case 'redemption.released':
      if (row.status === 'used') return release(row)
      return row.status === 'released'
        ? repeated(releasedReply(row))
        : decideCancelled(orderId, row)
  }
}

function refuse(orderId: string, reason: CouponRefusal): CouponDecision {
  const reply = { type: 'coupon.refused', orderId, reason } as const
  return applied({ type: 'refused', orderId, reason }, [], [reply])
}

/** What the row has said already. */
export function repeatAnswer(row: CouponRow): CouponDecision {
  switch (row.status) {
    case 'waiting':
      return row.wants === undefined ? ignored : repeated(wantedReply(row.wants, row))
    case 'absent':
    case 'unneeded':
    case 'cancelled':
      return ignored
    case 'used':
    case 'released':
      return repeated(usedReply(row))
    case 'refused':
      return repeated({ type: 'coupon.refused', orderId: row.orderId, reason: row.reason })
  }
}

function decideCancelled(orderId: string, row: CouponRow): CouponDecision {
  switch (row.status) {
    case 'absent':
    case 'waiting':
      return applied({ type: 'cancelled', orderId }, [], [])
    case 'used':
      return row.kept === true ? contradiction : release(row)
    case 'released':
      return row.kept === true ? contradiction : repeated(releasedReply(row))
    case 'unneeded':
    case 'refused':
    case 'cancelled':
      return ignored
  }
}

/**
 * `own`: what becomes of the coupon that it has spent. The order may turn out to be other content
 * under the same id than this step had seen: what was used for that is let go of.
 */
function decideSpent(
  { orderId, couponId }: OrderMessage<'order.confirmed' | 'order.return_due'>,
  row: CouponRow,
  own: (row: UsedRow) => CouponDecision,
): CouponDecision {
  switch (row.status) {
    case 'absent':
    case 'waiting':
      if (couponId !== undefined) return contradiction
      return applied({ type: 'unneeded', orderId }, [], [])
    case 'used':
      return row.couponId === couponId ? own(row) : release(row)
    case 'released':
      return row.couponId === couponId ? own(row) : repeated(releasedReply(row))
    case 'unneeded':
    case 'refused':
      return couponId === undefined ? ignored : contradiction
    case 'cancelled':
      return contradiction
  }
}

function confirmed(row: UsedRow): CouponDecision {
  if (row.status === 'used') return keep(row)
  // Kept: it was returned since; the confirmation comes late, by way of a retry.
  return row.kept === true ? ignored : contradiction
}

/** The confirmation went before it, or comes late, by way of a retry. */
function returned(row: UsedRow): CouponDecision {
  if (row.status === 'used') return giveBack(row)
  return row.kept === true ? repeated(releasedReply(row)) : contradiction
}

type UsedRow = CouponRow & CouponUse & { kept?: true }

function keep(row: UsedRow): CouponDecision {
  if (row.kept === true) return ignored
  return applied({ type: 'kept' }, [{ kind: 'keep', use: useOf(row) }], [])
}

function release(row: UsedRow): CouponDecision {
  const effect: CouponEffect = { kind: 'release', use: useOf(row) }
  return applied({ type: 'released' }, [effect], [releasedReply(row)])
}

/** Whoever used it for good has no more use for it: `used` is gone, what it came to is kept. */
function giveBack(row: UsedRow): CouponDecision {
  const { events, effects, ...released } = release(row)
  const kept: CouponRowEvent[] = row.kept === true ? [] : [{ type: 'kept' }]
  return { ...released, events: [...kept, ...events], effects }
}

function useOf(row: UsedRow): CouponUse {
  const { status: _, kept: __, ...use } = row
  return use
}

function usedReply({ orderId, couponId, discount, minimum }: CouponUse): StepMessage {
  const used: StepMessage<'coupon.used'> = { type: 'coupon.used', orderId, couponId }
  if (discount !== undefined) used.discount = discount
  if (minimum !== undefined) used.minimum = minimum
  return used
}

function wantedReply(orderId: string, { placed }: WaitingForCoupon): StepMessage {
  return { type: 'coupon.wanted', orderId, couponId: placed.coupon?.couponId ?? '' }
}

function releasedReply({ orderId, couponId }: CouponUse): StepMessage {
  return { type: 'coupon.released', orderId, couponId }
}

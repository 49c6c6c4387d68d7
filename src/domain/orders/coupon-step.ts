// The coupon step's row of one order: a coupon is used by at most one order, and let go of once
// if that order is cancelled. It reads the orders topic only. Whether the user holds the coupon
// is for the caller to look up, in the transaction that stores the decision.

import type { Discount } from '../coupons/messages.ts'
import type { CouponRefusal, OrderMessage, OrderPlaced, StepMessage } from './messages.ts'
import type { CouponRow, CouponUse } from './state.ts'
import {
  applied,
  contradiction,
  ignored,
  repeated,
  type StepDecision,
  type StepOutcomeKind,
} from './step.ts'

/** What the coupons schema says, as of the transaction, about the coupon that an order names. */
export type CouponFacts = {
  /** The first offset of the coupon's partition that the issuer has not yet applied. */
  issuerNext: number
  /** The issued coupon of this user; null: there is no row. */
  issued: { discount?: Discount } | null
  /** The order that uses it now, if any. */
  usedBy: string | null
}
/** `facts` may be null where the record is not an order.placed with a coupon. */
export type CouponCommand = { message: OrderMessage; facts: CouponFacts | null }
export type CouponRowEvent =
  | { type: 'used'; use: CouponUse }
  | { type: 'refused'; orderId: string; reason: CouponRefusal }
  | { type: 'unneeded'; orderId: string }
  | { type: 'released' }
  | { type: 'cancelled'; orderId: string }
export type CouponEffect = { kind: 'use' | 'release'; use: CouponUse }
/** behind: the issuer has not yet come to where the coupon was won; ask again later. */
export type CouponDecision = StepDecision<CouponRowEvent, CouponEffect, StepOutcomeKind | 'behind'>

export function decideCoupon({ message, facts }: CouponCommand, row: CouponRow): CouponDecision {
  switch (message.type) {
    case 'order.placed':
      return row.status === 'absent' ? decideUse(message, facts) : repeatAnswer(row)
    case 'order.payment_due':
      return ignored
    case 'order.confirmed':
      return decideConfirmed(message, row)
    case 'order.cancelled':
      return decideCancelled(message.orderId, row)
  }
}

export function evolveCoupon(row: CouponRow, event: CouponRowEvent): CouponRow {
  switch (event.type) {
    case 'used':
      if (row.status !== 'absent') break
      return { status: 'used', ...event.use }
    case 'refused':
      if (row.status !== 'absent') break
      return { status: 'refused', orderId: event.orderId, reason: event.reason }
    case 'unneeded':
    case 'cancelled':
      if (row.status !== 'absent') break
      return { status: event.type, orderId: event.orderId }
    case 'released':
      if (row.status !== 'used') break
      return { ...row, status: 'released' }
  }
  throw new Error(`${event.type} of a coupon row that is ${row.status}`)
}

function decideUse(placed: OrderPlaced, facts: CouponFacts | null): CouponDecision {
  const { orderId, userId, coupon } = placed
  // Stored as well: whatever else is placed under this id must find the order taken.
  if (coupon === undefined) return applied({ type: 'unneeded', orderId }, [], [])
  if (facts === null) throw new Error(`no facts about the coupon of order ${orderId}`)
  const { issued, issuerNext, usedBy } = facts
  if (issued === null) {
    if (issuerNext <= coupon.offset) return { ...ignored, outcome: 'behind' }
    return refuse(orderId, 'coupon_not_held')
  }
  if (usedBy === orderId) return contradiction
  if (usedBy !== null) return refuse(orderId, 'coupon_already_used')
  const use: CouponUse = { orderId, couponId: coupon.couponId, userId }
  if (issued.discount !== undefined) use.discount = issued.discount
  return applied({ type: 'used', use }, [{ kind: 'use', use }], [usedReply(use)])
}

function refuse(orderId: string, reason: CouponRefusal): CouponDecision {
  const reply = { type: 'coupon.refused', orderId, reason } as const
  return applied({ type: 'refused', orderId, reason }, [], [reply])
}

function repeatAnswer(row: CouponRow): CouponDecision {
  switch (row.status) {
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
      return applied({ type: 'cancelled', orderId }, [], [])
    case 'used':
      return release(row)
    case 'released':
      return repeated(releasedReply(row))
    case 'unneeded':
    case 'refused':
    case 'cancelled':
      return ignored
  }
}

/** The order may turn out to be other content under the same id than this step had seen. */
function decideConfirmed(
  { orderId, couponId }: OrderMessage<'order.confirmed'>,
  row: CouponRow,
): CouponDecision {
  switch (row.status) {
    case 'absent':
      if (couponId !== undefined) return contradiction
      return applied({ type: 'unneeded', orderId }, [], [])
    case 'used':
      return row.couponId === couponId ? ignored : release(row)
    case 'released':
      return row.couponId === couponId ? contradiction : repeated(releasedReply(row))
    case 'unneeded':
    case 'refused':
      return couponId === undefined ? ignored : contradiction
    case 'cancelled':
      return contradiction
  }
}

function release(row: CouponRow & CouponUse): CouponDecision {
  const { status: _, ...use } = row
  return applied({ type: 'released' }, [{ kind: 'release', use }], [releasedReply(row)])
}

function usedReply({ orderId, couponId, discount }: CouponUse): StepMessage {
  const used: StepMessage<'coupon.used'> = { type: 'coupon.used', orderId, couponId }
  if (discount !== undefined) used.discount = discount
  return used
}

function releasedReply({ orderId, couponId }: CouponUse): StepMessage {
  return { type: 'coupon.released', orderId, couponId }
}

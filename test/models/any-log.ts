// Logs made by chance (fast-check) for properties that must hold for any log: few coupons, users,
// commands and times, so that everything meets everything; append times may go back.

import * as fc from 'fast-check'
import { type CouponMessage, newestRules } from '../../src/domain/coupons/messages.ts'
import type { Entry } from './naive-claims.ts'

export const partitions = 4
export const couponIds = ['autumn', 'spring', 'winter'] as const
const audiences = [
  {},
  {},
  { audience: { attribute: 'tier', values: ['gold', 'silver'] } },
  { rehearsal: true },
]
const values = [{}, { audience: 'gold' }, { audience: 'silver' }, { audience: 'bronze' }]
const users = ['ann', 'bob', 'cat', 'dan', '이브 🎟'] as const

/** A creation whose terms, but for the name, are given. Rules 1 know no audience. */
export function createdAs(couponId: string, quantity: number, others = {}): CouponMessage {
  const terms = { name: couponId, quantity, ...others }
  return {
    type: 'coupon.created',
    couponId,
    terms,
    rules: newestRules,
    by: 'op',
    commandId: 'create',
  }
}

export function anyLog(): fc.Arbitrary<Entry[]> {
  const couponId = fc.constantFrom(...couponIds)
  const commandId = fc.constantFrom('x1', 'x2', 'x3')
  const time = fc.option(fc.integer({ min: 10, max: 40 }), { nil: undefined })
  const creation = fc
    .tuple(
      couponId,
      fc.integer({ min: 1, max: 4 }),
      time,
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(...audiences),
    )
    .map(([id, quantity, opensAt, longer, audience]) => {
      const opens = opensAt === undefined ? {} : { opensAt }
      const closes = longer > 20 ? {} : { closesAt: (opensAt ?? 10) + longer }
      return createdAs(id, quantity, { ...opens, ...closes, ...audience })
    })
  const claim = fc
    .tuple(couponId, fc.constantFrom(...users), fc.nat(99), fc.constantFrom(...values))
    .map(([id, userId, serial, value]): CouponMessage => {
      const claimId = `claim-${serial}`
      return { type: 'coupon.claimed', couponId: id, userId, claimId, ...value }
    })
  const restock = fc
    .tuple(couponId, commandId, fc.integer({ min: 1, max: 2 }))
    .map(([id, command, add]): CouponMessage => {
      return { type: 'coupon.restocked', couponId: id, add, by: 'op', commandId: `r-${command}` }
    })
  const turn = fc
    .tuple(couponId, commandId, fc.constantFrom('paused', 'resumed', 'resumed', 'closed'))
    .map(([id, command, to]): CouponMessage => {
      return { type: `coupon.${to}`, couponId: id, by: 'op', commandId: `${to}-${command}` }
    })
  const revoke = fc
    .tuple(couponId, commandId, fc.constantFrom(...users, undefined), fc.constantFrom('a', 'b'))
    .map(([id, command, userId, reason]): CouponMessage => {
      const whose = userId === undefined ? ({ all: true } as const) : { userId }
      const stamp = { by: 'op', commandId: `v-${command}` }
      return { type: 'coupon.revoked', couponId: id, ...whose, reason, ...stamp }
    })
  const message = fc.oneof(
    { weight: 3, arbitrary: creation },
    { weight: 12, arbitrary: claim },
    { weight: 2, arbitrary: restock },
    { weight: 2, arbitrary: turn },
    { weight: 2, arbitrary: revoke },
  )
  const step = fc.tuple(message, fc.integer({ min: -3, max: 5 }))
  const start = fc.tuple(creation, fc.constant(1))
  const steps = fc.tuple(fc.array(start, { maxLength: 6 }), fc.array(step, { maxLength: 60 }))
  return steps.map(([starts, rest]) => {
    let clock = 5
    return [...starts, ...rest].map(([it, ahead]) => {
      clock = Math.max(1, clock + ahead)
      return { message: it, appendedAt: clock }
    })
  })
}

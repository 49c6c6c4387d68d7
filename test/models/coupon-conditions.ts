// A coupon in each condition that an outcome of a claim stands for, and which of two wins.

import type { ClaimOutcome } from '../../src/domain/coupons/decide.ts'
import { noRevocations } from '../../src/domain/coupons/revocations.ts'
import type { Coupon, Issued } from '../../src/domain/coupons/state.ts'

export const opensAt = 1_000
export const closesAt = 9_000
export const terms = { name: 'Spring', quantity: 2, opensAt, closesAt }
export const couponId = 'spring'

/** An open coupon of quantity 2, one of them issued to zoe, with these changes. */
export function coupon(changes: Partial<Coupon> = {}): Coupon {
  return {
    status: 'open',
    couponId,
    partition: 0,
    rules: 1,
    terms,
    name: terms.name,
    opensAt,
    closesAt,
    quantity: 2,
    paused: false,
    commands: new Map(),
    revocations: noRevocations(),
    lastAct: 3,
    winners: new Map([['zoe', zoes]]),
    ...changes,
  }
}

export const zoes: Issued = { slot: 1, claimId: 'claim-zoe', offset: 4, appendedAt: opensAt }
export const now = 5_000

export type Kind = ClaimOutcome['kind']

/** What makes each outcome of ann's claim at `now` apply. */
export const conditions = {
  already_issued: { winners: new Map([['ann', { ...zoes, claimId: 'claim-ann' }]]) },
  closed: { closesAt: now },
  not_open: { status: 'scheduled', opensAt: now + 1 },
  paused: { paused: true },
  not_eligible: { terms: { ...terms, audience: { attribute: 'tier', values: ['gold'] } } },
  sold_out: { quantity: 1 },
} satisfies Partial<Record<Kind, Partial<Coupon>>>
export type Condition = keyof typeof conditions

/** unknown_coupon and issued compete with nothing: no coupon at all, and no reason against. */
export const pairs: readonly (readonly [wins: Condition, over: Condition])[] = [
  ['already_issued', 'closed'],
  ['already_issued', 'not_open'],
  ['already_issued', 'paused'],
  ['already_issued', 'not_eligible'],
  ['already_issued', 'sold_out'],
  ['closed', 'not_open'],
  ['closed', 'paused'],
  ['closed', 'not_eligible'],
  ['closed', 'sold_out'],
  ['not_open', 'paused'],
  ['not_open', 'not_eligible'],
  ['not_open', 'sold_out'],
  ['paused', 'not_eligible'],
  ['paused', 'sold_out'],
  ['not_eligible', 'sold_out'],
]

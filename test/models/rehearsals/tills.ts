// What a service that keeps its promises tells the tills of a rehearsal, to be changed by tests one
// thing at a time. A service of its own, so that it shares no mistake with what judges it.

import assert from 'node:assert/strict'
import type { StandingSeen } from '../../../src/rehearsal/tills/till-calls.ts'
import type {
  CouponShown,
  Part,
  TillAct,
  TillEvidence,
  TillWish,
  ToldAct,
} from '../../../src/rehearsal/tills/till-evidence.ts'
import { partsOf } from '../../../src/rehearsal/tills/till-plan.ts'

export type Evidence = TillEvidence & {
  won: (Won | null)[]
  told: Part<ToldAct>[]
  seen: CouponShown[]
}
type Won = { kind: 'issued'; userId: string; slot: number; claimId: string; code: string }
type Coupon = {
  won: Won
  revoked: boolean
  heldBy: string | null
  /** By key, in the order in which they were asked for. */
  redemptions: Map<string, StandingSeen>
}

const couponId = 'rehearsal-test-tills'

/** `first`: which of two acts at once the service takes first. */
export function honestTills(first: 0 | 1): Evidence {
  const users = Array.from({ length: 22 }, (_, user) => `user-${user}`)
  const won = users.map((userId, user): Won => {
    return { kind: 'issued', userId, slot: user + 1, claimId: `${user}`, code: `code-${user}` }
  })
  const coupons = won.map((one): Coupon => {
    return { won: one, revoked: false, heldBy: null, redemptions: new Map() }
  })
  let taken = 0
  const told = partsOf(users.length).map((part): Part<ToldAct> => {
    const coupon = coupons[part.user]
    assert.ok(coupon)
    const stages = part.stages.map((stage) => {
      const acts = stage.map((act): ToldAct => ({ act, answer: null }))
      for (const one of first === 0 ? acts : acts.toReversed()) {
        const answer = serve(coupon, one.act)
        if (one.act.kind !== 'revoke_all') one.answer = answer
        else if (answer?.kind === 'revoked') taken += answer.revoked
      }
      return acts
    })
    return { ...part, stages }
  })
  return { couponId, users, won, told, taken, seen: coupons.map(shownOf) }
}

function serve(coupon: Coupon, act: TillAct): ToldAct['answer'] {
  const { redemptions, heldBy } = coupon
  const refused = (problem: string) => ({ kind: 'refused', problem }) as const
  const holder = redemptions.get(heldBy ?? '')
  if (act.kind === 'redeem') {
    const known = redemptions.get(act.key)
    if (known !== undefined) return { kind: 'redeemed', redemption: { ...known } }
    if (act.subtotal < 10_000) return refused('minimum-not-met')
    const isOwn = holder?.status === 'reserved' && holder.reference === act.reference
    if (holder !== undefined && !isOwn) return refused('coupon-already-used')
    if (coupon.revoked) return refused('coupon-revoked')
    if (holder !== undefined) holder.status = 'released'
    coupon.heldBy = act.key
    const redemption = redeemed(coupon.won, act)
    redemptions.set(act.key, redemption)
    return { kind: 'redeemed', redemption: { ...redemption } }
  }
  if ('key' in act) {
    const named = redemptions.get(act.key)
    if (named === undefined) return null
    if (act.kind === 'use' && named.status === 'released') return refused('redemption-released')
    named.status = act.kind === 'use' ? 'used' : 'released'
    if (act.kind === 'release' && heldBy === act.key) coupon.heldBy = null
    return { kind: 'redeemed', redemption: { ...named } }
  }
  const isTaken = heldBy === null && !coupon.revoked
  coupon.revoked = true
  return { kind: 'revoked', revoked: isTaken ? 1 : 0 }
}

function redeemed(won: Won, act: TillAct & { kind: 'redeem' }): StandingSeen {
  const { reference, subtotal, use, key } = act
  const percent = Math.floor((subtotal * 15) / 100)
  const discount = percent > 3_000 ? 3_000 : percent
  const { userId, slot, code } = won
  const offer = { reference, subtotal, discount, total: subtotal - discount }
  const status = use ? 'used' : 'reserved'
  return { redemptionId: `${userId}-${key}`, status, couponId, userId, slot, code, ...offer }
}

function shownOf({ won, revoked, heldBy, redemptions }: Coupon): CouponShown {
  const unheld = revoked ? 'revoked' : 'unused'
  const status = redemptions.get(heldBy ?? '')?.status ?? unheld
  // 15 % of the 12,345 that it is looked at with.
  const code = { status, couponId, userId: won.userId, offer: '1851 10494' }
  const standing = [...redemptions].map(([key, value]) => [key, { value: { ...value } }] as const)
  return { code: { value: code }, own: { value: status }, redemptions: new Map(standing) }
}

export function partOf({ told }: Evidence, wish: TillWish): Part<ToldAct> {
  const found = told.find((part) => part.wish === wish)
  assert.ok(found)
  return found
}

export function redemptionOf({ answer }: ToldAct): StandingSeen {
  assert.ok(answer?.kind === 'redeemed')
  return answer.redemption
}

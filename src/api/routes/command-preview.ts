// What an operator's command on a coupon would change, and for how many people, with nothing done:
// `?preview=true`. Refused as the command itself would be.

import type { ControlMessage, CouponRevoked } from '../../domain/coupons/messages.ts'
import { previewOf } from '../../domain/coupons/preview.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import type { ClaimService, Unavailable } from '../claims/claim-answers.ts'
import { etagOf } from '../http/act-conditions.ts'
import { conflictOf, refusals } from '../http/problems/problems.ts'
import { type Answer, readStore } from '../http/route.ts'
import type { ReadStore, RouteParts } from '../http/server-parts.ts'
import { couponJson } from './coupons.ts'

export async function previewAnswer(
  { claims, store, toldSoldOut }: RouteParts,
  message: ControlMessage,
): Promise<Answer> {
  const found = await claims.find(message.couponId)
  if (found.kind === 'unknown_coupon') return { problem: 'unknown-coupon' }
  if (found.kind === 'unavailable') return found
  const { coupon } = found
  const missing = await missingFor(message, coupon, claims)
  if (missing !== null) return missing
  const now = claims.logTime()
  const { outcome, after } = previewOf(message, coupon, now)
  if (outcome === 'conflict') return { problem: conflictOf(message.type) }
  if (outcome in refusals) return { problem: refusals[outcome as keyof typeof refusals] }
  if (message.type === 'coupon.revoked') return revokePreview(message, coupon, store())
  const before = couponJson(coupon, now)
  const then = couponJson(after, now)
  const names = Object.keys(then) as (keyof typeof then)[]
  const changes = names
    .filter((field) => before[field] !== then[field])
    .map((field) => ({ field, from: before[field] ?? null, to: then[field] ?? null }))
  const { couponId } = message
  const people = changes.length === 0 ? 0 : touched(message, coupon)
  const isRestock = message.type === 'coupon.restocked'
  const told = isRestock ? { toldSoldOut: toldSoldOut(couponId, coupon.quantity) } : {}
  const body = JSON.stringify({ preview: true, couponId, changes, people, ...told })
  return { status: 200, body, headers: { etag: etagOf(coupon) } }
}

/** A winner who is not in memory is looked up where a claim of his is. Null: nothing is missing. */
async function missingFor(
  message: ControlMessage,
  { winners }: Coupon,
  claims: ClaimService,
): Promise<Unavailable | null> {
  if (message.type !== 'coupon.revoked' || message.userId === undefined) return null
  const { couponId, userId } = message
  if (winners.knows?.(userId) !== false) return null
  const answer = await claims.mine(couponId, userId)
  return answer?.kind === 'unavailable' ? answer : null
}

/** Of the coupon itself nothing changes, not even how many are issued. */
async function revokePreview(
  { couponId, userId }: CouponRevoked,
  coupon: Coupon,
  store: ReadStore | null,
): Promise<Answer> {
  return readStore(store, async (reads) => {
    const people = await reads.unspent({ couponId, userId })
    const body = JSON.stringify({ preview: true, couponId, changes: [], people })
    return { status: 200, body, headers: { etag: etagOf(coupon) } }
  })
}

/** How many people it touches: see the schema. */
function touched(message: ControlMessage, { quantity, winners }: Coupon): number {
  if (message.type === 'coupon.restocked') return message.add
  if (message.type === 'coupon.edited') return winners.size
  return Math.max(0, quantity - winners.size)
}

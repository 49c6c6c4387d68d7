// What a user holds: of one coupon as the log has it at once, of all from the SQL projection, which
// may be a moment behind. Whether a coupon is used stands in the rows alone.

import { isRevoked as isRevokedSlot } from '../../domain/coupons/revocations.ts'
import {
  type IssuedStatus,
  issuedStatus,
  validUntilJson,
  validUntilOf,
} from '../../domain/coupons/validity.ts'
import { formatInstant } from '../../domain/time.ts'
import { within } from '../../ports/clock.ts'
import type { HeldCoupon } from '../../ports/coupons.ts'
import { PortError } from '../../ports/port-error.ts'
import type { ClaimAnswer, IssuedAnswer } from '../claims/claim-answers.ts'
import { callerOf } from '../http/auth.ts'
import { type Answer, lastOfFull, ok, type Route, readStore, route } from '../http/route.ts'
import { CouponPath, HeldPage, issuedClaimRef, Page, pendingRef } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import { claimAnswer, claimProblems, issuedFields } from './claims.ts'

/** `mine` is asked again and again during a rush: it does not wait for a database that is away. */
const rowWaitMsMax = 1_000

export function heldCouponRoutes(parts: RouteParts): Route[] {
  const { claims, store } = parts
  return [
    route({
      call: 'GET /coupons/:couponId/claims/mine',
      caller: 'user',
      problems: [...claimProblems, 'not-issued'],
      operationId: 'getMyClaim',
      summary: 'What a claim would be told now, without making one',
      params: CouponPath,
      answers: { 200: issuedClaimRef, 202: pendingRef },
      answer(request) {
        const { couponId } = request.params
        const { userId, token } = callerOf(request)
        const show = (said: ClaimAnswer | null): Answer | Promise<Answer> => {
          if (said === null) return { problem: 'not-issued' }
          if (said.kind === 'issued') return ownAnswer(said, parts)
          return claimAnswer(said, couponId, () => claims.logTime())
        }
        const answer = claims.mine(couponId, userId, token)
        return answer instanceof Promise ? answer.then(show) : show(answer)
      },
    }),
    route({
      call: 'GET /me/coupons',
      caller: 'user',
      readsStore: true,
      operationId: 'listMyCoupons',
      summary: 'The coupons that the caller holds, in the order of their ids',
      query: Page,
      answers: { 200: HeldPage },
      answer: (request) =>
        readStore(store(), async (reads) => {
          const held = await reads.heldBy(callerOf(request).userId, request.query)
          const now = claims.logTime()
          const coupons = held.map((one) => heldJson(one, now))
          return ok({ coupons, next: lastOfFull(coupons, request.query.limit)?.couponId })
        }),
    }),
  ]
}

async function ownAnswer(said: IssuedAnswer, parts: RouteParts): Promise<Answer> {
  const isUsed = await isUsedNow(said, parts)
  const body = issuedFields(said)
  if (isUsed === undefined) return { status: 200, body: `{${body}}` }
  const { validUntil } = said
  const isRevoked = isRevokedNow(said, parts)
  const status = issuedStatus({ isUsed, isRevoked, validUntil }, parts.claims.logTime())
  return { status: 200, body: `{${body},"status":"${status}"}` }
}

/** Whether an order has used it; undefined: the rows do not say, or not in time. */
async function isUsedNow(
  { userId, couponId }: IssuedAnswer,
  { store, clock }: RouteParts,
): Promise<boolean | undefined> {
  const reads = store()
  if (reads === null) return undefined
  const rows = reads.heldBy(userId, { limit: 1, couponId }).catch((error: unknown) => {
    if (error instanceof PortError) return undefined
    throw error
  })
  const held = await within({ clock, ms: rowWaitMsMax, late: () => undefined }, rows)
  // Without a row the issuer is behind, and nobody can have used it.
  return held && held[0]?.orderId !== undefined
}

function isRevokedNow({ couponId, issued }: IssuedAnswer, { claims }: RouteParts): boolean {
  const coupon = claims.coupon(couponId)
  return coupon !== undefined && isRevokedSlot(coupon.revocations, issued.slot)
}

/** Its shape is in the schema HeldPage. `now` is ms UTC. */
function heldJson({ couponId, name, slot, code, terms, ...held }: HeldCoupon, now: number) {
  const { discount = null, minimum } = terms
  return {
    couponId,
    name,
    slot,
    code,
    discount,
    ...(minimum === undefined ? {} : { minimum }),
    issuedAt: formatInstant(held.appendedAt),
    ...heldState({ terms, ...held }, now),
  }
}

type HeldFacts = Pick<HeldCoupon, 'terms' | 'appendedAt' | 'orderId' | 'revoked'>
type HeldState = { validUntil?: string; status: IssuedStatus; orderId?: string }

/** Whether it can be spent, and until when. `now` is ms UTC. */
export function heldState(
  { terms, appendedAt, orderId, revoked }: HeldFacts,
  now: number,
): HeldState {
  const validUntil = validUntilOf(terms, appendedAt)
  return {
    ...validUntilJson(validUntil),
    status: issuedStatus(
      { isUsed: orderId !== undefined, isRevoked: revoked === true, validUntil },
      now,
    ),
    ...(orderId === undefined ? {} : { orderId }),
  }
}

// What a user holds: of one coupon as the log has it at once, of all from the SQL projection, which
// may be a moment behind. Whether a coupon is used stands in the rows alone.

import { Type } from 'typebox'
import { isRevoked as isRevokedSlot } from '../../domain/coupons/revocations.ts'
import {
  type IssuedStatus,
  issuedStatus,
  validUntilJson,
  validUntilOf,
} from '../../domain/coupons/validity.ts'
import type { Order } from '../../domain/orders/state.ts'
import { formatInstant } from '../../domain/time.ts'
import { userIdOf } from '../../domain/user-id.ts'
import { within } from '../../ports/clock.ts'
import type { HeldCoupon } from '../../ports/coupons.ts'
import { PortError } from '../../ports/port-error.ts'
import type { ClaimAnswer, IssuedAnswer } from '../claims/claim-answers.ts'
import { callerOf } from '../http/auth.ts'
import { type Answer, lastOfFull, ok, type Route, readStore, route } from '../http/route.ts'
import {
  CouponPath,
  HeldPage,
  issuedClaimRef,
  Page,
  pendingRef,
  WalletPath,
} from '../http/schemas.ts'
import type { ReadStore, RouteParts } from '../http/server-parts.ts'
import { useFacts, usesOf } from '../redemptions/holders.ts'
import {
  claimAnswer,
  claimProblems,
  isOutcomeWanted,
  issuedFields,
  OutcomePreferred,
} from './claims.ts'

/** `mine` is asked again and again during a rush: it does not wait for a database that is away. */
const rowWaitMsMax = 1_000

const NoneIssued = Type.Object({ outcome: Type.Literal('none') }, { title: 'NoneIssued' })
const noneIssued: Answer = { status: 200, body: '{"outcome":"none"}' }

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
      headers: OutcomePreferred,
      answers: { 200: { anyOf: [issuedClaimRef, NoneIssued] }, 202: pendingRef },
      answer(request) {
        const { couponId } = request.params
        const { userId, token } = callerOf(request)
        const isPreferred = isOutcomeWanted(request.headers.prefer)
        const show = (said: ClaimAnswer | null): Answer | Promise<Answer> => {
          if (said?.kind === 'issued') return ownAnswer(said, parts)
          const answer = said && claimAnswer(said, couponId, () => claims.logTime())
          const isNone = answer === null || 'problem' in answer
          if (isNone && isPreferred && said?.kind !== 'unknown_coupon') return noneIssued
          return answer ?? { problem: 'not-issued' }
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
          return heldPage(reads, { userId: callerOf(request).userId, ...request.query }, parts)
        }),
    }),
    route({
      call: 'GET /users/:userId/coupons',
      caller: 'till',
      readsStore: true,
      tag: 'redemptions',
      operationId: 'listCouponsOfUser',
      summary: 'The coupons that a user holds, in the order of their ids',
      params: WalletPath,
      query: Page,
      answers: { 200: HeldPage },
      answer: (request) =>
        readStore(store(), async (reads) => {
          const userId = userIdOf(request.params.userId) ?? request.params.userId
          return heldPage(reads, { userId, ...request.query }, parts)
        }),
    }),
  ]
}

async function heldPage(
  reads: ReadStore,
  { userId, ...page }: { userId: string; limit: number; after?: string },
  { claims, orders }: RouteParts,
): Promise<Answer> {
  const held = await reads.heldBy(userId, page)
  const uses = await usesOf(orders.reader(), held)
  const now = claims.logTime()
  const coupons = held.map((one) => heldJson(one, uses.get(one.orderId ?? ''), now))
  return ok({ coupons, next: lastOfFull(coupons, page.limit)?.couponId })
}

async function ownAnswer(said: IssuedAnswer, parts: RouteParts): Promise<Answer> {
  const use = await useNow(said, parts)
  const body = issuedFields(said)
  if (use === undefined) return { status: 200, body: `{${body}}` }
  const { validUntil } = said
  const isRevoked = isRevokedNow(said, parts)
  const status = issuedStatus({ ...use, isRevoked, validUntil }, parts.claims.logTime())
  return { status: 200, body: `{${body},"status":"${status}"}` }
}

/** Whether somebody has used it; undefined: the rows do not say, or not in time. */
async function useNow(
  { userId, couponId }: IssuedAnswer,
  { store, clock, orders }: RouteParts,
): Promise<ReturnType<typeof useFacts> | undefined> {
  const reads = store()
  if (reads === null) return undefined
  const read = async () => {
    // Without a row the issuer is behind, and nobody can have used it.
    const held = await reads.heldBy(userId, { limit: 1, couponId })
    const uses = await usesOf(orders.reader(), held)
    const [one] = held
    return useFacts(one ?? {}, uses.get(one?.orderId ?? ''))
  }
  const rows = read().catch((error: unknown) => {
    if (error instanceof PortError) return undefined
    throw error
  })
  return within({ clock, ms: rowWaitMsMax, late: () => undefined }, rows)
}

function isRevokedNow({ couponId, issued }: IssuedAnswer, { claims }: RouteParts): boolean {
  const coupon = claims.coupon(couponId)
  return coupon !== undefined && isRevokedSlot(coupon.revocations, issued.slot)
}

/** Its shape is in the schema HeldPage. `now` is ms UTC. */
function heldJson(
  { couponId, name, slot, code, terms, ...held }: HeldCoupon,
  order: Order | undefined,
  now: number,
) {
  const { discount = null, minimum } = terms
  return {
    couponId,
    name,
    slot,
    code,
    discount,
    ...(minimum === undefined ? {} : { minimum }),
    issuedAt: formatInstant(held.appendedAt),
    ...heldState({ terms, ...held }, order, now),
  }
}

type HeldFacts = Pick<HeldCoupon, 'terms' | 'appendedAt' | 'orderId' | 'reservedUntil' | 'revoked'>
type HeldState = { validUntil?: string; status: IssuedStatus; orderId?: string }

/** Whether it can be spent, and until when. `order`: which uses it. `now` is ms UTC. */
export function heldState(held: HeldFacts, order: Order | undefined, now: number): HeldState {
  const { terms, appendedAt, orderId, revoked } = held
  const validUntil = validUntilOf(terms, appendedAt)
  const facts = { ...useFacts(held, order), isRevoked: revoked === true, validUntil }
  return {
    ...validUntilJson(validUntil),
    status: issuedStatus(facts, now),
    ...(orderId === undefined || order?.redemption !== undefined ? {} : { orderId }),
  }
}

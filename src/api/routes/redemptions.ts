// Redemptions over HTTP: a shop with a checkout of its own reserves a coupon by its code, and says
// whether it has sold. What a POST is answered is what its own record came to.

import type { Terms } from '../../domain/coupons/messages.ts'
import { offerOf } from '../../domain/coupons/offer.ts'
import type { RedemptionEnd } from '../../domain/orders/redemption-messages.ts'
import {
  placedStanding,
  type RedemptionStanding,
  standingOf,
} from '../../domain/orders/redemption-view.ts'
import type { Order } from '../../domain/orders/state.ts'
import { formatInstant } from '../../domain/time.ts'
import { userIdOf } from '../../domain/user-id.ts'
import type { HeldCoupon } from '../../ports/coupons.ts'
import {
  databaseStarting,
  logUnavailable,
  type Unavailable,
  wonCouponOf,
} from '../claims/claim-answers.ts'
import { callerOf } from '../http/auth.ts'
import { said } from '../http/problems/languages.ts'
import type { ProblemSlug } from '../http/problems/problem-texts.ts'
import type { ProblemMembers } from '../http/problems/problems.ts'
import { type Answer, ok, pendingAt, type Route, route } from '../http/route.ts'
import { KeyRequired, NoBody, pendingRef } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import type { KnownCodes } from '../redemptions/code-holders.ts'
import { onceLetGo, onceSpent, useFacts, usesOf } from '../redemptions/holders.ts'
import type { RedemptionAnswer } from '../redemptions/redemptions.ts'
import {
  NewRedemption,
  RedemptionPath,
  ReleasedRedemption,
  redemptionRef,
} from '../redemptions/schemas.ts'
import { unknownCode } from './codes.ts'

const refusedAs: Readonly<Record<RedemptionEnd, ProblemSlug>> = {
  released: 'redemption-released',
  replaced: 'redemption-released',
  timed_out: 'reservation-expired',
  redemption_over: 'reservation-expired',
  coupon_not_held: 'unknown-code',
  coupon_already_used: 'coupon-already-used',
  coupon_revoked: 'coupon-revoked',
  coupon_expired: 'coupon-expired',
  minimum_not_met: 'minimum-not-met',
  mixed_up: 'idempotency-key-reused',
}

export function redemptionRoutes(parts: RouteParts, codes: KnownCodes): Route[] {
  return [placeRoute(parts, codes), ...wordRoutes(parts, codes), getRoute(parts)]
}

function placeRoute(parts: RouteParts, codes: KnownCodes): Route {
  const { guesses } = codes
  return route({
    call: 'POST /redemptions',
    caller: 'till',
    problems: [
      ...(['unknown-code', 'idempotency-key-reused', 'coupon-already-used'] as const),
      ...(['coupon-revoked', 'coupon-expired', 'reservation-expired'] as const),
      ...(['redemption-released', 'minimum-not-met'] as const),
    ],
    tag: 'redemptions',
    operationId: 'redeem',
    summary: 'Reserve a coupon for a cart, or use it at once; once for each Idempotency-Key',
    description:
      'By its code, or by coupon and user. Of the same reference under another key, the new one ' +
      'takes the place of the reservation.',
    headers: KeyRequired,
    body: NewRedemption,
    answers: { 200: redemptionRef, 201: redemptionRef, 202: pendingRef },
    async answer(request) {
      const { body } = request
      const { userId: by } = callerOf(request)
      const errors = wrongNames(body)
      if (errors !== null) return { problem: 'invalid-request', members: { errors } }
      const seconds = await guesses.retryAfterSeconds(by)
      if (seconds > 0) return { problem: 'too-many-requests', retryAfterSeconds: seconds }
      const held = await holderOf(parts, codes, body)
      if (held === null) {
        return body.code === undefined ? { problem: 'unknown-code' } : unknownCode(guesses, by)
      }
      if ('kind' in held) return held
      return redeem({ ...parts, ...codes }, held, {
        by,
        key: request.headers['idempotency-key'],
        ...body,
      })
    },
  })
}

const eitherName = said(
  'there is either code, or couponId and userId',
  'code만, 또는 couponId와 userId를 적어야 합니다',
)

type Body = { code?: string; couponId?: string; userId?: string }
type Holder = { couponId: string; userId: string }
type Parts = RouteParts & Pick<KnownCodes, 'holders'>
type Asked = {
  by: string
  key: string
  reference: string
  subtotal: number
  use?: boolean
}

/** What a schema cannot say: by code, or by coupon and user. */
function wrongNames({ code, couponId, userId }: Body) {
  const byUser = couponId !== undefined && userId !== undefined
  const byNone = couponId === undefined && userId === undefined
  if (code === undefined ? byUser : byNone) return null
  return [{ path: '/code', message: eitherName }]
}

async function holderOf(
  { store }: RouteParts,
  { holders }: KnownCodes,
  body: Body,
): Promise<Holder | HeldCoupon | Unavailable | null> {
  const { code, couponId = '', userId = '' } = body
  if (code === undefined) return { couponId, userId: userIdOf(userId) ?? userId }
  return store() === null ? databaseStarting : holders.find(code)
}

async function redeem(parts: Parts, holder: Holder | HeldCoupon, asked: Asked): Promise<Answer> {
  const { claims, orders } = parts
  const { couponId, userId } = holder
  const [store, reader] = [parts.store(), orders.reader()]
  if (store === null || reader === null) return databaseStarting
  const won = await claims.mine(couponId, userId)
  if (won?.kind === 'unavailable') return won
  if (won?.kind === 'pending') return logUnavailable
  if (won?.kind !== 'issued') return { problem: 'unknown-code' }
  const terms: Partial<Terms> = claims.coupon(couponId)?.terms ?? {}
  // Its rows go: nothing may be bought with it.
  if (terms.rehearsal) return { problem: 'unknown-code' }
  if ('refused' in offerOf(terms, asked.subtotal)) return { problem: 'minimum-not-met' }
  const held = 'slot' in holder ? holder : undefined
  await onceLetGo({ ...parts, reader }, { couponId, code: won.code, held })
  const { by, key, reference, subtotal, use } = asked
  const coupon = wonCouponOf(won, claims.coupon(couponId))
  const answer = await orders.redemptions.place({
    by,
    key,
    userId,
    coupon,
    reference,
    subtotal,
    use,
  })
  return redeemedAnswer(parts, answer, placedStanding)
}

function wordRoutes(parts: RouteParts, { holders }: KnownCodes): Route[] {
  const { orders, newId } = parts
  const problems = [
    ...(['unknown-redemption', 'reservation-expired', 'redemption-released'] as const),
    ...(['coupon-already-used', 'coupon-revoked', 'coupon-expired', 'unknown-code'] as const),
    ...(['minimum-not-met', 'idempotency-key-reused'] as const),
  ]
  const shared = {
    caller: 'till',
    tag: 'redemptions',
    params: RedemptionPath,
    answers: { 200: redemptionRef, 202: pendingRef },
  } as const
  return [
    route({
      ...shared,
      problems,
      call: 'POST /redemptions/:redemptionId/use',
      operationId: 'useRedemption',
      summary: 'Say that it is sold: the coupon is used; again it is answered the same',
      body: NoBody,
      async answer(request) {
        const { redemptionId } = request.params
        const by = callerOf(request).userId
        const word = { redemptionId, by, commandId: newId() }
        const answer = await orders.redemptions.say('use', word)
        if (answer.kind === 'answered') await spent({ ...parts, holders }, answer.order)
        return redeemedAnswer(parts, answer, usedStanding)
      },
    }),
    route({
      ...shared,
      problems,
      call: 'POST /redemptions/:redemptionId/release',
      operationId: 'releaseRedemption',
      summary: 'Let go of the coupon, also after it was used; again it is answered the same',
      body: ReleasedRedemption,
      async answer(request) {
        const { redemptionId } = request.params
        const by = callerOf(request).userId
        const { reason } = request.body ?? {}
        const word = { redemptionId, by, commandId: newId(), ...(reason && { reason }) }
        const answer = await orders.redemptions.say('release', word)
        return redeemedAnswer(parts, answer, (order) => standingOf(order, 0))
      },
    }),
  ]
}

async function spent({ claims, orders, ...parts }: Parts, order: Order): Promise<void> {
  const { coupon, userId } = order
  const won = coupon === null ? null : await claims.mine(coupon.couponId, userId)
  if (won?.kind !== 'issued') return
  await onceSpent({ ...parts, told: orders.redemptions.told }, order, won)
}

/** That it was used stays true for who has said so, whatever came after it. */
function usedStanding(order: Order): RedemptionStanding {
  const standing = standingOf(order, Number.NEGATIVE_INFINITY)
  return standing.kind === 'released' ? { kind: 'refused', reason: standing.reason } : standing
}

function getRoute(parts: RouteParts): Route {
  const { orders, claims } = parts
  return route({
    call: 'GET /redemptions/:redemptionId',
    caller: 'tillViewer',
    problems: [
      ...(['unknown-redemption', 'coupon-already-used', 'coupon-revoked'] as const),
      ...(['coupon-expired', 'unknown-code', 'minimum-not-met'] as const),
      ...(['reservation-expired'] as const),
      ...(['redemption-released', 'idempotency-key-reused'] as const),
    ],
    readsStore: true,
    tag: 'redemptions',
    operationId: 'getRedemption',
    summary: 'Show a redemption as it stands',
    params: RedemptionPath,
    answers: { 200: redemptionRef, 202: pendingRef },
    async answer(request) {
      const { redemptionId } = request.params
      if (orders.reader() === null) return databaseStarting
      const order = await orders.redemptions.find(redemptionId)
      if (order === null) return { problem: 'unknown-redemption' }
      const answer = { kind: 'answered', first: false, order } as const
      return redeemedAnswer(parts, answer, (one) => standingOf(one, claims.logTime()))
    },
  })
}

async function redeemedAnswer(
  parts: RouteParts,
  answer: RedemptionAnswer,
  standingAs: (order: Order) => RedemptionStanding,
): Promise<Answer> {
  if (answer.kind === 'pending') return pendingAt(`/redemptions/${answer.redemptionId}`)
  if (answer.kind === 'unavailable') return answer
  if (answer.kind === 'key_reused') return { problem: 'idempotency-key-reused' }
  if (answer.kind === 'unknown_redemption') return { problem: 'unknown-redemption' }
  const { order, first } = answer
  const standing = standingAs(order)
  const { redemption, orderId, userId, coupon } = order
  if (standing.kind === 'pending') return pendingAt(`/redemptions/${orderId}`)
  if (redemption === undefined || coupon === null) return { problem: 'unknown-redemption' }
  const { couponId } = coupon
  if (standing.kind === 'refused') {
    const problem = refusedAs[standing.reason]
    const isUsed = problem === 'coupon-already-used'
    return isUsed
      ? { problem, members: await usedMembers(parts, { couponId, userId }) }
      : { problem }
  }
  const won = await parts.claims.mine(couponId, userId)
  if (won?.kind !== 'issued') return won?.kind === 'unavailable' ? won : logUnavailable
  const body = {
    redemptionId: orderId,
    status: standing.kind,
    couponId,
    userId,
    slot: won.issued.slot,
    code: won.code,
    reference: redemption.reference,
    subtotal: redemption.subtotal,
    ...standing.offer,
    ...(standing.kind === 'reserved' ? { reservedUntil: formatInstant(order.deadline) } : {}),
  }
  return first ? { status: 201, body, location: `/redemptions/${orderId}` } : ok(body)
}

/** Who has it now, as far as it is known. */
async function usedMembers(parts: RouteParts, holder: Holder): Promise<ProblemMembers> {
  const [held] = (await parts.store()?.heldBy(holder.userId, { limit: 1, ...holder })) ?? []
  const uses = await usesOf(parts.orders.reader(), held === undefined ? [] : [held])
  const { reservedUntil = 0 } = useFacts(held ?? {}, uses.get(held?.orderId ?? ''))
  if (reservedUntil <= parts.claims.logTime()) return { couponStatus: 'used' }
  return { couponStatus: 'reserved', reservedUntil: formatInstant(reservedUntil) }
}

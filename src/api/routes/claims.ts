// The claim path over HTTP, the one that must be fast: no throw for a refusal, constant bodies
// where nothing differs, a template for winners, one hop to the claim service and back. Beside it
// what a user holds, from the SQL projection: it may be a moment behind the user's answers.

import { formatInstant } from '../../domain/time.ts'
import type { ClaimAnswer, DecidedBy, IssuedAnswer } from '../claims/claim-answers.ts'
import { callerOf } from '../http/auth.ts'
import { type ProblemMembers, refusals } from '../http/problems.ts'
import {
  type Answer,
  lastOfFull,
  mapAnswer,
  ok,
  type Route,
  readStore,
  route,
} from '../http/route.ts'
import { CouponPath, HeldPage, issuedClaimRef, NoBody, Page, pendingRef } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'

export function claimRoutes({ claims, store }: RouteParts): Route[] {
  const problems = [
    ...(['unknown-coupon', 'closed', 'not-open', 'paused', 'not-eligible', 'sold-out'] as const),
  ]
  return [
    route({
      call: 'POST /coupons/:couponId/claims',
      caller: 'user',
      problems,
      operationId: 'claimCoupon',
      summary: 'Claim a coupon; asking again gives the same answer',
      description: '201 where this request won, 200 where the user already had the coupon.',
      params: CouponPath,
      body: NoBody,
      answers: { 200: issuedClaimRef, 201: issuedClaimRef, 202: pendingRef },
      answer(request) {
        const { couponId } = request.params
        const { userId, token } = callerOf(request)
        const answer = claims.claim(couponId, userId, token)
        return mapAnswer(answer, (said) => claimAnswer(said, couponId, claims.logTime))
      },
    }),
    route({
      call: 'GET /coupons/:couponId/claims/mine',
      caller: 'user',
      problems: [...problems, 'not-issued'],
      operationId: 'getMyClaim',
      summary: 'What a claim would be told now, without making one',
      params: CouponPath,
      answers: { 200: issuedClaimRef, 202: pendingRef },
      answer(request) {
        const { couponId } = request.params
        const { userId, token } = callerOf(request)
        return mapAnswer(claims.mine(couponId, userId, token), (said) => {
          if (said === null) return { problem: 'not-issued' }
          const known = said.kind === 'issued' ? { ...said, first: false } : said
          return claimAnswer(known, couponId, claims.logTime)
        })
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
          const coupons = held.map(({ couponId, name, slot, code, discount, ...more }) => {
            const issuedAt = formatInstant(more.appendedAt)
            const coupon = { couponId, name, slot, code, discount, issuedAt }
            const { orderId } = more
            return orderId === undefined
              ? { ...coupon, status: 'unused' }
              : { ...coupon, status: 'used', orderId }
          })
          return ok({ coupons, next: lastOfFull(coupons, request.query.limit)?.couponId })
        }),
    }),
  ]
}

/** Clients sleep for it; an operator may open the coupon earlier, and `opensAt` says the rest. */
const retryAfterSecondsMax = 86_400

const pendingBody = '{"outcome":"pending"}'

/** `logTime`: asked only where it is told, for most answers do without. */
function claimAnswer(answer: ClaimAnswer, couponId: string, logTime: () => number): Answer {
  switch (answer.kind) {
    case 'issued':
      return { status: answer.first ? 201 : 200, body: issuedBody(answer) }
    case 'pending':
      return { status: 202, body: pendingBody, location: `/coupons/${couponId}/claims/mine` }
    case 'unavailable':
      return answer
    case 'not_open': {
      const now = logTime()
      const opensAt = answer.coupon?.opensAt ?? now
      const seconds = Math.max(1, Math.ceil((opensAt - now) / 1000))
      const retryAfterSeconds = Math.min(seconds, retryAfterSecondsMax)
      const members = { opensAt: formatInstant(opensAt), ...decidedBy(answer.record) }
      return { problem: 'not-open', members, retryAfterSeconds }
    }
    case 'unknown_coupon':
    case 'closed':
    case 'paused':
    case 'not_eligible':
    case 'sold_out':
      return { problem: refusals[answer.kind], members: decidedBy(answer.record) }
  }
}

/** By hand, since every winner gets one. Coupon ids and codes need no escaping. */
function issuedBody({ couponId, userId, partition, issued, code }: IssuedAnswer): string {
  const { slot, claimId, offset, appendedAt } = issued
  const at = formatInstant(appendedAt)
  const log = `{"partition":${partition},"offset":${offset},"appendedAt":"${at}"}`
  const user = `"userId":${JSON.stringify(userId)},"claimId":${JSON.stringify(claimId)}`
  const won = `"slot":${slot},"code":"${code}"`
  return `{"outcome":"issued","couponId":"${couponId}",${user},${won},"log":${log}}`
}

function decidedBy(record: DecidedBy | undefined): ProblemMembers | undefined {
  if (record === undefined) return undefined
  const { claimId, partition, offset, appendedAt } = record
  return { claimId, log: { partition, offset, appendedAt: formatInstant(appendedAt) } }
}

// The claim path over HTTP, the one that must be fast: no throw for a refusal, constant bodies
// where nothing differs, a template for winners, one hop to the claim service and back.

import { Type } from 'typebox'
import { formatInstant } from '../../domain/time.ts'
import type { ClaimAnswer, ClaimService, DecidedBy, IssuedAnswer } from '../claims/claim-answers.ts'
import { callerOf } from '../http/auth.ts'
import type { ProblemSlug } from '../http/problems/problem-texts.ts'
import { type ProblemMembers, refusals } from '../http/problems/problems.ts'
import { type Answer, mapAnswer, type Route, route } from '../http/route.ts'
import { CouponPath, issuedClaimRef, NoBody, oneOf, pendingRef } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import type { Caller } from '../tokens/token-checks.ts'

export const claimProblems = [
  ...(['unknown-coupon', 'closed', 'not-open', 'paused', 'not-eligible', 'sold-out'] as const),
]

/** Of both calls about a claim. */
export const OutcomePreferred = Type.Object({
  prefer: Type.Optional(
    Type.String({
      description: 'outcome: 200 also for a refusal, for browsers, which report problems.',
    }),
  ),
})
const RefusedClaim = Type.Object(
  { outcome: oneOf(['closed', 'paused', 'not_eligible', 'sold_out']) },
  { title: 'RefusedClaim' },
)

export function claimRoutes(parts: RouteParts): Route[] {
  const answer = claimAnswers(parts)
  return [
    route({
      call: 'POST /coupons/:couponId/claims',
      caller: 'user',
      problems: claimProblems,
      operationId: 'claimCoupon',
      summary: 'Claim a coupon; asking again gives the same answer',
      description: '201 where this request won, 200 where the user already had the coupon.',
      params: CouponPath,
      headers: OutcomePreferred,
      body: NoBody,
      answers: {
        200: { anyOf: [issuedClaimRef, RefusedClaim] },
        201: issuedClaimRef,
        202: pendingRef,
      },
      answer: (request) => {
        const said = answer(request.params.couponId, callerOf(request), request.arrivedAt)
        return mapAnswer(said, (one) => asPreferred(one, request.headers.prefer))
      },
    }),
  ]
}

/** Browsers report each problem to whoever looks at their console, however well it is told. */
const preferredBodies: Partial<Record<ProblemSlug, string>> = {
  closed: '{"outcome":"closed"}',
  paused: '{"outcome":"paused"}',
  'not-eligible': '{"outcome":"not_eligible"}',
  'sold-out': '{"outcome":"sold_out"}',
}

/** As it is, unless it refuses for a while or for good and an outcome was preferred. */
export function asPreferred(answer: Answer, prefer: string | undefined): Answer {
  if (prefer === undefined || !('problem' in answer) || !isOutcomeWanted(prefer)) return answer
  const body = preferredBodies[answer.problem]
  return body === undefined ? answer : { status: 200, body }
}

export function isOutcomeWanted(prefer = ''): boolean {
  return /\boutcome\b/.test(prefer)
}

export type ClaimAnswersParts = Pick<RouteParts, 'clock' | 'traffic'> & {
  claims: Pick<ClaimService, 'claim' | 'coupon' | 'logTime'>
}

/** What a claim of this caller is answered. */
export function claimAnswers({ claims, clock, traffic }: ClaimAnswersParts) {
  const logTime = () => claims.logTime()
  return (
    couponId: string,
    { userId, token }: Caller,
    arrivedAt = clock.monotonic(),
  ): Answer | Promise<Answer> => {
    return mapAnswer(claims.claim(couponId, userId, { token, arrivedAt }), (said) => {
      traffic.claimAnswered(clock.monotonic() - arrivedAt)
      if (said.kind === 'sold_out') {
        traffic.toldSoldOut.add(couponId, claims.coupon(couponId)?.quantity ?? 0, userId)
      }
      return claimAnswer(said, couponId, logTime)
    })
  }
}

/** Clients sleep for it; an operator may open the coupon earlier, and `opensAt` says the rest. */
const retryAfterSecondsMax = 86_400

const pendingBody = '{"outcome":"pending"}'

/** `logTime`: asked only where it is told, for most answers do without. */
export function claimAnswer(answer: ClaimAnswer, couponId: string, logTime: () => number): Answer {
  switch (answer.kind) {
    case 'issued':
      return { status: answer.first ? 201 : 200, body: `{${issuedFields(answer)}}` }
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
export function issuedFields(answer: IssuedAnswer): string {
  const { couponId, userId, partition, issued, code, validUntil } = answer
  const { slot, claimId, offset, appendedAt } = issued
  const at = formatInstant(appendedAt)
  const log = `{"partition":${partition},"offset":${offset},"appendedAt":"${at}"}`
  const user = `"userId":${JSON.stringify(userId)},"claimId":${JSON.stringify(claimId)}`
  const won = `"slot":${slot},"code":"${code}"`
  const end = validUntil === undefined ? '' : `,"validUntil":"${formatInstant(validUntil)}"`
  return `"outcome":"issued","couponId":"${couponId}",${user},${won},"log":${log}${end}`
}

function decidedBy(record: DecidedBy | undefined): ProblemMembers | undefined {
  if (record === undefined) return undefined
  const { claimId, partition, offset, appendedAt } = record
  return { claimId, log: { partition, offset, appendedAt: formatInstant(appendedAt) } }
}

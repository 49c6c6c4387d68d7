// The claim path over HTTP, the one that must be fast: no throw for a refusal, constant bodies
// where nothing differs, a template for winners, one hop to the claim service and back.

import type { FastifyReply } from 'fastify'
import { formatInstant } from '../../domain/time.ts'
import type { ClaimAnswer, DecidedBy, IssuedAnswer } from '../claims/claim-answers.ts'
import { callerOf } from '../http/auth.ts'
import { callOptions } from '../http/call.ts'
import { outcomes, type ProblemMembers, sendProblem, sendUnavailable } from '../http/problems.ts'
import { CouponPath, issuedClaimRef, NoBody, pendingRef } from '../http/schemas.ts'
import type { Api, RouteParts } from '../http/server-parts.ts'

export function addClaimRoutes(app: Api, { claims, clock, hooks }: RouteParts): void {
  const refusals = ['unknown-coupon', 'closed', 'not-open', 'paused', 'sold-out'] as const

  app.post(
    '/coupons/:couponId/claims',
    { ...callOptions(hooks, { caller: 'user', problems: refusals }), schema: claimSchema },
    (request, reply) => {
      const { couponId } = request.params
      const send = (answer: ClaimAnswer) => {
        sendClaimAnswer(reply, { answer, couponId, now: clock.now() })
      }
      const answer = claims.claim(couponId, callerOf(request).userId)
      if (answer instanceof Promise) answer.then(send, (error: unknown) => reply.send(error))
      else send(answer)
    },
  )
  app.get(
    '/coupons/:couponId/claims/mine',
    {
      ...callOptions(hooks, { caller: 'user', problems: [...refusals, 'not-issued'] }),
      schema: mineSchema,
    },
    (request, reply) => {
      const { couponId } = request.params
      const send = (answer: ClaimAnswer | null) => {
        if (answer === null) return sendProblem(reply, 'not-issued')
        const known = answer.kind === 'issued' ? { ...answer, first: false } : answer
        sendClaimAnswer(reply, { answer: known, couponId, now: clock.now() })
      }
      const answer = claims.mine(couponId, callerOf(request).userId)
      if (answer instanceof Promise) answer.then(send, (error: unknown) => reply.send(error))
      else send(answer)
    },
  )
}

const claimSchema = {
  tags: ['claims'],
  operationId: 'claimCoupon',
  summary: 'Claim a coupon; asking again gives the same answer',
  description: '201 where this request won, 200 where the user already had the coupon.',
  params: CouponPath,
  body: NoBody,
  response: { 200: issuedClaimRef, 201: issuedClaimRef, 202: pendingRef },
}
const mineSchema = {
  tags: ['claims'],
  operationId: 'getMyClaim',
  summary: 'What a claim would be told now, without making one',
  params: CouponPath,
  response: { 200: issuedClaimRef, 202: pendingRef },
}

type Told = { answer: ClaimAnswer; couponId: string; now: number }

function sendClaimAnswer(reply: FastifyReply, { answer, couponId, now }: Told): void {
  switch (answer.kind) {
    case 'issued': {
      const { first, again } = outcomes.claim.issued
      reply
        .code(answer.first ? first : again)
        .type(jsonType)
        .send(issuedBody(answer))
      return
    }
    case 'pending':
      reply.code(outcomes.claim.pending).header('location', `/coupons/${couponId}/claims/mine`)
      reply.type(jsonType).send('{"outcome":"pending"}')
      return
    case 'unavailable':
      return sendUnavailable(reply, answer)
    case 'not_open': {
      const opensAt = answer.coupon?.opensAt ?? now
      const seconds = Math.max(1, Math.ceil((opensAt - now) / 1000))
      reply.header('retry-after', String(seconds))
      const members = { opensAt: formatInstant(opensAt), ...decidedBy(answer.record) }
      return sendProblem(reply, outcomes.claim.not_open, members)
    }
    case 'unknown_coupon':
    case 'closed':
    case 'paused':
    case 'sold_out':
      return sendProblem(reply, outcomes.claim[answer.kind], decidedBy(answer.record))
  }
}

const jsonType = 'application/json; charset=utf-8'

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

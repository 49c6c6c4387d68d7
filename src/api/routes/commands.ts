// Operators' commands on coupons. They go through the log like everything else; the operator is
// told what the log decided.

import type { FastifyReply } from 'fastify'
import type { Static } from 'typebox'
import { type ControlMessage, newestRules, type Terms } from '../../domain/coupons/messages.ts'
import { parseInstant } from '../../domain/time.ts'
import type { CommandAnswer } from '../claims/claim-answers.ts'
import { callerOf } from '../http/auth.ts'
import { callOptions } from '../http/call.ts'
import { couponJson } from '../http/coupon-json.ts'
import { outcomes, type ProblemSlug, sendProblem, sendUnavailable } from '../http/problems.ts'
import {
  CouponPath,
  couponRef,
  NewCoupon,
  NoBody,
  pendingRef,
  Restock,
  RestockHeaders,
} from '../http/schemas.ts'
import type { Api, RouteParts } from '../http/server-parts.ts'
import type { FieldError } from '../http/validation.ts'

export function addCommandRoutes(app: Api, parts: RouteParts): void {
  addCreate(app, parts)
  addRestock(app, parts)
  addSwitch(app, parts, { verb: 'pause', type: 'coupon.paused' })
  addSwitch(app, parts, { verb: 'resume', type: 'coupon.resumed' })
  addSwitch(app, parts, { verb: 'close', type: 'coupon.closed' })
}

function addCreate(app: Api, parts: RouteParts): void {
  const { clock, newId, hooks } = parts
  app.post(
    '/coupons',
    {
      ...callOptions(hooks, { caller: 'operator', problems: ['coupon-exists'] }),
      schema: {
        tags: ['operators'],
        operationId: 'createCoupon',
        summary: 'Offer a coupon; the same again is answered 200',
        description: 'Without opensAt it is open from its own record on, by the log’s clock.',
        body: NewCoupon,
        response: { 200: couponRef, 201: couponRef, 202: pendingRef },
      },
    },
    async (request, reply) => {
      const { couponId = newId(), ...asked } = request.body
      let terms = readTerms(asked, clock.now())
      // Of a coupon that is there, the log compares the terms, however late they are repeated.
      if (
        terms.kind === 'errors' &&
        (await parts.claims.find(couponId)).kind !== 'unknown_coupon'
      ) {
        terms = readTerms(asked, 0)
      }
      if (terms.kind === 'errors') {
        sendProblem(reply, 'invalid-request', { errors: terms.errors })
        return reply
      }
      return runCommand(parts, reply, {
        type: 'coupon.created',
        couponId,
        terms: terms.terms,
        rules: newestRules,
        by: callerOf(request).userId,
        commandId: newId(),
      })
    },
  )
}

function addRestock(app: Api, parts: RouteParts): void {
  const { newId, hooks } = parts
  const problems: ProblemSlug[] = [
    'unknown-coupon',
    'closed',
    'idempotency-key-reused',
    'quantity-limit',
  ]
  app.post(
    '/coupons/:couponId/restock',
    {
      ...callOptions(hooks, { caller: 'operator', problems }),
      schema: {
        tags: ['operators'],
        operationId: 'restockCoupon',
        summary: 'Add to the quantity',
        params: CouponPath,
        headers: RestockHeaders,
        body: Restock,
        response: { 200: couponRef, 202: pendingRef },
      },
    },
    async (request, reply) => {
      const by = callerOf(request).userId
      const key = request.headers['idempotency-key']
      return runCommand(parts, reply, {
        type: 'coupon.restocked',
        couponId: request.params.couponId,
        add: request.body.add,
        by,
        // As JSON, so that no operator's name can run into another's key.
        commandId: key === undefined ? newId() : JSON.stringify([by, key]),
      })
    },
  )
}

type Switch = {
  verb: 'pause' | 'resume' | 'close'
  type: 'coupon.paused' | 'coupon.resumed' | 'coupon.closed'
}

function addSwitch(app: Api, parts: RouteParts, { verb, type }: Switch): void {
  const { newId, hooks } = parts
  const problems: ProblemSlug[] =
    verb === 'close' ? ['unknown-coupon'] : ['unknown-coupon', 'closed']
  app.post(
    `/coupons/:couponId/${verb}`,
    {
      ...callOptions(hooks, { caller: 'operator', problems }),
      schema: {
        tags: ['operators'],
        operationId: `${verb}Coupon`,
        summary: switchSummaries[verb],
        params: CouponPath,
        body: NoBody,
        response: { 200: couponRef, 202: pendingRef },
      },
    },
    async (request, reply) =>
      runCommand(parts, reply, {
        type,
        couponId: request.params.couponId,
        by: callerOf(request).userId,
        commandId: newId(),
      }),
  )
}

const switchSummaries = {
  pause: 'Refuse claims until resumed',
  resume: 'Take claims again',
  close: 'Refuse claims for good',
}

async function runCommand(
  parts: RouteParts,
  reply: FastifyReply,
  message: ControlMessage,
): Promise<FastifyReply> {
  answerCommand(parts, reply, { message, answer: await parts.claims.command(message) })
  return reply
}

type Answered = { message: ControlMessage; answer: CommandAnswer }

function answerCommand(
  { clock, claims }: RouteParts,
  reply: FastifyReply,
  { message, answer }: Answered,
): void {
  const { couponId } = message
  if (answer.kind === 'unavailable') return sendUnavailable(reply, answer)
  if (answer.kind === 'pending') {
    reply.code(outcomes.command.pending).header('location', `/coupons/${couponId}`)
    reply.send({ outcome: 'pending' })
    return
  }
  const outcome = outcomes.command[answer.outcome.kind]
  if (typeof outcome === 'string') return sendProblem(reply, outcome)
  if (typeof outcome === 'object') {
    return sendProblem(reply, message.type === 'coupon.created' ? outcome.create : outcome.restock)
  }
  const coupon = answer.coupon ?? claims.coupon(couponId)
  if (coupon === undefined) throw new Error(`${message.type} was done to no coupon`)
  if (outcome === 201) reply.header('location', `/coupons/${couponId}`)
  reply.code(outcome).send(couponJson(coupon, clock.now()))
}

type AskedTerms = Omit<Static<typeof NewCoupon>, 'couponId'>
type ReadTerms = { kind: 'terms'; terms: Terms } | { kind: 'errors'; errors: FieldError[] }

/** The schema has seen to each field; what is left is how the times stand to each other. */
function readTerms(asked: AskedTerms, now: number): ReadTerms {
  const opensAt = readInstant(asked.opensAt)
  const closesAt = readInstant(asked.closesAt)
  if (closesAt !== undefined && closesAt <= (opensAt ?? now)) {
    const than = opensAt === undefined ? 'now' : 'opensAt'
    return { kind: 'errors', errors: [{ path: '/closesAt', message: `must be after ${than}` }] }
  }
  const terms: Terms = { name: asked.name, quantity: asked.quantity }
  if (opensAt !== undefined) terms.opensAt = opensAt
  if (closesAt !== undefined) terms.closesAt = closesAt
  if (asked.discount !== undefined) terms.discount = asked.discount
  return { kind: 'terms', terms }
}

function readInstant(text: string | undefined): number | undefined {
  return text === undefined ? undefined : (parseInstant(text) ?? undefined)
}

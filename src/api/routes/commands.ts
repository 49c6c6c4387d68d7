// Operators' commands on coupons. They go through the log like everything else; the operator is
// answered what the log decided.

import type { Static } from 'typebox'
import { newestRules, type Terms } from '../../domain/coupons/messages.ts'
import { parseInstant } from '../../domain/time.ts'
import { keyedCreateId } from '../claims/keyed-creates.ts'
import { callerOf } from '../http/auth.ts'
import {
  ActedCoupon,
  ActHeaders,
  ActReason,
  CouponEdit,
  couponOrPreview,
  NewCoupon,
  Preview,
  Restock,
} from '../http/command-schemas.ts'
import { inTheFuture } from '../http/problems/field-messages.ts'
import { said } from '../http/problems/languages.ts'
import { type Route, route } from '../http/route.ts'
import { CouponPath, KeyAllowed, pendingRef } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import type { FieldError } from '../http/validation.ts'
import { commandIdOfKey, couponIdOfKey, idOfKey } from '../orders/order-answers.ts'
import { actAnswer } from './act-answers.ts'

export function commandRoutes(parts: RouteParts): Route[] {
  return [
    createRoute(parts),
    editRoute(parts),
    restockRoute(parts),
    ...switches.map((one) => switchRoute(parts, one)),
  ]
}

function createRoute(parts: RouteParts): Route {
  const { newId, claims } = parts
  return route({
    call: 'POST /coupons',
    caller: 'operator',
    problems: ['coupon-exists', 'idempotency-key-reused'],
    operationId: 'createCoupon',
    summary: 'Offer a coupon; the same again is answered 200',
    description:
      'Without opensAt it is open from its own record on, by the log’s clock. Without couponId ' +
      'an Idempotency-Key names the coupon: the same again is the same coupon. With ' +
      'one, the key is for this coupon alone.',
    headers: KeyAllowed,
    body: NewCoupon,
    answers: { 200: ActedCoupon, 201: ActedCoupon, 202: pendingRef },
    async answer(request) {
      const by = callerOf(request).userId
      const key = request.headers['idempotency-key']
      const { couponId = key === undefined ? newId() : couponIdOfKey(by, key), ...asked } =
        request.body
      let errors = termsErrors(asked, claims.logTime())
      // Of a coupon that is there, the log compares the terms, however late they are repeated.
      if (errors.length > 0 && (await claims.find(couponId)).kind !== 'unknown_coupon') {
        errors = termsErrors(asked, 0)
      }
      if (errors.length > 0) return { problem: 'invalid-request', members: { errors } }
      const { reason } = asked
      const message = {
        type: 'coupon.created',
        couponId,
        terms: termsOf(asked),
        rules: newestRules,
        by,
        commandId: key === undefined ? newId() : keyedCreateId(idOfKey(by, key)),
        ...(reason === undefined ? {} : { reason }),
      } as const
      const make = () => actAnswer(parts, message)
      if (key === undefined) return make()
      const given = { key: message.commandId, givenFor: couponId }
      return (await parts.oneThing.make(given, make)) ?? { problem: 'idempotency-key-reused' }
    },
  })
}

function editRoute(parts: RouteParts): Route {
  const { claims } = parts
  return route({
    call: 'PATCH /coupons/:couponId',
    caller: 'operator',
    problems: ['unknown-coupon', 'closed', 'too-late', 'idempotency-key-reused', 'changed'],
    operationId: 'editCoupon',
    summary: 'Change the name, or when claims are taken',
    description:
      'opensAt only while nobody could claim yet; terms never change. With preview=true nothing ' +
      'is done, and the answer says what would change.',
    params: CouponPath,
    query: Preview,
    headers: ActHeaders,
    body: CouponEdit,
    answers: { 200: couponOrPreview, 202: pendingRef },
    async answer(request) {
      const { couponId } = request.params
      const by = callerOf(request).userId
      const key = request.headers['idempotency-key']
      const { name, reason, ...times } = request.body
      const opensAt = readInstant(times.opensAt)
      const closesAt = readInstant(times.closesAt)
      const found = await claims.find(couponId)
      const known = found.kind === 'found' ? found.coupon.opensAt : 0
      const errors = editErrors({ name, opensAt, closesAt }, { known, now: claims.logTime() })
      if (errors.length > 0) return { problem: 'invalid-request', members: { errors } }
      const message = {
        type: 'coupon.edited',
        couponId,
        by,
        commandId: commandIdOf(parts, { by, act: 'edit', key }),
        ...(name === undefined ? {} : { name }),
        ...(opensAt === undefined ? {} : { opensAt }),
        ...(closesAt === undefined ? {} : { closesAt }),
        ...(reason === undefined ? {} : { reason }),
      } as const
      return actAnswer(parts, message, request)
    },
  })
}

function restockRoute(parts: RouteParts): Route {
  return route({
    call: 'POST /coupons/:couponId/restock',
    caller: 'operator',
    problems: ['unknown-coupon', 'closed', 'idempotency-key-reused', 'quantity-limit', 'changed'],
    operationId: 'restockCoupon',
    summary: 'Add to the quantity',
    params: CouponPath,
    query: Preview,
    headers: ActHeaders,
    body: Restock,
    answers: { 200: couponOrPreview, 202: pendingRef },
    answer(request) {
      const by = callerOf(request).userId
      const key = request.headers['idempotency-key']
      const { add, reason } = request.body
      const message = {
        type: 'coupon.restocked',
        couponId: request.params.couponId,
        add,
        by,
        commandId: key === undefined ? parts.newId() : commandIdOfKey(by, key),
        ...(reason === undefined ? {} : { reason }),
      } as const
      return actAnswer(parts, message, request)
    },
  })
}

const switches = [
  ['pause', 'coupon.paused', 'Refuse claims until resumed', ['closed']],
  ['resume', 'coupon.resumed', 'Take claims again', ['closed']],
  ['close', 'coupon.closed', 'Refuse claims for good', []],
] as const

type Switch = (typeof switches)[number]

function switchRoute(parts: RouteParts, [verb, type, summary, problems]: Switch): Route {
  return route({
    call: `POST /coupons/:couponId/${verb}`,
    caller: 'operator',
    problems: ['unknown-coupon', 'changed', 'idempotency-key-reused', ...problems],
    operationId: `${verb}Coupon`,
    summary,
    description: 'With an Idempotency-Key it is done once, whatever was commanded in between.',
    params: CouponPath,
    query: Preview,
    headers: ActHeaders,
    body: ActReason,
    answers: { 200: couponOrPreview, 202: pendingRef },
    answer(request) {
      const { couponId } = request.params
      const by = callerOf(request).userId
      const key = request.headers['idempotency-key']
      const commandId = commandIdOf(parts, { by, act: verb, key })
      const { reason } = request.body ?? {}
      const why = reason === undefined ? {} : { reason }
      return actAnswer(parts, { type, couponId, by, commandId, ...why }, request)
    },
  })
}

type Commanded = { by: string; act: string; key: string | undefined }

/** A key is that of what it was given for as well, and no key has a line break. */
function commandIdOf({ newId }: RouteParts, { by, act, key }: Commanded): string {
  return key === undefined ? newId() : idOfKey(by, `${act}\n${key}`)
}

const needsSomething = said(
  'needs a name, opensAt or closesAt',
  'name, opensAt, closesAt 중 하나가 필요합니다',
)
const mustBeAfter = {
  now: said('must be after now', '지금보다 뒤여야 합니다'),
  opensAt: said('must be after opensAt', 'opensAt보다 뒤여야 합니다'),
}
const eitherEnd = said('does not go with validUntil', 'validUntil과 함께 쓸 수 없습니다')

type Edit = { name: string | undefined; opensAt: number | undefined; closesAt: number | undefined }

/** `known`: when it opens now, ms UTC. */
function editErrors(edit: Edit, { known, now }: { known: number; now: number }): FieldError[] {
  const { name, opensAt = known, closesAt } = edit
  if (name === undefined && edit.opensAt === undefined && closesAt === undefined) {
    return [{ path: '', message: needsSomething }]
  }
  if (closesAt === undefined) return []
  if (closesAt <= now) return [{ path: '/closesAt', message: inTheFuture }]
  return closesAt > opensAt ? [] : [{ path: '/closesAt', message: mustBeAfter.opensAt }]
}

type AskedTerms = Omit<Static<typeof NewCoupon>, 'couponId'>

/** The schema has seen to each field; what is left is how the times stand to each other. */
function termsErrors(asked: AskedTerms, now: number): FieldError[] {
  const opensAt = readInstant(asked.opensAt)
  const opens = {
    at: opensAt ?? now,
    named: opensAt === undefined ? ('now' as const) : ('opensAt' as const),
  }
  const twice = asked.validUntil !== undefined && asked.validDays !== undefined
  const ends = twice ? [{ path: '/validDays', message: eitherEnd }] : []
  const times = (['closesAt', 'validUntil'] as const).flatMap((name): FieldError[] => {
    const at = readInstant(asked[name])
    const path = `/${name}`
    if (at === undefined) return []
    if (at <= opens.at) return [{ path, message: mustBeAfter[opens.named] }]
    return at > now ? [] : [{ path, message: inTheFuture }]
  })
  return [...ends, ...times]
}

function termsOf(asked: AskedTerms): Terms {
  const { name, quantity, discount, minimum, validDays, audience, rehearsal } = asked
  const times = (['opensAt', 'closesAt', 'validUntil'] as const).map((field) => {
    return [field, readInstant(asked[field])] as const
  })
  const given = Object.entries({ discount, minimum, validDays, audience, rehearsal })
  const optional = [...times, ...given].filter(([, value]) => value !== undefined)
  return { name, quantity, ...(Object.fromEntries(optional) as Partial<Terms>) }
}

function readInstant(text: string | undefined): number | undefined {
  return text === undefined ? undefined : (parseInstant(text) ?? undefined)
}

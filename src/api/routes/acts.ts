// What was done to a coupon: who, when and why, and where the record of it stands. From the log,
// as this node has read it, and it has read all that anybody was answered before.

import { type Static, Type } from 'typebox'
import type { ControlMessage } from '../../domain/coupons/messages.ts'
import { formatInstant } from '../../domain/time.ts'
import type { Act } from '../claims/coupon-acts.ts'
import { who } from '../http/command-schemas.ts'
import { lastOfFull, ok, type Route, route } from '../http/route.ts'
import {
  CouponPath,
  closed,
  Instant,
  LogPlace,
  oneOf,
  pageItemsDefault,
  Reason,
} from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import { whoAndWhere } from './act-answers.ts'

/** In one answer. */
const actsMax = 1_000

const kinds = ['created', 'edited', 'restocked', 'paused', 'resumed', 'closed', 'revoked'] as const
const ActsQuery = closed({
  limit: Type.Integer({ minimum: 1, maximum: actsMax, default: pageItemsDefault }),
  after: Type.Optional(
    Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'An offset.' }),
  ),
})
const ShownAct = Type.Object(
  {
    kind: oneOf(kinds),
    at: Instant,
    by: who,
    reason: Type.Optional(Reason),
    log: LogPlace,
    name: Type.Optional(Type.String({ description: 'Of created, and edited where it changed.' })),
    opensAt: Type.Optional(Instant),
    closesAt: Type.Optional(Instant),
    quantity: Type.Optional(Type.Integer({ description: 'Of created.' })),
    add: Type.Optional(Type.Integer({ description: 'Of restocked.' })),
    userId: Type.Optional(Type.String({ description: 'Of revoked: whose.' })),
    all: Type.Optional(Type.Boolean({ description: 'Of revoked: all that were won by then.' })),
  },
  { title: 'Act' },
)
const ActsPage = Type.Object(
  {
    acts: Type.Array(ShownAct),
    next: Type.Optional(Type.Integer({ description: 'The `after` of the next page: an offset.' })),
  },
  { title: 'ActsPage' },
)

export function actsRoute({ claims }: RouteParts): Route {
  return route({
    call: 'GET /coupons/:couponId/acts',
    caller: 'viewer',
    problems: ['unknown-coupon'],
    operationId: 'listActs',
    summary: 'What was done to the coupon, in the order of the log: who, when and why',
    description: 'What was refused, or was done before already, is not among them.',
    params: CouponPath,
    query: ActsQuery,
    answers: { 200: ActsPage },
    async answer({ params: { couponId }, query }) {
      const found = await claims.find(couponId)
      if (found.kind === 'unknown_coupon') return { problem: 'unknown-coupon' }
      if (found.kind === 'unavailable') return found
      const read = await claims.readUpTo(couponId)
      if (typeof read !== 'number') return read
      const page = claims.acts(couponId, query)
      const next = lastOfFull(page, query.limit)?.offset
      return ok({ acts: page.map(actJson), ...(next === undefined ? {} : { next }) })
    },
  })
}

function actJson(act: Act): Static<typeof ShownAct> {
  const { message, appendedAt } = act
  const { reason } = message
  return {
    kind: message.type.replace('coupon.', '') as (typeof kinds)[number],
    at: formatInstant(appendedAt),
    ...whoAndWhere(act),
    ...(reason === undefined ? {} : { reason }),
    ...saidBy(message),
  }
}

/** What it said, beside what every act says. */
function saidBy(message: ControlMessage): Partial<Static<typeof ShownAct>> {
  switch (message.type) {
    case 'coupon.created': {
      const { quantity } = message.terms
      return { ...namedAndTimed(message.terms), quantity }
    }
    case 'coupon.edited':
      return namedAndTimed(message)
    case 'coupon.restocked':
      return { add: message.add }
    case 'coupon.revoked': {
      const { userId } = message
      return userId === undefined ? { all: true } : { userId }
    }
    case 'coupon.paused':
    case 'coupon.resumed':
    case 'coupon.closed':
      return {}
  }
}

type NamedAndTimed = Readonly<Partial<Record<'opensAt' | 'closesAt', number>> & { name?: string }>

function namedAndTimed({ name, opensAt, closesAt }: NamedAndTimed) {
  return {
    ...(name === undefined ? {} : { name }),
    ...(opensAt === undefined ? {} : { opensAt: formatInstant(opensAt) }),
    ...(closesAt === undefined ? {} : { closesAt: formatInstant(closesAt) }),
  }
}

// What the pages of a sale ask for again and again, of everybody alike: small, and good for a
// second, so that a cache in front answers a hundred thousand viewers.

import { hash } from 'node:crypto'
import { Type } from 'typebox'
import type { Coupon } from '../../domain/coupons/state.ts'
import { formatInstant } from '../../domain/time.ts'
import { type Answer, mapAnswer, type Route, route } from '../http/route.ts'
import { CouponPath, Coupon as CouponSchema } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import { couponJson } from './coupons.ts'

const { couponId, name, status, quantity, remaining, opensAt, closesAt } = CouponSchema.properties
const Live = Type.Object(
  {
    couponId,
    name,
    status,
    quantity,
    remaining,
    opensAt,
    closesAt,
    now: Type.String({
      format: 'date-time',
      description: 'By the log’s clock, as the header Server-Time. The ETag is of the rest.',
    }),
  },
  { title: 'LiveCoupon' },
)
const IfNoneMatch = Type.Object({ 'if-none-match': Type.Optional(Type.String()) })

export function liveRoute({ claims }: RouteParts): Route {
  return route({
    call: 'GET /coupons/:couponId/live',
    caller: 'anyone',
    problems: ['unknown-coupon'],
    operationId: 'getLiveCoupon',
    summary: 'How many are left now: for pages that ask every second or two, and caches in front',
    params: CouponPath,
    headers: IfNoneMatch,
    answers: { 200: Live, 304: { description: 'As it was at the ETag of If-None-Match.' } },
    answer: ({ params, headers }) =>
      mapAnswer(claims.find(params.couponId), (found) => {
        if (found.kind === 'unknown_coupon') return { problem: 'unknown-coupon' }
        if (found.kind === 'unavailable') return found
        return liveAnswer(found.coupon, claims.logTime(), headers['if-none-match'])
      }),
  })
}

function liveAnswer(coupon: Coupon, at: number, known: string | undefined): Answer {
  const shown = couponJson(coupon, at)
  const fields = {
    couponId: shown.couponId,
    name: shown.name,
    status: shown.status,
    quantity: shown.quantity,
    remaining: shown.remaining,
    opensAt: shown.opensAt,
    closesAt: shown.closesAt,
  }
  const text = JSON.stringify(fields)
  // Weak: two answers of one tag differ in `now`.
  const etag = `W/"${hash('sha1', text, 'base64url')}"`
  const now = formatInstant(at)
  const headers = { etag, 'cache-control': 'public, max-age=1', 'server-time': now }
  if (known !== undefined && isKnown(etag, known)) return { status: 304, body: null, headers }
  return { status: 200, body: `${text.slice(0, -1)},"now":"${now}"}`, headers }
}

/** As RFC 9110 compares for a GET: whether a tag is weak does not matter. */
function isKnown(etag: string, known: string): boolean {
  const opaque = etag.slice(2)
  return (
    known.trim() === '*' ||
    known.split(',').some((one) => one.trim().replace(/^W\//, '') === opaque)
  )
}

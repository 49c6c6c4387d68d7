// What anyone may read about coupons, from this node's own fold.

import type { Coupon } from '../../domain/coupons/state.ts'
import { validUntilJson } from '../../domain/coupons/validity.ts'
import { visibleStatus } from '../../domain/coupons/view.ts'
import { formatInstant } from '../../domain/time.ts'
import { lastOfFull, mapAnswer, ok, type Route, route } from '../http/route.ts'
import { CouponPage, CouponPath, couponRef, Page } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'

export function couponRoutes({ claims }: RouteParts): Route[] {
  return [
    route({
      call: 'GET /coupons',
      caller: 'anyone',
      operationId: 'listCoupons',
      summary: 'List coupons in the order of their ids, but for those of rehearsals',
      query: Page,
      answers: { 200: CouponPage },
      answer({ query }) {
        const now = claims.logTime()
        const coupons = claims.coupons(query).map((coupon) => couponJson(coupon, now))
        return ok({ coupons, next: lastOfFull(coupons, query.limit)?.couponId })
      },
    }),
    route({
      call: 'GET /coupons/:couponId',
      caller: 'anyone',
      problems: ['unknown-coupon'],
      operationId: 'getCoupon',
      summary: 'Show a coupon: its terms, its counts, its status now',
      params: CouponPath,
      answers: { 200: couponRef },
      answer: ({ params }) =>
        mapAnswer(claims.find(params.couponId), (found) => {
          if (found.kind === 'unknown_coupon') return { problem: 'unknown-coupon' }
          if (found.kind === 'unavailable') return found
          return ok(couponJson(found.coupon, claims.logTime()))
        }),
    }),
  ]
}

/** Its shape is the schema Coupon. As of `now`, milliseconds UTC. */
export function couponJson(coupon: Coupon, now: number) {
  const issued = coupon.winners.size
  const { discount, minimum, validUntil, validDays, audience, rehearsal } = coupon.terms
  return {
    couponId: coupon.couponId,
    name: coupon.name,
    quantity: coupon.quantity,
    issued,
    remaining: Math.max(0, coupon.quantity - issued),
    status: visibleStatus(coupon, now),
    opensAt: formatInstant(coupon.opensAt),
    closesAt: Number.isFinite(coupon.closesAt) ? formatInstant(coupon.closesAt) : null,
    discount: discount ?? null,
    ...(minimum === undefined ? {} : { minimum }),
    ...validUntilJson(validUntil),
    ...(validDays && { validDays }),
    ...(audience && { audience }),
    ...(rehearsal && { rehearsal }),
  }
}

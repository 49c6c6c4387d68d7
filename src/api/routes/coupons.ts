// What anyone may read about coupons, from this node's own fold.

import type { Found } from '../claims/claim-answers.ts'
import { callOptions } from '../http/call.ts'
import { couponJson } from '../http/coupon-json.ts'
import { nextPage } from '../http/pages.ts'
import { sendProblem, sendUnavailable } from '../http/problems.ts'
import { CouponPage, CouponPath, couponRef, Page } from '../http/schemas.ts'
import type { Api, RouteParts } from '../http/server-parts.ts'

export function addCouponRoutes(app: Api, { claims, clock, hooks }: RouteParts): void {
  app.get(
    '/coupons',
    { ...callOptions(hooks, { caller: 'anyone', problems: [] }), schema: listSchema },
    (request, reply) => {
      const now = clock.now()
      const coupons = claims.coupons(request.query).map((coupon) => couponJson(coupon, now))
      reply.send({ coupons, ...nextPage(coupons, request.query.limit) })
    },
  )
  app.get(
    '/coupons/:couponId',
    {
      ...callOptions(hooks, { caller: 'anyone', problems: ['unknown-coupon'] }),
      schema: getSchema,
    },
    (request, reply) => {
      const send = (found: Found) => {
        if (found.kind === 'unknown_coupon') sendProblem(reply, 'unknown-coupon')
        else if (found.kind === 'unavailable') sendUnavailable(reply, found)
        else reply.send(couponJson(found.coupon, clock.now()))
      }
      const found = claims.find(request.params.couponId)
      if (found instanceof Promise) found.then(send, (error: unknown) => reply.send(error))
      else send(found)
    },
  )
}

const listSchema = {
  tags: ['coupons'],
  operationId: 'listCoupons',
  summary: 'List coupons in the order of their ids',
  querystring: Page,
  response: { 200: CouponPage },
}
const getSchema = {
  tags: ['coupons'],
  operationId: 'getCoupon',
  summary: 'Show a coupon: its terms, its counts, its status now',
  params: CouponPath,
  response: { 200: couponRef },
}

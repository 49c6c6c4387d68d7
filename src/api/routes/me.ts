// What a user holds, from the SQL projection: it may be a moment behind what the user was answered.

import { formatInstant } from '../../domain/time.ts'
import { callerOf } from '../http/auth.ts'
import { lastOfFull, ok, type Route, readStore, route } from '../http/route.ts'
import { HeldPage, Page } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'

export function meRoutes({ store }: RouteParts): Route[] {
  return [
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

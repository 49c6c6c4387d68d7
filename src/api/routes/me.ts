// What a user holds, from the SQL projection: it may be a moment behind what the user was told.

import { formatInstant } from '../../domain/time.ts'
import { callerOf } from '../http/auth.ts'
import { callOptions } from '../http/call.ts'
import { nextPage } from '../http/pages.ts'
import { sendUnavailable } from '../http/problems.ts'
import { HeldPage, Page } from '../http/schemas.ts'
import type { Api, RouteParts } from '../http/server-parts.ts'

export function addMeRoutes(app: Api, { store, hooks, limits }: RouteParts): void {
  app.get(
    '/me/coupons',
    {
      ...callOptions(hooks, { caller: 'user', problems: [] }),
      schema: meSchema,
      handlerTimeout: limits.storeWaitMsMax,
    },
    async (request, reply) => {
      const reads = store()
      if (reads === null) {
        sendUnavailable(reply, storeStarting)
        return reply
      }
      const held = await reads.heldBy(callerOf(request).userId, request.query)
      const coupons = held.map(({ couponId, name, slot, code, discount, appendedAt, orderId }) => {
        const coupon = { couponId, name, slot, code, discount, issuedAt: formatInstant(appendedAt) }
        if (orderId === undefined) return { ...coupon, status: 'unused' as const }
        return { ...coupon, status: 'used' as const, orderId }
      })
      return { coupons, ...nextPage(coupons, request.query.limit) }
    },
  )
}

/** SQL starts after claims are already answered. */
export const storeStarting = { reason: 'database_starting', retryAfterSeconds: 1 }

const meSchema = {
  tags: ['claims'],
  operationId: 'listMyCoupons',
  summary: 'The coupons that the caller holds, in the order of their ids',
  querystring: Page,
  response: { 200: HeldPage },
}

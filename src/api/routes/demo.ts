// For trying it out, where a setting allows it: a coupon, and anybody can be anybody. Not part of
// the OpenAPI document, for no service that is real has it.

import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { newestRules } from '../../domain/coupons/messages.ts'
import type { ClaimService } from '../claims/claim-answers.ts'
import { closed } from '../http/schemas.ts'
import type { CallHooks } from '../http/server-parts.ts'

export const demoCouponId = 'welcome'
const userCharactersMax = 64
const Demo = closed({
  userId: Type.String({ pattern: '^[A-Za-z0-9._-]+$', maxLength: userCharactersMax }),
})

export type DemoParts = { hooks: CallHooks; demoToken(userId: string): string }

export function addDemo(app: FastifyInstance, { hooks, demoToken }: DemoParts): void {
  app.post<{ Body: { userId: string } }>(
    '/demo/tokens',
    { onRequest: hooks.anyone, schema: { hide: true, body: Demo } },
    (request, reply) => {
      const token = demoToken(request.body.userId)
      reply.code(201).type('application/json; charset=utf-8').send(JSON.stringify({ token }))
    },
  )
}

/** As an operator would make it, where there is none. */
export async function makeDemoCoupon(claims: ClaimService, newId: () => string): Promise<void> {
  if (claims.coupon(demoCouponId) !== undefined) return
  await claims.command({
    type: 'coupon.created',
    couponId: demoCouponId,
    terms: { name: 'Welcome', quantity: 100 },
    rules: newestRules,
    by: 'demo',
    commandId: newId(),
  })
}

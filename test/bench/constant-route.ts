// One more call for a server under measurement: it does all that the claim call does before a claim
// is decided, its hooks and its schema included, but answers a constant.

import { CouponPath, issuedClaimRef, NoBody } from '../../src/api/http/schemas.ts'
import type { ServerParts } from '../../src/api/http/server-parts.ts'

/** As long as the answer of a winner. */
export const constantAnswer = JSON.stringify({
  outcome: 'issued',
  couponId: 'bench-constant',
  userId: 'user-12345',
  claimId: '01996b1f-5f8d-7c3a-9a51-6d0c3b7ad0f1',
  slot: 12345,
  code: '7T4M9QK2XW1CZ',
  log: { partition: 1, offset: 123456, appendedAt: '2026-05-01T09:00:00.000Z' },
})

export const addConstantRoute: ServerParts['extraRoutes'] = (app, hooks) => {
  const schema = {
    params: CouponPath,
    body: NoBody,
    response: { 201: issuedClaimRef },
    hide: true,
  }
  app.post('/coupons/:couponId/constant', { onRequest: hooks.user, schema }, (_request, reply) => {
    reply.code(201).type('application/json; charset=utf-8').send(constantAnswer)
  })
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIssuerWorld } from '../../test/models/issuer-world.ts'
import type { CouponMessage } from '../domain/coupons/messages.ts'

const couponId = 'sale'
const by = 'operator'

function claimed(userId: string): CouponMessage {
  return { type: 'coupon.claimed', couponId, userId, claimId: `claim of ${userId}` }
}

function revoke(commandId: string, userId: string): CouponMessage {
  return { type: 'coupon.revoked', couponId, userId, by, commandId, reason: 'why' }
}

test('The issuer writes revokes with its position, and tells of those that took something.', async () => {
  const { store, append, run, events } = createIssuerWorld()
  const terms = { name: 'Sale', quantity: 3 }
  const created = { type: 'coupon.created', couponId, terms, rules: 2, by, commandId: 'c' } as const
  await append(created, claimed('kim'), revoke('v1', 'kim'), revoke('v2', 'kim'))
  await run()
  await append(claimed('lee'), revoke('v3', 'kim'), revoke('v4', 'lee'))
  await run()
  const all = await store.revocations({ partition: 0, from: 0, to: 99 })
  const taken = all.map((one) => `${one.commandId} ${one.taken?.to ?? 'nothing'}`)
  assert.deepEqual(taken, ['v1 1', 'v2 nothing', 'v3 nothing', 'v4 2'])
  const lees = ['issued/sale/2', 'revoked/sale/v4']
  assert.deepEqual(events(), ['issued/sale/1', 'revoked/sale/v1', ...lees])

  // Killed before it could say how far it had published.
  const positions = async () => new Map([[0, { next: 7, published: 4 }]])
  await run({ store: { ...store, positions } })
  assert.deepEqual(events().slice(4), lees)
})

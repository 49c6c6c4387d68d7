import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIssuerWorld } from '../../test/models/issuer-world.ts'
import type { CouponMessage } from '../domain/coupons/messages.ts'

const couponId = 'drill'
const by = 'operator'
const terms = { name: 'Drill', quantity: 3, rehearsal: true } as const
const created = { type: 'coupon.created', couponId, terms, rules: 2, by, commandId: 'c' } as const
const closed = { type: 'coupon.closed', couponId, by, commandId: 'x' } as const

function claimed(userId: string): CouponMessage {
  return { type: 'coupon.claimed', couponId, userId, claimId: `claim of ${userId}` }
}

test('The rows of a rehearsal go once it is closed and its events are published.', async () => {
  const { store, append, run, events } = createIssuerWorld()
  await append(created, claimed('kim'), claimed('lee'))
  await run()
  assert.equal((await store.issuedRows({ limit: 9 })).length, 2)
  await append(closed)
  await run()
  assert.deepEqual(await store.issuedRows({ limit: 9 }), [])
  const { coupons, positions } = await store.snapshot()
  assert.deepEqual([coupons, positions.get(0)], [[], { next: 4, published: 4 }])
  assert.deepEqual(events(), ['issued/drill/1', 'issued/drill/2'])
})

test('Nothing that comes later makes rows of a rehearsal that has ended.', async () => {
  const { store, append, run, events } = createIssuerWorld()
  await append(created, claimed('kim'), closed)
  await run()
  const before = events()
  const again = { ...created, terms: { name: 'Another', quantity: 9 }, commandId: 'c2' }
  const revoked = { type: 'coupon.revoked', couponId, all: true, by, reason: 'why' } as const
  await append(again, claimed('lee'), { ...revoked, commandId: 'v' }, closed)
  await run()
  assert.deepEqual(await store.issuedRows({ limit: 9 }), [])
  assert.deepEqual((await store.snapshot()).coupons, [])
  assert.deepEqual(events(), before)
})

test('A rehearsal whose issuer was killed before it had published has its rows until then.', async () => {
  const { store, append, run, events } = createIssuerWorld()
  await append(created, claimed('kim'), closed)
  // Killed between the commit and the mark.
  await run({ store: { ...store, markPublished: async () => {} } })
  assert.equal((await store.issuedRows({ limit: 9 })).length, 1)
  await run()
  assert.deepEqual(await store.issuedRows({ limit: 9 }), [])
  assert.deepEqual(new Set(events()), new Set(['issued/drill/1']))
})

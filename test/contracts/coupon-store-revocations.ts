// Revokes in the coupon store contract: they come back with their coupon, show on what they took,
// and are found by where they stand in the log.

import assert from 'node:assert/strict'
import { noRevocations, revocationsOf } from '../../src/domain/coupons/revocations.ts'
import { type CouponStore, type RevocationRow, revocationIn } from '../../src/ports/coupons.ts'
import { batch, brokenBy, coupon, slots, type TestStore } from './coupon-store-samples.ts'

export function revocation(changes: Partial<RevocationRow> & { offset: number }): RevocationRow {
  const { offset } = changes
  return {
    couponId: 'spring',
    partition: 0,
    commandId: `v-${offset}`,
    by: 'op',
    reason: 'why',
    userId: null,
    appendedAt: 1_770_000_000_000 + offset,
    taken: null,
    ...changes,
  }
}

/** Five winners: the second is revoked, then the first three, then the fifth, then nobody. */
export const revokes: readonly RevocationRow[] = [
  revocation({ offset: 5, userId: 'user-2', taken: { from: 2, to: 2 } }),
  revocation({ offset: 6, taken: { from: 1, to: 3 }, reason: '사유 "{}",NULL', by: '운영자' }),
  revocation({ offset: 7, userId: 'user-5', taken: { from: 5, to: 5 }, commandId: '__proto__' }),
  revocation({ offset: 8, userId: 'user-1' }),
]

export async function storeRevokes(store: CouponStore): Promise<void> {
  const coupons = [coupon({ quantity: 9 })]
  const issued = slots('spring', { from: 1, to: 5, offset: 0 })
  const [first, ...others] = revokes
  assert.ok(first)
  await store.apply(batch({ next: 6, coupons, issued, revocations: [first] }))
  await store.apply(batch({ expected: 6, next: 9, coupons, revocations: others }))
}

export function revocationTests(test: TestStore): void {
  test('come back with their coupon, in the order of the log', async (store) => {
    await storeRevokes(store)
    const own = revokes.map(revocationIn)
    const loaded = (await store.load(['spring'])).get('spring')
    assert.deepEqual(loaded?.revocations, revocationsOf(own))
    assert.deepEqual([...loaded.revocations.commands.values()], own)
    assert.deepEqual((await store.snapshot()).coupons[0]?.revocations, revocationsOf(own))
  })

  test('are of their own coupon alone', async (store) => {
    await storeRevokes(store)
    const coupons = [coupon({ couponId: 'other' })]
    const issued = slots('other', { from: 1, to: 2, offset: 9 })
    await store.apply(batch({ expected: 9, next: 11, coupons, issued }))
    const other = (await store.load(['other'])).get('other')
    assert.deepEqual(other?.revocations, noRevocations())
    const held = await store.winners('other', { limit: 9 })
    assert.deepEqual(
      held.map(({ revoked }) => revoked),
      [undefined, undefined],
    )
  })

  test('are found by the range of the log in which they stand', async (store) => {
    await storeRevokes(store)
    const found = await store.revocations({ partition: 0, from: 6, to: 8 })
    const counted = [2, 1].map((unspent, n) => ({ ...revokes[n + 1], unspent }))
    assert.deepEqual(found, counted)
    assert.deepEqual(await store.revocations({ partition: 1, from: 0, to: 99 }), [])
  })

  test('show on what they took, however it is looked up', async (store) => {
    await storeRevokes(store)
    const winners = await store.winners('spring', { limit: 9 })
    const revoked = winners.filter((one) => one.revoked).map(({ slot }) => slot)
    assert.deepEqual(revoked, [1, 2, 3, 5])
    assert.deepEqual(
      (await store.byCode(['CODE-3', 'CODE-4'])).map((one) => one.revoked),
      [true, undefined],
    )
    const [held] = await store.heldBy('user-5', { limit: 1 })
    assert.equal(held?.revoked, true)
  })

  test('that are there already fire a constraint, and leave no trace', async (store) => {
    await storeRevokes(store)
    const again = [revocation({ offset: 9, commandId: 'v-5' })]
    const apply = store.apply(batch({ expected: 9, next: 10, revocations: again }))
    await assert.rejects(apply, brokenBy('one_per_revoke'))
    assert.equal((await store.positions()).get(0)?.next, 9)
  })
}

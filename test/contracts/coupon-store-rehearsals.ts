// Rehearsals in the coupon store contract: the rows of a marked coupon go once it is closed and
// everything of it was published, and whoever reads on still knows that it was there.

import assert from 'node:assert/strict'
import type { Coupon } from '../../src/domain/coupons/state.ts'
import type { CouponStore } from '../../src/ports/coupons.ts'
import { revocation } from './coupon-store-revocations.ts'
import { batch, coupon, everything, slots, type TestStore } from './coupon-store-samples.ts'

const terms: Coupon['terms'] = { name: 'Rehearsal', quantity: 3, rehearsal: true }

function marked(changes: Partial<Coupon> = {}): Coupon {
  return coupon({ couponId: 'drill', name: 'Rehearsal', rules: 2, terms, ...changes })
}

/** Three winners by records 0–2 of each coupon, a revoke by record 6; closed by record 7. */
async function closeBoth(store: CouponStore): Promise<void> {
  const issued = [
    ...slots('drill', { from: 1, to: 3, offset: 0 }),
    ...slots('spring', { from: 1, to: 3, offset: 3 }),
  ]
  const revocations = [revocation({ couponId: 'drill', offset: 6, taken: { from: 1, to: 3 } })]
  const open = [marked(), coupon({})]
  await store.apply(batch({ next: 7, coupons: open, issued, revocations }))
  const closed = [
    marked({ status: 'closed', lastAct: 7 }),
    coupon({ status: 'closed', lastAct: 8 }),
  ]
  await store.apply(batch({ expected: 7, next: 9, coupons: closed }))
}

const ends = { endsRehearsals: true }

export function rehearsalTests(test: TestStore): void {
  test('lose their rows once they are closed and published, and nothing else does', async (store) => {
    await closeBoth(store)
    const before = await everything(store)
    await store.markPublished(0, 7, ends)
    const { coupons, rows } = await everything(store)
    assert.deepEqual({ coupons, rows }, { coupons: before.coupons, rows: before.rows })
    await store.markPublished(0, 9, ends)
    const after = await everything(store)
    assert.deepEqual(
      after.coupons.map(({ couponId }) => couponId),
      ['spring'],
    )
    assert.deepEqual(
      after.rows,
      before.rows.filter(({ couponId }) => couponId === 'spring'),
    )
    assert.deepEqual(await store.revocations({ partition: 0, from: 0, to: 9 }), [])
    assert.deepEqual(await store.winners('drill', { limit: 9 }), [])
  })

  test('are known to have been there', async (store) => {
    await closeBoth(store)
    await store.markPublished(0, 9, ends)
    const loaded = (await store.load(['drill', 'other'])).get('drill')
    assert.ok(loaded)
    const { status, rules, partition, lastAct, winners } = loaded
    assert.deepEqual([status, rules, partition, lastAct], ['closed', 2, 0, 7])
    assert.deepEqual([loaded.terms, winners.size], [terms, 0])
  })

  test('that time has closed lose them with the batch that says so', async (store) => {
    const issued = slots('drill', { from: 1, to: 3, offset: 0 })
    await store.apply(batch({ next: 4, coupons: [marked({ lastAct: 0 })], issued }))
    await store.markPublished(0, 4)
    const closed = [marked({ status: 'closed', lastAct: 0 })]
    await store.apply(batch({ expected: 4, next: 5, coupons: closed }))
    const { coupons, rows } = await everything(store)
    assert.deepEqual([coupons, rows], [[], []])
  })
}

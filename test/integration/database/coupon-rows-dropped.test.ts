// Dropping all rows of coupons, as a rebuild does it, on a real database.

import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import type { Database } from '../../../src/adapters/database/database.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { createCouponStoreSql, resetProjection } from '../../../src/adapters/stores/coupon-store.ts'
import { batch, coupon, fillRows, slots } from '../../contracts/coupon-store-samples.ts'
import { openPgliteCopy } from '../../contracts/pglite-copies.ts'
import { rebuiltRevokes } from '../../contracts/revokes/rebuilt-revokes.ts'
import { racingOn, revokeRaces } from '../../contracts/revokes/revoke-races.ts'

let database: Database
before(async () => {
  database = await openPgliteCopy()
  await migrate(database)
})
after(() => database.close())

it('drops all rows, fences their owners, and remembers what was published', async () => {
  const store = createCouponStoreSql({ database })
  await fillRows(store)
  await store.markPublished(0, 12)
  await store.markPublished(1, 3)
  const bounds = [
    { start: 0, end: 10 },
    { start: 0, end: 4 },
  ]
  const filled = await store.snapshot()
  await resetProjection(database, bounds)

  const { coupons, generations } = await store.snapshot()
  assert.deepEqual(coupons, [])
  for (const partition of [0, 1]) {
    assert.notEqual(generations?.get(partition), filled.generations?.get(partition))
  }
  assert.deepEqual(await store.issuedRows({ limit: 10 }), [])
  assert.deepEqual(
    [...(await store.positions())],
    [
      [0, { next: 0, published: 0, notified: 10 }],
      [1, { next: 0, published: 0, notified: 3 }],
    ],
    'and no more than the log still has',
  )
  assert.equal(await store.apply(batch({ expected: 12, next: 13 })), 'fenced')

  const issued = slots('ab', { from: 1, to: 4, offset: 0 })
  const again = batch({ next: 8, coupons: [coupon({ couponId: 'ab', quantity: 10 })], issued })
  assert.equal(await store.apply(again), 'applied')
  await store.markPublished(0, 8)
  await resetProjection(database, bounds)
  const positions = await store.positions()
  assert.deepEqual(
    positions.get(0),
    { next: 0, published: 0, notified: 10 },
    'notified never goes back',
  )
})

it('tells rows of a table that was restored from those that were there before', async () => {
  const store = createCouponStoreSql({ database })
  await fillRows(store)
  const { generations } = await store.snapshot()
  await database.script(`
    create table coupons.restored (like coupons.positions including all);
    insert into coupons.restored select * from coupons.positions;
    drop table coupons.positions;
    alter table coupons.restored rename to positions`)
  const { generations: restored } = await store.snapshot()
  for (const partition of [0, 1]) {
    assert.notEqual(restored?.get(partition), generations?.get(partition))
  }
})

it('leaves what the steps know of orders, which the claims log does not say', async () => {
  await database.script(`
    insert into coupons.uses values ('ab', 'user-1', 'order-1');
    insert into coupons.orders values ('order-1', 'used', '{}');
    insert into coupons.consumer_positions values ('firstcome.orders', 0, 1, 1, 0, 1, 0, 0, 0, 0)`)
  await resetProjection(database, [{ start: 0, end: 10 }])
  const text = `select (select count(*) from coupons.uses), (select count(*) from coupons.orders),
    (select sum(next_offset) from coupons.consumer_positions)::int`
  const { rows } = await database.query({ name: 'count', text })
  assert.deepEqual(rows, [[1, 1, 1]])
})

rebuiltRevokes('PGlite', () => database)
revokeRaces('PGlite', () => racingOn(database))

// Runs the coupon store contract on every adapter of the port.

import { after, before, describe } from 'node:test'
import { createCouponStoreMemory } from '../../src/adapters/coupon-store-memory.ts'
import { createCouponStoreSql } from '../../src/adapters/coupon-store-sql.ts'
import type { Database } from '../../src/adapters/database.ts'
import { openDatabasePglite } from '../../src/adapters/database-pglite.ts'
import { migrate } from '../../src/adapters/migrations.ts'
import { couponStoreContract } from './coupon-store.ts'

couponStoreContract('memory', async (crashPoint) => {
  return { store: createCouponStoreMemory({ crashPoint }), close: async () => {} }
})

describe('with a database that is emptied for each test', () => {
  let database: Database
  before(async () => {
    database = await openDatabasePglite()
    await migrate(database)
  })
  after(() => database.close())

  couponStoreContract('SQL on PGlite', async (crashPoint) => {
    await database.script('truncate coupons.coupons, coupons.issued_coupons, coupons.positions')
    return { store: createCouponStoreSql({ database, crashPoint }), close: async () => {} }
  })
})

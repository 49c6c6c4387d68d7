// Runs the coupon store contract on every adapter of the port.

import { after, before, describe } from 'node:test'
import type { Database } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { createCouponStoreMemory } from '../../src/adapters/memory/coupon-store.ts'
import { createCouponStoreSql } from '../../src/adapters/stores/coupon-store.ts'
import { couponKey } from '../../src/ports/orders.ts'
import { couponStoreContract } from './coupon-store.ts'
import { emptyCouponTables, useCouponSql } from './coupon-store-samples.ts'
import { openPgliteCopy } from './pglite-copies.ts'

couponStoreContract('memory', async (crashPoint) => {
  const uses = new Map<string, string>()
  return {
    store: createCouponStoreMemory({ crashPoint, step: { uses } }),
    use: async (of) => void uses.set(couponKey(of), of.orderId),
    close: async () => {},
  }
})

describe('with a database that is emptied for each test', () => {
  let database: Database
  before(async () => {
    database = await openPgliteCopy()
    await migrate(database)
  })
  after(() => database.close())

  couponStoreContract('SQL on PGlite', async (crashPoint) => {
    await database.script(emptyCouponTables)
    return {
      store: createCouponStoreSql({ database, crashPoint }),
      use: useCouponSql(database),
      close: async () => {},
    }
  })
})

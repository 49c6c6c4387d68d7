// Runs the contracts of the steps' stores on the memory twins and on PGlite.

import { after, before, describe } from 'node:test'
import type { Database } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { openDatabasePglite } from '../../src/adapters/database/pglite.ts'
import {
  createCouponStepStoreMemory,
  emptyCouponTables,
} from '../../src/adapters/memory/coupon-step.ts'
import {
  createPaymentStepStoreMemory,
  createWalletStoreMemory,
  emptyPaymentTables,
} from '../../src/adapters/memory/payment-step.ts'
import { couponKey } from '../../src/ports/orders.ts'
import { couponStepContract, paymentContract } from './step-stores.ts'
import { openCouponStepSql, openPaymentSql } from './step-stores-sql.ts'

couponStepContract('memory', async () => {
  const tables = emptyCouponTables()
  return {
    store: createCouponStepStoreMemory(tables),
    async issue(coupons, next) {
      tables.issuerNext.set(2, next)
      for (const { couponId, userId, discount } of coupons) {
        const key = couponKey({ couponId, userId })
        tables.issued.set(key, discount === undefined ? {} : { discount })
      }
    },
    async close() {},
  }
})

paymentContract('memory', async () => {
  const tables = emptyPaymentTables()
  const wallet = createWalletStoreMemory(tables)
  return { store: createPaymentStepStoreMemory(tables), wallet, async close() {} }
})

describe('with a database that is emptied for each test', () => {
  let database: Database
  before(async () => {
    database = await openDatabasePglite()
    await migrate(database)
  })
  after(() => database.close())

  couponStepContract('SQL on PGlite', () => openCouponStepSql(database))
  paymentContract('SQL on PGlite', () => openPaymentSql(database))
})

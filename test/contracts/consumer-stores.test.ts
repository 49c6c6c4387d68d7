// Runs the contracts of the stores of the consumers of orders, and of the reader that the API has
// of them, on the memory twins and on PGlite.

import { after, before, describe } from 'node:test'
import type { Database } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import {
  createCouponStepStoreMemory,
  createDeadLetterStoreMemory,
  createOrderStoreMemory,
  createStockStepStoreMemory,
  emptyCouponTables,
} from '../../src/adapters/memory/consumer-stores.ts'
import { createOrdersReaderMemory } from '../../src/adapters/memory/orders-reader.ts'
import {
  createPaymentStepStoreMemory,
  createWalletStoreMemory,
  emptyPaymentTables,
} from '../../src/adapters/memory/payment-stores.ts'
import { heldTerms } from '../../src/domain/coupons/validity.ts'
import { couponKey } from '../../src/ports/orders.ts'
import { consumerStoreContract } from './consumer-store.ts'
import { consumerStoreContractsSql, noOrders, noStock } from './consumer-stores-sql.ts'
import { deadLetterStoreContract } from './dead-letter-store.ts'
import { orderStoreContract } from './order-store.ts'
import { ordersReaderContract, ordersTables } from './orders-reader.ts'
import { paymentContract } from './payment-step-store.ts'
import { openPgliteCopy } from './pglite-copies.ts'
import { racingInMemory, revokeRaces } from './revokes/revoke-races.ts'
import { couponStepContract, wonAt } from './step-stores.ts'
import { stockStepContract } from './stock-step-store.ts'

const close = async () => {}

consumerStoreContract("the stock step's, in memory", async () => {
  const store = createStockStepStoreMemory()
  return { store, ...noStock, taken: async (...place) => store.taken(...place), close }
})
consumerStoreContract("the order process's, in memory", async () => {
  const store = createOrderStoreMemory()
  return { store, ...noOrders, taken: async (...place) => store.taken(...place), close }
})
stockStepContract('memory', async () => ({ store: createStockStepStoreMemory(), close }))
orderStoreContract('memory', async () => ({ store: createOrderStoreMemory(), close }))
deadLetterStoreContract('memory', async () => createDeadLetterStoreMemory())
ordersReaderContract('memory', async () => createOrdersReaderMemory(ordersTables()))
couponStepContract('memory', async () => {
  const tables = emptyCouponTables()
  return {
    store: createCouponStepStoreMemory(tables),
    async issue(coupons, next) {
      tables.issuerNext.set(2, next)
      for (const [n, { couponId, userId, ...offer }] of coupons.entries()) {
        const terms = { name: couponId, quantity: 9, ...offer }
        tables.issued.set(couponKey({ couponId, userId }), heldTerms(terms, wonAt(n + 1)))
      }
    },
    async revoke({ couponId, userId = '' }, next) {
      tables.issuerNext.set(2, next)
      const isOf = (key: string) => key.startsWith(couponKey({ couponId, userId }))
      for (const key of tables.issued.keys()) if (isOf(key)) tables.revoked.add(key)
    },
    close,
  }
})
revokeRaces('memory', racingInMemory)

paymentContract('memory', async () => {
  const tables = emptyPaymentTables()
  const wallet = createWalletStoreMemory(tables)
  return { store: createPaymentStepStoreMemory(tables), wallet, close }
})

describe('with a database that is emptied for each test', () => {
  let database: Database
  before(async () => {
    database = await openPgliteCopy()
    await migrate(database)
  })
  after(() => database.close())

  consumerStoreContractsSql('SQL on PGlite', () => database)
})

// Runs the contract of all stores of consumers, and those of the stock step and of the order
// process, on the memory twins and on PGlite.

import { after, before, describe } from 'node:test'
import type { Database } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { openDatabasePglite } from '../../src/adapters/database/pglite.ts'
import { createOrderStoreMemory } from '../../src/adapters/memory/order-process.ts'
import { createStockStepStoreMemory } from '../../src/adapters/memory/stock-step.ts'
import { consumerStoreContract } from './consumer-store.ts'
import { consumerStoreContractsSql, noOrders, noStock } from './consumer-stores-sql.ts'
import { orderStoreContract } from './order-store.ts'
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

describe('with a database that is emptied for each test', () => {
  let database: Database
  before(async () => {
    database = await openDatabasePglite()
    await migrate(database)
  })
  after(() => database.close())

  consumerStoreContractsSql('SQL on PGlite', () => database)
})

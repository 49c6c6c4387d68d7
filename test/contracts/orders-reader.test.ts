// Runs the contract of the reader of orders on its memory twin and on PGlite.

import { after, before, describe } from 'node:test'
import type { Database } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { openDatabasePglite } from '../../src/adapters/database/pglite.ts'
import { createOrdersReaderMemory } from '../../src/adapters/memory/orders-reader.ts'
import { createOrdersReaderSql } from '../../src/adapters/stores/orders-reader.ts'
import { fillOrders, ordersReaderContract, ordersTables } from './orders-reader.ts'

ordersReaderContract('memory', async () => createOrdersReaderMemory(ordersTables()))

describe('with a database', () => {
  let database: Database
  before(async () => {
    database = await openDatabasePglite()
    await migrate(database)
    await fillOrders(database)
  })
  after(() => database.close())

  ordersReaderContract('SQL on PGlite', async () => createOrdersReaderSql(database))
})

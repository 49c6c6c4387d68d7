// Runs the contracts of the database and of the stores on a PostgreSQL server.

import { after, describe } from 'node:test'
import { systemClock } from '../../src/adapters/clock-system.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { startPostgres } from '../../src/adapters/database/postgres.ts'
import { postgresMigrationLimits } from '../../src/adapters/database/postgres-limits.ts'
import { createCouponStoreSql } from '../../src/adapters/stores/coupon-store.ts'
import { createOrdersReaderSql } from '../../src/adapters/stores/orders-reader.ts'
import { postgresForTests } from '../services/postgres.ts'
import { couponStoreContract } from './coupon-store.ts'
import { emptyCouponTables, useCouponSql } from './coupon-store-samples.ts'
import { databaseContract, queryableContract } from './database.ts'
import { emptyOrderTables, fillOrders, ordersReaderContract } from './orders-reader.ts'
import { couponStepContract, paymentContract } from './step-stores.ts'
import { openCouponStepSql, openPaymentSql } from './step-stores-sql.ts'

const postgres = await postgresForTests()
after(postgres.close)
const clock = systemClock()

describe('on a PostgreSQL server', { skip: postgres.skip }, async () => {
  const url = await postgres.newDatabase()
  const open = async () => startPostgres({ url, clock })

  databaseContract('PostgreSQL', open)

  queryableContract('PostgreSQL', async () => {
    const database = await open()
    return { database, owner: database, close: database.close }
  })

  const migrating = startPostgres({ url, clock, limits: postgresMigrationLimits })
  await migrate(migrating)
  await migrating.close()
  const database = await open()
  after(() => database.close())

  couponStoreContract('SQL on PostgreSQL', async (crashPoint) => {
    await database.script(emptyCouponTables)
    return {
      store: createCouponStoreSql({ database, crashPoint }),
      use: useCouponSql(database),
      close: async () => {},
    }
  })

  couponStepContract('SQL on PostgreSQL', () => openCouponStepSql(database))
  paymentContract('SQL on PostgreSQL', () => openPaymentSql(database))
  ordersReaderContract('SQL on PostgreSQL', async () => {
    await database.script(emptyOrderTables)
    await fillOrders(database)
    return createOrdersReaderSql(database)
  })
})

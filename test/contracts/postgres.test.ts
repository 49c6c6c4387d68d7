// Runs the contracts of the database and of the stores on a PostgreSQL server. No PGlite here: it
// holds up its process while it starts, longer than a connection may take.

import { after, describe } from 'node:test'
import { systemClock } from '../../src/adapters/clock-system.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { startPostgres } from '../../src/adapters/database/postgres.ts'
import { postgresMigrationLimits } from '../../src/adapters/database/postgres-connection.ts'
import { createCouponStoreSql } from '../../src/adapters/stores/coupon-store.ts'
import { postgresForTests } from '../services/postgres.ts'
import { consumerStoreContractsSql } from './consumer-stores-sql.ts'
import { couponStoreContract } from './coupon-store.ts'
import { emptyCouponTables, useCouponSql } from './coupon-store-samples.ts'
import { databaseContract, queryableContract } from './database.ts'
import { proofContract } from './proof-store.ts'
import { openProofSql } from './proof-store-sql.ts'
import { rebuiltRevokes } from './revokes/rebuilt-revokes.ts'
import { racingOn, revokeRaces } from './revokes/revoke-races.ts'
import { snapshotsInRows } from './snapshot-store-sql.ts'

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

  proofContract('SQL on PostgreSQL', () => openProofSql(database))

  consumerStoreContractsSql('SQL on PostgreSQL', () => database)

  rebuiltRevokes('PostgreSQL', () => database)
  revokeRaces('PostgreSQL', () => racingOn(database))

  snapshotsInRows('rows on PostgreSQL', () => database)
})

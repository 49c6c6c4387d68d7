// Runs the contracts of the stores of consumers on a PostgreSQL server. In a file of its own:
// PGlite holds up its process while it starts, longer than a connection may take.

import { after, describe } from 'node:test'
import { systemClock } from '../../src/adapters/clock-system.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { startPostgres } from '../../src/adapters/database/postgres.ts'
import { postgresMigrationLimits } from '../../src/adapters/database/postgres-limits.ts'
import { postgresForTests } from '../services/postgres.ts'
import { consumerStoreContractsSql } from './consumer-stores-sql.ts'

const postgres = await postgresForTests()
after(postgres.close)

describe('on a PostgreSQL server', { skip: postgres.skip }, async () => {
  const url = await postgres.newDatabase()
  const clock = systemClock()
  const migrating = startPostgres({ url, clock, limits: postgresMigrationLimits })
  await migrate(migrating)
  await migrating.close()
  const database = startPostgres({ url, clock })
  after(() => database.close())

  consumerStoreContractsSql('SQL on PostgreSQL', () => database)
})

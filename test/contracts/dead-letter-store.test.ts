// Runs the contract of the dead letters' store on every adapter of the port.

import { after, before, describe } from 'node:test'
import { systemClock } from '../../src/adapters/clock-system.ts'
import type { Database } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { openDatabasePglite } from '../../src/adapters/database/pglite.ts'
import { startPostgres } from '../../src/adapters/database/postgres.ts'
import { postgresMigrationLimits } from '../../src/adapters/database/postgres-limits.ts'
import { createDeadLetterStoreMemory } from '../../src/adapters/memory/dead-letters.ts'
import { createDeadLetterStoreSql } from '../../src/adapters/stores/dead-letters.ts'
import { postgresForTests } from '../services/postgres.ts'
import { deadLetterStoreContract } from './dead-letter-store.ts'

const tables = ['letters', 'commands', 'consumer_positions']
const empty = `truncate ${tables.map((table) => `dead_letters.${table}`).join()}`
const postgres = await postgresForTests()
after(postgres.close)

deadLetterStoreContract('memory', async () => createDeadLetterStoreMemory())

describe('with a database that is emptied for each test', () => {
  let database: Database
  before(async () => {
    database = await openDatabasePglite()
    await migrate(database)
  })
  after(() => database.close())

  deadLetterStoreContract('SQL on PGlite', async () => {
    await database.script(empty)
    return createDeadLetterStoreSql(database)
  })
})

describe('on a PostgreSQL server', { skip: postgres.skip }, () => {
  let database: Database
  before(async () => {
    const url = await postgres.newDatabase()
    const clock = systemClock()
    const migrating = startPostgres({ url, clock, limits: postgresMigrationLimits })
    await migrate(migrating)
    await migrating.close()
    database = startPostgres({ url, clock })
  })
  after(() => database.close())

  deadLetterStoreContract('SQL on PostgreSQL', async () => {
    await database.script(empty)
    return createDeadLetterStoreSql(database)
  })
})

// Runs the contract of snapshots on rows in PGlite. That on files stands beside their adapter.

import { after, before, describe } from 'node:test'
import type { Database } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { openPgliteCopy } from './pglite-copies.ts'
import { snapshotsInRows } from './snapshot-store-sql.ts'

describe('with a database that is emptied for each test', () => {
  let database: Database
  before(async () => {
    database = await openPgliteCopy()
    await migrate(database)
  })
  after(() => database.close())

  snapshotsInRows('rows on PGlite', () => database)
})

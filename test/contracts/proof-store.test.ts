// Runs the contract of the proof's rows on the memory twin and on PGlite.

import { after, before, describe } from 'node:test'
import type { Database } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { createProofMemory } from '../../src/adapters/memory/proof-store.ts'
import { openPgliteCopy } from './pglite-copies.ts'
import { proofContract } from './proof-store.ts'
import { openProofSql } from './proof-store-sql.ts'

proofContract('memory', async () => {
  const { store, reader, refusals } = createProofMemory()
  return { store, reader, refusals: async () => [...refusals], close: async () => {} }
})

describe('with a database that is emptied for each test', () => {
  let database: Database
  before(async () => {
    database = await openPgliteCopy()
    await migrate(database)
  })
  after(() => database.close())

  proofContract('SQL on PGlite', () => openProofSql(database))
})

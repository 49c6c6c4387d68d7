// The proof's rows in SQL for their contract, emptied.

import type { Database } from '../../src/adapters/database/database.ts'
import { createProofReaderSql } from '../../src/adapters/stores/proof-reader.ts'
import { createProofStoreSql, readProofRefusals } from '../../src/adapters/stores/proof-store.ts'
import type { ProofUnderTest } from './proof-store.ts'

export async function openProofSql(database: Database): Promise<ProofUnderTest> {
  const store = createProofStoreSql(database)
  await store.drop()
  await database.script('truncate proof.checkpoints')
  return {
    store,
    reader: createProofReaderSql(database),
    refusals: () => readProofRefusals(database),
    close: async () => {},
  }
}

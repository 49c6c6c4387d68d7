// All rows of orders at once: for who makes them anew, while none of their consumers runs.

import type { Database } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'

export async function dropOrderRows(database: Database): Promise<void> {
  await database.query(loadStatements(['drop-order-rows'])['drop-order-rows'])
}

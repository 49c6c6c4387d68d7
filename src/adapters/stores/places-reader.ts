// Where every reader of the log stands, of all schemas: for the check that the log is the one that
// the rows were made from.

import type { ReadPlace } from '../../ports/log-check.ts'
import type { Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { fieldsOf } from './tables/locked-table.ts'

export async function readPlaces(database: Queryable): Promise<ReadPlace[]> {
  const { rows } = await database.query(loadStatements(['read-places'])['read-places'])
  return rows.map((cells) => fieldsOf<ReadPlace>(cells, placeFields))
}

const placeFields = ['reader', 'topic', 'partition', 'next', 'fingerprint'] as const

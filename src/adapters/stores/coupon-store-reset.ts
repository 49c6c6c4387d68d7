// Drops the projection in one transaction, so that its owners derive it anew from the log. They may
// run: the next batch of each is fenced by the position that has gone back, and they start again.

import type { LogBounds } from '../../ports/coupons.ts'
import type { Database } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { positionOwner } from './coupon-reader.ts'

/** `bounds`: of the claims log, by partition. */
export async function resetProjection(
  database: Database,
  bounds: readonly LogBounds[],
): Promise<void> {
  const statements = loadStatements(['lock-positions', 'reset-positions', 'drop-rows'])
  const partitions = bounds.map((_, partition) => partition)
  const ends = bounds.map(({ end }) => end)
  await database.transaction(async (session) => {
    await session.query(statements['lock-positions'])
    await session.query(statements['reset-positions'], [...positionOwner, partitions, ends])
    await session.query(statements['drop-rows'])
  })
}

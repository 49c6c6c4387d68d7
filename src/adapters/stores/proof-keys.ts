// The keys that have signed proofs before, in SQL, where published checkpoints are kept.

import type { OldKey } from '../../domain/proof/identity.ts'
import { formatInstant, parseExactInstant } from '../../domain/time.ts'
import type { Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'

/** The last one first. */
export async function readOldKeys(database: Queryable): Promise<OldKey[]> {
  const statement = loadStatements(['read-old-proof-keys'])['read-old-proof-keys']
  const { rows } = await database.query(statement)
  return rows.map(([id, name, key, until]) => ({
    id: String(id),
    name: String(name),
    key: String(key),
    until: formatInstant(Number(until)),
  }))
}

/** False: it is there already. */
export async function recordOldKey(
  database: Queryable,
  { id, name, key, until }: OldKey,
): Promise<boolean> {
  const statement = loadStatements(['record-old-proof-key'])['record-old-proof-key']
  const values = [id, name, key, parseExactInstant(until)]
  return (await database.query(statement, values)).count === 1
}

/** Of each coupon, up to where it was published. */
export async function publishedSizes(
  database: Queryable,
): Promise<{ couponId: string; size: number }[]> {
  const statement = loadStatements(['read-published-sizes'])['read-published-sizes']
  const { rows } = await database.query(statement)
  return rows.map(([couponId, size]) => ({ couponId: String(couponId), size: Number(size) }))
}

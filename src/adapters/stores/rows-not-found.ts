// What a transaction looked for and did not find it could not lock either, and another may write
// it meanwhile. It must then be inserted, never overwritten: who finds another's row instead is
// rolled back, and decides again over what is there now.

import { PortError } from '../../ports/coupons.ts'
import type { Queryable, SqlValue, Statement } from '../database/database.ts'

export type RowsNotFound = {
  /** Of one transaction: what it looked for, and what of that it found. */
  note(session: Queryable, wanted: readonly string[], found: ReadonlyMap<string, unknown>): void
  has(session: Queryable, id: string): boolean
}

export function createRowsNotFound(): RowsNotFound {
  const bySession = new WeakMap<Queryable, Set<string>>()
  return {
    note(session, wanted, found) {
      bySession.set(session, new Set(wanted.filter((id) => !found.has(id))))
    },
    has: (session, id) => bySession.get(session)?.has(id) ?? false,
  }
}

function checkInserted(count: number, wanted: number): void {
  if (count === wanted) return
  const text = 'another transaction met the same rows first'
  throw new PortError('store_unavailable', text, { retryable: true })
}

export type RowWriting<Row> = {
  notFound: RowsNotFound
  insert: Statement
  upsert: Statement
  idOf(row: Row): string
  columns(rows: readonly Row[]): SqlValue[]
}

/** In the order of their ids: inserts what the transaction did not find, updates what it locked. */
export async function writeRows<Row>(
  session: Queryable,
  rows: readonly Row[],
  { notFound, insert, upsert, idOf, columns }: RowWriting<Row>,
): Promise<void> {
  const sorted = rows.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  const first = sorted.filter((row) => notFound.has(session, idOf(row)))
  const later = sorted.filter((row) => !notFound.has(session, idOf(row)))
  if (first.length > 0) {
    const { count } = await session.query(insert, columns(first))
    checkInserted(count, first.length)
  }
  if (later.length > 0) await session.query(upsert, columns(later))
}

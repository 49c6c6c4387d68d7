// What a transaction looked for and did not find it could not lock either, and another may write
// it meanwhile. It must then be inserted, never overwritten: who finds another's row instead is
// rolled back, and decides again over what is there now.

import { PortError } from '../ports.ts'
import type { Queryable } from './database.ts'

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

export function checkInserted(count: number, wanted: number): void {
  if (count === wanted) return
  const text = 'another transaction met the same rows first'
  throw new PortError('store_unavailable', text, { retryable: true })
}

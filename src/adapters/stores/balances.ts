// The wallets' balances in SQL. The payment step tops them up and the built-in provider charges
// them, in transactions of their own, so both lock them in the order of the user ids.

import type { Queryable, SqlValue } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { createRowsNotFound, writeRows } from './rows-not-found.ts'

export type BalanceTable = {
  /** Locked; users who never topped up are missing. */
  load(session: Queryable, userIds: readonly string[]): Promise<Map<string, number>>
  write(session: Queryable, balances: ReadonlyMap<string, number>): Promise<void>
}

export function balanceTable(): BalanceTable {
  const statements = loadStatements(['insert-balances', 'lock-balances', 'upsert-balances'])
  const notFound = createRowsNotFound()
  return {
    async load(session, userIds) {
      if (userIds.length === 0) return new Map()
      const { rows } = await session.query(statements['lock-balances'], [userIds])
      const found = new Map(rows.map((row) => row as readonly [string, number]))
      notFound.note(session, userIds, found)
      return found
    },
    write(session, balances) {
      return writeRows(session, [...balances], {
        notFound,
        insert: statements['insert-balances'],
        upsert: statements['upsert-balances'],
        idOf: ([userId]) => userId,
        columns: columnsOf,
      })
    },
  }
}

function columnsOf(balances: readonly (readonly [string, number])[]): SqlValue[] {
  return [balances.map(([userId]) => userId), balances.map(([, balance]) => balance)]
}

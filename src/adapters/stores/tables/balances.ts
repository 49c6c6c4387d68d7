// The wallets' balances in SQL. The payment step tops them up and the built-in provider charges
// them, in transactions of their own, so both lock them in the order of the user ids.

import type { Queryable } from '../../database/database.ts'
import { loadStatements } from '../../database/statements.ts'
import { lockedTable } from './locked-table.ts'

/** By user id; users who never topped up are missing. */
export function balanceTable() {
  const table = lockedTable<readonly [string, number], 'balances'>({
    name: 'balances',
    statements: loadStatements(['lock-balances', 'insert-balances', 'upsert-balances']),
    idOf: ([userId]) => userId,
    rowOf: (cells) => cells as [string, number],
    columns: (rows) => [rows.map(([userId]) => userId), rows.map(([, balance]) => balance)],
  })
  return {
    load: async (session: Queryable, userIds: readonly string[]) =>
      new Map((await table.load(session, userIds)).values()),
    write: (session: Queryable, balances: ReadonlyMap<string, number>) =>
      table.write(session, [...balances]),
  }
}

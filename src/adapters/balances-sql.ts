// The wallets' balances in SQL. The payment step tops them up and the built-in provider charges
// them, in transactions of their own, so both lock them in the order of the user ids.

import type { Queryable } from './database.ts'
import { loadStatements } from './statements.ts'

export type BalanceTable = {
  /** Locked; users who never topped up are missing. */
  load(session: Queryable, userIds: readonly string[]): Promise<Map<string, number>>
  write(session: Queryable, balances: ReadonlyMap<string, number>): Promise<void>
}

export function balanceTable(): BalanceTable {
  const statements = loadStatements(['lock-balances', 'upsert-balances'])
  return {
    async load(session, userIds) {
      if (userIds.length === 0) return new Map()
      const { rows } = await session.query(statements['lock-balances'], [userIds])
      return new Map(rows.map((row) => row as readonly [string, number]))
    },
    async write(session, balances) {
      if (balances.size === 0) return
      const sorted = [...balances].toSorted(([a], [b]) => (a < b ? -1 : 1))
      await session.query(statements['upsert-balances'], [
        sorted.map(([userId]) => userId),
        sorted.map(([, balance]) => balance),
      ])
    },
  }
}

// What became of operators' commands, read by the consumer that stores it and by the API that waits
// for it. Each consumer has such a table in its own schema.

import { type CommandName, commandKey, type DoneCommand } from '../../ports/orders.ts'
import type { Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import type { ConsumerSchema } from './consumer-store.ts'

/** By `commandKey`; those that were not applied are missing. */
export type ReadCommands = (
  session: Queryable,
  names: readonly CommandName[],
) => Promise<Map<string, DoneCommand>>

export function commandReader(schema: ConsumerSchema): ReadCommands {
  const statements = loadStatements(['read-commands'], schema)
  return async (session, names) => {
    if (names.length === 0) return new Map()
    const { rows } = await session.query(statements['read-commands'], [
      names.map(({ key }) => key),
      names.map(({ commandId }) => commandId),
    ])
    return new Map(
      rows.map((row) => {
        const [key, commandId, amount, outcome] = row as CommandCells
        const done = { key, commandId, amount, outcome }
        return [commandKey(done), done]
      }),
    )
  }
}

type CommandCells = readonly [
  key: string,
  commandId: string,
  amount: number | null,
  outcome: string,
]

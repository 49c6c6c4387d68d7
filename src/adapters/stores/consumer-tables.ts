// The tables that consumers of orders have in common: the row of a step for each order, and what
// became of operators' commands. Each consumer has them in its own schema.

import { type CommandName, commandKey, type DoneCommand } from '../../ports/orders.ts'
import type { Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import type { ConsumerSchema } from './consumer-store.ts'
import { columnsOf, fieldsOf, jsonOf, type LockedTable, lockedTable } from './locked-table.ts'

/** A row of a step that knows something of an order. */
type StoredRow = { status: string; orderId: string }

/** Orders that the step never met are missing. */
export function stepRows<Row extends { status: string }>(schema: ConsumerSchema): LockedTable<Row> {
  const names = ['lock-step-rows', 'insert-step-rows', 'upsert-step-rows'] as const
  return lockedTable<Row, 'step-rows'>({
    name: 'step-rows',
    statements: loadStatements(names, schema),
    idOf: (row) => stored(row).orderId,
    rowOf: (cells) => jsonOf(cells) as Row,
    columns: (rows) => [
      ...columnsOf(rows.map(stored), 'orderId', 'status'),
      rows.map((row) => JSON.stringify(row)),
    ],
  })
}

function stored(row: { status: string }): StoredRow {
  return row as StoredRow
}

/** By `commandKey`; those that were not applied are missing. */
export type ReadCommands = (
  session: Queryable,
  names: readonly CommandName[],
) => Promise<Map<string, DoneCommand>>

/** Also for the API, which waits for a command to be done. */
export function commandReader(schema: ConsumerSchema): ReadCommands {
  const statement = loadStatements(['read-commands'], schema)['read-commands']
  return async (session, names) => {
    if (names.length === 0) return new Map()
    const { rows } = await session.query(statement, columnsOf(names, 'key', 'commandId'))
    const done = rows.map((cells) => fieldsOf<DoneCommand>(cells, commandFields))
    return new Map(done.map((command) => [commandKey(command), command]))
  }
}

const commandFields = ['key', 'commandId', 'amount', 'outcome'] as const

export type CommandTable = {
  load: ReadCommands
  write(session: Queryable, commands: readonly DoneCommand[]): Promise<void>
}

export function commandTable(schema: ConsumerSchema): CommandTable {
  const statement = loadStatements(['insert-commands'], schema)['insert-commands']
  return {
    load: commandReader(schema),
    async write(session, commands) {
      if (commands.length === 0) return
      await session.query(statement, columnsOf(commands, ...commandFields))
    },
  }
}

// The tables that consumers of orders have in common: the row of a step for each order, and what
// became of operators' commands. Each consumer has them in its own schema.

import type { DoneCommand } from '../../ports/orders.ts'
import type { Queryable, SqlValue } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { commandReader, type ReadCommands } from './commands.ts'
import type { ConsumerSchema } from './consumer-store.ts'
import { createRowsNotFound, writeRows } from './rows-not-found.ts'

/** A row of a step that knows something of an order. */
type StoredRow = { status: string; orderId: string }

export type StepRows<Row extends { status: string }> = {
  /** By order id; locked. Orders that the step never met are missing. */
  load(session: Queryable, orderIds: readonly string[]): Promise<Map<string, Row>>
  write(session: Queryable, rows: readonly Row[]): Promise<void>
}

export function stepRows<Row extends { status: string }>(schema: ConsumerSchema): StepRows<Row> {
  const names = ['insert-step-rows', 'read-step-rows', 'upsert-step-rows'] as const
  const statements = loadStatements(names, schema)
  const notFound = createRowsNotFound()
  return {
    async load(session, orderIds) {
      if (orderIds.length === 0) return new Map()
      const { rows } = await session.query(statements['read-step-rows'], [orderIds])
      const found = new Map(
        rows.map(([text]) => {
          const row = JSON.parse(String(text)) as Row & StoredRow
          return [row.orderId, row]
        }),
      )
      notFound.note(session, orderIds, found)
      return found
    },
    write(session, rows) {
      const stored = rows as readonly unknown[] as readonly StoredRow[]
      return writeRows(session, stored, {
        notFound,
        insert: statements['insert-step-rows'],
        upsert: statements['upsert-step-rows'],
        idOf: ({ orderId }) => orderId,
        columns: rowColumns,
      })
    },
  }
}

function rowColumns(rows: readonly StoredRow[]): SqlValue[] {
  return [
    rows.map(({ orderId }) => orderId),
    rows.map(({ status }) => status),
    rows.map((row) => JSON.stringify(row)),
  ]
}

export type CommandTable = {
  load: ReadCommands
  write(session: Queryable, commands: readonly DoneCommand[]): Promise<void>
}

export function commandTable(schema: ConsumerSchema): CommandTable {
  const statements = loadStatements(['insert-commands'], schema)
  return {
    load: commandReader(schema),
    async write(session, commands) {
      if (commands.length === 0) return
      await session.query(statements['insert-commands'], [
        commands.map(({ key }) => key),
        commands.map(({ commandId }) => commandId),
        commands.map(({ amount }) => amount),
        commands.map(({ outcome }) => outcome),
      ])
    },
  }
}

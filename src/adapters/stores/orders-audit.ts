// What an audit reads of the consumers of orders, from SQL. Over a database of its own all of it is
// as of one moment; over a handle without transactions each page is of its own.

import { setImmediate as otherWork } from 'node:timers/promises'
import {
  type AuditedPosition,
  type AuditedRows,
  type AuditedTable,
  type AuditKey,
  type AuditQuery,
  auditedTables,
  type OrdersAuditReader,
  type OrdersAuditSource,
} from '../../ports/orders-audit.ts'
import type { Database, Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { readPaymentTaker } from './fingerprints.ts'

/** All pages in one snapshot: the database must bear a transaction that lasts as long as they. */
export function createOrdersAuditSql(database: Database): OrdersAuditSource {
  return {
    oneMoment: true,
    read: (run) => {
      return database.transaction((session) => run(createOrdersAuditReaderSql(session)), 'snapshot')
    },
  }
}

export function createOrdersAuditReaderSql(database: Queryable): OrdersAuditReader {
  const names = auditedTables.map((table) => `audit-${table}` as const)
  const statements = loadStatements(['audit-positions', ...names])
  return {
    paymentsBy: () => readPaymentTaker(database),
    async positions() {
      const { rows } = await database.query(statements['audit-positions'])
      return rows.map(([position]) => JSON.parse(String(position)) as AuditedPosition)
    },
    async page<Table extends AuditedTable>({ table, limit, after }: AuditQuery<Table>) {
      const key = keysOfTwo.includes(table) ? after : after.slice(0, 1)
      const found = await database.query(statements[`audit-${table}`], [...key, limit])
      const rows: AuditedRows[Table][] = []
      for (const [, , row] of found.rows) {
        rows.push(JSON.parse(String(row)))
        if (rows.length % rowsPerTurn === 0) await otherWork()
      }
      const last = rows.length < limit ? undefined : found.rows.at(-1)
      return last === undefined ? { rows } : { rows, next: last.slice(0, 2) as unknown as AuditKey }
    },
  }
}

/** Read at once, before others have their turn: a row of an order with 50 lines has some 5 kB. */
const rowsPerTurn = 50

const keysOfTwo: readonly AuditedTable[] = [
  'uses',
  'stock-commands',
  'payment-commands',
  'letter-commands',
]

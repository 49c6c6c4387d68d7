// What an audit reads of the consumers of orders, from SQL. Over a database of its own all of it is
// as of one moment; over a handle without transactions each page is of its own. A page is a few
// long texts, which cost the thread that answers claims next to nothing, however many rows it has.

import {
  type AuditedPosition,
  type AuditedTable,
  type AuditKey,
  type AuditPage,
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
    async page({ table, limit, after }) {
      const key = keysOfTwo.includes(table) ? after : after.slice(0, 1)
      const found = await database.query(statements[`audit-${table}`], [...key, limit])
      const [rows, about, last, count] = found.rows[0] as Page
      if (rows === null || about === null || last === null) return { rows: '', about: [] }
      const page: AuditPage = { rows, about: JSON.parse(about) as string[] }
      return count < limit ? page : { ...page, next: JSON.parse(last) as AuditKey }
    },
  }
}

/** Of no row at all there is no text. */
type Page = [rows: string | null, about: string | null, last: string | null, count: number]

const keysOfTwo: readonly AuditedTable[] = [
  'uses',
  'stock-commands',
  'payment-commands',
  'letter-commands',
]

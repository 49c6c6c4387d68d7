// What an audit reads of the consumers of orders, from SQL. Over a database of its own all of it is
// as of one moment; over a handle without transactions each part of a page is of its own. A part is
// a few long texts, which cost the thread that answers claims a few milliseconds at most; a page
// has as many as it takes, and where its rows are large it ends before its limit.

import {
  type AuditedPosition,
  type AuditedTable,
  type AuditKey,
  type AuditPage,
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

/** With fifty lines a row is some 6 kB, and a part some 3 MB: 4 ms to take it over. */
const rowsPerPartMax = 500
/** A page has at most that many, and one more part. */
const charactersMax = 1_000_000

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
      const texts: string[] = []
      const about: string[] = []
      let characters = 0
      let next: AuditKey | undefined = after
      while (next !== undefined && about.length < limit && characters < charactersMax) {
        const rows = Math.min(rowsPerPartMax, limit - about.length)
        const part: AuditPage = await partOf({ table, limit: rows, after: next })
        if (part.rows !== '') texts.push(part.rows)
        for (const one of part.about) about.push(one)
        characters += part.rows.length
        next = part.next
      }
      const page = { rows: texts.join(',\n'), about }
      return next === undefined ? page : { ...page, next }
    },
  }

  async function partOf({ table, limit, after }: AuditQuery): Promise<AuditPage> {
    const key = keysOfTwo.includes(table) ? after : after.slice(0, 1)
    const found = await database.query(statements[`audit-${table}`], [...key, limit])
    const [rows, about, last, count] = found.rows[0] as Page
    if (rows === null || about === null || last === null) return { rows: '', about: [] }
    const part: AuditPage = { rows, about: JSON.parse(about) as string[] }
    return count < limit ? part : { ...part, next: JSON.parse(last) as AuditKey }
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

// What an audit reads of the consumers of orders, from SQL. Over a database of its own all of it is
// as of one moment; over a handle without transactions each page is of its own.

import type {
  AwaitedOrder,
  CouponRow,
  Order,
  PaymentRow,
  StockRow,
} from '../../domain/orders/state.ts'
import {
  type AuditedPosition,
  type AuditedRows,
  type AuditedTable,
  auditedTables,
  type ConsumerName,
  type OrdersAuditReader,
  type OrdersAuditSource,
} from '../../ports/orders.ts'
import type { Database, Queryable, SqlRow } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'

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
    async positions() {
      const { rows } = await database.query(statements['audit-positions'])
      return rows.map(positionOf)
    },
    async page({ table, limit, after }) {
      const key = keysOfTwo.includes(table) ? after : after.slice(0, 1)
      const { rows } = await database.query(statements[`audit-${table}`], [...key, limit])
      return rows.map(readers[table])
    },
  }
}

const keysOfTwo: readonly AuditedTable[] = ['uses', 'stock-commands', 'payment-commands']

function positionOf(row: SqlRow): AuditedPosition {
  const [consumer, topic, ...numbers] = row as [ConsumerName, string, ...number[]]
  const [partition = 0, next = 0, published = 0, ...counts] = numbers
  const [applied = 0, dropped = 0, postponed = 0, buried = 0, passedBy = 0] = counts
  const taken = { applied, dropped, postponed, buried, passedBy }
  return { consumer, topic, partition, next, published, taken }
}

type StepCells = readonly [orderId: string, status: string, row: string]

/** The columns of a row, in the order of its statement. */
const readers: { [Table in AuditedTable]: (row: SqlRow) => AuditedRows[Table] } = {
  orders(row) {
    const [status, unannounced, state] = row as [string, boolean, string]
    return { status, unannounced, state: JSON.parse(state) as AwaitedOrder | Order }
  },
  'coupon-rows'(row) {
    const [orderId, status, text] = row as StepCells
    return { orderId, status, row: JSON.parse(text) as CouponRow }
  },
  'stock-rows'(row) {
    const [orderId, status, text] = row as StepCells
    return { orderId, status, row: JSON.parse(text) as StockRow }
  },
  'payment-rows'(row) {
    const [orderId, status, text] = row as StepCells
    return { orderId, status, row: JSON.parse(text) as PaymentRow }
  },
  uses(row) {
    const [userId, couponId, orderId] = row as [string, string, string]
    return { userId, couponId, orderId }
  },
  products(row) {
    const [productId, name, ...numbers] = row as [string, string, ...number[]]
    const [price = 0, initial = 0, supplied = 0, available = 0, held = 0, sold = 0] = numbers
    const quantities = { initial, supplied, available, held, sold }
    return { status: 'stocked', productId, name, price, ...quantities }
  },
  balances(row) {
    const [userId, balance] = row as [string, number]
    return { userId, balance }
  },
  charges(row) {
    const [orderId, userId, status, amount] = row as [string, string, string, number]
    return { orderId, userId, status, amount }
  },
  'stock-commands': commandOf,
  'payment-commands': commandOf,
  letters(row) {
    const [letter, status] = row as [string, AuditedRows['letters']['status']]
    const { id, consumer, origin, key, redrivable, acts } = JSON.parse(
      letter,
    ) as AuditedRows['letters']
    return { id, consumer, status, origin, key, redrivable, acts }
  },
}

function commandOf(row: SqlRow): AuditedRows['stock-commands'] {
  const [key, commandId, amount, outcome] = row as [string, string, number | null, string]
  return { key, commandId, amount, outcome }
}

// What the API reads of orders, from the schemas of their consumers: one statement for each call,
// so it needs no transaction and works over a handle into another thread.

import { ordersTopic } from '../../domain/orders/messages.ts'
import type { Order } from '../../domain/orders/state.ts'
import type { DeadLetterChanges } from '../../ports/orders.ts'
import type { CommandConsumer, OrdersReader } from '../../ports/orders-reader.ts'
import type { Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { commandReader, doneCommandOf, type ReadCommands } from './consumer-store.ts'
import { productOf } from './stock-step.ts'
import { jsonOf } from './tables/locked-table.ts'

type DeadLetter = DeadLetterChanges['letters'][number]
type LetterSummary = Awaited<ReturnType<OrdersReader['deadLetters']>>[number]

/** Sorts behind whatever may follow in an id. */
const lastSymbol = '\u{10ffff}'

export function createOrdersReaderSql(database: Queryable): OrdersReader {
  const statements = loadStatements([
    'find-stock-commands',
    'read-balance',
    'find-orders-of-user',
    'group-dead-letters',
    'read-dead-letter',
    'read-dead-letters',
    'read-orders',
    'read-orders-applied',
    'read-product',
  ])

  const readers = {
    'stock-step': commandReader('stock'),
    'payment-step': commandReader('payments'),
    'dead-letters': commandReader('dead_letters'),
  } satisfies Record<CommandConsumer, ReadCommands>

  return {
    async orders(orderIds) {
      const { rows } = await database.query(statements['read-orders'], [orderIds])
      return rows.map((cells) => jsonOf(cells) as Order)
    },
    async ordersOf(userId, { limit, after = null }) {
      const values = [userId, limit, after]
      const { rows } = await database.query(statements['find-orders-of-user'], values)
      return rows.map((cells) => jsonOf(cells) as Order)
    },
    async product(productId) {
      const { rows } = await database.query(statements['read-product'], [productId])
      return rows[0] === undefined ? null : productOf(rows[0])
    },
    async balance(userId) {
      const { rows } = await database.query(statements['read-balance'], [userId])
      return Number(rows[0]?.[0] ?? 0)
    },
    async commands(by, names) {
      return [...(await readers[by](database, names)).values()]
    },
    async productCommands(idsFrom) {
      const values = [idsFrom, idsFrom.concat(lastSymbol)]
      const { rows } = await database.query(statements['find-stock-commands'], values)
      return rows.map(doneCommandOf)
    },
    async ordersApplied() {
      const { rows } = await database.query(statements['read-orders-applied'], [ordersTopic])
      return new Map(rows.map((row) => row as unknown as readonly [number, number]))
    },
    async deadLetters({ limit, after = '', status = null, consumer = null, reason = null }) {
      const values = [after, limit, status, consumer, reason]
      const { rows } = await database.query(statements['read-dead-letters'], values)
      return rows.map((cells) => jsonOf(cells) as LetterSummary)
    },
    async deadLetterGroups({ lettersMax, groupsMax }) {
      const values = [lettersMax, groupsMax]
      const { rows } = await database.query(statements['group-dead-letters'], values)
      return rows.map(([consumer, reason, count, redrivable]) => ({
        consumer: String(consumer),
        reason: String(reason),
        count: Number(count),
        redrivable: Number(redrivable),
      }))
    },
    async deadLetter(id) {
      const { rows } = await database.query(statements['read-dead-letter'], [id])
      return rows[0] === undefined ? null : (jsonOf(rows[0]) as DeadLetter)
    },
  }
}

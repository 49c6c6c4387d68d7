// What the order process keeps in SQL: the state of every order. The columns beside the state are
// for what is looked for: orders whose time is over, and ends that may not be published yet.

import type { AwaitedOrder, Order, OrderState } from '../../domain/orders/state.ts'
import type { OrderChange, OrderStore } from '../../ports/orders.ts'
import type { Database, Queryable, SqlValue } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { createConsumerStoreSql } from './consumer-store.ts'
import { createRowsNotFound, writeRows } from './rows-not-found.ts'

type Known = AwaitedOrder | Order

export function createOrderStoreSql(database: Database): OrderStore {
  const statements = loadStatements([
    'insert-orders',
    'lock-orders',
    'upsert-orders',
    'find-overdue-orders',
    'find-unannounced-orders',
    'mark-orders-announced',
  ])

  const notFound = createRowsNotFound()

  function write(session: Queryable, changes: readonly OrderChange[]): Promise<void> {
    return writeRows(session, changes, {
      notFound,
      insert: statements['insert-orders'],
      upsert: statements['upsert-orders'],
      idOf: ({ state }) => state.orderId,
      columns: orderColumns,
    })
  }

  const store = createConsumerStoreSql<
    { orderIds: readonly string[] },
    Map<string, OrderState>,
    OrderChange[]
  >(
    { database, schema: 'orders' },
    {
      async load(session, { orderIds }) {
        if (orderIds.length === 0) return new Map()
        const { rows } = await session.query(statements['lock-orders'], [orderIds])
        const states = rows.map(([text]) => JSON.parse(String(text)) as Known)
        const found = new Map<string, OrderState>(states.map((state) => [state.orderId, state]))
        notFound.note(session, orderIds, found)
        return found
      },
      write,
    },
  )
  return {
    ...store,
    async overdue({ partitions, now, limit }) {
      const values = [partitions, now, limit]
      const { rows } = await database.query(statements['find-overdue-orders'], values)
      return rows.map(([orderId]) => String(orderId))
    },
    async unannounced({ partitions, limit }) {
      const values = [partitions, limit]
      const { rows } = await database.query(statements['find-unannounced-orders'], values)
      return rows.map(([text]) => JSON.parse(String(text)) as Order)
    },
    async markAnnounced(orderIds) {
      await database.query(statements['mark-orders-announced'], [orderIds])
    },
  }
}

function orderColumns(changes: readonly OrderChange[]): SqlValue[] {
  const states = changes.map(({ state }) => state)
  const met = states.map((state) => (state.status === 'awaited' ? null : state))
  return [
    states.map(({ orderId }) => orderId),
    changes.map(({ partition }) => partition),
    states.map(({ status }) => status),
    met.map((order) => order?.userId ?? null),
    met.map((order) => order?.placedAt ?? null),
    met.map((order) => order?.deadline ?? null),
    changes.map(({ unannounced }) => unannounced ?? null),
    states.map((state) => JSON.stringify(state)),
  ]
}

// What the order process keeps in SQL: the state of every order. The columns beside the state are
// for what is looked for: orders whose time is over, and ends that may not be published yet.

import type { Order } from '../../domain/orders/state.ts'
import type { OrderChange, OrderStore } from '../../ports/orders.ts'
import type { Database, SqlValue } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { createConsumerStoreSql } from './consumer-store.ts'
import { columnsOf, jsonOf } from './tables/locked-table.ts'
import { orderTable } from './tables/order-table.ts'

export function createOrderStoreSql(database: Database): OrderStore {
  const names = [
    'lock-orders',
    'store-orders',
    'next-deadlines',
    'find-unannounced-orders',
    'mark-orders-announced',
  ] as const
  const statements = loadStatements(names, 'orders')
  const table = orderTable<Pick<OrderChange, 'state'>>({
    statements: { lock: statements['lock-orders'], store: statements['store-orders'] },
    idOf: ({ state }) => state.orderId,
    rowOf: (text) => ({ state: JSON.parse(text) as Order }),
    columns: (changes) => orderColumns(changes as OrderChange[]),
  })
  const store: Omit<OrderStore, 'nextDeadlines' | 'unannounced' | 'markAnnounced'> =
    createConsumerStoreSql(
      { database, schema: 'orders' },
      {
        orders: { table, wanted: ({ orderIds }) => orderIds, changed: (rows) => ({ rows }) },
        async load(_session, _wanted, rows) {
          return new Map([...rows].map(([orderId, { state }]) => [orderId, state]))
        },
        async write() {},
      },
    )
  return {
    ...store,
    async nextDeadlines({ partitions, limit }) {
      const { rows } = await database.query(statements['next-deadlines'], [partitions, limit])
      return rows.map(([orderId, deadline]) => {
        return { orderId: String(orderId), deadline: Number(deadline) }
      })
    },
    async unannounced({ partitions, limit }) {
      const values = [partitions, limit]
      const { rows } = await database.query(statements['find-unannounced-orders'], values)
      return rows.map((cells) => jsonOf(cells) as Order)
    },
    async markAnnounced(orderIds) {
      await database.query(statements['mark-orders-announced'], [orderIds])
    },
  }
}

function orderColumns(changes: readonly OrderChange[]): SqlValue[] {
  const rows = changes.map(({ state, partition, unannounced = null }) => {
    const {
      userId = null,
      placedAt = null,
      deadline = null,
    } = state.status === 'awaited' ? {} : state
    const { orderId, status } = state
    const json = JSON.stringify(state)
    return { orderId, partition, status, userId, placedAt, deadline, unannounced, json }
  })
  return columnsOf(
    rows,
    ...(['orderId', 'partition', 'status', 'userId', 'placedAt', 'deadline'] as const),
    ...(['unannounced', 'json'] as const),
  )
}

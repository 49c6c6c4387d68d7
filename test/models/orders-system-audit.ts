// What an audit of orders reads, made from the stores of the real consumers on memory twins.

import { unsettledOf } from '../../src/domain/orders/wallet.ts'
import { consumerNames, isWaiting } from '../../src/ports/orders.ts'
import {
  type AuditedWorld,
  type AuditTables,
  emptyTables,
  letterRow,
  orderRow,
} from './orders-audit.ts'
import type { OrdersSystem } from './orders-consumers.ts'

export async function auditedSystem(system: OrdersSystem): Promise<AuditedWorld> {
  const { log, stores } = system
  const owners = {
    'order-process': stores.orders,
    'coupon-step': stores.coupons,
    'stock-step': stores.stock,
    'payment-step': stores.payment,
    'dead-letters': stores.letters,
  }
  const positions: AuditedWorld['positions'] = []
  for (const consumer of consumerNames) {
    const store = owners[consumer]
    for (const { topic, partition, next, published } of await store.positions()) {
      const taken = store.taken(topic, partition)
      positions.push({ consumer, topic, partition, next, published, taken })
    }
  }
  const clock = { at: 0, now: () => 0, monotonic: () => 0, after: () => () => {} }
  return { log, positions, tables: structuredClone(tablesOf(stores)), clock }
}

function tablesOf({
  orders,
  coupons,
  stock,
  payment,
  letters,
}: OrdersSystem['stores']): AuditTables {
  const tables = emptyTables()
  for (const { state, unannounced, partition } of orders.kept.values()) {
    const row = orderRow(state, unannounced)
    tables.orders.push({ ...row, columns: { ...row.columns, partition } })
  }
  tables['coupon-rows'] = rowsOf(coupons.tables.rows)
  tables['stock-rows'] = rowsOf(stock.tables.rows)
  tables['payment-rows'] = rowsOf(payment.tables.rows)
  for (const [key, orderId] of coupons.tables.uses) {
    const [couponId = '', userId = ''] = key.split(' ')
    tables.uses.push({ userId, couponId, orderId })
  }
  tables.products = [...stock.tables.products.values()]
  const balances = [...payment.tables.balances]
  tables.balances = balances.map(([userId, balance]) => ({ userId, balance }))
  for (const [orderId, { userId, charge }] of payment.tables.charges) {
    const { status } = charge
    const amount = status === 'captured' ? charge.amount : status === 'undone' ? charge.refunded : 0
    const reason = status === 'refused' ? charge.reason : null
    const unsettled = unsettledOf(charge) > 0
    tables.charges.push({ orderId, userId, status, amount, reason, unsettled })
  }
  tables['stock-commands'] = [...stock.tables.commands.values()]
  tables['payment-commands'] = [...payment.tables.commands.values()]
  tables.letters = [...letters.tables.letters.values()].map(letterRow)
  tables['letter-commands'] = [...letters.tables.commands.values()]
  return tables
}

function rowsOf<Row extends { status: string }>(rows: ReadonlyMap<string, Row>) {
  return [...rows].map(([orderId, row]) => {
    return { orderId, status: row.status, unannounced: isWaiting(row), row }
  })
}

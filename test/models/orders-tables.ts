// Writes the rows of a small world into the tables of the five consumers, as their stores would.

import type { Session } from '../../src/adapters/database/database.ts'
import type { DeadLetter } from '../../src/domain/orders/dead-letter.ts'
import type { ConsumerName } from '../../src/ports/orders.ts'
import type { AuditedWorld } from './orders-audit.ts'

const schemas: Readonly<Record<ConsumerName, string>> = {
  'order-process': 'orders',
  'coupon-step': 'coupons',
  'stock-step': 'stock',
  'payment-step': 'payments',
  'dead-letters': 'dead_letters',
}

export async function writeOrdersTables(
  database: Pick<Session, 'script'>,
  { tables, positions }: Pick<AuditedWorld, 'tables' | 'positions'>,
  letters: readonly DeadLetter[] = [],
): Promise<void> {
  const insert = async (table: string, rows: readonly object[]) => {
    const json = JSON.stringify(rows).replaceAll("'", "''")
    const records = `jsonb_populate_recordset(null::${table}, '${json}')`
    await database.script(`insert into ${table} select * from ${records}`)
  }
  for (const { consumer, topic, partition, next, published, taken } of positions) {
    const { passedBy, ...counts } = taken
    const offsets = { next_offset: next, published_offset: published, tries: 0 }
    const row = { topic, partition, ...offsets, ...counts, passed_by: passedBy }
    await insert(`${schemas[consumer]}.consumer_positions`, [row])
  }
  await insert(
    'orders.orders',
    tables.orders.map(({ status, unannounced, state, columns }) => {
      const { partition, userId, placedAt, deadline } = columns
      const times = { placed_at_ms: placedAt, deadline_ms: deadline }
      const shared = { order_id: state.orderId, partition, status, unannounced, state }
      return { ...shared, user_id: userId, ...times }
    }),
  )
  for (const step of ['coupon', 'stock', 'payment'] as const) {
    const rows = tables[`${step}-rows`]
    const schema = schemas[`${step}-step`]
    await insert(
      `${schema}.orders`,
      rows.map(({ orderId, status, unannounced, row }) => {
        return { order_id: orderId, status, unannounced, row }
      }),
    )
  }
  await insert(
    'coupons.uses',
    tables.uses.map(({ userId, couponId, orderId }) => {
      return { user_id: userId, coupon_id: couponId, order_id: orderId }
    }),
  )
  await insert(
    'stock.products',
    tables.products.map(({ productId, name, price, initial, ...rest }) => {
      const { supplied, available, held, sold } = rest
      const quantities = { initial, supplied, available, held, sold }
      return { product_id: productId, name, price, ...quantities }
    }),
  )
  await insert(
    'payments.balances',
    tables.balances.map(({ userId, balance }) => ({ user_id: userId, balance })),
  )
  await insert(
    'payments.charges',
    tables.charges.map(({ orderId, userId, ...rest }) => {
      return { order_id: orderId, user_id: userId, ...rest }
    }),
  )
  for (const [table, schema] of [
    ['stock', 'stock'],
    ['payment', 'payments'],
    ['letter', 'dead_letters'],
  ] as const) {
    const rows = tables[`${table}-commands`].map(({ commandId, ...rest }) => {
      return { command_id: commandId, ...rest }
    })
    await insert(`${schema}.commands`, rows)
  }
  await insert(
    'dead_letters.letters',
    letters.map((letter) => {
      const { id, consumer, status } = letter
      return { id, consumer, status, letter }
    }),
  )
}

// Whether money, stock and coupons add up: the rows of all consumers against each other, and the
// records of the log against the rows. The one place for both profiles; it uses no code of the
// domain but the names of the topics.

import assert from 'node:assert/strict'
import type { SqlRow } from '../../../src/adapters/database/database.ts'
import { orderStepsTopic, ordersTopic } from '../../../src/domain/orders/messages.ts'
import type { LogRecord } from '../../../src/ports/log.ts'

type Sql = (text: string) => Promise<SqlRow[]>
/** `records`: all of a topic. */
export type OrderWorld = { sql: Sql; records(topic: string): Promise<LogRecord[]> }
/** `paidByWallet`: false where a provider outside has the money. */
export type OrderCheck = { paidByWallet: boolean }
export type OrderCounts = { confirmed: number; cancelled: number; reasons: Record<string, number> }

/** Each row that one of these finds is wrong. */
const nothingFound: Readonly<Record<string, string>> = {
  'an order without an end': `
    select o.order_id, o.status, o.unannounced, c.status, s.status, p.status from orders.orders o
      left join coupons.orders c using (order_id)
      left join stock.orders s using (order_id)
      left join payments.orders p using (order_id)
     where o.status not in ('confirmed', 'cancelled') or o.unannounced`,
  'stock of an order': `
    select o.order_id, o.status, s.status from orders.orders o
      left join stock.orders s using (order_id)
     where (o.status = 'confirmed') <> (coalesce(s.status, 'none') = 'sold')
        or coalesce(s.status, 'none') = 'held'`,
  'stock without an order': `
    select order_id, status from stock.orders where status in ('held', 'sold')
       and order_id not in (select order_id from orders.orders)`,
  'payment of an order': `
    select o.order_id, o.status, p.status from orders.orders o
      left join payments.orders p using (order_id)
     where (o.status = 'confirmed') <> (coalesce(p.status, 'none') = 'captured')
        or coalesce(p.status, 'none') in ('asked', 'undoing')
        or (o.status = 'confirmed' and p.row->>'amount' <> o.state->'sums'->>'total')`,
  'payment without an order': `
    select order_id, status from payments.orders where status in ('asked', 'captured', 'undoing')
       and order_id not in (select order_id from orders.orders)`,
  'coupon of an order': `
    select o.order_id, o.status, u.coupon_id from orders.orders o
      full join coupons.uses u using (order_id)
     where (case when o.status = 'confirmed' then o.state->'coupon'->>'couponId' end)
           is distinct from u.coupon_id
        or (u.user_id is not null and u.user_id <> o.user_id)`,
  'a sum of an order': `
    select order_id, state->'sums' from orders.orders where status = 'confirmed' and
      ((state->'sums'->>'subtotal')::bigint - (state->'sums'->>'discount')::bigint
         <> (state->'sums'->>'total')::bigint
       or (state->'sums'->>'subtotal')::bigint <> (
         select sum((l->>'quantity')::bigint * (l->>'unitPrice')::bigint)
           from jsonb_array_elements(state->'heard'->'stock'->'lines') l))`,
  'a product': `
    select p.product_id, p.available, p.held, p.sold, coalesce(t.quantity, 0) from stock.products p
      left join (
        select l->>'productId' as product_id, sum((l->>'quantity')::bigint) as quantity
          from orders.orders o, jsonb_array_elements(o.state->'lines') l
         where o.status = 'confirmed' group by 1) t using (product_id)
     where p.held <> 0 or p.sold <> coalesce(t.quantity, 0)
        or p.available <> p.supplied - p.sold`,
}
const nothingFoundInWallets: Readonly<Record<string, string>> = {
  'a charge': `
    select c.order_id, c.status, c.amount, o.order_id, o.status from payments.charges c
      full join orders.orders o using (order_id)
     where (coalesce(c.status, 'none') = 'captured') <>
           (coalesce(o.status, 'none') = 'confirmed' and (o.state->'sums'->>'total')::bigint > 0)
        or (c.status = 'captured' and c.amount <> (o.state->'sums'->>'total')::bigint)`,
  'a wallet': `
    select coalesce(b.user_id, t.key), b.balance, t.amount, c.amount from payments.balances b
      full join (select key, sum(amount) as amount from payments.commands
                  where outcome = 'done' group by 1) t on t.key = b.user_id
      left join (select user_id, sum(amount) as amount from payments.charges
                  where status = 'captured' group by 1) c on c.user_id = b.user_id
     where b.balance is distinct from coalesce(t.amount, 0) - coalesce(c.amount, 0)`,
}

/** When all is quiet: every order has ended, and every sum is exact. */
export async function checkOrders(
  world: OrderWorld,
  { paidByWallet }: OrderCheck,
): Promise<OrderCounts> {
  const queries = { ...nothingFound, ...(paidByWallet ? nothingFoundInWallets : {}) }
  for (const [what, text] of Object.entries(queries)) {
    assert.deepEqual(await world.sql(text), [], what)
  }
  await checkEventsHaveRows(world)
  await checkEnds(world)
  const rows = await world.sql(`select status, state->>'reason', count(*) from orders.orders
    group by 1, 2 order by 1, 2`)
  const counts: OrderCounts = { confirmed: 0, cancelled: 0, reasons: {} }
  for (const [status, reason, count] of rows) {
    counts[status === 'confirmed' ? 'confirmed' : 'cancelled'] += Number(count)
    if (typeof reason === 'string') counts.reasons[reason] = Number(count)
  }
  return counts
}

type Event = { type: string; orderId: string }
export type StepEvent = Event & { text: string }

/** The statuses of a row from which each event can have come. */
const rowsOf: Readonly<Record<string, { table: string; statuses: readonly string[] }>> = {
  'coupon.used': { table: 'coupons', statuses: ['used', 'released'] },
  'coupon.refused': { table: 'coupons', statuses: ['refused'] },
  'coupon.released': { table: 'coupons', statuses: ['released'] },
  'stock.held': { table: 'stock', statuses: ['held', 'released', 'sold'] },
  'stock.refused': { table: 'stock', statuses: ['refused'] },
  'stock.released': { table: 'stock', statuses: ['released'] },
  'stock.sold': { table: 'stock', statuses: ['sold'] },
  'payment.captured': {
    table: 'payments',
    statuses: ['captured', 'undoing', 'refunded', 'cancelled'],
  },
  'payment.refused': { table: 'payments', statuses: ['refused'] },
  'payment.refunded': { table: 'payments', statuses: ['refunded'] },
}

export async function stepEvents(world: OrderWorld): Promise<StepEvent[]> {
  return (await world.records(orderStepsTopic)).map(({ value }) => {
    const text = value.toString()
    return { ...(JSON.parse(text) as Event), text }
  })
}

/** At any moment: no event on the steps' topic without its row, and one told twice is the same. */
export async function checkEventsHaveRows(world: OrderWorld): Promise<{ again: number }> {
  // Before the rows are read: they may be ahead of the log, and never behind it.
  const events = await stepEvents(world)
  const rows = new Map<string, string>()
  for (const table of ['coupons', 'stock', 'payments']) {
    for (const [orderId, status] of await world.sql(
      `select order_id, status from ${table}.orders`,
    )) {
      rows.set(`${table} ${orderId}`, String(status))
    }
  }
  const texts = new Map<string, string>()
  for (const { type, orderId, text } of events) {
    const { table, statuses } = rowsOf[type] ?? { table: '', statuses: [] }
    const status = rows.get(`${table} ${orderId}`)
    assert.ok(statuses.includes(status ?? ''), `${type} of ${orderId}, whose row is ${status}`)
    const name = `${type} ${orderId}`
    assert.equal(texts.get(name) ?? text, text)
    texts.set(name, text)
  }
  return { again: events.length - texts.size }
}

/** Every order that was placed has one end in the log, and it is that of its row. */
async function checkEnds(world: OrderWorld): Promise<void> {
  const rows = await world.sql('select order_id, status from orders.orders')
  const status = new Map(rows.map(([orderId, text]) => [String(orderId), String(text)]))
  const placed = new Set<string>()
  const ended = new Set<string>()
  for (const { value } of await world.records(ordersTopic)) {
    if (!value.toString().startsWith('{')) continue
    const { type, orderId } = JSON.parse(value.toString()) as Event
    if (type === 'order.placed') placed.add(orderId)
    if (type !== 'order.confirmed' && type !== 'order.cancelled') continue
    ended.add(orderId)
    assert.equal(type, `order.${status.get(orderId)}`, orderId)
  }
  assert.deepEqual(
    [...placed].filter((orderId) => !ended.has(orderId)),
    [],
    'have no end',
  )
  assert.equal(placed.size, rows.length, 'orders in the log and rows')
}

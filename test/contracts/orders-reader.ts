// What every adapter of the reader of orders must give back, and rows for it to read.

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Session } from '../../src/adapters/database/database.ts'
import { createOrdersTables, type OrdersTables } from '../../src/adapters/memory/orders-reader.ts'
import type { DeadLetter } from '../../src/domain/orders/dead-letter.ts'
import { ordersTopic } from '../../src/domain/orders/messages.ts'
import type { AwaitedOrder, Order, Product } from '../../src/domain/orders/state.ts'
import { commandKey, type DoneCommand } from '../../src/ports/orders.ts'
import type { OrdersReader } from '../../src/ports/orders-reader.ts'

const heard = { coupon: null, stock: null, payment: null, notes: [] }
const placed: Order = {
  status: 'placed',
  orderId: 'order-1',
  userId: 'ann',
  lines: [{ productId: 'tea', quantity: 2 }],
  coupon: { couponId: 'spring', partition: 3, offset: 17 },
  placedAt: 1_770_000_000_000,
  deadline: 1_770_000_030_000,
  heard: { ...heard, notes: [{ step: 'stock', outcome: 'held', at: 1_770_000_000_001 }] },
}
const cancelled: Order = {
  ...placed,
  status: 'cancelled',
  orderId: 'order-2',
  coupon: null,
  reason: 'timed_out',
  sums: { subtotal: 5e15, discount: 0, total: 5e15 },
}
const awaited: AwaitedOrder = { status: 'awaited', orderId: 'order-3', heard }
const product: Product = {
  status: 'stocked',
  productId: 'tea',
  name: `"차" \\ it's 🍵`,
  price: 10_000_000_000,
  initial: 5,
  supplied: 7,
  available: 4,
  held: 2,
  sold: 1,
}
const letter = (id: string, changes: Partial<DeadLetter> = {}): DeadLetter => ({
  id,
  consumer: 'stock-step',
  status: 'waiting',
  origin: { topic: 'firstcome.orders', partition: 1, offset: 2, appendedAt: 3 },
  key: 'order-1',
  value: 'e30=',
  headers: { ce_id: 'x' },
  reason: '왜 "안" 돼',
  attempts: 3,
  buriedAt: 4,
  redrivable: true,
  redrives: 1,
  acts: [{ act: 'redriven', by: 'op', at: 5, commandId: 'c3', reason: 'no' }],
  ...changes,
})
const letters = [
  letter('b'),
  letter('a-2', { status: 'discarded' }),
  letter('a1', { consumer: 'coupon-step' }),
  letter('c-1', { redrivable: false }),
  letter('c-2', { reason: 'Zoo' }),
]
const commands: [keyof OrdersTables['commands'], DoneCommand][] = [
  ['stock-step', { key: 'tea', commandId: 'c"1', amount: null, outcome: 'done' }],
  ['stock-step', { key: 'tea', commandId: 'c2', amount: 1_000_000_000, outcome: 'stock_limit' }],
  ['payment-step', { key: 'ann', commandId: 'c2', amount: 1, outcome: 'done' }],
  ['dead-letters', { key: 'b', commandId: 'c3', amount: null, outcome: 'unknown' }],
]

export function ordersTables(): OrdersTables {
  const tables = createOrdersTables()
  for (const state of [placed, cancelled, awaited]) tables.orders.set(state.orderId, state)
  tables.products.set('tea', product)
  tables.balances.set('ann', 1_000_000_000_000_000)
  for (const [by, done] of commands) tables.commands[by].set(commandKey(done), done)
  tables.ordersApplied.set(0, 4).set(2, 0)
  for (const dead of letters) tables.letters.set(dead.id, dead)
  return tables
}

/** Of what `fillOrders` fills, for a database that others have used before. */
export const emptyOrderTables = `
  truncate orders.orders, orders.consumer_positions, stock.products, stock.commands,
    payments.balances, payments.commands, dead_letters.letters, dead_letters.commands
`

export async function fillOrders(database: Pick<Session, 'script'>): Promise<void> {
  const text = (value: string | number | null) => {
    return value === null ? 'null' : `'${String(value).replaceAll("'", "''")}'`
  }
  const json = (value: object) => text(JSON.stringify(value))
  const lines: string[] = []
  for (const state of [placed, cancelled, awaited]) {
    const met = 'userId' in state ? [state.userId, state.placedAt, state.deadline] : ['', '', '']
    const columns = met.map((cell) => text(cell === '' ? null : cell)).join(', ')
    const cells = `'${state.orderId}', 0, '${state.status}', ${columns}, false, ${json(state)}`
    lines.push(`insert into orders.orders values (${cells})`)
  }
  const { productId, name, price, initial, supplied, available, held, sold } = product
  const numbers = [price, initial, supplied, available, held, sold].join(', ')
  lines.push(`insert into stock.products values ('${productId}', ${text(name)}, ${numbers})`)
  lines.push(`insert into payments.balances values ('ann', 1000000000000000)`)
  const schemas = { 'stock-step': 'stock', 'payment-step': 'payments' } as Record<string, string>
  for (const [by, { key, commandId, amount, outcome }] of commands) {
    const cells = [key, commandId, amount, outcome].map(text).join(', ')
    lines.push(`insert into ${schemas[by] ?? 'dead_letters'}.commands values (${cells})`)
  }
  for (const [topic, partition, next] of [
    [ordersTopic, 0, 4],
    [ordersTopic, 2, 0],
    ['firstcome.order-steps', 0, 9],
  ]) {
    const cells = `'${topic}', ${partition}, ${next}, 0, 0, ${next}, 0, 0, 0, 0`
    lines.push(`insert into orders.consumer_positions values (${cells})`)
  }
  for (const dead of letters) {
    const cells = `'${dead.id}', '${dead.consumer}', '${dead.status}', ${json(dead)}`
    lines.push(`insert into dead_letters.letters values (${cells})`)
  }
  await database.script(lines.join(';\n'))
}

/** `open` gives a reader of what `ordersTables` or `fillOrders` have made. */
export function ordersReaderContract(name: string, open: () => Promise<OrdersReader>): void {
  describe(`the reader of orders: ${name}`, () => {
    let reader: OrdersReader
    before(async () => {
      reader = await open()
    })

    it('gives orders whole, and leaves out those that were only heard of', async () => {
      const ids = ['order-2', 'order-1', 'order-3', 'no-such', 'order-1']
      const found = await reader.orders(ids)
      const sorted = found.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
      assert.deepEqual(sorted, [placed, cancelled])
      assert.deepEqual(await reader.orders([]), [])
    })

    it('gives the orders of a user in pages, the newest first', async () => {
      const ids = async (userId: string, page: { limit: number; after?: string }) => {
        return (await reader.ordersOf(userId, page)).map(({ orderId }) => orderId)
      }
      assert.deepEqual(await ids('ann', { limit: 9 }), ['order-2', 'order-1'])
      assert.deepEqual(await ids('ann', { limit: 1 }), ['order-2'])
      assert.deepEqual(await ids('ann', { limit: 9, after: 'order-2' }), ['order-1'])
      assert.deepEqual(await ids('ann', { limit: 9, after: 'order-1' }), [])
      assert.deepEqual(await ids('ann', { limit: 9, after: 'no-such' }), [])
      assert.deepEqual(await ids('bob', { limit: 9 }), [])
      assert.deepEqual((await reader.ordersOf('ann', { limit: 1 }))[0], cancelled)
    })

    it('gives products, balances and positions', async () => {
      assert.deepEqual(await reader.product('tea'), product)
      assert.equal(await reader.product('no-such'), null)
      assert.equal(await reader.balance('ann'), 1_000_000_000_000_000)
      assert.equal(await reader.balance('bob'), 0)
      const applied = [...(await reader.ordersApplied())]
      assert.deepEqual(applied.sort(), [
        [0, 4],
        [2, 0],
      ])
    })

    it('gives the commands of one consumer by key and id', async () => {
      for (const by of ['stock-step', 'payment-step', 'dead-letters'] as const) {
        const names = [...commands.map(([, done]) => done), { key: 'x', commandId: 'c2' }]
        const found = await reader.commands(by, names)
        const expected = commands.filter(([whose]) => whose === by).map(([, done]) => done)
        assert.deepEqual(found.sort(byCommandId), expected.sort(byCommandId))
      }
    })

    it('gives commands on products by how their ids begin', async () => {
      const of = async (idsFrom: string) => {
        return (await reader.productCommands(idsFrom)).map(({ commandId }) => commandId).sort()
      }
      assert.deepEqual(await of('c'), ['c"1', 'c2'])
      assert.deepEqual([await of('c2'), await of('c3'), await of('C')], [['c2'], [], []])
      const [found] = await reader.productCommands('c2')
      assert.deepEqual(found, commands[1]?.[1])
    })

    it('gives dead letters in pages, by status and by consumer', async () => {
      const ids = async (page: Parameters<OrdersReader['deadLetters']>[0]) => {
        return (await reader.deadLetters(page)).map(({ id }) => id)
      }
      assert.deepEqual(await ids({ limit: 9 }), ['a-2', 'a1', 'b', 'c-1', 'c-2'])
      assert.deepEqual(await ids({ limit: 2 }), ['a-2', 'a1'])
      assert.deepEqual(await ids({ limit: 9, after: 'b' }), ['c-1', 'c-2'])
      assert.deepEqual(await ids({ limit: 9, status: 'waiting' }), ['a1', 'b', 'c-1', 'c-2'])
      const ofStock = { limit: 9, status: 'waiting', consumer: 'stock-step' } as const
      assert.deepEqual(await ids(ofStock), ['b', 'c-1', 'c-2'])
      assert.deepEqual(await ids({ limit: 9, reason: '왜 "안" 돼', consumer: 'stock-step' }), [
        'a-2',
        'b',
        'c-1',
      ])
      assert.deepEqual(await ids({ limit: 9, reason: '왜' }), [])
      assert.deepEqual(await reader.deadLetter('b'), letters[0])
      const [first] = await reader.deadLetters({ limit: 1, after: 'a1' })
      const { value: _, headers: __, ...summary } = letter('b')
      assert.deepEqual(first, summary)
      assert.equal(await reader.deadLetter('c'), null)
    })

    it('counts those that wait by consumer and reason, the most first', async () => {
      const groups = (lettersMax: number, groupsMax: number) =>
        reader.deadLetterGroups({ lettersMax, groupsMax })
      const reason = '왜 "안" 돼'
      const of = (consumer: string, count: number, redrivable: number) => {
        return { consumer, reason, count, redrivable }
      }
      const zoo = { ...of('stock-step', 1, 1), reason: 'Zoo' }
      const all = [of('stock-step', 2, 1), of('coupon-step', 1, 1), zoo]
      assert.deepEqual(await groups(9, 9), all)
      assert.deepEqual(await groups(9, 1), all.slice(0, 1))
      assert.deepEqual(await groups(2, 9), [of('coupon-step', 1, 1), of('stock-step', 1, 1)])
    })
  })
}

function byCommandId(a: DoneCommand, b: DoneCommand): number {
  return a.commandId < b.commandId ? -1 : 1
}

// Wrongs planted in the rows of a healthy shop, one at a time: whatever follows from the log is
// compared with it, so each is found, under the promise that it breaks.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { AuditedTable } from '../../../src/ports/orders-audit.ts'
import { auditedShop } from '../../models/audited-shop.ts'
import { type AuditedWorld, type AuditTables, auditWorld } from '../../models/orders-audit.ts'

type Row<Table extends AuditedTable> = AuditTables[Table][number]
type Plant = (shop: AuditedWorld) => void

function of<Table extends AuditedTable>(
  table: Table,
  name: string,
): (shop: AuditedWorld) => Row<Table> {
  return ({ tables }) => {
    const found = tables[table].find((row) => JSON.stringify(row).includes(`"${name}"`))
    assert.ok(found !== undefined, `${table} has ${name}`)
    return found
  }
}

/** Changes some fields of a row, and of what is in it. */
function change(table: AuditedTable, name: string, fields: object): Plant {
  return (shop) => {
    const row: object = of(table, name)(shop)
    Object.assign(row, fields)
    if ('row' in row) Object.assign(row.row as object, fields)
  }
}

/** Changes what the order process knows of an order. */
function state(name: string, fields: object): Plant {
  return (shop) => void Object.assign(of('orders', name)(shop).state, fields)
}

/** What stands beside a row as its status, and nothing in it. */
function beside(table: 'stock-rows' | 'coupon-rows' | 'payment-rows', name: string): Plant {
  return (shop) => {
    of(table, name)(shop).status = 'waiting'
  }
}

function notPublished(name: string): Plant {
  return (shop) => {
    of('orders', name)(shop).unannounced = true
  }
}

function drop(table: AuditedTable, name: string): Plant {
  return (shop) => {
    const row = of(table, name)(shop)
    shop.tables[table] = (shop.tables[table] as object[]).filter((one) => one !== row) as never
  }
}

function both(...plants: Plant[]): Plant {
  return (shop) => {
    for (const plant of plants) plant(shop)
  }
}

const line = { productId: 'tea', quantity: 3, unitPrice: 150 }
const byEve = { act: 'discarded', by: 'eve', at: 5, commandId: 'z', reason: 'no' } as const

const stock: Record<string, Plant> = {
  'pieces gone from supply and shelf alike': change('products', 'tea', {
    supplied: 14,
    available: 8,
  }),
  'a piece on the shelf that nobody supplied': change('products', 'tea', { available: 10 }),
  'a piece gone from the shelf': change('products', 'tea', { available: 8 }),
  'sold pieces put back on the shelf': change('products', 'cup', { available: 2, sold: 0 }),
  'a product renamed': change('products', 'cup', { name: 'Mug' }),
  'another price': change('products', 'cup', { price: 998 }),
  'another first stock': change('products', 'tea', { initial: 9 }),
  'a line with another unit price': change('stock-rows', 'cat-1', {
    lines: [{ ...line, unitPrice: 1 }],
  }),
  'a line of another quantity': change('stock-rows', 'cat-1', {
    lines: [{ ...line, quantity: 2 }],
  }),
  'a line of another product': change('stock-rows', 'cat-1', {
    lines: [{ ...line, productId: 'cup' }],
  }),
  'another status beside a row': beside('stock-rows', 'cat-1'),
  'a refusal for another reason': change('stock-rows', 'dan-1', { reason: 'out_of_stock' }),
  'a refusal of another product': change('stock-rows', 'dan-1', { productId: 'tea' }),
  'released pieces that were refused': change('stock-rows', 'bob-1', {
    status: 'refused',
    reason: 'out_of_stock',
    productId: 'tea',
  }),
  'a supply that was done, now refused, its pieces gone': both(
    change('stock-commands', 'c3', { outcome: 'stock_limit' }),
    change('products', 'tea', { supplied: 10, available: 4 }),
  ),
  'a supply that was refused, now done': change('stock-commands', 'c4', { outcome: 'done' }),
  'a supply refused otherwise': change('stock-commands', 'c5', { outcome: 'conflict' }),
  'a creation with an amount': change('stock-commands', 'c1', { amount: 5 }),
  'a supply that is gone, which had changed nothing': drop('stock-commands', 'c4'),
}

const money: Record<string, Plant> = {
  'a top-up now above the limit, its money gone': both(
    change('payment-commands', 't4', { outcome: 'balance_limit' }),
    change('balances', 'gus', { balance: 0 }),
  ),
  'a top-up that is now a conflict': both(
    change('payment-commands', 't4', { outcome: 'conflict' }),
    change('balances', 'gus', { balance: 0 }),
  ),
  'a balance that is higher': change('balances', 'gus', { balance: 1_001 }),
  'a charge moved to another user, whose balances fit': both(
    change('charges', 'cat-1', { userId: 'gus' }),
    change('balances', 'cat', { balance: 1_000 }),
    change('balances', 'gus', { balance: 550 }),
  ),
  'a smaller charge, whose balance fits': both(
    change('charges', 'cat-1', { amount: 449 }),
    change('balances', 'cat', { balance: 551 }),
  ),
  'a refused charge with another reason': change('charges', 'bob-1', {
    reason: 'payment_declined',
  }),
  'a captured charge with a reason': change('charges', 'cat-1', { reason: 'payment_declined' }),
  'a charge of a confirmed order that may come back': change('charges', 'cat-1', {
    unsettled: true,
  }),
  'a charge of an order that never owed anything': ({ tables }) => {
    const reason = 'insufficient_funds'
    const charge = { orderId: 'dan-1', userId: 'dan', status: 'refused', amount: 0, reason }
    tables.charges.push({ ...charge, unsettled: false })
  },
  'a refused charge that is gone': drop('charges', 'bob-1'),
  'the payment row of a paid order gone': drop('payment-rows', 'cat-1'),
  'another status beside a row': beside('payment-rows', 'cat-1'),
  'the payment of another user': change('payment-rows', 'cat-1', { userId: 'gus' }),
  'a payment refused for another reason': change('payment-rows', 'bob-1', {
    reason: 'payment_declined',
  }),
  'a refused payment that was cancelled before': change('payment-rows', 'bob-1', {
    status: 'cancelled',
  }),
}

const coupons: Record<string, Plant> = {
  'a used coupon with another discount': change('coupon-rows', 'ann-1', {
    discount: { kind: 'percent', value: 11 },
  }),
  'a used coupon without its discount': change('coupon-rows', 'ann-1', { discount: undefined }),
  'another status beside a row': beside('coupon-rows', 'ann-1'),
  'another coupon': change('coupon-rows', 'ann-1', { couponId: 'autumn' }),
  'the coupon of another user': change('coupon-rows', 'bob-1', { userId: 'ann' }),
  'a spent coupon that may become free': change('coupon-rows', 'ann-1', { kept: undefined }),
  'a released coupon that was refused': change('coupon-rows', 'bob-1', {
    status: 'refused',
    reason: 'coupon_not_held',
  }),
  'a coupon refused for another reason': change('coupon-rows', 'eve-1', {
    reason: 'coupon_already_used',
  }),
  'a use that no order has': ({ tables }) => {
    tables.uses.push({ userId: 'bob', couponId: 'spring', orderId: 'bob-2' })
  },
  'a use moved to another user': change('uses', 'ann-1', { userId: 'bob' }),
}

const sums = { subtotal: 450, discount: 0, total: 450 }
const orders: Record<string, Plant> = {
  'another total': state('cat-1', { sums: { ...sums, total: 451 } }),
  'another total, not published yet': both(
    notPublished('cat-1'),
    state('cat-1', { sums: { ...sums, total: 451 } }),
  ),
  'the sums of a cancelled order': state('bob-1', { sums }),
  'another reason': state('bob-1', { reason: 'timed_out' }),
  'another reason, not published yet': both(
    notPublished('bob-1'),
    state('bob-1', { reason: 'timed_out' }),
  ),
  'another user': state('cat-1', { userId: 'gus' }),
  'another user in its column': (shop) => {
    of('orders', 'cat-1')(shop).columns.userId = 'gus'
  },
  'another time in its column': (shop) => {
    of('orders', 'cat-1')(shop).columns.placedAt = 1
  },
  'another deadline in its column': (shop) => {
    of('orders', 'cat-1')(shop).columns.deadline = 1
  },
  'another partition': (shop) => {
    of('orders', 'cat-1')(shop).columns.partition = 0
  },
  'other lines': state('cat-1', { lines: [{ productId: 'tea', quantity: 4 }] }),
}

/** The one that was re-driven; the one that was discarded. */
const driven = 'payment-step'
const discarded = 'discarded'
const letters: Record<string, Plant> = {
  'other bytes in a letter': change('letters', driven, { valueSha256: '00' }),
  'other headers': change('letters', driven, { headers: { a: 'b' } }),
  'another key': change('letters', driven, { key: 'ann-1' }),
  'another reason': change('letters', driven, { reason: 'nothing' }),
  'more attempts': change('letters', driven, { attempts: 99 }),
  'another time': change('letters', driven, { buriedAt: 1 }),
  'one that may be re-driven now': change('letters', discarded, { redrivable: true }),
  'one discarded by nobody': change('letters', 'order-process', { status: 'discarded' }),
  'one that waits again': change('letters', discarded, { status: 'waiting' }),
  'an act that nobody did': change('letters', 'coupon-step', { acts: [byEve] }),
  'an act of somebody else': (shop) => {
    const letter = of('letters', discarded)(shop)
    letter.acts = letter.acts.map((act) => ({ ...act, by: 'eve' }))
  },
  'a status beside it': (shop) => {
    of('letters', 'coupon-step')(shop).columns.status = 'discarded'
  },
  'a consumer beside it': (shop) => {
    of('letters', 'coupon-step')(shop).columns.consumer = 'stock-step'
  },
  'a letter that is gone': drop('letters', 'coupon-step'),
  'another outcome of a command': change('letter-commands', 'x', { outcome: 'conflict' }),
  'a command with an amount': change('letter-commands', 'x', { amount: 1 }),
  'a command that is gone': drop('letter-commands', 'x'),
  'a command that nobody gave': ({ tables }) => {
    const key = tables.letters[0]?.id ?? ''
    tables['letter-commands'].push({ key, commandId: 'z', amount: null, outcome: 'done' })
  },
}

function count(from: 'buried' | 'applied', to: 'buried' | 'applied' | 'passedBy'): Plant {
  return ({ positions }) => {
    const position = positions.find(({ taken }) => taken[from] > 0)
    assert.ok(position !== undefined)
    position.taken[from] -= 1
    position.taken[to] += 1
  }
}
const counts: Record<string, Plant> = {
  'a dead-lettered record counted as applied': count('buried', 'applied'),
  'an applied record counted as dead-lettered': count('applied', 'buried'),
  'an applied record counted as passed by': count('applied', 'passedBy'),
}

describe('an audit finds in the rows of a healthy shop', () => {
  let shop: AuditedWorld
  before(async () => {
    shop = await auditedShop()
    const { found, counts: seen } = await auditWorld(shop, { now: null })
    assert.deepEqual(found, [])
    assert.deepEqual([seen.confirmed, seen.cancelled, seen.waitingDeadLetters], [3, 3, 3])
  })
  const all = { I10: orders, I11: stock, I12: money, I13: coupons, I14: { ...letters, ...counts } }
  for (const [promise, plants] of Object.entries(all)) {
    for (const [name, plant] of Object.entries(plants)) {
      test(`${promise}: ${name}`, async () => {
        const { tables, positions } = structuredClone({
          tables: shop.tables,
          positions: shop.positions,
        })
        const planted = { ...shop, tables, positions }
        plant(planted)
        const { found } = await auditWorld(planted, { now: null })
        const texts = found.map(({ invariant, text }) => `${invariant} ${text}`)
        assert.ok(
          texts.some((text) => text.startsWith(promise)),
          texts.join('\n'),
        )
      })
    }
  }
})

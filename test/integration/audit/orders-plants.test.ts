// Differences planted in a small world of orders, in its rows and in its log: each is found under
// the promise that it breaks, and nothing else is.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noRevocations } from '../../../src/domain/coupons/revocations.ts'
import type { AuditedRows, AuditedTable } from '../../../src/ports/orders-audit.ts'
import {
  type AuditedWorld,
  auditWorld,
  orderRow,
  payBob,
  placed,
  rowOf,
  say,
  smallWorld,
} from '../../models/orders-audit.ts'

type Plant = (world: AuditedWorld) => void | Promise<void>
type Plants = Readonly<Record<string, readonly [Plant, readonly RegExp[]]>>

const orderId = 'dan-1'
const due = { type: 'order.payment_due', orderId, userId: 'dan' } as const
const heldLines = [{ productId: 'tea', quantity: 1, unitPrice: 150 }]
const held = { type: 'stock.held', orderId, lines: heldLines } as const
const sums = { subtotal: 150, discount: 0, total: 150 }
const captured = { type: 'payment.captured', orderId, amount: 150 } as const
const confirmed = { type: 'order.confirmed', orderId } as const

const plantsInStock: Plants = {
  'a stock row off by one': [
    (world) => void (product(world, 'tea').available -= 1),
    [/^I11 product tea: 9 \+ 0 \+ 5 is 14, but 15 were supplied$/],
  ],
  'one piece sold to nobody': [
    (world) => void Object.assign(product(world, 'tea'), { available: 9, sold: 6 }),
    [/^I11 product tea: 6 are sold by its row, 5 by the orders$/],
  ],
  'one piece held for nobody': [
    (world) => void Object.assign(product(world, 'cup'), { available: 0, held: 1 }),
    [/^I11 product cup: 1 are held by its row, 0 by the orders$/],
  ],
  'one piece supplied by nobody': [
    (world) => void Object.assign(product(world, 'tea'), { available: 11, supplied: 16 }),
    [/^I11 product tea: 6 were added by its row, 5 by its commands$/],
  ],
  'stock below zero': [
    (world) => void Object.assign(product(world, 'cup'), { available: 2, sold: 1, held: -1 }),
    [/^I11 product cup: below zero/, /^I11 product cup: -1 are held by its row, 0 by/],
  ],
  'another price': [
    (world) => void (product(world, 'cup').price = 1),
    [/^I11 product cup: created as \["Cup",999,2\], not \["Cup",1,2\]$/],
  ],
  'a product that is gone': [
    (world) => remove(world, 'products', ({ productId }) => productId === 'cup'),
    [/^I11 product cup: it was created, but its row is missing$/],
  ],
  'a supply that is lost': [
    (world) => {
      remove(world, 'stock-commands', ({ commandId }) => commandId === 'c3')
      Object.assign(product(world, 'tea'), { available: 5, supplied: 10 })
    },
    [/^I11 record 2 of partition 0 of firstcome.products: command c3 of tea was never applied$/],
  ],
  'a sold row of a cancelled order': [
    (world) => setStatus(rowOf(world, 'stock-rows', isOf('bob-1')), 'sold'),
    [
      /^I11 order bob-1: cancelled in the log, but its stock row is sold$/,
      /^I11 order bob-1: its stock row is sold, but the order is not confirmed or returned$/,
      /^I11 product tea: 5 are sold by its row, 6 by the orders$/,
    ],
  ],
  'stock that a cancelled order still holds': [
    (world) => {
      setStatus(rowOf(world, 'stock-rows', isOf('bob-1')), 'held')
      Object.assign(product(world, 'tea'), { available: 9, held: 1 })
    },
    [/^I11 order bob-1: cancelled in the log, but its stock row is held$/],
  ],
  'a stock row that is gone': [
    (world) => remove(world, 'stock-rows', (row) => row.orderId === 'bob-1'),
    [/^I11 order bob-1: cancelled in the log, but its stock row is absent$/],
  ],
  'a stock row that no order has': [
    ({ tables }) => {
      const row = { status: 'refused', orderId, reason: 'out_of_stock', productId: 'tea' } as const
      tables['stock-rows'].push({ orderId, status: 'refused', unannounced: false, row })
    },
    [/^I11 order dan-1: a stock row, but the orders topic has no such order$/],
  ],
}

const plantsInMoney: Plants = {
  'a payment twice': [
    (world) => void (rowOf(world, 'balances', ({ userId }) => userId === 'ann').balance -= 1_170),
    [/^I12 the wallet of ann: the balance is 2660, but top-ups less what was paid are 3830$/],
  ],
  'a charge of twice as much': [
    (world) => void (rowOf(world, 'charges', (it) => it.orderId === 'ann-1').amount *= 2),
    [
      /^I12 the wallet of ann: the balance is 3830, but .* are 2660$/,
      /^I12 order ann-1: 1170 was paid by its payment row, 2340 by the wallet$/,
    ],
  ],
  'a confirmed order that has not paid': [
    (world) => {
      remove(world, 'charges', (it) => it.orderId === 'cat-1')
      rowOf(world, 'balances', ({ userId }) => userId === 'cat').balance = 1_000
    },
    [/^I12 order cat-1: 450 was paid by its payment row, 0 by the wallet$/],
  ],
  'a payment row of another sum': [
    (world) => {
      const paid = rowOf(world, 'payment-rows', (it) => it.orderId === 'cat-1').row
      Object.assign(paid, { amount: 449 })
    },
    [
      /^I12 order cat-1: its payment row has 449 of cat, but 450 of cat was due$/,
      /^I12 order cat-1: 449 was paid by its payment row, 450 by the wallet$/,
    ],
  ],
  'a cancelled order that has paid': [
    async (world) => payBob(world),
    [
      /^I12 order bob-1: cancelled in the log, but its payment row is captured$/,
      /^I12 order bob-1: its payment row is captured, but the step never said so$/,
    ],
  ],
  'a top-up that is lost': [
    (world) => {
      remove(world, 'payment-commands', ({ commandId }) => commandId === 't1')
      rowOf(world, 'balances', ({ userId }) => userId === 'ann').balance -= 5_000
    },
    [
      /^I12 record 0 of partition . of firstcome.wallets: command t1 of ann was never applied$/,
      /^I12 the wallet of ann: the balance is -1170$/,
    ],
  ],
  'a top-up that was counted twice': [
    (world) => void (rowOf(world, 'balances', ({ userId }) => userId === 'cat').balance += 1_000),
    [/^I12 the wallet of cat: the balance is 1550, but .* are 550$/],
  ],
  'a top-up of another sum': [
    (world) => {
      rowOf(world, 'payment-commands', ({ commandId }) => commandId === 't2').amount = 999
      rowOf(world, 'balances', ({ userId }) => userId === 'cat').balance -= 1
    },
    [/^I12 command t2 of cat was applied with 999, not as in firstcome.wallets$/],
  ],
  'a top-up that nobody asked for': [
    ({ tables }) => {
      const command = { key: 'eve', commandId: 'x', amount: 5, outcome: 'done' }
      tables['payment-commands'].push(command)
      tables.balances.push({ userId: 'eve', balance: 5 })
    },
    [/^I12 command x of eve is not in firstcome.wallets$/],
  ],
}

const plantsInCoupons: Plants = {
  'a coupon used without an order': [
    ({ tables }) => void tables.uses.push({ userId: 'bob', couponId: 'spring', orderId }),
    [/^I13 coupon spring of bob is used by order dan-1, which is not in the log$/],
  ],
  'a coupon used by a cancelled order': [
    ({ tables }) => void tables.uses.push({ userId: 'bob', couponId: 'spring', orderId: 'bob-1' }),
    [
      /^I13 coupon spring of bob is used by order bob-1, which was cancelled$/,
      /^I13 coupon spring of bob is used by order bob-1, whose row is released$/,
    ],
  ],
  'a confirmed order whose coupon is free again': [
    (world) => remove(world, 'uses', (it) => it.orderId === 'ann-1'),
    [/^I13 order ann-1: its row has used coupon spring, but nobody uses it$/],
  ],
  'a coupon row that let go of a coupon that was spent': [
    (world) => {
      setStatus(rowOf(world, 'coupon-rows', isOf('ann-1')), 'released')
      remove(world, 'uses', (it) => it.orderId === 'ann-1')
    },
    [
      /^I13 order ann-1: confirmed with spring, but its row used none$/,
      /^I13 order ann-1: its coupon row has kept true, the log gives undefined$/,
    ],
  ],
}

const plantsInOrders: Plants = {
  'a state that differs from the log': [
    (world) => {
      const { state } = rowOf(world, 'orders', (it) => it.state.orderId === 'bob-1')
      Object.assign(state, { reason: 'timed_out' })
    },
    [/^I10 order bob-1: its row is not what the log gives: .*"timed_out".*; the log: .*funds/],
  ],
  'a state that differs from its column': [
    (world) => void (rowOf(world, 'orders', (it) => it.state.orderId === 'bob-1').status = 'due'),
    [/^I10 order bob-1: its row is cancelled, its column says due$/],
  ],
  'a state that is gone': [
    (world) => remove(world, 'orders', (it) => it.state.orderId === 'cat-1'),
    [/^I10 order cat-1: its row is missing$/],
  ],
  'a state of an order that was never placed': [
    (world) => {
      const { state } = rowOf(world, 'orders', (it) => it.state.orderId === 'cat-1')
      world.tables.orders.push(orderRow({ ...state, orderId }, false))
    },
    [/^I10 order dan-1: a row, but no record in the log$/],
  ],
  'an end that is gone from the log': [
    ({ log }) => {
      for (const record of log.records('firstcome.orders').flat()) {
        const { type, orderId: id } = JSON.parse(String(record.value)) as Record<string, string>
        if (type === 'order.cancelled' && id === 'bob-1') record.value = Buffer.from('gone')
      }
    },
    [
      /^I10 order bob-1: its steps' answers come to order.cancelled, which the orders topic does/,
      /^I11 order bob-1: due in the log, but its stock row is released$/,
      /^I11 order bob-1: its stock row is released, but the order is not cancelled$/,
      /^I13 order bob-1: due in the log, but its coupon row is released$/,
    ],
  ],
}

const plantsInTheLog: Plants = {
  'an order that ends twice': [
    (world) => say(world, { type: 'order.cancelled', orderId: 'cat-1', reason: 'timed_out' }),
    [/^I10 order cat-1: record \d+ of partition 0 of the orders: it ends twice: confirmed, then c/],
  ],
  'an order that is confirmed before payment was due': [
    (world) => say(world, placed(orderId, { tea: 1 }), confirmed),
    [/: it is confirmed before payment was due$/, /^I12 order dan-1: .* nothing was captured$/],
  ],
  'an order that was never placed': [
    (world) => say(world, { ...confirmed, type: 'order.cancelled', reason: 'timed_out' }),
    [/^I10 order dan-1: .*: it ends without ever being placed$/],
  ],
  'an order that nobody paid for': [
    (world) => say(world, placed(orderId, { tea: 1 }), held, { ...due, ...sums }, confirmed),
    [/^I12 order dan-1: it was confirmed, but nothing was captured$/],
  ],
  'an order that paid another sum': [
    (world) => {
      const paid = { ...captured, amount: 149 }
      return say(world, placed(orderId, { tea: 1 }), held, { ...due, ...sums }, paid, confirmed)
    },
    [/^I12 order dan-1: 149 was captured, but 150 was due$/],
  ],
  'a discount that is not the coupon’s': [
    (world) => {
      const less = { subtotal: 150, discount: 20, total: 130 }
      return say(world, placed(orderId, { tea: 1 }), held, { ...due, ...less })
    },
    [/^I12 order dan-1: 130 of 150 was due, but held prices less the discount are 150 of 150$/],
  ],
  'stock that was never held': [
    (world) => say(world, placed(orderId, { tea: 1 }), { ...due, ...sums }),
    [/^I11 order dan-1: payment was due, but no stock was held$/],
  ],
  'other stock than was placed': [
    (world) => say(world, placed(orderId, { tea: 2 }), held, { ...due, ...sums }),
    [/^I11 order dan-1: other lines were held than were placed/],
  ],
  'a capture of two sums': [
    (world) => say(world, { ...captured, orderId: 'cat-1', amount: 1 }),
    [/^I12 order cat-1: .* of the steps: payment.captured twice, and not the same/],
  ],
  'a step that says yes and no': [
    (world) => say(world, { type: 'coupon.refused', orderId: 'ann-1', reason: 'coupon_not_held' }),
    [/^I13 order ann-1: .*: coupon.refused, but before coupon.used$/],
  ],
  'a refund of a confirmed order': [
    (world) => say(world, { ...captured, type: 'payment.refunded', orderId: 'cat-1', amount: 450 }),
    [
      /^I12 order cat-1: it was confirmed, but refunded$/,
      /^I12 order cat-1: its payment row is captured, but the step said payment.refunded$/,
    ],
  ],
  'a cancellation for a reason that nobody gave': [
    (world) => {
      const end = { type: 'order.cancelled', orderId, reason: 'out_of_stock' } as const
      return say(world, placed(orderId, { tea: 1 }), end)
    },
    [/^I10 order dan-1: it was cancelled for out_of_stock, which no step has said$/],
  ],
  'a time-out before its time': [
    (world) => {
      const end = { type: 'order.cancelled', orderId, reason: 'timed_out' } as const
      return say(world, placed(orderId, { tea: 1 }), end)
    },
    [/^I10 order dan-1: it timed out 60000 ms before its time was over$/],
  ],
  'a coupon spent by two orders': [
    (world) => {
      const second = { orderId: 'ann-2' }
      const discount = { kind: 'percent', value: 10 } as const
      return say(
        world,
        placed('ann-2', { tea: 1 }, 0),
        { type: 'coupon.used', couponId: 'spring', discount, ...second },
        { ...held, ...second },
        { ...due, ...second, userId: 'ann', subtotal: 150, discount: 15, total: 135 },
        { ...captured, ...second, amount: 135 },
        { ...confirmed, ...second, couponId: 'spring' },
      )
    },
    [/^I13 order ann-2: ann spent coupon spring here and in order ann-1$/],
  ],
}

describe('an audit of orders finds, and nothing else with it,', () => {
  const all = { ...plantsInStock, ...plantsInMoney, ...plantsInCoupons, ...plantsInOrders }
  for (const [name, [plant, expected]] of Object.entries({ ...all, ...plantsInTheLog })) {
    test(name, async () => {
      const world = await smallWorld()
      await plant(world)
      const { found, differences } = await auditWorld(world)
      const texts = found.map(({ invariant, text }) => `${invariant} ${text}`)
      const unexpected = texts.filter((text) => !expected.some((shape) => shape.test(text)))
      assert.deepEqual(unexpected, [])
      for (const shape of expected)
        assert.ok(
          texts.some((text) => shape.test(text)),
          `${shape}`,
        )
      assert.ok(differences > 0)
    })
  }
})

test('coupons that were never won, or took off something else, are found in the claims', async () => {
  const world = await smallWorld()
  const discount = { kind: 'percent', value: 10 } as const
  const terms = { name: 'Spring', quantity: 3, discount }
  const issued = { slot: 1, claimId: 'c', offset: 0, appendedAt: 1 }
  const revocations = noRevocations()
  const winners = new Map([['ann', issued]])
  const coupon = { couponId: 'spring', partition: 0, terms, winners, revocations }
  const claimsOf = (changed: object) => ({
    coupons: new Map([['spring', { ...coupon, ...changed } as never]]),
    bounds: [{ start: 0, end: 2 }],
  })
  const foundIn = async (claims: ReturnType<typeof claimsOf>) => {
    const { found } = await auditWorld(world, { claims })
    return found.map(({ invariant, text }) => `${invariant} ${text}`)
  }
  assert.deepEqual(await foundIn(claimsOf({})), [])
  const nobody = { winners: new Map() }
  const lost = 'I13 order ann-1: ann never won coupon spring, which it has spent'
  assert.deepEqual(await foundIn(claimsOf(nobody)), [lost])
  assert.deepEqual(await foundIn({ ...claimsOf(nobody), bounds: [] }), [])
  for (const [changed, words] of [
    [
      { offset: 1 },
      'it names record 0 of partition 0 for coupon spring, which was won by record 1',
    ],
    [{ appendedAt: Number.MAX_SAFE_INTEGER }, 'it was placed before ann had won coupon spring'],
  ] as const) {
    const won = { winners: new Map([['ann', { ...issued, ...changed }]]) }
    const [found, ...others] = await foundIn(claimsOf(won))
    assert.deepEqual(others, [])
    assert.ok(found?.startsWith(`I13 order ann-1: ${words}`), found)
  }
  const other = 'I12 order ann-1: another discount was taken off than that of coupon spring'
  assert.deepEqual(await foundIn(claimsOf({ terms: { ...terms, discount: undefined } })), [other])
})

function remove<Table extends AuditedTable>(
  { tables }: AuditedWorld,
  table: Table,
  isIt: (row: AuditedRows[Table]) => boolean,
): void {
  const at = tables[table].findIndex(isIt)
  assert.ok(at >= 0)
  tables[table].splice(at, 1)
}

function product(world: AuditedWorld, productId: string): AuditedRows['products'] {
  return rowOf(world, 'products', (it) => it.productId === productId)
}

function isOf(id: string): (stored: { orderId: string }) => boolean {
  return ({ orderId: own }) => own === id
}

function setStatus(stored: { status: string; row: object }, status: string): void {
  Object.assign(stored, { status, row: { ...stored.row, status } })
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { amountMax, type Discount } from '../coupons/messages.ts'
import {
  lineQuantityMax,
  orderLinesMax,
  orderSumMax,
  type PricedLine,
  priceMax,
} from './messages.ts'
import { sumsOf } from './process.ts'

const percent = (value: number): Discount => ({ kind: 'percent', value })
const amount = (value: number): Discount => ({ kind: 'amount', value })

const rows: readonly (readonly [string, number, Discount | undefined, number])[] = [
  ['no coupon', 999, undefined, 0],
  ['an amount', 999, amount(100), 100],
  ['an amount of all there is', 999, amount(999), 999],
  ['an amount beyond what there is', 999, amount(1_000), 999],
  ['a percentage that comes out even', 1_000, percent(10), 100],
  ['a percentage, rounded down', 999, percent(10), 99],
  ['one per cent of less than a hundred: nothing', 99, percent(1), 0],
  ['ninety-nine per cent of one: nothing', 1, percent(99), 0],
  ['all of it', 999, percent(100), 999],
  ['an amount off nothing', 0, amount(5), 0],
  ['a percentage of nothing', 0, percent(50), 0],
]

describe('the sums of an order', () => {
  for (const [name, subtotal, discount, off] of rows) {
    test(`of ${subtotal} with ${name} take ${off} off`, () => {
      const sums = sumsOf([{ productId: 'tea', quantity: 1, unitPrice: subtotal }], discount)
      assert.deepEqual(sums, { subtotal, discount: off, total: subtotal - off })
    })
  }

  test('are exact to the last unit, as counted with big integers', () => {
    const line = fc.record({
      productId: fc.constant('tea'),
      quantity: fc.oneof(fc.constant(lineQuantityMax), fc.integer({ min: 1, max: 9 })),
      unitPrice: fc.integer({ min: 0, max: priceMax }),
    })
    const discount = fc.oneof(
      fc.integer({ min: 1, max: 100 }).map(percent),
      fc.integer({ min: 1, max: amountMax }).map(amount),
      fc.constant(undefined),
    )
    const lines = fc.array(line, { minLength: 1, maxLength: orderLinesMax })
    fc.assert(
      fc.property(lines, discount, (held, off) => {
        assert.deepEqual(sumsOf(held, off), exactSums(held, off))
      }),
    )
    const full = Array.from({ length: orderLinesMax }, () => {
      return { productId: 'tea', quantity: lineQuantityMax, unitPrice: priceMax }
    })
    assert.deepEqual(sumsOf(full, percent(99)), exactSums(full, percent(99)))
    assert.equal(sumsOf(full, undefined).total, orderSumMax)
  })
})

function exactSums(lines: readonly PricedLine[], discount: Discount | undefined): object {
  let subtotal = 0n
  for (const { quantity, unitPrice } of lines) subtotal += BigInt(quantity) * BigInt(unitPrice)
  const value = BigInt(discount?.value ?? 0)
  let off = discount?.kind === 'percent' ? (subtotal * value) / 100n : value
  if (off > subtotal) off = subtotal
  return {
    subtotal: Number(subtotal),
    discount: Number(off),
    total: Number(subtotal - off),
  }
}

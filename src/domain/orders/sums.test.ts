import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { amountMax, type Discount } from '../coupons/messages.ts'
import type { OfferTerms } from '../coupons/offer.ts'
import { sumsOf } from './content.ts'
import {
  lineQuantityMax,
  orderLinesMax,
  orderSumMax,
  type PricedLine,
  priceMax,
  type Sums,
} from './messages.ts'
import { decide, evolve, initialState, type OrderCommand } from './process.ts'
import type { OrderState } from './state.ts'

const percent = (value: number): OfferTerms => ({ discount: { kind: 'percent', value } })
const amount = (value: number): OfferTerms => ({ discount: { kind: 'amount', value } })
const capped = (value: number, max: number): OfferTerms => {
  return { discount: { kind: 'percent', value, max } }
}
const from = (minimum: number, terms: OfferTerms): OfferTerms => ({ ...terms, minimum })

const rows: readonly (readonly [string, number, OfferTerms, number | null])[] = [
  ['no coupon', 999, {}, 0],
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
  ['a percentage below its cap', 999, capped(10, 100), 99],
  ['a percentage of exactly its cap', 1_000, capped(10, 100), 100],
  ['a percentage above its cap', 1_010, capped(10, 100), 100],
  ['all of it, capped', 999, capped(100, 1), 1],
  ['a cap beyond what there is', 999, capped(100, amountMax), 999],
  ['a minimum that is met exactly', 1_000, from(1_000, percent(10)), 100],
  ['a minimum that is not met', 999, from(1_000, percent(10)), null],
  [
    'a minimum, which is of what is paid for, not of what is left',
    1_000,
    from(1_000, amount(999)),
    999,
  ],
  ['a minimum of nothing', 0, from(0, amount(5)), 0],
  ['a minimum and nothing off', 999, from(1_000, {}), null],
]

describe('the sums of an order', () => {
  for (const [name, subtotal, terms, off] of rows) {
    test(`of ${subtotal} with ${name} take ${off ?? 'nothing: it is refused'} off`, () => {
      const sums = sumsOf([{ productId: 'tea', quantity: 1, unitPrice: subtotal }], terms)
      if (off === null) assert.deepEqual(sums, { refused: 'minimum_not_met' })
      else assert.deepEqual(sums, { subtotal, discount: off, total: subtotal - off })
    })
  }

  test('below the minimum of the coupon cancel the order, whichever answer comes last', () => {
    const orderId = 'o-1'
    const lines = [{ productId: 'tea', quantity: 1 }]
    const coupon = { couponId: 'spring', partition: 0, offset: 0 }
    const placed = { type: 'order.placed', orderId, userId: 'ann', lines, coupon, timeLimitMs: 9 }
    const used = { type: 'coupon.used', orderId, couponId: 'spring', minimum: 1_000 }
    const held = { type: 'stock.held', orderId, lines: [{ ...lines[0], unitPrice: 999 }] }
    for (const answers of [
      [used, held],
      [held, used],
    ]) {
      const state = [placed, ...answers].reduce((before: OrderState, message) => {
        const command = { kind: 'record', message, at: 1 } as OrderCommand
        return decide(command, before).events.reduce(evolve, before)
      }, initialState())
      assert.ok(state.status === 'cancelled')
      assert.deepEqual([state.reason, state.sums], ['minimum_not_met', null])
    }
  })

  test('are exact to the last unit, as counted with big integers', () => {
    const line = fc.record({
      productId: fc.constant('tea'),
      quantity: fc.oneof(fc.constant(lineQuantityMax), fc.integer({ min: 1, max: 9 })),
      unitPrice: fc.integer({ min: 0, max: priceMax }),
    })
    const terms = fc.oneof(
      fc.integer({ min: 1, max: 100 }).map(percent),
      fc.integer({ min: 1, max: amountMax }).map(amount),
      fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 10_000 })).map((it) => {
        return capped(...it)
      }),
      fc.constant({}),
    )
    const lines = fc.array(line, { minLength: 1, maxLength: orderLinesMax })
    fc.assert(
      fc.property(lines, terms, (held, off) => {
        assert.deepEqual(sumsOf(held, off), exactSums(held, off))
      }),
    )
    const full = Array.from({ length: orderLinesMax }, () => {
      return { productId: 'tea', quantity: lineQuantityMax, unitPrice: priceMax }
    })
    assert.deepEqual(sumsOf(full, percent(99)), exactSums(full, percent(99)))
    assert.deepEqual(sumsOf(full, {}), exactSums(full, {}))
    assert.equal(exactSums(full, {}).total, orderSumMax)
  })
})

function exactSums(lines: readonly PricedLine[], { discount }: OfferTerms): Sums {
  let subtotal = 0n
  for (const { quantity, unitPrice } of lines) subtotal += BigInt(quantity) * BigInt(unitPrice)
  const value = BigInt(discount?.value ?? 0)
  let off = discount?.kind === 'percent' ? (subtotal * value) / 100n : value
  const max = capOf(discount)
  if (max !== null && off > max) off = max
  if (off > subtotal) off = subtotal
  return {
    subtotal: Number(subtotal),
    discount: Number(off),
    total: Number(subtotal - off),
  }
}

function capOf(discount: Discount | undefined): bigint | null {
  return discount?.kind === 'percent' && discount.max !== undefined ? BigInt(discount.max) : null
}

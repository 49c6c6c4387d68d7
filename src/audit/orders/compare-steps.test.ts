// Rows that wait with what was placed, where the same order was placed more than once: each record
// under its id may be the one that the step met first, and none that is not in the log.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { enter, historyOf, type OrderHistory } from '../../domain/orders/history.ts'
import type { AnyPlaced, OrderPlaced, RedemptionPlaced } from '../../domain/orders/messages.ts'
import type { CouponRow, StockRow } from '../../domain/orders/state.ts'
import { createFindings } from '../findings.ts'
import type { OrdersParts } from './compare-orders.ts'
import { compareSteps } from './compare-steps.ts'

const orderId = 'o'
const coupon = { couponId: 'spring', partition: 0, offset: 7 }
const lines = [{ productId: 'tea', quantity: 1 }]
const asked = { orderId, userId: 'ann', coupon, timeLimitMs: 60_000 }
const order: OrderPlaced = { type: 'order.placed', ...asked, lines }
const cart = { reference: 'R', subtotal: 900, by: 'shop' }
const redemption: RedemptionPlaced = { type: 'redemption.placed', ...asked, ...cart }
/** The same again, but for details; and other content. */
const placedAgain: Readonly<Record<string, readonly AnyPlaced[]>> = {
  'an order with another time limit': [order, { ...order, timeLimitMs: 30 }],
  'an order by a node that knew less': [order, { ...order, coupon: { ...coupon, offset: 2 } }],
  'an order by a node that knew of a revoke': [
    order,
    { ...order, coupon: { ...coupon, revoked: 9 } },
  ],
  'an order with other lines': [order, { ...order, lines: [{ productId: 'cup', quantity: 2 }] }],
  'an order of another user': [order, { ...order, userId: 'bob' }],
  'a redemption with another time limit': [redemption, { ...redemption, timeLimitMs: 30 }],
  'a redemption by another till': [redemption, { ...redemption, by: 'till-2' }],
  'a redemption by a node that knew less': [
    redemption,
    { ...redemption, coupon: { ...coupon, offset: 2 } },
  ],
  'a redemption of another cart': [redemption, { ...redemption, reference: 'R-2' }],
  'an order under the id of a redemption': [redemption, order],
  'a redemption under the id of an order': [order, redemption],
}

describe('a row that waits', () => {
  for (const [name, placings] of Object.entries(placedAgain)) {
    test(`with ${name} is as the log gives it, whichever its step met first`, () => {
      for (const met of placings) assert.deepEqual(found(placings, met), [])
    })
  }

  test('with what nobody has placed is found, also where there were several', () => {
    for (const [name, placings] of Object.entries(placedAgain)) {
      const [first = order] = placings
      const strange = found(placings, { ...first, timeLimitMs: 1 })
      assert.match(strange.join('\n'), /its coupon row has placed .* the log gives/, name)
    }
  })
})

/** Of rows that wait with what each step has met. */
function found(placings: readonly AnyPlaced[], met: AnyPlaced): string[] {
  const findings = createFindings()
  const orders = new Map<string, OrderHistory>()
  for (const [offset, message] of placings.entries()) {
    const logged = { message, origin: { topic: 'orders', partition: 0, offset, appendedAt: 1_000 } }
    enter(historyOf(orders, logged), logged)
  }
  const waiting = { status: 'waiting', orderId, placed: met, since: 1_000 }
  const couponRow = { status: 'waiting', row: waiting as unknown as CouponRow }
  const isOrder = placings.every(({ type }) => type === 'order.placed')
  const stockRow = { status: 'waiting', row: waiting as unknown as StockRow }
  const rows = {
    'stock-rows': new Map(isOrder ? [[orderId, stockRow]] : []),
    'coupon-rows': new Map([[orderId, couponRow]]),
    'payment-rows': new Map(),
    uses: new Map(),
  }
  const inFlight = { isOrderSettled: () => false, isAnswered: () => false }
  compareSteps({ rows, orders, inFlight, findings } as unknown as OrdersParts)
  return findings.first().map(({ text }) => text)
}

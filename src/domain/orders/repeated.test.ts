// SQL gives the fields of JSON back in an order of its own. What is published again from a row
// must be the same bytes all the same: it has the same event id.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OrderPlaced } from './messages.ts'
import { decisionOf } from './process.ts'
import { entryOf } from './records.ts'
import type { OrderState } from './state.ts'
import { decideStock } from './stock-step.ts'

const orderId = 'o-1'

test('stock.held is published again in the same bytes', () => {
  const lines = [{ productId: 'tea', quantity: 2 }]
  const placed: OrderPlaced = {
    type: 'order.placed',
    orderId,
    userId: 'ann',
    lines,
    timeLimitMs: 9,
  }
  const products = new Map([['tea', { price: 150, available: 2, held: 0 }]])
  const [first] = decideStock({ message: placed, at: 0, products }, { status: 'absent' }).replies
  const stored = [{ quantity: 2, productId: 'tea', unitPrice: 150 }]
  const row = { status: 'held', orderId, lines: stored } as const
  const [again] = decideStock({ message: placed, at: 0, products }, row).replies
  assert.ok(first !== undefined && again !== undefined)
  assert.equal(entryOf(again).value.toString(), entryOf(first).value.toString())
})

test('order.payment_due is published again in the same bytes', () => {
  const content = {
    orderId,
    userId: 'ann',
    lines: [],
    coupon: null,
    placedAt: 0,
    deadline: 1,
    heard: { coupon: null, stock: null, payment: null, notes: [] },
  }
  const bytesOf = (sums: { subtotal: number; discount: number; total: number }) => {
    const due = decisionOf({ status: 'due', sums, ...content } satisfies OrderState)
    assert.ok(due !== null)
    return entryOf(due).value.toString()
  }
  const stored = { total: 200, discount: 100, subtotal: 300 }
  assert.equal(bytesOf(stored), bytesOf({ subtotal: 300, discount: 100, total: 200 }))
})

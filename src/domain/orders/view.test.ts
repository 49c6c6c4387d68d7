import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CancelledOrder, DueOrder, OrderContent, StepNote } from './state.ts'
import { orderView } from './view.ts'

const placedAt = Date.UTC(2026, 2, 1, 1, 2, 3, 4)
const heldAt: StepNote = { step: 'stock', outcome: 'held', at: placedAt + 1 }
const content: OrderContent = {
  orderId: 'o-1',
  userId: 'ann',
  lines: [{ productId: 'tea', quantity: 2 }],
  coupon: { couponId: 'spring', partition: 0, offset: 7 },
  placedAt,
  deadline: placedAt + 500,
  heard: { coupon: null, stock: null, payment: null, notes: [] },
}
const held = { productId: 'tea', quantity: 2, unitPrice: 150 }
const heard = {
  ...content.heard,
  stock: { type: 'stock.held', orderId: 'o-1', lines: [held] } as const,
  notes: [heldAt],
}
const sums = { subtotal: 300, discount: 100, total: 200 }
const due: DueOrder = { ...content, status: 'due', heard, sums }

test('an order just placed shows its lines without prices and no sums', () => {
  assert.deepEqual(orderView({ ...content, status: 'placed', coupon: null }), {
    orderId: 'o-1',
    status: 'pending',
    lines: [{ productId: 'tea', quantity: 2 }],
    steps: [],
    placedAt: '2026-03-01T01:02:03.004Z',
  })
})

test('an order that is due is pending, with its held prices, its sums and its steps', () => {
  assert.deepEqual(orderView(due), {
    orderId: 'o-1',
    status: 'pending',
    lines: [held],
    couponId: 'spring',
    ...sums,
    steps: [{ step: 'stock', outcome: 'held', at: '2026-03-01T01:02:03.005Z' }],
    placedAt: '2026-03-01T01:02:03.004Z',
  })
  assert.equal(orderView({ ...due, status: 'confirmed' }).status, 'confirmed')
})

test('a cancelled order says why, and shows sums only if payment was due', () => {
  const reason = 'out_of_stock'
  const refused: StepNote = { step: 'stock', outcome: 'refused', reason, at: placedAt }
  const order: CancelledOrder = { ...content, status: 'cancelled', reason, sums: null }
  const view = orderView({ ...order, heard: { ...content.heard, notes: [refused] } })
  assert.equal(view.status, 'cancelled')
  assert.equal(view.reason, reason)
  assert.ok(!('total' in view))
  const at = '2026-03-01T01:02:03.004Z'
  assert.deepEqual(view.steps, [{ step: 'stock', outcome: 'refused', reason, at }])
  assert.equal(orderView({ ...order, sums }).total, 200)
})

test('an order mixed up with another shows no price of a product it does not have', () => {
  const other = { ...held, productId: 'cup' }
  const view = orderView({
    ...due,
    heard: { ...heard, stock: { type: 'stock.held', orderId: 'o-1', lines: [other] } },
  })
  assert.deepEqual(view.lines, [{ productId: 'tea', quantity: 2 }])
})

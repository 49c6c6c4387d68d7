import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProductMessage } from '../../domain/orders/messages.ts'
import { type Decided, decidedAnswer } from './command-answers.ts'

const stamp = { by: 'operator', commandId: 'c', productId: 'tea' }
const created: ProductMessage = {
  type: 'product.created',
  ...stamp,
  name: 'Tea',
  price: 150,
  stock: 9,
}
const added: ProductMessage = { type: 'stock.added', ...stamp, add: 5 }
const location = '/products/tea'
const body = { productId: 'tea' }
const shown = { status: 200, body }
const pending = { status: 202, body: { outcome: 'pending' }, location }

const rows: readonly (readonly [
  string,
  ProductMessage,
  Decided['outcome'],
  object | null,
  object,
])[] = [
  ['a creation that is done', created, 'done', body, { status: 201, body, location }],
  ['a creation of what was there', created, 'unchanged', body, shown],
  ['a creation of other content', created, 'conflict', body, { problem: 'product-exists' }],
  ['an addition that is done', added, 'done', body, shown],
  ['an addition under a used key', added, 'conflict', body, { problem: 'idempotency-key-reused' }],
  ['an addition to nothing', added, 'unknown_product', body, { problem: 'unknown-product' }],
  ['an addition beyond the limit', added, 'stock_limit', body, { problem: 'stock-limit' }],
  ['what is done and cannot be shown yet', added, 'done', null, pending],
  ['a creation that cannot be shown yet', created, 'done', null, pending],
]
for (const [what, message, outcome, found, expected] of rows) {
  test(`${what} is answered ${JSON.stringify(expected)}`, async () => {
    const answer = await decidedAnswer({ message, outcome, location, show: () => found })
    assert.deepEqual(answer, expected)
  })
}

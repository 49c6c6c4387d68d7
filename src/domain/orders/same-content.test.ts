import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sameContent } from './content.ts'

const [tea, cup] = [
  { productId: 'tea', quantity: 2 },
  { productId: 'cup', quantity: 2 },
]
const order = { userId: 'ann', couponId: 'spring', lines: [tea, cup] }

test('the same order has the same lines in any sequence', () => {
  assert.ok(sameContent(order, { ...order, lines: [cup, tea] }))
})

const others: Readonly<Record<string, Parameters<typeof sameContent>[0]>> = {
  'another user': { ...order, userId: 'bob' },
  'another coupon': { ...order, couponId: 'autumn' },
  'no coupon': { userId: 'ann', lines: [tea, cup] },
  'one line': { ...order, lines: [tea] },
  'another quantity': { ...order, lines: [tea, { ...cup, quantity: 3 }] },
  'another product': { ...order, lines: [tea, { ...cup, productId: 'pot' }] },
}
for (const [what, other] of Object.entries(others)) {
  test(`an order of ${what} is another order, whichever comes first`, () => {
    assert.ok(!sameContent(order, other))
    assert.ok(!sameContent(other, order))
  })
}

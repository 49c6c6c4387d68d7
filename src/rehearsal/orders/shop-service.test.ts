// What each answer of the service means to who orders. Whatever is not in the contract is unknown.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt, Request } from '../../client/http-client.ts'
import type { Intent } from './order-ledger.ts'
import { type OrderReply, shopOver } from './shop-service.ts'

type Given = { status: number; body?: unknown; retryAfter?: string; location?: string }

function answered({ status, body, ...headers }: Given): Attempt {
  return { kind: 'answered', status, headers, body: JSON.stringify(body ?? {}) }
}

function over(attempt: Attempt) {
  const sent: Request[] = []
  const http = {
    send(request: Request) {
      sent.push(request)
      return Promise.resolve(attempt)
    },
    close: () => Promise.resolve(),
  }
  return { shop: shopOver({ http, url: new URL('http://fake') }), sent }
}

const lines = [{ productId: 'tea', quantity: 2 }]
const intent: Intent = { user: 0, key: 'k', wish: 'plain', lines, couponId: 'spring' }
const sums = { subtotal: 200, discount: 30, total: 170 }
const view = {
  orderId: 'a',
  status: 'confirmed',
  lines: [{ productId: 'tea', quantity: 2, unitPrice: 100 }],
  couponId: 'spring',
  ...sums,
}
const { subtotal: _subtotal, discount: _discount, total: _total, ...seen } = view
const confirmed = { kind: 'ended', order: { ...seen, reason: null, sums } } as const
const short = { orderId: 'a', status: 'cancelled', reason: 'out_of_stock', lines }
const held = { type: '/problems/coupon-not-held' }

const replies: [Attempt, Partial<OrderReply>][] = [
  [answered({ status: 201, body: view }), confirmed],
  [answered({ status: 200, body: view }), confirmed],
  [
    answered({ status: 201, body: short }),
    {
      kind: 'ended',
      order: {
        ...short,
        lines: [{ productId: 'tea', quantity: 2, unitPrice: null }],
        couponId: null,
        sums: null,
      },
    },
  ],
  [
    answered({ status: 200, body: { ...view, status: 'pending' } }),
    { kind: 'pending', location: '/orders/a' },
  ],
  [
    answered({ status: 202, location: '/orders/a', retryAfter: '1' }),
    { kind: 'pending', location: '/orders/a', retryAfterMs: 1000 },
  ],
  [answered({ status: 202 }), { kind: 'pending', location: null }],
  [answered({ status: 201, body: { ...view, lines: [null] } }), { kind: 'unknown' }],
  [answered({ status: 201, body: { status: 'confirmed' } }), { kind: 'unknown' }],
  [answered({ status: 422, body: held }), { kind: 'refused', problem: 'coupon-not-held' }],
  [answered({ status: 409 }), { kind: 'unknown', reason: 'status 409' }],
  [answered({ status: 404, body: { type: '/problems/unknown-order' } }), { kind: 'none' }],
  [answered({ status: 404 }), { kind: 'unknown' }],
  [answered({ status: 429, retryAfter: '2' }), { kind: 'again', retryAfterMs: 2000 }],
  [answered({ status: 503 }), { kind: 'again', retryAfterMs: null }],
  [answered({ status: 500 }), { kind: 'again' }],
  [{ kind: 'refused', reason: 'nobody listens there' }, { kind: 'again' }],
  [
    { kind: 'lost', reason: 'timed out' },
    { kind: 'again', reason: 'timed out' },
  ],
]

for (const [attempt, expected] of replies) {
  const name =
    attempt.kind === 'answered' ? `${attempt.status} ${attempt.body}` : `${attempt.kind} request`
  test(`${name} means ${expected.kind}`, async () => {
    assert.partialDeepStrictEqual(await over(attempt).shop.place(intent, 't'), expected)
  })
}

test('an order is placed with its key, its lines and its coupon', async () => {
  const { shop, sent } = over(answered({ status: 201, body: view }))
  await shop.place(intent, 'token')
  const body = { lines, couponId: 'spring' }
  const path = '/orders'
  assert.deepEqual(sent, [{ method: 'POST', path, token: 'token', idempotencyKey: 'k', body }])
  assert.deepEqual(await shop.poll('http://elsewhere/orders/a', 'token'), {
    kind: 'unknown',
    reason: 'a bad Location',
  })
})

test('a command that was only accepted is pending, and a refused one is not asked again', async () => {
  const product = { productId: 'tea', name: 'Tea', price: 100, stock: 1 }
  const done = async (attempt: Attempt) => over(attempt).shop.createProduct(product, 't')
  assert.deepEqual(await done(answered({ status: 201 })), { ok: true, value: true })
  assert.partialDeepStrictEqual(await done(answered({ status: 202 })), { ok: false, again: true })
  assert.partialDeepStrictEqual(await done(answered({ status: 409 })), { ok: false, again: false })
  assert.partialDeepStrictEqual(await done(answered({ status: 503 })), { ok: false, again: true })
})

test('what a user holds is read, or else not to be had', async () => {
  const coupons = [
    { couponId: 'spring', status: 'used', orderId: 'a' },
    { couponId: 'tea', status: 'unused' },
  ]
  const read = (body: object) => over(answered({ status: 200, body })).shop.coupons('t')
  assert.deepEqual(await read({ coupons }), {
    ok: true,
    value: [
      { couponId: 'spring', orderId: 'a' },
      { couponId: 'tea', orderId: null },
    ],
  })
  const [used] = coupons
  assert.partialDeepStrictEqual(await read({ coupons: [{ ...used, orderId: 7 }] }), { ok: false })
  const { shop } = over(answered({ status: 200, body: { userId: 'ann', balance: 0 } }))
  assert.deepEqual(await shop.balance('t'), { ok: true, value: 0 })
})

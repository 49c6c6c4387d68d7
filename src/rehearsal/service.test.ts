// What each answer of the service means to a client. Whatever is not in the contract is unknown.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt, Request } from '../client/http-client.ts'
import type { Reply } from './attempts.ts'
import { type ClaimAnswer, type OrderAnswer, serviceOver } from './service.ts'

type Given = { status: number; body?: unknown; retryAfter?: string; location?: string }

function answered({ status, body, ...headers }: Given): Attempt {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? {})
  return { kind: 'answered', status, headers, body: text }
}

function over(attempt: Attempt, base = 'http://fake') {
  const sent: Request[] = []
  const http = {
    send(request: Request) {
      sent.push(request)
      return Promise.resolve(attempt)
    },
    close: () => Promise.resolve(),
  }
  const service = serviceOver({ http, url: new URL(base), operatorToken: 'operator' })
  return { service, sent }
}

const won = { outcome: 'issued', userId: 'ann', slot: 3, code: 'x', claimId: 'y' }
const yes = { kind: 'issued', userId: 'ann', slot: 3, code: 'x', claimId: 'y' } as const

function problem(slug: string): { type: string } {
  return { type: `/problems/${slug}` }
}

const claimReplies: [Attempt, Partial<Reply<ClaimAnswer>>][] = [
  [answered({ status: 201, body: won }), yes],
  [answered({ status: 200, body: won }), yes],
  [answered({ status: 200, body: { ...won, slot: '3' } }), { kind: 'unknown' }],
  [answered({ status: 200, body: 'no JSON' }), { kind: 'unknown' }],
  [answered({ status: 409, body: problem('sold-out') }), { kind: 'sold_out' }],
  [answered({ status: 409, body: problem('not-open') }), { kind: 'not_open' }],
  [answered({ status: 409, body: problem('paused') }), { kind: 'paused' }],
  [answered({ status: 409, body: problem('closed') }), { kind: 'closed' }],
  [answered({ status: 409, body: problem('coupon-exists') }), { kind: 'unknown' }],
  [answered({ status: 409, body: problem('constructor') }), { kind: 'unknown' }],
  [answered({ status: 200, body: problem('sold-out') }), { kind: 'unknown' }],
  [
    answered({ status: 202, location: '/x' }),
    { kind: 'pending', location: '/x', retryAfterMs: null },
  ],
  [answered({ status: 202 }), { kind: 'unknown' }],
  [answered({ status: 429, retryAfter: '2' }), { kind: 'again', retryAfterMs: 2000 }],
  [answered({ status: 503, retryAfter: '1' }), { kind: 'again', retryAfterMs: 1000 }],
  [answered({ status: 503 }), { kind: 'unknown', reason: 'status 503' }],
  [
    answered({ status: 500, body: problem('internal-error') }),
    { kind: 'unknown', reason: 'status 500 internal-error' },
  ],
  [answered({ status: 404, body: problem('not-issued') }), { kind: 'none' }],
  [answered({ status: 404, body: problem('unknown-coupon') }), { kind: 'unknown' }],
  [{ kind: 'refused', reason: 'nobody listens there' }, { kind: 'again' }],
  [
    { kind: 'lost', reason: 'timed out' },
    { kind: 'unknown', reason: 'timed out' },
  ],
]

for (const [attempt, expected] of claimReplies) {
  test(`to a claim, ${nameOf(attempt)} means ${expected.kind}`, async () => {
    const { service } = over(attempt)
    const reply = await service.claim('c', 'token')
    assert.partialDeepStrictEqual(reply, expected)
  })
}

function nameOf(attempt: Attempt): string {
  return attempt.kind === 'answered'
    ? `${attempt.status} ${attempt.body}`
    : `${attempt.kind} request`
}

test('a Location is asked for at the service itself and nowhere else', async () => {
  const polled: [base: string, location: string, path: string | null][] = [
    ['http://fake', '/coupons/c/claims/mine', '/coupons/c/claims/mine'],
    ['http://fake', 'http://fake/coupons/c/claims/mine', '/coupons/c/claims/mine'],
    ['http://fake', 'http://elsewhere/coupons/c/claims/mine', null],
    ['http://fake/shop', '/shop/coupons/c/claims/mine', '/coupons/c/claims/mine'],
  ]
  for (const [base, location, path] of polled) {
    const { service, sent } = over(answered({ status: 200, body: won }), base)
    const reply = await service.pollClaim(location, 'token')
    assert.equal(sent[0]?.path ?? null, path)
    assert.equal(reply.kind, path === null ? 'unknown' : 'issued')
  }
})

test('rows are read page by page, and a row that is none makes the page none', async () => {
  const row = { slot: 1, userId: 'ann', claimId: 'y', code: 'x' }
  const { service, sent } = over(answered({ status: 200, body: { issued: [row], next: {} } }))
  const page = await service.issuedRows('c', 7)
  assert.deepEqual(page, { ok: true, value: { rows: [row], more: true } })
  assert.equal(sent[0]?.path, '/issued-coupons?couponId=c&limit=1000&afterCouponId=c&afterSlot=7')
  assert.equal(sent[0]?.token, 'operator')
  const bad = over(answered({ status: 200, body: { issued: [null] } }))
  const none = await bad.service.issuedRows('c', 0)
  assert.partialDeepStrictEqual(none, { ok: false, again: false })
  assert.equal(bad.sent[0]?.path, '/issued-coupons?couponId=c&limit=1000')
})

test('a failed read says whether asking again may help', async () => {
  const failures: [Attempt, boolean][] = [
    [answered({ status: 404, body: problem('unknown-coupon') }), false],
    [answered({ status: 403 }), false],
    [answered({ status: 429 }), true],
    [answered({ status: 503 }), true],
    [{ kind: 'refused', reason: 'nobody listens there' }, true],
    [{ kind: 'lost', reason: 'timed out' }, true],
  ]
  for (const [attempt, again] of failures) {
    const read = await over(attempt).service.coupon('c')
    assert.partialDeepStrictEqual(read, { ok: false, again })
  }
})

const lines = [{ productId: 'tea', quantity: 2 }]
const order = { key: 'k', lines, couponId: 'spring' }
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

const orderReplies: [Attempt, Partial<Reply<OrderAnswer>>][] = [
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

for (const [attempt, expected] of orderReplies) {
  test(`to an order, ${nameOf(attempt)} means ${expected.kind}`, async () => {
    assert.partialDeepStrictEqual(await over(attempt).service.place(order, 't'), expected)
  })
}

test('an order is placed with its key, its lines and its coupon', async () => {
  const { service, sent } = over(answered({ status: 201, body: view }))
  await service.place(order, 'token')
  const body = { lines, couponId: 'spring' }
  const path = '/orders'
  assert.deepEqual(sent, [{ method: 'POST', path, token: 'token', idempotencyKey: 'k', body }])
  assert.deepEqual(await service.pollOrder('http://elsewhere/orders/a', 'token'), {
    kind: 'unknown',
    reason: 'a bad Location',
  })
})

test('a command that was only accepted is pending, and a refused one is not asked again', async () => {
  const product = { productId: 'tea', name: 'Tea', price: 100, stock: 1 }
  const done = async (attempt: Attempt) => over(attempt).service.createProduct(product, 't')
  assert.deepEqual(await done(answered({ status: 201 })), { ok: true, value: true })
  assert.partialDeepStrictEqual(await done(answered({ status: 202 })), { ok: false, again: true })
  assert.partialDeepStrictEqual(await done(answered({ status: 409 })), { ok: false, again: false })
  assert.partialDeepStrictEqual(await done(answered({ status: 503 })), { ok: false, again: true })
})

const off = { kind: 'amount', value: 500 } as const

test('what a user holds is read, or else not to be had', async () => {
  const spring = { couponId: 'spring', name: 'Spring', slot: 7, code: 'x', status: 'used' }
  const tea = { couponId: 'tea', name: 'Tea', slot: 1, code: 'y', status: 'unused' }
  const coupons = [{ ...spring, orderId: 'a' }, { ...tea, discount: off }, spring]
  const read = (body: object) => over(answered({ status: 200, body })).service.coupons('t')
  assert.deepEqual(await read({ coupons }), {
    ok: true,
    value: [
      { ...spring, discount: null, orderId: 'a' },
      { ...tea, discount: off, orderId: null },
      { ...spring, discount: null, orderId: null },
    ],
  })
  const { status: _, ...unsaid } = spring
  assert.partialDeepStrictEqual(await read({ coupons: [unsaid] }), { ok: false })
  const { service } = over(answered({ status: 200, body: { userId: 'ann', balance: 0 } }))
  assert.deepEqual(await service.balance('t'), { ok: true, value: 0 })
})

// Whatever is sent, valid or not: refused clearly or taken by every reader, never a 5xx.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeMessage, encodeMessage } from '../../../src/domain/coupons/messages.ts'
import {
  decodeOrderMessage,
  decodeProductMessage,
  decodeWalletMessage,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from '../../../src/domain/orders/messages.ts'
import { readAt, type StoredPlace } from '../../../src/domain/orders/records.ts'
import { startTestServer, tokenOf } from './fixture.ts'

const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1e7 + 1, 2 ** 53, 1e300))
const odd = fc.oneof(fc.jsonValue(), number, fc.string({ unit: 'binary' }))
/** Mostly the valid, for a coupon is only taken where all of it is. */
const mostly = <Value>(valid: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 30, arbitrary: valid }, { weight: 1, arbitrary: odd })

const instant = fc
  .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString())
  .chain((text) => fc.constantFrom(text, text.replace('Z', '+09:00')))
const name = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 190 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
)
const discount = fc.record({
  kind: mostly(fc.constantFrom('amount', 'percent')),
  value: mostly(fc.integer({ min: 1, max: 110 })),
})
const coupon = fc.record(
  {
    couponId: mostly(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/)),
    name: mostly(name),
    quantity: mostly(fc.integer({ min: 1, max: 1e7 })),
    opensAt: mostly(instant),
    closesAt: mostly(instant),
    discount: mostly(discount),
  },
  { requiredKeys: ['name', 'quantity'] },
)
const body = fc.oneof(
  { weight: 8, arbitrary: coupon.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)

test('what is offered is refused, or is a record that every reader takes', async (t) => {
  const { app, claims } = await startTestServer(t)
  const headers = {
    authorization: `Bearer ${tokenOf('operator')}`,
    'content-type': 'application/json',
  }
  let taken = 0
  const property = fc.asyncProperty(body, async (payload) => {
    const before = claims.appended.length
    const answer = await app.inject({ method: 'POST', url: '/coupons', headers, payload })
    const message = claims.appended[before]
    if (message === undefined) {
      assert.ok([400, 413, 422].includes(answer.statusCode), `${answer.statusCode} ${payload}`)
      return
    }
    taken += 1
    assert.ok([200, 201, 409].includes(answer.statusCode), `${answer.statusCode} ${payload}`)
    assert.deepEqual(decodeMessage(encodeMessage(message)), { kind: 'message', message })
  })
  await fc.assert(property, { numRuns: 1_000 })
  assert.ok(taken > 100, `only ${taken} were taken: the property says nothing`)
})

const productId = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/)
const count = fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.constantFrom(0, 1e9, 1e10, 1e12))
const product = fc.record({
  productId: mostly(productId),
  name: mostly(name),
  price: mostly(count),
  stock: mostly(count),
})
const line = fc.record({ productId: mostly(productId), quantity: mostly(count) })
const lines = mostly(fc.array(line, { minLength: 1, maxLength: 5 }))
const order = fc.oneof(
  { weight: 9, arbitrary: fc.record({ lines }) },
  { weight: 1, arbitrary: fc.record({ lines, couponId: odd }) },
)
const printable = fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code))
const idempotencyKey = fc.string({ unit: printable, minLength: 1, maxLength: 130 })
/** Long ones, and such as nobody can have. */
const user = fc
  .oneof(fc.constant('a"/b'), fc.string({ unit: 'binary', minLength: 1, maxLength: 130 }))
  .filter((text) => text.isWellFormed() && text !== '.' && text !== '..')
const ask = fc.oneof(
  fc.tuple(fc.constant('/products'), product),
  fc.tuple(fc.constant('/products/tea/stock'), fc.record({ add: mostly(count) })),
  fc.tuple(
    user.map((userId) => `/wallets/${encodeURIComponent(userId)}/top-ups`),
    fc.record({ amount: mostly(count) }),
  ),
  fc.tuple(fc.constant('/orders'), order),
)
type Read = (value: Buffer, place: StoredPlace) => { kind: string }
const reads: [topic: string, read: Read][] = [
  [ordersTopic, (value, place) => readAt(decodeOrderMessage(value), place)],
  [productsTopic, (value, place) => readAt(decodeProductMessage(value), place)],
  [walletsTopic, (value, place) => readAt(decodeWalletMessage(value), place)],
]

test('what is asked of orders is refused, or is a record that every reader takes', async (t) => {
  const { app, call, log } = await startTestServer(t)
  const authorization = `Bearer ${tokenOf(`operator${'"'.repeat(120)}`)}`
  const tea = { productId: 'tea', name: 'Tea', price: 1, stock: 1 }
  await call('POST /products', { as: 'operator', json: tea })
  const property = fc.asyncProperty(ask, idempotencyKey, async ([url, value], key) => {
    const headers = { authorization, 'idempotency-key': key, 'content-type': 'application/json' }
    const payload = JSON.stringify(value)
    const answer = await app.inject({ method: 'POST', url, headers, payload })
    const told = `${url} ${answer.statusCode} ${payload}`
    assert.ok([200, 201, 400, 404, 409, 413, 422].includes(answer.statusCode), told)
  })
  await fc.assert(property, { numRuns: 500 })
  for (const [topic, read] of reads) {
    const partitions = log.records(topic)
    for (const { value, partition } of partitions.flat()) {
      const place = { partition, partitions: partitions.length }
      assert.equal(read(value, place).kind, 'message', value.toString())
    }
    assert.ok(partitions.flat().length > 20, `${topic} has few: the property says nothing`)
  }
})

test('whatever the path and the query, the answer is no fault of the service', async (t) => {
  const { app } = await startTestServer(t)
  const headers = { authorization: `Bearer ${tokenOf('operator')}` }
  const part = fc.oneof(
    fc.constantFrom('coupons', 'tea', 'claims', 'mine', '..', '%00', '%ff', '%', ':couponId'),
    fc.constantFrom('orders', 'products', 'stock', 'wallets', 'top-ups'),
    fc.webSegment(),
  )
  const path = fc.array(part, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`)
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD' as const)
  const query = fc.oneof(fc.constant(''), fc.webQueryParameters())
  const property = fc.asyncProperty(method, path, query, async (verb, where, asked) => {
    const url = `${where}?${asked}`
    const { statusCode } = await app.inject({ method: verb, url, headers })
    assert.ok(statusCode < 500, `${verb} ${url}: ${statusCode}`)
  })
  await fc.assert(property, { numRuns: 1_000 })
})

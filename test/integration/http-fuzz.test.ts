// Whatever is sent, valid or not: refused clearly or taken by every reader, never a 5xx.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeMessage, encodeMessage } from '../../src/domain/coupons/messages.ts'
import { startTestServer, tokenOf } from './http-fixture.ts'

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

test('whatever the path and the query, the answer is no fault of the service', async (t) => {
  const { app } = await startTestServer(t)
  const headers = { authorization: `Bearer ${tokenOf('operator')}` }
  const part = fc.oneof(
    fc.constantFrom('coupons', 'tea', 'claims', 'mine', '..', '%00', '%ff', '%', ':couponId'),
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

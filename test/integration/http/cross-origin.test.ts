// Pages of a shop on another origin: those that are named may call, whatever they are answered.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../../../src/adapters/memory/clock-virtual.ts'
import { startedAt, startTestServer } from './fixture.ts'

const shop = 'https://shop.example'
const settings = { allowedOrigins: [shop, 'http://localhost:3000'] }
const strangers = [`${shop}.evil`, 'http://shop.example', `${shop}:444`, 'null', shop.toUpperCase()]

function preflight(origin: string, method = 'POST') {
  const asked = { 'access-control-request-method': method }
  const headers = { origin, ...asked, 'access-control-request-headers': 'authorization' }
  return { as: null, headers }
}

test('a page that is named may call, and reads what it needs of every answer', async (t) => {
  const clock = virtualClock(startedAt)
  const limited = { ...settings, userRateMax: 1 }
  const { call } = await startTestServer(t, { clock, settings: limited })
  const lines = [
    ['GET /coupons', null, 200],
    ['GET /coupons/tea', null, 404],
    ['POST /coupons/tea/claims', null, 401],
    ['POST /coupons/tea/claims', 'ann', 404],
    ['POST /coupons/tea/claims', 'ann', 429],
    ['PUT /coupons', null, 405],
    ['GET /nowhere', null, 404],
  ] as const
  for (const [line, as, status] of lines) {
    const { headers, ...answer } = await call(line, { as, headers: { origin: shop } })
    assert.equal(answer.status, status, line)
    assert.equal(headers.get('access-control-allow-origin'), shop, line)
    assert.equal(headers.get('access-control-allow-credentials'), null)
    assert.match(headers.get('vary') ?? '', /^origin$/i)
    const exposed = headers.get('access-control-expose-headers') ?? ''
    for (const name of ['Retry-After', 'Location', 'ETag', 'Server-Time', 'Answer-Status']) {
      assert.ok(exposed.split(', ').includes(name), name)
    }
  }
})

test('a preflight is answered without a token, for every call', async (t) => {
  const clock = virtualClock(startedAt)
  const limited = { ...settings, userRateMax: 1 }
  const { call } = await startTestServer(t, { clock, settings: limited })
  for (const path of ['/coupons/tea/claims', '/coupons/tea', '/orders', '/me/coupons']) {
    const { status, text, headers } = await call(`OPTIONS ${path}`, preflight(shop))
    assert.deepEqual([status, text], [204, ''])
    assert.equal(headers.get('access-control-allow-origin'), shop)
    assert.match(headers.get('access-control-allow-methods') ?? '', /POST, PATCH/)
    const allowed = headers.get('access-control-allow-headers') ?? ''
    assert.match(allowed, /Authorization.*Idempotency-Key.*If-Match/)
    assert.equal(headers.get('access-control-max-age'), '600')
  }
})

test('a page that is not named exactly is allowed nothing', async (t) => {
  const { call } = await startTestServer(t, { settings })
  for (const origin of strangers) {
    for (const [line, init] of [
      ['GET /coupons', { as: null, headers: { origin } }],
      ['OPTIONS /coupons', preflight(origin)],
    ] as const) {
      const { headers } = await call(line, init)
      assert.equal(headers.get('access-control-allow-origin'), null, `${line} ${origin}`)
      assert.match(headers.get('vary') ?? '', /^origin$/i)
    }
  }
})

test('where none is named, nothing is said of other origins', async (t) => {
  const { call } = await startTestServer(t)
  const { headers } = await call('GET /coupons', { as: null, headers: { origin: shop } })
  assert.equal(headers.get('access-control-allow-origin'), null)
  assert.equal(headers.get('vary'), null)
  assert.equal((await call('OPTIONS /coupons', preflight(shop))).status, 405)
})

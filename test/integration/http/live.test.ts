// What pages poll: small, the same for everybody, and good for a cache in front.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startedAt, startTestServer } from './fixture.ts'

const terms = { couponId: 'tea', name: '차 한 잔', quantity: 2, closesAt: '2026-05-01T10:00:00Z' }

test('shows how many are left by the log’s clock, for a second and for everybody', async (t) => {
  const { call, time } = await startTestServer(t)
  await call('POST /coupons', { as: 'operator', json: terms })
  const live = (headers?: Record<string, string>) => {
    return call('GET /coupons/tea/live', { as: null, ...(headers && { headers }) })
  }
  const first = await live()
  assert.deepEqual(first.body, {
    couponId: 'tea',
    name: '차 한 잔',
    status: 'open',
    quantity: 2,
    remaining: 2,
    opensAt: '2026-05-01T09:00:00.000Z',
    closesAt: '2026-05-01T10:00:00.000Z',
    now: '2026-05-01T09:00:00.000Z',
  })
  assert.equal(first.headers.get('cache-control'), 'public, max-age=1')
  assert.equal(first.headers.get('server-time'), '2026-05-01T09:00:00.000Z')
  assert.equal(first.headers.get('set-cookie'), null)
  assert.equal(first.headers.get('vary'), null)
  const etag = first.headers.get('etag') ?? ''

  time.now = startedAt + 1_500
  for (const known of [etag, `"other", ${etag}`, etag.replace('W/', ''), '*']) {
    const same = await live({ 'if-none-match': known })
    assert.deepEqual([same.status, same.text], [304, ''], known)
    assert.equal(same.headers.get('etag'), etag)
    assert.equal(same.headers.get('server-time'), '2026-05-01T09:00:01.500Z')
    assert.equal(same.headers.get('cache-control'), 'public, max-age=1')
  }
  const again = await live()
  assert.deepEqual([again.body.now, again.headers.get('etag')], ['2026-05-01T09:00:01.500Z', etag])

  await call('POST /coupons/tea/claims', { as: 'ann' })
  const after = await live({ 'if-none-match': etag })
  assert.deepEqual([after.status, after.body.remaining], [200, 1])
  assert.notEqual(after.headers.get('etag'), etag)
  time.now = startedAt + 3_600_000
  assert.equal((await live()).body.status, 'closed')
})

test('of an unknown coupon it is 404, which no cache keeps', async (t) => {
  const { call } = await startTestServer(t)
  const answer = await call('GET /coupons/tea/live', { as: null })
  assert.deepEqual([answer.status, answer.body.type], [404, '/problems/unknown-coupon'])
  assert.equal(answer.headers.get('cache-control'), 'no-store')
})

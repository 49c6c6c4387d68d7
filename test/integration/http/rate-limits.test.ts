// The limits by user and by address, and that they hold for nobody else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../../../src/adapters/memory/clock-virtual.ts'
import { signToken } from '../../../src/client/tokens.ts'
import { jwtSecret, startedAt, startTestServer } from './fixture.ts'

/** Time stands still until a test moves it on. */
function stopTime() {
  return virtualClock(startedAt)
}

test('a user may ask so often a second, then waits, and others do not', async (t) => {
  const clock = stopTime()
  const { call } = await startTestServer(t, { clock, settings: { userRateMax: 3 } })
  const claim = (as: string) => call('POST /coupons/tea/claims', { as })
  const statusesOf = async (as: string, times: number) => {
    const statuses: number[] = []
    for (let asked = 0; asked < times; asked++) statuses.push((await claim(as)).status)
    return statuses
  }
  assert.deepEqual(await statusesOf('ann', 4), [404, 404, 404, 429])
  assert.deepEqual(await statusesOf('bob', 3), [404, 404, 404])
  await clock.runUntil(startedAt + 999)
  const refused = await claim('ann')
  assert.equal(refused.status, 429)
  assert.equal(refused.body.type, '/problems/too-many-requests')
  assert.equal(refused.headers.get('retry-after'), '1')
  await clock.runUntil(startedAt + 1_000)
  assert.deepEqual(await statusesOf('ann', 4), [404, 404, 404, 429])
})

test('a wall clock that is set back or ahead changes nothing', async (t) => {
  const clock = stopTime()
  const { call } = await startTestServer(t, { clock, settings: { userRateMax: 1 } })
  const claim = async () => (await call('POST /coupons/tea/claims', { as: 'ann' })).status
  for (const leapMs of [-3_600_000, 7_200_000, -86_400_000]) {
    assert.deepEqual([await claim(), await claim()], [404, 429])
    clock.leap(leapMs)
    assert.equal(await claim(), 429, `after a leap of ${leapMs} ms`)
    await clock.runUntil(clock.now() + 1_000)
  }
})

test('tills have the limit of operators, viewers that of users', async (t) => {
  const settings = { userRateMax: 1, operatorRateMax: 2 }
  const { call } = await startTestServer(t, { clock: stopTime(), settings })
  const given = { secret: jwtSecret, operator: false, expiresInSeconds: 60, now: startedAt }
  for (const [scope, statuses] of [
    ['redeem', [404, 404, 429]],
    ['viewer', [404, 429, 429]],
  ] as const) {
    const token = signToken({ ...given, sub: scope, scope })
    for (const status of statuses) {
      assert.equal((await call('POST /coupons/tea/claims', { token })).status, status, scope)
    }
  }
})

test('the calls of one user count together, and those without a user not at all', async (t) => {
  const clock = stopTime()
  const settings = { userRateMax: 1, operatorRateMax: 2 }
  const { call } = await startTestServer(t, { clock, settings })
  const as = 'operator'
  assert.equal((await call('POST /coupons/tea/claims', { as })).status, 404)
  assert.equal((await call('POST /coupons/tea/pause', { as })).status, 404)
  assert.equal((await call('GET /me/coupons', { as })).status, 429)
  assert.equal((await call('POST /coupons', { as, json: {} })).status, 429)
  const open = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/coupons']
  for (const path of open) assert.equal((await call(`GET ${path}`, { as })).status, 200)
  for (const path of ['/projection', '/issued-coupons', '/orders-projection']) {
    assert.equal((await call(`GET ${path}`, { as })).status, 503)
  }
})

test('operators have a limit of their own, and none where users have none', async (t) => {
  const refused = async (settings: { userRateMax: number; operatorRateMax: number }) => {
    const { call } = await startTestServer(t, { clock: stopTime(), settings })
    const many = async (as: string) => {
      const asked = Array.from({ length: 10 }, () => call('POST /coupons/tea/claims', { as }))
      return (await Promise.all(asked)).filter(({ status }) => status === 429).length
    }
    return [await many('ann'), await many('operator'), await many('operator-kim')]
  }
  assert.deepEqual(await refused({ userRateMax: 2, operatorRateMax: 7 }), [8, 3, 3])
  assert.deepEqual(await refused({ userRateMax: 2, operatorRateMax: 0 }), [8, 0, 0])
  assert.deepEqual(await refused({ userRateMax: 0, operatorRateMax: 1 }), [0, 0, 0])
})

test('a refused token counts for nobody', async (t) => {
  const clock = stopTime()
  const { call } = await startTestServer(t, { clock, settings: { userRateMax: 1 } })
  for (let asked = 0; asked < 3; asked++) {
    const answer = await call('POST /coupons/tea/claims', { token: 'x.y.z' })
    assert.equal(answer.status, 401)
  }
  assert.equal((await call('POST /coupons/tea/claims')).status, 404)
})

test('an address may be limited too, whoever asks from it, but probes never are', async (t) => {
  const clock = stopTime()
  const { call } = await startTestServer(t, {
    clock,
    settings: { addressRateMax: 3, userRateMax: 2 },
  })
  assert.equal((await call('POST /coupons/tea/claims', { as: 'ann' })).status, 404)
  assert.equal((await call('POST /coupons/tea/claims', { as: null })).status, 401)
  assert.equal((await call('GET /coupons')).status, 200)
  const spoofed = { headers: { 'x-forwarded-for': '203.0.113.9' } }
  assert.equal((await call('POST /coupons/tea/claims', { as: 'bob', ...spoofed })).status, 429)
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    assert.equal((await call(`GET ${path}`)).status, 200)
  }
})

test('the users remembered are bounded: the ones longest unseen are forgotten first', async (t) => {
  const clock = stopTime()
  const settings = { userRateMax: 1, limits: { rateKeysMax: 2 } }
  const { call } = await startTestServer(t, { clock, settings })
  const statuses: number[] = []
  for (const as of ['ann', 'bob', 'bob', 'cid', 'bob', 'ann', 'cid']) {
    statuses.push((await call('POST /coupons/tea/claims', { as })).status)
  }
  assert.deepEqual(statuses, [404, 404, 429, 404, 429, 404, 404])
})

test('0 is no limit', async (t) => {
  const clock = stopTime()
  const { call } = await startTestServer(t, { clock })
  const asked = Array.from({ length: 50 }, () => call('POST /coupons/tea/claims'))
  const statuses = (await Promise.all(asked)).map(({ status }) => status)
  assert.deepEqual(new Set(statuses), new Set([404]))
})

test('an address that asks for what is not there is limited like any other', async (t) => {
  const settings = { addressRateMax: 2 }
  for (const line of ['GET /nothing', 'DELETE /coupons', 'POST /coupons/tea']) {
    const { call } = await startTestServer(t, { clock: stopTime(), settings })
    const statuses = [await call(line), await call(line), await call(line)].map((a) => a.status)
    assert.ok(statuses.slice(0, 2).every((status) => status === 404 || status === 405))
    assert.equal(statuses[2], 429, line)
    assert.equal((await call('GET /coupons')).status, 429)
    assert.equal((await call('GET /healthz')).status, 200)
  }
})

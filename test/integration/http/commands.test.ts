// What an operator is answered over HTTP: coupons made, restocked, paused, resumed, closed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CouponCreated,
  decodeMessage,
  encodeMessage,
} from '../../../src/domain/coupons/messages.ts'
import { startedAt, startTestServer } from './fixture.ts'

const iso = (at: number) => new Date(at).toISOString()
const tea = { couponId: 'tea', name: 'Tea', quantity: 2 }

test('an operator offers a coupon: 201 with Location, the same again 200, other 409', async (t) => {
  const { call, claims } = await startTestServer(t)
  const terms = {
    ...tea,
    opensAt: '2026-05-01T18:00:01+09:00',
    closesAt: '2026-05-02T00:00:00Z',
    discount: { kind: 'percent', value: 100 },
  }
  const coupon = {
    ...tea,
    issued: 0,
    remaining: 2,
    status: 'scheduled',
    opensAt: '2026-05-01T09:00:01.000Z',
    closesAt: '2026-05-02T00:00:00.000Z',
    discount: { kind: 'percent', value: 100 },
  }
  const first = await call('POST /coupons', { as: 'operator-1', json: terms })
  assert.equal(first.status, 201)
  assert.equal(first.headers.get('location'), '/coupons/tea')
  const log = { partition: 0, offset: 0, appendedAt: iso(startedAt) }
  const acted = { ...coupon, by: 'operator-1', log }
  assert.deepEqual(first.body, acted)
  assert.deepEqual(claims.appended, [
    {
      type: 'coupon.created',
      couponId: 'tea',
      terms: {
        name: 'Tea',
        quantity: 2,
        opensAt: startedAt + 1_000,
        closesAt: Date.UTC(2026, 4, 2),
        discount: { kind: 'percent', value: 100 },
      },
      rules: 2,
      by: 'operator-1',
      commandId: 'made-1',
    },
  ])
  const again = await call('POST /coupons', { as: 'operator-2', json: terms })
  assert.equal(again.status, 200)
  assert.equal(again.headers.get('location'), null)
  assert.deepEqual(again.body, acted)
  const other = await call('POST /coupons', { as: 'operator', json: { ...terms, quantity: 3 } })
  assert.equal(other.status, 409)
  assert.equal(other.body.type, '/problems/coupon-exists')
  assert.deepEqual((await call('GET /coupons/tea', { as: null })).body, coupon)
})

test('a coupon without an id gets one, and without times is open at once for ever', async (t) => {
  const { call, claims } = await startTestServer(t)
  const answer = await call('POST /coupons', { as: 'operator', json: { name: 'T', quantity: 1 } })
  assert.equal(answer.status, 201)
  assert.equal(answer.headers.get('location'), '/coupons/made-1')
  assert.deepEqual(answer.body, {
    couponId: 'made-1',
    name: 'T',
    quantity: 1,
    issued: 0,
    remaining: 1,
    status: 'open',
    opensAt: iso(startedAt),
    closesAt: null,
    discount: null,
    by: 'operator',
    log: { partition: 0, offset: 0, appendedAt: iso(startedAt) },
  })
  assert.deepEqual(claims.appended[0], {
    type: 'coupon.created',
    couponId: 'made-1',
    terms: { name: 'T', quantity: 1 },
    rules: 2,
    by: 'operator',
    commandId: 'made-2',
  })
})

test('an Idempotency-Key is one coupon, where its operator gives no id', async (t) => {
  const { call, claims } = await startTestServer(t)
  const offer = async (as: string, key: string, json: object = { name: 'T', quantity: 1 }) => {
    const { status, body } = await call('POST /coupons', {
      as,
      json,
      headers: { 'idempotency-key': key },
    })
    return { status, id: body.couponId }
  }
  const first = await offer('operator-1', 'k')
  assert.equal(first.status, 201)
  assert.deepEqual(await offer('operator-1', 'k'), { ...first, status: 200 })
  assert.equal((await offer('operator-1', 'k', { name: 'T', quantity: 2 })).status, 409)
  for (const [as, key] of [
    ['operator-2', 'k'],
    ['operator-1', 'l'],
  ] as const) {
    const other = await offer(as, key)
    assert.equal(other.status, 201)
    assert.notEqual(other.id, first.id)
  }
  const named = { couponId: 'tea', name: 'T', quantity: 1 }
  assert.deepEqual(await offer('operator-1', 'm', named), { status: 201, id: 'tea' })
  assert.deepEqual(await offer('operator-1', 'm', named), { status: 200, id: 'tea' })
  const ids = claims.appended.map((message) => 'commandId' in message && message.commandId)
  assert.equal(ids.at(-1), ids.at(-2))
  claims.commandAnswers.push({ kind: 'key_reused' })
  const reused = await call('POST /coupons', { as: 'operator-1', json: named })
  assert.equal(reused.body.type, '/problems/idempotency-key-reused')
})

test('an audience is offered, shown and compared as it was given, and refused where it is none', async (t) => {
  const { call, claims } = await startTestServer(t)
  const audience = { attribute: '등급', values: ['금', 'silver'] }
  const json = { couponId: 'vip', name: 'V', quantity: 1, audience }
  const made = await call('POST /coupons', { as: 'operator', json })
  assert.equal(made.status, 201)
  assert.deepEqual(made.body.audience, audience)
  assert.deepEqual((claims.appended[0] as CouponCreated).terms.audience, audience)
  assert.equal((await call('POST /coupons', { as: 'operator', json })).status, 200)
  const others = { ...json, audience: { ...audience, values: ['금'] } }
  assert.equal((await call('POST /coupons', { as: 'operator', json: others })).status, 409)
  const wrong = [
    {},
    { attribute: 'tier' },
    { attribute: 'tier', values: [] },
    { attribute: '', values: ['gold'] },
    { attribute: 'tier', values: [''] },
    { attribute: 'tier', values: ['\ud800'] },
    { attribute: 'tier', values: [1] },
    { attribute: 'tier', values: Array.from({ length: 101 }, (_, n) => `${n}`) },
    { attribute: 'x'.repeat(129), values: ['gold'] },
    { attribute: 'tier', values: ['gold'], note: 'x' },
  ]
  for (const one of wrong) {
    const answer = await call('POST /coupons', { as: 'operator', json: { ...json, audience: one } })
    assert.equal(answer.status, 422, JSON.stringify(one))
  }
})

test('terms are offered, shown and compared as they were given', async (t) => {
  const { call, claims } = await startTestServer(t)
  const terms = {
    discount: { kind: 'percent', value: 10, max: 3_000 },
    minimum: 20_000,
    validUntil: '2026-05-31T15:00:00.000+09:00',
  }
  const json = { couponId: 'spring', name: 'S', quantity: 1, ...terms }
  const made = await call('POST /coupons', { as: 'operator', json })
  assert.equal(made.status, 201)
  const { discount, minimum, validUntil } = made.body
  assert.deepEqual({ discount, minimum }, { discount: terms.discount, minimum: 20_000 })
  assert.equal(validUntil, '2026-05-31T06:00:00.000Z')
  assert.deepEqual((claims.appended[0] as CouponCreated).terms, {
    name: 'S',
    quantity: 1,
    ...terms,
    validUntil: Date.UTC(2026, 4, 31, 6),
  })
  assert.equal((await call('POST /coupons', { as: 'operator', json })).status, 200)
  for (const other of [{ minimum: 0 }, { discount: { kind: 'percent', value: 10 } }]) {
    const changed = { ...json, ...other }
    assert.equal((await call('POST /coupons', { as: 'operator', json: changed })).status, 409)
  }
  const days = { couponId: 'days', name: 'D', quantity: 1, validDays: 30 }
  assert.equal((await call('POST /coupons', { as: 'operator', json: days })).body.validDays, 30)
})

const wrongTerms: readonly (readonly [terms: object, path: string])[] = [
  [{ minimum: -1 }, '/minimum'],
  [{ minimum: 0.5 }, '/minimum'],
  [{ validDays: 0 }, '/validDays'],
  [{ validDays: 36_501 }, '/validDays'],
  [{ validUntil: 'soon' }, '/validUntil'],
  [{ validUntil: '2026-04-30T00:00:00Z' }, '/validUntil'],
  [{ validUntil: '2026-06-01T00:00:00Z', opensAt: '2026-06-01T00:00:00Z' }, '/validUntil'],
  [{ validUntil: '2026-06-01T00:00:00Z', validDays: 1 }, '/validDays'],
  [{ discount: { kind: 'percent', value: 10, max: 0 } }, '/discount/max'],
  [{ discount: { kind: 'amount', value: 10, max: 5 } }, '/discount/max'],
  [{ max: 5 }, '/max'],
  [{ rules: 1 }, '/rules'],
]
for (const [terms, path] of wrongTerms) {
  test(`${JSON.stringify(terms)} is 422 at ${path}`, async (t) => {
    const { call, claims } = await startTestServer(t)
    const json = { name: 'W', quantity: 1, ...terms }
    const { status, body } = await call('POST /coupons', { as: 'operator', json })
    assert.equal(status, 422)
    const errors = body.errors as { path: string }[]
    assert.ok(
      errors.some((error) => error.path === path),
      JSON.stringify(errors),
    )
    assert.deepEqual(claims.appended, [])
  })
}

test('a time is told what it lacks', async (t) => {
  const { call } = await startTestServer(t)
  const lacks: [opensAt: string, what: RegExp][] = [
    ['2026-12-24T12:00+09:00', /; the seconds are missing$/],
    ['2026-12-24T12:00Z', /; the seconds are missing$/],
    ['2026-12-24T12:00:00', /; the offset is missing, as Z or \+09:00$/],
    ['2026-12-24', /; the time of day is missing$/],
    ['tomorrow', /2026-05-01T09:00:00Z$/],
  ]
  for (const [opensAt, what] of lacks) {
    const json = { name: 'T', quantity: 1, opensAt }
    const { status, body } = await call('POST /coupons', { as: 'operator', json })
    assert.equal(status, 422)
    const [error] = body.errors as { message: string }[]
    assert.match(error?.message ?? '', what, opensAt)
  }
})

test('closesAt comes after opensAt, and without opensAt after now', async (t) => {
  const { call, claims } = await startTestServer(t)
  const at = iso(startedAt)
  const later = iso(startedAt + 1)
  const past = '1999-01-01T00:00:00Z'
  const cases: [times: object, status: number][] = [
    [{ closesAt: at }, 422],
    [{ closesAt: past }, 422],
    [{ closesAt: later }, 201],
    [{ opensAt: later, closesAt: later }, 422],
    [{ opensAt: later, closesAt: at }, 422],
    [{ opensAt: at, closesAt: later }, 201],
    [{ opensAt: '1998-01-01T00:00:00Z', closesAt: past }, 422],
    [{ opensAt: '1998-01-01T00:00:00Z', closesAt: later }, 201],
  ]
  for (const [times, status] of cases) {
    const before = claims.appended.length
    const json = { name: 'T', quantity: 1, ...times }
    const answer = await call('POST /coupons', { as: 'operator', json })
    assert.equal(answer.status, status, JSON.stringify(times))
    assert.equal(claims.appended.length - before, status === 201 ? 1 : 0)
    if (status === 201) continue
    assert.equal(answer.body.type, '/problems/invalid-request')
    const than = 'opensAt' in times ? 'opensAt' : 'now'
    const isOver = JSON.stringify(times).includes('1998')
    const message = isOver ? 'must be in the future' : `must be after ${than}`
    const errors = [{ path: '/closesAt', message }]
    assert.deepEqual(answer.body.errors, errors)
  }
})

test('an offer that is repeated after it has closed is still the same offer', async (t) => {
  const { call, time } = await startTestServer(t)
  const json = { ...tea, closesAt: iso(startedAt + 1_000) }
  assert.equal((await call('POST /coupons', { as: 'operator', json })).status, 201)
  time.now += 2_000
  assert.equal((await call('POST /coupons', { as: 'operator', json })).status, 200)
  const other = { ...json, quantity: 3 }
  assert.equal((await call('POST /coupons', { as: 'operator', json: other })).status, 409)
})

test('restock, pause, resume and close answer 200 with the coupon as it is then', async (t) => {
  const { call } = await startTestServer(t)
  const as = 'operator'
  await call('POST /coupons', { as, json: { ...tea, quantity: 1 } })
  await call('POST /coupons/tea/claims')
  const steps: [line: string, json: object | undefined, status: string, remaining: number][] = [
    ['POST /coupons/tea/pause', undefined, 'paused', 0],
    ['POST /coupons/tea/pause', {}, 'paused', 0],
    ['POST /coupons/tea/resume', undefined, 'sold_out', 0],
    ['POST /coupons/tea/restock', { add: 4 }, 'open', 4],
    ['POST /coupons/tea/close', {}, 'closed', 4],
    ['POST /coupons/tea/close', undefined, 'closed', 4],
  ]
  for (const [line, json, status, remaining] of steps) {
    const answer = await call(line, { as, json })
    assert.equal(answer.status, 200, line)
    assert.deepEqual([answer.body.status, answer.body.remaining], [status, remaining], line)
    assert.equal(answer.body.issued, 1)
  }
  for (const verb of ['pause', 'resume', 'restock']) {
    const json = verb === 'restock' ? { add: 1 } : undefined
    const answer = await call(`POST /coupons/tea/${verb}`, { as, json })
    assert.equal(answer.status, 409)
    assert.equal(answer.body.type, '/problems/closed')
  }
})

test('an Idempotency-Key pauses and resumes once, whatever was commanded in between', async (t) => {
  const { call } = await startTestServer(t)
  const as = 'operator'
  await call('POST /coupons', { as, json: tea })
  const command = async (verb: string, key: string, by = as) => {
    const headers = { 'idempotency-key': key }
    const { status, body } = await call(`POST /coupons/tea/${verb}`, { as: by, headers })
    return status === 200 ? body.status : status
  }
  assert.equal(await command('pause', 'one'), 'paused')
  assert.equal(await command('resume', 'one'), 'open', 'a key is that of its path')
  assert.equal(await command('pause', 'one'), 'open', 'it was paused again')
  assert.equal(await command('pause', 'one', 'operator-2'), 'paused', 'it is a key of another')
  assert.equal(await command('resume', 'one'), 'paused')
  assert.equal(await command('resume', 'x'.repeat(129)), 422)
  assert.equal(await command('close', 'one'), 'closed')
  assert.equal(await command('close', 'one'), 'closed')
  assert.equal(await command('pause', 'one'), 'closed', 'what was done stays answered')
})

test('an Idempotency-Key restocks once, is the operator’s own, and fits one size', async (t) => {
  const { call, claims } = await startTestServer(t)
  await call('POST /coupons', { as: 'operator', json: tea })
  const restock = (as: string, add: number, key?: string) =>
    call('POST /coupons/tea/restock', {
      as,
      json: { add },
      ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
    })
  const key = 'Monday, 9 o~clock: "5" more'
  assert.equal((await restock('operator-1', 5, key)).body.quantity, 7)
  assert.equal((await restock('operator-1', 5, key)).body.quantity, 7)
  assert.equal((await restock('operator-2', 5, key)).body.quantity, 12)
  assert.equal((await restock('operator-1', 5)).body.quantity, 17)
  assert.equal((await restock('operator-1', 5)).body.quantity, 22)
  const other = await restock('operator-1', 6, key)
  assert.equal(other.status, 409)
  assert.equal(other.body.type, '/problems/idempotency-key-reused')
  // A record has no room for the longest two as they are.
  const longest = ['operator-'.padEnd(128, '"'), '\\'.repeat(128)] as const
  assert.equal((await restock(longest[0], 5, longest[1])).body.quantity, 27)
  assert.equal((await restock(longest[0], 5, longest[1])).body.quantity, 27)
  for (const message of claims.appended) {
    assert.equal(decodeMessage(encodeMessage(message)).kind, 'message')
  }
  const ids = claims.appended.map((message) => 'commandId' in message && message.commandId)
  assert.deepEqual(ids.slice(1, 5), [
    JSON.stringify(['operator-1', key]),
    JSON.stringify(['operator-1', key]),
    JSON.stringify(['operator-2', key]),
    'made-2',
  ])
})

test('a command that is not decided in time is 202, one that was not stored 503', async (t) => {
  const { call, claims } = await startTestServer(t)
  const lines: [string, object?][] = [
    ['POST /coupons', tea],
    ['POST /coupons/tea/restock', { add: 1 }],
    ['POST /coupons/tea/pause'],
    ['POST /coupons/tea/resume'],
    ['POST /coupons/tea/close'],
  ]
  for (const [line, json] of lines) {
    claims.commandAnswers.push(
      { kind: 'pending' },
      { kind: 'unavailable', reason: 'log_unavailable', retryAfterSeconds: 3 },
    )
    const pending = await call(line, { as: 'operator', json })
    assert.equal(pending.status, 202)
    assert.deepEqual(pending.body, { outcome: 'pending' })
    assert.equal(pending.headers.get('location'), '/coupons/tea')
    const refused = await call(line, { as: 'operator', json })
    assert.equal(refused.status, 503)
    assert.equal(refused.body.reason, 'log_unavailable')
    assert.equal(refused.headers.get('retry-after'), '3')
  }
  assert.deepEqual(claims.appended, [])
})

test('coupons are listed in pages in the order of their ids', async (t) => {
  const { call } = await startTestServer(t)
  for (const couponId of ['c', 'a', 'd', 'b']) {
    await call('POST /coupons', { as: 'operator', json: { ...tea, couponId } })
  }
  const list = async (query: string) => {
    const { status, body } = await call(`GET /coupons${query}`, { as: null })
    assert.equal(status, 200)
    const coupons = body.coupons as { couponId: string }[]
    return [coupons.map(({ couponId }) => couponId).join(''), body.next]
  }
  assert.deepEqual(await list(''), ['abcd', undefined])
  assert.deepEqual(await list('?limit=3'), ['abc', 'c'])
  assert.deepEqual(await list('?limit=3&after=c'), ['d', undefined])
  assert.deepEqual(await list('?after=zz'), ['', undefined])
})

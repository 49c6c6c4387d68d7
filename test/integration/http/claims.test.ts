// What a claim is answered over HTTP, for every outcome of the claim service.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSigner } from 'fast-jwt'
import { pino } from 'pino'
import type { CouponClaimed } from '../../../src/domain/coupons/messages.ts'
import type { Coupon } from '../../../src/domain/coupons/state.ts'
import { type Answer, jwtSecret, startedAt, startTestServer, tokenOf } from './fixture.ts'
import { exchange } from './raw.ts'

const iso = (at: number) => new Date(at).toISOString()
const record = { claimId: 'claim-9', partition: 2, offset: 7, appendedAt: startedAt }
const log = { partition: 2, offset: 7, appendedAt: iso(startedAt) }
const coupon = { couponId: 'tea', opensAt: startedAt + 1_500 } as Coupon

function assertProblem(answer: Answer, status: number, members: Record<string, unknown>) {
  assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8')
  const { title, detail, ...rest } = answer.body
  assert.ok(typeof title === 'string' && typeof detail === 'string')
  assert.equal(answer.status, status)
  assert.deepEqual(rest, { status, ...members })
}

const noBytes = ['content-length: 0', 'transfer-encoding: chunked', 'x-none: 0']
const anyTypes = [
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain;charset=UTF-8',
  'text/html',
  'application/octet-stream',
  'application/json; charset=latin1',
  'nonsense',
  '',
]

test('no bytes are no body, whatever the headers say of them', async (t) => {
  const { address, call } = await startTestServer(t)
  const json = { couponId: 'tea', name: 'Tea', quantity: 100 }
  await call('POST /coupons', { as: 'operator', json })
  const types = [null, ...anyTypes].map((type) => (type === null ? [] : [`content-type: ${type}`]))
  for (const [n, type] of types.entries()) {
    for (const length of noBytes) {
      const ends = length.startsWith('transfer') ? '0\r\n\r\n' : ''
      const token = `authorization: Bearer ${tokenOf(`user-${n}-${length.length}`)}`
      const head = ['POST /coupons/tea/claims HTTP/1.1', 'host: x', token, ...type, length, '', '']
      const { status } = await exchange(t, address, head.join('\r\n') + ends)
      assert.equal(status, 201, `${type.join()} ${length}`)
    }
  }
})

test('the document says of a call without a body that it may be left out, and never null', async (t) => {
  const { call } = await startTestServer(t)
  const { paths } = (await call('GET /openapi.json')).body as { paths: Paths }
  const { requestBody } = paths['/coupons/{couponId}/claims']?.post ?? {}
  assert.equal(requestBody?.required, false)
  assert.equal(requestBody?.content['application/json'].schema.type, 'object')
})

type Body = {
  required: boolean
  content: Record<'application/json', { schema: { type: unknown } }>
}
type Paths = Record<string, { post?: { requestBody?: Body } }>

test('a claim that wins is answered 201, and 200 ever after, with the same body', async (t) => {
  const { call, time } = await startTestServer(t)
  await call('POST /coupons', {
    as: 'operator',
    json: { couponId: 'tea', name: 'Tea', quantity: 1 },
  })
  time.now += 5

  const first = await call('POST /coupons/tea/claims', { as: 'a"\\z' })
  assert.equal(first.status, 201)
  assert.equal(first.headers.get('content-type'), 'application/json; charset=utf-8')
  assert.deepEqual(first.body, {
    outcome: 'issued',
    couponId: 'tea',
    userId: 'a"\\z',
    claimId: 'claim-1',
    slot: 1,
    code: 'CODE-1',
    log: { partition: 0, offset: 1, appendedAt: iso(startedAt + 5) },
  })
  time.now += 5
  const again = await call('POST /coupons/tea/claims', { as: 'a"\\z' })
  assert.equal(again.status, 200)
  assert.equal(again.text, first.text)
  const mine = await call('GET /coupons/tea/claims/mine', { as: 'a"\\z' })
  assert.equal(mine.status, 200)
  assert.equal(mine.text, first.text)

  assertProblem(await call('POST /coupons/tea/claims', { as: 'bob' }), 409, {
    type: '/problems/sold-out',
    claimId: 'claim-3',
    log: { partition: 0, offset: 3, appendedAt: iso(startedAt + 10) },
  })
})

test('a claim may carry no body, an empty one of type JSON, or an empty object', async (t) => {
  const { call, claims } = await startTestServer(t)
  const json = { 'content-type': 'application/json' }
  const bodies = [{}, { headers: json, body: '' }, { json: {} }, { headers: json, body: ' { } ' }]
  for (const init of bodies) {
    claims.claimAnswers.push({ kind: 'sold_out' })
    const answer = await call('POST /coupons/tea/claims', init)
    assert.equal(answer.body.type, '/problems/sold-out', JSON.stringify(init))
  }
})

const refusals: [kind: 'closed' | 'paused' | 'not_eligible' | 'sold_out', type: string][] = [
  ['closed', '/problems/closed'],
  ['paused', '/problems/paused'],
  ['not_eligible', '/problems/not-eligible'],
  ['sold_out', '/problems/sold-out'],
]
for (const [kind, type] of refusals) {
  test(`${kind} is 409 ${type}, with the record where one decided`, async (t) => {
    const { call, claims } = await startTestServer(t)
    claims.claimAnswers.push({ kind, coupon }, { kind, coupon, record })
    claims.mineAnswers.push({ kind, coupon })
    assertProblem(await call('POST /coupons/tea/claims'), 409, { type })
    assertProblem(await call('POST /coupons/tea/claims'), 409, { type, claimId: 'claim-9', log })
    assertProblem(await call('GET /coupons/tea/claims/mine'), 409, { type })
  })
}

test('who may win a coupon that is not for everybody is decided by the token alone', async (t) => {
  const { call, claims, time } = await startTestServer(t)
  const audience = { attribute: 'tier', values: ['gold', '7', 'true'] }
  const json = { couponId: 'vip', name: 'V', quantity: 99, audience }
  await call('POST /coupons', { as: 'operator', json })
  const cases: [tier: unknown, copied: string | undefined, status: number][] = [
    ['gold', 'gold', 201],
    [['new', 'gold'], 'gold', 201],
    [7, '7', 201],
    [true, 'true', 201],
    [undefined, undefined, 409],
    ['Gold', 'Gold', 409],
    [['new', 'old'], 'new', 409],
    [[], undefined, 409],
    [{ gold: true }, undefined, 409],
    [null, undefined, 409],
    ['g'.repeat(129), undefined, 409],
  ]
  for (const [n, [tier, copied, status]] of cases.entries()) {
    const sub = `user-${n}`
    const exp = Math.floor(time.now / 1000) + 60
    const token = createSigner({ key: jwtSecret, algorithm: 'HS256' })({ sub, exp, tier })
    const headers = { authorization: `Bearer ${token}` }
    const told = await call('POST /coupons/vip/claims', { as: null, headers })
    assert.equal(told.status, status, JSON.stringify(tier))
    if (status === 409) assert.equal(told.body.type, '/problems/not-eligible')
    assert.equal((claims.appended.at(-1) as CouponClaimed).audience, copied)
    const mine = await call('GET /coupons/vip/claims/mine', { as: null, headers })
    assert.equal(mine.status, status === 201 ? 200 : 409)
  }
  assert.equal((await call('GET /coupons/vip')).body.issued, 4)
})

test('not open is 409 with opensAt and the whole seconds until then, one to a day', async (t) => {
  const { call, claims, time } = await startTestServer(t)
  const type = '/problems/not-open'
  const opensAt = iso(startedAt + 1_500)
  const waits: [now: number, seconds: string][] = [
    [startedAt - 3 * 365 * 86_400_000, '86400'],
    [startedAt - 3_600_000, '3602'],
    [startedAt, '2'],
    [startedAt + 500, '1'],
    [startedAt + 1_499, '1'],
    [startedAt + 9_000, '1'],
  ]
  for (const [now, seconds] of waits) {
    time.now = now
    claims.claimAnswers.push({ kind: 'not_open', coupon, record })
    const answer = await call('POST /coupons/tea/claims', { as: 'ann' })
    assertProblem(answer, 409, { type, opensAt, claimId: 'claim-9', log })
    assert.equal(answer.headers.get('retry-after'), seconds)
  }
  time.now = startedAt
  claims.mineAnswers.push({ kind: 'not_open', coupon })
  const mine = await call('GET /coupons/tea/claims/mine')
  assertProblem(mine, 409, { type, opensAt })
  assert.equal(mine.headers.get('retry-after'), '2')
})

test('a claim that the log has not decided in time is 202 with where to ask', async (t) => {
  const { call, claims } = await startTestServer(t)
  claims.claimAnswers.push({ kind: 'pending' })
  const answer = await call('POST /coupons/tea/claims')
  assert.equal(answer.status, 202)
  assert.deepEqual(answer.body, { outcome: 'pending' })
  assert.equal(answer.headers.get('location'), '/coupons/tea/claims/mine')
})

test('a claim of which nothing was stored is 503 with the reason and when to ask', async (t) => {
  const { call, claims } = await startTestServer(t)
  for (const reason of ['queue_full', 'log_unavailable', 'stopping'] as const) {
    claims.claimAnswers.push({ kind: 'unavailable', reason, retryAfterSeconds: 7 })
    const answer = await call('POST /coupons/tea/claims')
    assertProblem(answer, 503, { type: '/problems/unavailable', reason })
    assert.equal(answer.headers.get('retry-after'), '7')
    const { text } = await call('GET /metrics')
    assert.ok(text.includes(`firstcome_unavailable_total{reason="${reason}"} 1\n`), text)
  }
})

test('an unknown coupon is 404 on every call, and so is what was not won', async (t) => {
  const { call } = await startTestServer(t)
  await call('POST /coupons', {
    as: 'operator',
    json: { couponId: 'tea', name: 'Tea', quantity: 1 },
  })
  const unknown = { type: '/problems/unknown-coupon' }
  assertProblem(await call('GET /coupons/milk'), 404, unknown)
  assertProblem(await call('POST /coupons/milk/claims'), 404, unknown)
  assertProblem(await call('GET /coupons/milk/claims/mine'), 404, unknown)
  assertProblem(await call('POST /coupons/milk/pause', { as: 'operator' }), 404, unknown)
  assertProblem(await call('GET /coupons/tea/claims/mine'), 404, { type: '/problems/not-issued' })
  const headers = { prefer: 'outcome' }
  assertProblem(await call('GET /coupons/milk/claims/mine', { headers }), 404, unknown)
  const mine = await call('GET /coupons/tea/claims/mine', { headers })
  assert.deepEqual([mine.status, mine.body], [200, { outcome: 'none' }])
})

test('a refusal is 200 to whoever prefers an outcome, by hand and by fastify alike', async (t) => {
  const { call } = await startTestServer(t)
  const as = 'operator'
  await call('POST /coupons', { as, json: { couponId: 'tea', name: 'Tea', quantity: 1 } })
  const headers = { prefer: 'respond-async, outcome' }
  const claim = (json?: object) => call('POST /coupons/tea/claims', { as: 'bob', headers, json })
  const refused = async (outcome: string) => {
    // A body is none of a plain claim’s.
    for (const { status, body, headers: told } of [await claim(), await claim({})]) {
      assert.deepEqual([status, body], [200, { outcome }])
      assert.match(told.get('content-type') ?? '', /^application\/json/)
    }
  }
  assert.equal((await call('POST /coupons/tea/claims', { as: 'ann', headers })).status, 201)
  await refused('sold_out')
  await call('POST /coupons/tea/pause', { as })
  await refused('paused')
  await call('POST /coupons/tea/close', { as })
  await refused('closed')
  assert.equal((await call('POST /coupons/tea/claims', { as: 'bob' })).status, 409)
  const unknown = { type: '/problems/unknown-coupon' }
  assertProblem(await call('POST /coupons/milk/claims', { headers }), 404, unknown)
})

test('a claim service that throws is 500, without what it threw', async (t) => {
  const lines: string[] = []
  const logger = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) })
  const { call, claims } = await startTestServer(t, { logger })
  claims.claim = async () => {
    throw new Error('a secret detail')
  }
  const answer = await call('POST /coupons/tea/claims')
  assertProblem(answer, 500, { type: '/problems/internal-error' })
  assert.doesNotMatch(answer.text, /secret/)
  assert.match(lines.join(''), /a secret detail/)
})

// Acts on a coupon over HTTP: who did them and why, previews and the state that an act expects,
// and the list of what was done.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { encodeMessage } from '../../../src/domain/coupons/messages.ts'
import { quantityMax } from '../../../src/domain/coupons/quantity.ts'
import { startedAt, startTestServer } from './fixture.ts'

const at = new Date(startedAt).toISOString()
const as = 'operator'
const tea = { couponId: 'tea', name: 'Tea', quantity: 2 }
/** Each that a preview goes before; what fits its schema. */
const acts: readonly (readonly [line: string, json: object | undefined])[] = [
  ['PATCH /coupons/tea', { name: 'Teas' }],
  ['POST /coupons/tea/restock', { add: 4 }],
  ['POST /coupons/tea/pause', undefined],
  ['POST /coupons/tea/resume', undefined],
  ['POST /coupons/tea/close', undefined],
]

async function startWithTea(t: TestContext) {
  const server = await startTestServer(t)
  assert.equal((await server.call('POST /coupons', { as, json: tea })).status, 201)
  const preview = async (line: string, json?: object) => {
    const answer = await server.call(`${line}?preview=true`, { as, json })
    assert.equal(answer.status, 200)
    return answer.headers.get('etag') ?? ''
  }
  const act = (line: string, json?: object, headers: Record<string, string> = {}) => {
    return server.call(line, { as, json, headers })
  }
  const offsets = async () => {
    const { body } = await server.call('GET /coupons/tea/acts', { as })
    return (body.acts as { log: { offset: number } }[]).map(({ log }) => log.offset)
  }
  return { ...server, preview, act, offsets }
}

test('every act writes its reason, and answers who did it and where its record stands', async (t) => {
  const { call, claims } = await startTestServer(t)
  const why = { reason: '재고가 더 왔습니다. 🎟' }
  const all = [['POST /coupons', tea] as const, ...acts]
  for (const [offset, [line, json]] of all.entries()) {
    const given = { as: 'operator-2', json: { ...json, ...why } }
    const { status, body } = await call(line, given)
    assert.equal(status, offset === 0 ? 201 : 200, line)
    assert.deepEqual([body.by, body.log], ['operator-2', { partition: 0, offset, appendedAt: at }])
    const { reason } = JSON.parse(encodeMessage(claims.appended[offset] as never).toString())
    assert.equal(reason, why.reason)
  }
  for (const [line, json] of all) {
    for (const reason of ['', 'x'.repeat(501), 5, 'a\u202eb']) {
      const { status, body } = await call(line, { as, json: { ...json, reason } })
      assert.equal(status, 422, line)
      assert.deepEqual((body.errors as { path: string }[])[0]?.path, '/reason')
    }
  }
  assert.equal(claims.appended.length, all.length)
})

test('an act that is asked for again answers the record that did it', async (t) => {
  const { act, call } = await startWithTea(t)
  const key = { 'idempotency-key': 'k' }
  for (const [n, [line, json]] of acts.entries()) {
    const first = await act(line, json, key)
    const again = await act(line, json, key)
    assert.deepEqual([first.status, again.status], [200, 200], line)
    const { log } = first.body as { log: { offset: number } }
    assert.equal(log.offset, 1 + 2 * n)
    assert.deepEqual(again.body, first.body)
  }
  const created = await call('POST /coupons', { as: 'operator-2', json: tea })
  assert.deepEqual([created.body.by, created.body.log], [as, { ...place(0) }])
  assert.deepEqual((await act('POST /coupons/tea/close')).body.log, place(9))
})

function place(offset: number) {
  return { partition: 0, offset, appendedAt: at }
}

test('the ETag of a preview is one for all acts, and only acts that are done change it', async (t) => {
  const { call, preview, act } = await startWithTea(t)
  const tags = async () => {
    const all = new Set<string>()
    for (const [line, json] of acts) all.add(await preview(line, json))
    const [tag = '', ...others] = all
    assert.deepEqual(others, [])
    assert.match(tag, /^"[!#-~]+"$/)
    return tag
  }
  const seen = [await tags()]
  for (const userId of ['ann', 'bob', 'cid']) await call('POST /coupons/tea/claims', { as: userId })
  await act('PATCH /coupons/tea', { opensAt: at })
  await call('POST /coupons', { as, json: tea })
  assert.equal(await tags(), seen[0], 'claims and refused acts change nothing')
  const key = { 'idempotency-key': 'k' }
  const done = [['POST /coupons/tea/pause', undefined], ...acts.slice(0, 3)] as const
  for (const [line, json] of done) {
    await act(line, json, key)
    const tag = await tags()
    await act(line, json, key)
    assert.equal(await tags(), tag, 'the same again changes nothing')
    seen.push(tag)
  }
  // The second pause has the key of the first.
  assert.equal(new Set(seen).size, seen.length - 1)
  assert.equal((await call('GET /coupons/tea')).headers.get('etag'), null)
})

test('an act that expects a state is done on it alone, whatever the act is', async (t) => {
  for (const [line, json] of acts) {
    const { preview, act, offsets, claims } = await startWithTea(t)
    const tag = await preview(line, json)
    const own = { 'if-match': tag, 'idempotency-key': 'own' }
    assert.equal((await act('POST /coupons/tea/restock', { add: 1 })).status, 200)
    const before = await act('GET /coupons/tea')
    for (const headers of [own, own, { 'if-match': tag }]) {
      const refused = await act(line, json, headers)
      assert.deepEqual([refused.status, refused.body.type], [412, '/problems/changed'], line)
      const looked = await act(`${line}?preview=true`, json, { 'if-match': tag })
      assert.equal(looked.status, 412)
    }
    assert.deepEqual((await act('GET /coupons/tea')).body, before.body)
    assert.deepEqual(await offsets(), [0, 1])

    const fresh = { 'if-match': await preview(line, json), 'idempotency-key': 'fresh' }
    const done = await act(line, json, fresh)
    assert.equal(done.status, 200)
    assert.deepEqual((await act(line, json, fresh)).body, done.body, 'once, and answered again')
    assert.equal((await act(line, json, { 'if-match': fresh['if-match'] })).status, 412)
    assert.deepEqual(await offsets(), [0, 1, 5])
    const expecting = JSON.parse(encodeMessage(claims.appended[5] as never).toString())
    assert.deepEqual([expecting.v, expecting.expected], [3, 1])
  }
})

test('If-Match is one ETag or any state; what is none is refused', async (t) => {
  const { act, preview, claims } = await startWithTea(t)
  const line = 'POST /coupons/tea/pause'
  const tag = await preview(line)
  const given: [ifMatch: string, status: number][] = [
    ['*', 200],
    [tag, 412],
    ['"x"', 412],
    [`W/${tag}`, 412],
    ['"007"', 412],
    ['"99999999999999999999"', 412],
    ['""', 412],
    ['x', 422],
    ['0', 422],
    [`${tag}, "9"`, 422],
    ['', 422],
  ]
  for (const [ifMatch, status] of given) {
    const answer = await act(line, undefined, { 'if-match': ifMatch })
    assert.equal(answer.status, status, ifMatch)
  }
  assert.equal(claims.appended.length, 3, 'a tag of no state, and what is none, are not written')
  for (const ifMatch of ['*', tag, '"x"']) {
    const answer = await act('POST /coupons/milk/pause', undefined, { 'if-match': ifMatch })
    assert.equal(answer.status, 404)
  }
})

test('a restock beyond the largest quantity is 409', async (t) => {
  const { call } = await startTestServer(t)
  await call('POST /coupons', { as: 'operator', json: tea })
  const answer = await call('POST /coupons/tea/restock', {
    as: 'operator',
    json: { add: quantityMax - 1 },
  })
  assert.equal(answer.status, 409)
  assert.equal(answer.body.type, '/problems/quantity-limit')
})

test('a stale preview is told in Korean to who asks so', async (t) => {
  const { act } = await startWithTea(t)
  const headers = { 'if-match': '"9"', 'accept-language': 'ko' }
  const { status, body } = await act('POST /coupons/tea/close', undefined, headers)
  assert.equal(status, 412)
  assert.match(String(body.detail), /바뀌었습니다/)
})

test('acts are listed in the order of the log, in pages, to operators and viewers', async (t) => {
  const { act, call } = await startWithTea(t)
  await call('POST /coupons/tea/claims')
  await act('POST /coupons/tea/restock', { add: 3, reason: 'More came.' })
  await act('PATCH /coupons/tea', { name: '차', closesAt: '2026-05-02T00:00:00Z' })
  await act('POST /coupons/tea/pause', { reason: 'A fire.' })
  await act('PATCH /coupons/tea', { opensAt: at })
  await act('POST /coupons/tea/close')
  await act('POST /coupons/tea/close')
  const kinds = ['created', 'restocked', 'edited', 'paused', 'closed']
  const said = [
    { name: 'Tea', quantity: 2 },
    { add: 3, reason: 'More came.' },
    { name: '차', closesAt: '2026-05-02T00:00:00.000Z' },
    { reason: 'A fire.' },
    {},
  ]
  const all = [0, 2, 3, 4, 6].map((offset, n) => {
    return { kind: kinds[n], at, by: as, log: place(offset), ...said[n] }
  })
  const list = async (query = '') => (await call(`GET /coupons/tea/acts${query}`, { as })).body
  assert.deepEqual(await list(), { acts: all })
  assert.deepEqual(await list('?limit=2'), { acts: all.slice(0, 2), next: 2 })
  assert.deepEqual(await list('?limit=2&after=2'), { acts: all.slice(2, 4), next: 4 })
  assert.deepEqual(await list('?limit=2&after=4'), { acts: all.slice(4) })
  for (const query of ['?limit=0', '?limit=1001', '?after=-1', '?after=x', '?x=1']) {
    assert.equal((await call(`GET /coupons/tea/acts${query}`, { as })).status, 422)
  }
  assert.equal((await call('GET /coupons/milk/acts', { as })).status, 404)
  assert.equal((await call('GET /coupons/tea/acts')).status, 403)
  assert.equal((await call('GET /coupons/tea/acts', { as: null })).status, 401)
})

test('a preview of a restock says how many people were told sold out since the last one', async (t) => {
  const { call, act } = await startWithTea(t)
  const told = async () => {
    const { status, body } = await act('POST /coupons/tea/restock?preview=true', { add: 1 })
    assert.equal(status, 200)
    return body.toldSoldOut
  }
  const claim = async (...users: readonly string[]) => {
    for (const user of users) await call('POST /coupons/tea/claims', { as: user })
  }
  assert.deepEqual(await told(), { people: 0, isExact: true })
  await claim('ann', 'bob', 'cid', 'dan', 'cid', 'ann')
  // As fastify answers it, with what is no part of a plain claim.
  await call('POST /coupons/tea/claims', { as: 'eve', json: {} })
  assert.deepEqual(await told(), { people: 3, isExact: true })
  assert.equal((await act('POST /coupons/tea/restock', { add: 1 })).status, 200)
  assert.deepEqual(await told(), { people: 0, isExact: true })
  await claim('cid', 'dan')
  assert.deepEqual(await told(), { people: 1, isExact: true })
  const pause = await act('POST /coupons/tea/pause?preview=true')
  assert.equal('toldSoldOut' in pause.body, false)
})

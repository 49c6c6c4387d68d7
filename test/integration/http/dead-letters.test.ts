// Dead letters over HTTP: the real routes and the real consumer, over a log and tables in memory.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { lettersPerCallMax } from '../../../src/api/orders/many-letters.ts'
import type { DeadLetter } from '../../../src/domain/orders/dead-letter.ts'
import { retryTopics } from '../../../src/domain/orders/retries.ts'
import { letterOf } from '../../contracts/dead-letter-store.ts'
import { type CallInit, startTestServer } from './fixture.ts'
import { runDeadLetters } from './letters-consumer.ts'
import { createOpenApiCheck, type OpenApi } from './openapi-check.ts'

const as = 'operator'
const id = 'stock-step.orders.1.2'

type Overrides = Parameters<typeof startTestServer>[1]

async function startLetters(t: TestContext, letters: DeadLetter[], overrides: Overrides = {}) {
  const server = await startTestServer(t, overrides)
  const { log } = server
  const { letters: stored, running } = await runDeadLetters(t, server, letters)
  const document = (await server.call('GET /openapi.json')).body as unknown as OpenApi
  const openApi = createOpenApiCheck(document)
  const call = async (line: string, init: CallInit = {}) => {
    const answer = await server.call(line, { as, ...init })
    openApi.check(line, answer)
    return answer
  }
  const redriven = () => log.records(retryTopics[0]).flat()
  return { call, letters: stored, log, openApi, consumer: running, redriven }
}

const summary = {
  deadLetterId: id,
  consumer: 'stock-step',
  status: 'waiting',
  origin: {
    topic: 'firstcome.orders',
    partition: 1,
    offset: 2,
    appendedAt: '1970-01-01T00:00:00.003Z',
  },
  key: 'order-1',
  reason: 'no',
  attempts: 3,
  redrives: 0,
  redrivable: true,
  buriedAt: '1970-01-01T00:00:00.004Z',
  acts: [],
}

test('letters are listed in pages, without their bytes, by status and by consumer', async (t) => {
  const other = letterOf('issuer.claims.0.1', { consumer: 'issuer' })
  const gone = letterOf('stock-step.orders.1.3', { status: 'discarded' })
  const { call } = await startLetters(t, [letterOf(id), other, gone])
  const list = async (query: string) => {
    const { body } = await call(`GET /dead-letters${query}`)
    const letters = body.deadLetters as { deadLetterId: string }[]
    return [letters.map(({ deadLetterId }) => deadLetterId), body.next]
  }
  assert.deepEqual(await list(''), [[other.id, id, gone.id], undefined])
  assert.deepEqual(await list('?limit=2'), [[other.id, id], id])
  assert.deepEqual(await list(`?limit=2&after=${id}`), [[gone.id], undefined])
  assert.deepEqual(await list('?status=waiting&consumer=stock-step'), [[id], undefined])
  const { body } = await call(`GET /dead-letters?consumer=stock-step&limit=1`)
  assert.deepEqual(body.deadLetters, [summary])
})

test('those that wait are counted by consumer and reason, and listed by them', async (t) => {
  const letters = Array.from({ length: 5 }, (_, n) =>
    letterOf(numbered(n), { reason: n < 3 ? '결제가 "안" 돼' : `odd ${n}`, redrivable: n > 0 }),
  )
  const gone = letterOf('issuer.claims.0.1', { consumer: 'issuer', status: 'discarded' })
  const { call, letters: stored } = await startLetters(t, [gone, ...letters])
  const { status, body } = await call('GET /dead-letters/groups', { as: 'operator' })
  const of = (reason: string, count: number, redrivable: number) => {
    return { consumer: 'stock-step', reason, count, redrivable }
  }
  const groups = [of('결제가 "안" 돼', 3, 2), of('odd 3', 1, 1), of('odd 4', 1, 1)]
  assert.deepEqual([status, body], [200, { groups, more: false }])
  const query = new URLSearchParams({ reason: '결제가 "안" 돼', limit: '2' })
  const page = (await call(`GET /dead-letters?${query.toString()}`)).body
  assert.equal((page.deadLetters as unknown[]).length, 2)
  assert.equal(page.next, numbered(1))
  for (let n = 0; n < 100; n++) stored.set(numbered(n), letterOf(numbered(n), { reason: `${n}` }))
  const most = (await call('GET /dead-letters/groups')).body
  assert.deepEqual([(most.groups as unknown[]).length, most.more], [100, false])
  stored.set(numbered(100), letterOf(numbered(100)))
  assert.equal((await call('GET /dead-letters/groups')).body.more, true)
  const long = `GET /dead-letters?reason=${'a'.repeat(501)}`
  assert.equal((await call(long)).status, 422)
})

test('a letter is shown whole, and as text where its bytes are UTF-8', async (t) => {
  const bytes = Buffer.from([0xff, 0xfe]).toString('base64')
  const odd = letterOf('issuer.claims.0.1', { value: bytes })
  const { call } = await startLetters(t, [letterOf(id), odd])
  const whole = await call(`GET /dead-letters/${id}`)
  const rest = { headers: { ce_id: 'x' }, value: 'e30=', text: '{}' }
  assert.deepEqual(whole.body, { ...summary, ...rest })
  const { body } = await call(`GET /dead-letters/${odd.id}`)
  assert.deepEqual([body.value, 'text' in body], [bytes, false])
})

test('two re-drives in a row re-drive once, and tell who did it and when', async (t) => {
  const { call, redriven } = await startLetters(t, [letterOf(id)])
  const first = await call(`POST /dead-letters/${id}/redrive`, { as: 'operator-kim' })
  assert.equal(first.status, 200)
  const [{ at, ...act } = { at: '' }, ...more] = first.body.acts as { at: string }[]
  assert.deepEqual(act, { act: 'redriven', by: 'operator-kim', reason: 'no' })
  assert.match(at, /^2026-05-01T09:00:\d\d\.\d{3}Z$/)
  assert.equal(more.length, 0)
  assert.deepEqual([first.body.status, first.body.redrives], ['redriven', 1])
  const second = await call(`POST /dead-letters/${id}/redrive`)
  assert.equal(second.status, 200)
  assert.deepEqual(second.body, first.body)
  assert.equal(redriven().length, 1)
  assert.equal(redriven()[0]?.key, 'order-1')
})

test('a discarded letter can be taken up again, and a re-driven one is not discarded', async (t) => {
  const other = 'stock-step.orders.1.3'
  const { call, redriven } = await startLetters(t, [letterOf(id), letterOf(other)])
  const calls = [
    [`POST /dead-letters/${id}/discard`, 200, 'discarded'],
    [`POST /dead-letters/${id}/discard`, 200, 'discarded'],
    [`POST /dead-letters/${id}/redrive`, 200, 'redriven'],
    [`POST /dead-letters/${id}/redrive`, 200, 'redriven'],
    [`POST /dead-letters/${other}/redrive`, 200, 'redriven'],
    [`POST /dead-letters/${other}/discard`, 409, '/problems/dead-letter-redriven'],
  ] as const
  for (const [line, status, told] of calls) {
    const answer = await call(line)
    assert.deepEqual([answer.status, answer.body.type ?? answer.body.status], [status, told], line)
  }
  assert.equal(redriven().length, 2)
})

test('bytes that are no record can be discarded only', async (t) => {
  const { call } = await startLetters(t, [letterOf(id, { redrivable: false })])
  const { status, body } = await call(`POST /dead-letters/${id}/redrive`)
  assert.deepEqual([status, body.type], [409, '/problems/not-redrivable'])
  assert.equal((await call(`POST /dead-letters/${id}/discard`)).status, 200)
})

const counts = {
  redriven: 0,
  unchanged: 0,
  discarded: 0,
  notRedrivable: 0,
  unknown: 0,
  pending: 0,
}
const numbered = (n: number) => `stock-step.orders.1.${1000 + n}`

test('many are re-driven by their ids, each counted by what became of it', async (t) => {
  const states = [
    {},
    { status: 'redriven' },
    { status: 'discarded' },
    { redrivable: false },
  ] as const
  const letters = states.map((over, n) => letterOf(numbered(n), over))
  const { call, redriven } = await startLetters(t, letters)
  const ids = [...letters.map((letter) => letter.id), numbered(9), numbered(0)]
  const { status, body } = await call('POST /dead-letters/redrive', { json: { ids } })
  const expected = { redriven: 2, unchanged: 1, discarded: 0, notRedrivable: 1, unknown: 1 }
  assert.deepEqual([status, body], [200, { ...expected, pending: 0 }])
  assert.equal(redriven().length, 2)
})

test('many are discarded by their ids alone, each counted by what became of it', async (t) => {
  const states = [{}, { status: 'redriven' }, { status: 'discarded' }, {}] as const
  const letters = states.map((over, n) => letterOf(numbered(n), over))
  const { call, letters: stored } = await startLetters(t, letters)
  const ids = [...letters.slice(0, 3).map((letter) => letter.id), numbered(9), numbered(0)]
  const { status, body } = await call('POST /dead-letters/discard', { json: { ids } })
  const expected = { discarded: 1, unchanged: 1, redriven: 1, unknown: 1, pending: 0 }
  assert.deepEqual([status, body], [200, expected])
  assert.equal(stored.get(numbered(0))?.acts[0]?.by, 'operator')
  assert.equal(stored.get(numbered(3))?.status, 'waiting')
  const tooMany = Array.from({ length: lettersPerCallMax + 1 }, (_, n) => numbered(n))
  for (const json of [{}, { ids: [] }, { ids: tooMany }, { consumer: 'stock-step' }]) {
    assert.equal((await call('POST /dead-letters/discard', { json })).status, 422)
  }
})

test('all that wait are re-driven call by call, of one consumer where one is named', async (t) => {
  const letters = Array.from({ length: 2 * lettersPerCallMax + 30 }, (_, n) => {
    return letterOf(numbered(n), { redrivable: n % 10 !== 0 })
  })
  const other = letterOf('issuer.claims.0.1', { consumer: 'issuer' })
  const { call, letters: stored } = await startLetters(t, [other, ...letters])
  let redriven = 0
  let notRedrivable = 0
  let json: object = { consumer: 'stock-step' }
  for (let calls = 1; ; calls++) {
    const { status, body } = await call('POST /dead-letters/redrive', { json })
    assert.equal(status, 200)
    assert.ok(Number(body.redriven) <= lettersPerCallMax)
    redriven += Number(body.redriven)
    notRedrivable += Number(body.notRedrivable)
    if (body.next === undefined) break
    assert.ok(calls < 5)
    json = { consumer: 'stock-step', after: body.next }
  }
  assert.deepEqual([redriven, notRedrivable], [207, 23])
  assert.equal(stored.get(other.id)?.status, 'waiting')
  const again = await call('POST /dead-letters/redrive', { json: { consumer: 'stock-step' } })
  assert.deepEqual(again.body, { ...counts, notRedrivable: 23 })
})

test('what cannot be known in time is answered pending, and what was not done 503', async (t) => {
  const sql = { up: true }
  const {
    call,
    consumer: running,
    log,
  } = await startLetters(t, [letterOf(id)], {
    reader: (stored) => (sql.up ? stored : null),
    orderLimits: { answerWaitMsMax: 50 },
  })
  await running.close()
  const pending = await call(`POST /dead-letters/${id}/redrive`)
  assert.deepEqual([pending.status, pending.body], [202, { outcome: 'pending' }])
  assert.equal(pending.headers.get('location'), `/dead-letters/${id}`)
  const many = await call('POST /dead-letters/redrive', { json: {} })
  assert.deepEqual([many.status, many.body], [202, { ...counts, pending: 1 }])
  await log.close()
  const lines = [`POST /dead-letters/${id}/discard`, 'POST /dead-letters/redrive']
  for (const line of lines) {
    const { status, headers, body } = await call(line, { json: {} })
    assert.deepEqual([status, headers.get('retry-after')], [503, '1'], line)
    assert.equal(body.reason, 'log_unavailable')
  }
  sql.up = false
  for (const line of [...lines, 'GET /dead-letters', `GET /dead-letters/${id}`]) {
    const answer = await call(line, line.startsWith('POST') ? { json: {} } : {})
    assert.deepEqual([answer.status, answer.body.reason], [503, 'database_starting'], line)
  }
})

test('only operators may look and act, and what is no id or no such letter is said', async (t) => {
  const { call } = await startLetters(t, [letterOf(id)])
  const lines = [
    'GET /dead-letters',
    `GET /dead-letters/${id}`,
    `POST /dead-letters/${id}/redrive`,
    `POST /dead-letters/${id}/discard`,
    'POST /dead-letters/redrive',
    'POST /dead-letters/discard',
    'GET /dead-letters/groups',
  ]
  for (const line of lines) {
    assert.equal((await call(line, { as: 'ann' })).status, 403, line)
    assert.equal((await call(line, { as: null })).status, 401, line)
  }
  const unknown = 'stock-step.orders.1.99'
  for (const line of lines.slice(1, 4)) {
    const answer = await call(line.replace(id, unknown))
    assert.deepEqual([answer.status, answer.body.type], [404, '/problems/unknown-dead-letter'])
    assert.equal((await call(line.replace(id, 'no-id'))).status, 422)
  }
  const ids = Array.from({ length: lettersPerCallMax + 1 }, (_, n) => numbered(n))
  for (const json of [{ ids }, { ids: [] }, { ids: [id], consumer: 'issuer' }, { all: true }]) {
    const answer = await call('POST /dead-letters/redrive', { json })
    assert.equal(answer.status, 422, JSON.stringify(json).slice(0, 99))
  }
  const most = { ids: ids.slice(1).map((one) => one.replace('orders', 'order-steps-of-a-name')) }
  assert.equal((await call('POST /dead-letters/redrive', { json: most })).status, 200)
  assert.equal((await call('GET /dead-letters?status=lost')).status, 422)
})

test('every documented answer about dead letters is given', async (t) => {
  const sql = { up: true }
  const letters = [
    letterOf(id),
    letterOf('stock-step.orders.1.3'),
    letterOf('stock-step.orders.1.4', { status: 'discarded' }),
    letterOf('stock-step.orders.1.5', { status: 'redriven' }),
    letterOf('stock-step.orders.1.6', { redrivable: false }),
  ]
  const {
    call,
    openApi,
    consumer: running,
  } = await startLetters(t, letters, {
    reader: (stored) => (sql.up ? stored : null),
    orderLimits: { answerWaitMsMax: 50 },
  })
  const ids = [...letters.map((letter) => letter.id), 'a.b.0.9', 'no-id', 'a'.repeat(2_000)]
  const lines = ids.flatMap((one) => [
    `GET /dead-letters/${one}`,
    `POST /dead-letters/${one}/redrive`,
    `POST /dead-letters/${one}/discard`,
  ])
  const acts = [`POST /dead-letters/${id}/redrive`, `POST /dead-letters/${id}/discard`]
  const many = ['POST /dead-letters/redrive', 'POST /dead-letters/discard']
  const reads = ['GET /dead-letters', 'GET /dead-letters/groups']
  const wrong = ['?limit=0', '/groups?limit=1'].map((query) => `GET /dead-letters${query}`)
  for (const line of [...lines, ...reads, ...wrong, ...many]) {
    for (const who of [null, 'ann', as]) await call(line, { as: who })
  }
  await call(many[0] ?? '', { json: {} })
  await call(many[1] ?? '', { json: { ids: [id] } })
  for (const line of [...acts, ...many]) {
    for (const bytes of [5_000, 20_000]) await call(line, { json: { x: 'x'.repeat(bytes) } })
    await call(line, { body: 'x', headers: { 'content-type': 'text/plain' } })
  }
  await running.close()
  for (const line of acts) await call(line, { json: {} })
  for (const line of many) await call(line, { json: { ids: [id] } })
  sql.up = false
  for (const line of [...acts, ...reads, `GET /dead-letters/${id}`]) {
    await call(line, line.startsWith('POST') ? { json: {} } : {})
  }
  for (const line of many) await call(line, { json: { ids: [id] } })
  // What is left is not about dead letters, and the same for all calls.
  const other = / (400|408|417|429|431|500)$/
  const own = openApi.unmet().filter((name) => /DeadLetters? /.test(name))
  assert.deepEqual(
    own.filter((name) => !other.test(name)),
    [],
  )
})

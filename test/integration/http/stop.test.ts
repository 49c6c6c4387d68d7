// A stop under load: what was accepted is answered, what comes later is refused.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { virtualClock } from '../../../src/adapters/memory/clock-virtual.ts'
import type { ClaimAnswer } from '../../../src/api/claims/claim-answers.ts'
import { openServer } from '../../../src/api/server.ts'
import { noOrders } from '../../models/no-orders.ts'
import { jwtSecret, startedAt, startTestServer, type TestServer, tokenOf } from './fixture.ts'
import { openRaw } from './raw.ts'

const token = tokenOf('ann')
const line = 'POST /coupons/tea/claims HTTP/1.1'
const claim = `${line}\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`
const health = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'
const noRates = { userRateMax: 0, operatorRateMax: 0, addressRateMax: 0 }
const parts = {
  store: () => null,
  clock: { ...systemClock(), now: () => startedAt },
  newId: () => 'made',
  metricsText: async () => '',
}
const soldOut: ClaimAnswer = { kind: 'sold_out' }

/** Claims that wait for `decide`; `arrived` resolves when so many are waiting. */
function holdClaims(server: TestServer, count: number) {
  const { promise: decided, resolve: decide } = Promise.withResolvers<ClaimAnswer>()
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
  let waiting = 0
  server.claims.claim = () => {
    waiting += 1
    if (waiting === count) arrive()
    return decided
  }
  return { decide, arrived, waiting: () => waiting }
}

async function refusesConnections(t: TestContext, address: string): Promise<boolean> {
  const { hostname, port } = new URL(address)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) })
    t.after(() => socket.destroy())
    socket.on('connect', () => resolve(false))
    socket.on('error', () => resolve(true))
  })
}

test('a stop answers what was accepted, and says that the connection ends', async (t) => {
  const server = await startTestServer(t)
  const held = holdClaims(server, 20)
  const clients = await Promise.all(Array.from({ length: 20 }, () => openRaw(t, server.address)))
  for (const client of clients) client.send(claim)
  await held.arrived

  let closed = false
  const closing = server.close().then(() => {
    closed = true
  })
  assert.equal(await refusesConnections(t, server.address), true)
  assert.equal(closed, false)
  held.decide(soldOut)
  for (const client of clients) {
    const answer = await client.answer()
    assert.equal(answer.status, 409)
    assert.equal(answer.headers.connection, 'close')
    assert.equal(await client.closed(), '')
  }
  await closing
})

test('while it starts, probes are answered and nothing else; then everything is', async (t) => {
  let reasons = ['starting: reading the log']
  const readiness = () => ({ ready: reasons.length === 0, reasons })
  const other = await startTestServer(t)
  const settings = { host: '127.0.0.1', port: 0, jwtSecret, ...noRates }
  const server = await openServer({ ...parts, settings, readiness })
  t.after(server.close)
  const ask = (path: string) =>
    fetch(server.address + path, { headers: { authorization: `Bearer ${token}` } })

  for (const path of ['/healthz', '/metrics', '/openapi.json']) {
    assert.equal((await ask(path)).status, 200, path)
  }
  const unready = await ask('/readyz')
  assert.equal(unready.status, 503)
  assert.deepEqual(((await unready.json()) as { reasons: string[] }).reasons, reasons)
  for (const path of ['/coupons', '/coupons/tea', '/me/coupons', '/orders/x', '/nowhere']) {
    const answer = await ask(path)
    assert.equal(answer.status, 503, path)
    assert.equal(answer.headers.get('retry-after'), '1')
    assert.equal(((await answer.json()) as { reason: string }).reason, 'starting')
  }

  server.serve({ claims: other.claims, orders: noOrders })
  reasons = []
  assert.equal((await ask('/readyz')).status, 200)
  assert.equal((await ask('/coupons')).status, 200)
  assert.equal((await ask('/coupons/tea')).status, 404)
})

test('what calls need is made once they are answered, and not while it starts', async (t) => {
  const clock = virtualClock(startedAt)
  let reads = 0
  const body = {
    type: 'object',
    get required() {
      reads += 1
      return ['name']
    },
  }
  const settings = { host: '127.0.0.1', port: 0, jwtSecret, ...noRates }
  const readiness = () => ({ ready: false, reasons: [] })
  const server = await openServer({
    ...parts,
    clock,
    settings,
    readiness,
    extraRoutes: (app) => app.post('/further', { schema: { body } }, async () => ({})),
  })
  t.after(server.close)
  const aMinute = () => clock.runUntil(clock.now() + 60_000)
  const before = reads
  await aMinute()
  assert.equal(reads, before)
  const { claims } = await startTestServer(t)
  server.serve({ claims, orders: noOrders })
  await aMinute()
  assert.ok(reads > before, 'its schema was compiled')
})

test('while it drains, all is answered, and clients are told to connect anew', async (t) => {
  let draining = false
  const isDraining = () => draining
  const readiness = () => ({ ready: !draining, reasons: draining ? ['stopping'] : [] })
  const { call } = await startTestServer(t, { isDraining, readiness })
  const connection = async (asked: string) => {
    const { status, headers } = await call(asked)
    return [status, headers.get('connection')]
  }
  assert.deepEqual(await connection('POST /coupons/tea/claims'), [404, 'keep-alive'])
  draining = true
  assert.deepEqual(await connection('POST /coupons/tea/claims'), [404, 'close'])
  assert.deepEqual(await connection('GET /readyz'), [503, 'close'])
  assert.deepEqual(await connection('GET /healthz'), [200, 'close'])
})

test('a request on an open connection is refused while the service stops', async (t) => {
  const server = await startTestServer(t)
  const held = holdClaims(server, 1)
  const [busy, half] = await Promise.all([openRaw(t, server.address), openRaw(t, server.address)])
  busy.send(claim)
  half.send(claim.slice(0, 30))
  await held.arrived
  // The server must have seen the first half, or it would take the connection for unused.
  await openRaw(t, server.address).then(async (client) => {
    client.send(health)
    await client.answer()
  })

  const closing = server.close()
  half.send(claim.slice(30))
  const refused = await half.answer()
  assert.equal(refused.status, 503)
  assert.equal(refused.body.type, '/problems/unavailable')
  assert.equal(refused.body.reason, 'stopping')
  assert.equal(refused.headers['retry-after'], '1')
  assert.equal(refused.headers.connection, 'close')
  assert.equal(await half.closed(), '')
  assert.equal(held.waiting(), 1)
  held.decide(soldOut)
  assert.equal((await busy.answer()).status, 409)
  await closing
})

test('a stop at once closes connections that are idle or have not asked anything', async (t) => {
  const limits = { closeWaitMsMax: 3_000, headersWaitMsMax: 60_000, requestWaitMsMax: 60_000 }
  const server = await startTestServer(t, { settings: { limits } })
  const idle = await openRaw(t, server.address)
  idle.send(health)
  assert.equal((await idle.answer()).status, 200)
  const unused = await openRaw(t, server.address)
  const started = performance.now()
  await server.close()
  assert.equal(await idle.closed(), '')
  assert.equal(await unused.closed(), '')
  assert.ok(performance.now() - started < limits.closeWaitMsMax, 'it waited for its deadline')
})

test('a stop ends at its deadline although an answer never comes', async (t) => {
  const server = await startTestServer(t, { settings: { limits: { closeWaitMsMax: 50 } } })
  const held = holdClaims(server, 1)
  const client = await openRaw(t, server.address)
  client.send(claim)
  await held.arrived
  await server.close()
  assert.equal(await client.closed(), '')
})

test('a stop in the middle of a storm loses no answer to a claim that was taken', async (t) => {
  const server = await startTestServer(t)
  const { promise: enough, resolve: reach } = Promise.withResolvers<void>()
  let taken = 0
  let answered = 0
  server.claims.claim = async () => {
    taken += 1
    if (taken === 300) reach()
    await new Promise((resolve) => setImmediate(resolve))
    return soldOut
  }
  const clients = Array.from({ length: 30 }, async () => {
    const client = await openRaw(t, server.address)
    for (;;) {
      client.send(claim)
      const answer = await client.answer().catch(() => null)
      if (answer?.status === 409) answered += 1
      if (answer === null || answer.headers.connection === 'close') return
    }
  })
  await enough
  await server.close()
  await Promise.all(clients)
  assert.equal(answered, taken)
})

test('to stop again waits for the same stop', async (t) => {
  const server = await startTestServer(t)
  const held = holdClaims(server, 1)
  const client = await openRaw(t, server.address)
  client.send(claim)
  await held.arrived
  const stops = [server.close(), server.close()]
  held.decide(soldOut)
  assert.equal((await client.answer()).status, 409)
  await Promise.all(stops)
  await server.close()
})

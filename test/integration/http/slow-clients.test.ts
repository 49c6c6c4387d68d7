// Clients that send too slowly, too much or nothing, over raw sockets.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClaimAnswer } from '../../../src/api/claims/claim-answers.ts'
import { startTestServer, tokenOf } from './fixture.ts'
import { exchange, openRaw } from './raw.ts'

const token = tokenOf('ann')
const line = 'POST /coupons/tea/claims HTTP/1.1'
const head = `${line}\r\nhost: x\r\nauthorization: Bearer ${token}\r\n`
const withBody = `${head}content-type: application/json\r\ncontent-length: 2\r\n\r\n`
const limits = { headersWaitMsMax: 100, requestWaitMsMax: 200, waitCheckMs: 20 }

test('headers that do not end are answered 408, and the connection is closed', async (t) => {
  const { address } = await startTestServer(t, { settings: { limits } })
  const client = await openRaw(t, address)
  client.send('GET /coupons HTTP/1.1\r\nhost: x\r\n')
  const answer = await client.answer()
  assert.equal(answer.status, 408)
  assert.equal(answer.body.type, '/problems/request-timeout')
  assert.equal(await client.closed(), '')
})

test('headers that trickle in are cut off as well', async (t) => {
  const { address } = await startTestServer(t, { settings: { limits } })
  const client = await openRaw(t, address)
  client.send('GET /coupons HTTP/1.1\r\n')
  const trickle = setInterval(() => client.send('x: y\r\n'), 10)
  t.after(() => clearInterval(trickle))
  assert.equal((await client.answer()).status, 408)
  await client.closed()
})

test('a body that does not end is answered 408 and claims nothing', async (t) => {
  const { address, claims } = await startTestServer(t, { settings: { limits } })
  const client = await openRaw(t, address)
  client.send(`${withBody}{`)
  const answer = await client.answer()
  assert.equal(answer.status, 408)
  assert.equal(answer.body.type, '/problems/request-timeout')
  assert.equal(await client.closed(), '')
  assert.deepEqual(claims.appended, [])
})

test('a connection that never says anything is closed', async (t) => {
  const { address } = await startTestServer(t, { settings: { limits } })
  const client = await openRaw(t, address)
  assert.equal((await client.answer()).status, 408)
  await client.closed()
})

test('an idle connection is closed after its time, and served before it', async (t) => {
  const settings = { limits: { keepAliveMsMax: 50 } }
  const { address } = await startTestServer(t, { settings })
  const client = await openRaw(t, address)
  for (let asked = 0; asked < 2; asked++) {
    client.send(`${head}\r\n`)
    assert.equal((await client.answer()).status, 404)
  }
  assert.equal(await client.closed(), '')
})

test('a connection on which nothing moves is closed, a request in work or not', async (t) => {
  const settings = { limits: { silenceMsMax: 100 } }
  const { address, claims } = await startTestServer(t, { settings })
  claims.claimAnswers.push(new Promise(() => {}))
  const client = await openRaw(t, address)
  client.send(`${head}\r\n`)
  assert.equal(await client.closed(), '')
})

test('connections beyond the limit are not served, and later ones are again', async (t) => {
  const { address } = await startTestServer(t, { settings: { limits: { connectionsMax: 1 } } })
  const first = await openRaw(t, address)
  first.send(`${head}\r\n`)
  assert.equal((await first.answer()).status, 404)
  const second = await openRaw(t, address)
  assert.equal(await second.closed(), '')
  first.socket.destroy()
  const served = async () => {
    const next = await openRaw(t, address)
    next.send(`${head}\r\n`)
    return next.answer().catch(() => null)
  }
  let answer = await served()
  for (let tries = 0; answer === null && tries < 100; tries++) answer = await served()
  assert.equal(answer?.status, 404)
})

test('bad bytes after a claim in work do not pass for its answer', async (t) => {
  const { address, claims } = await startTestServer(t)
  const { promise, resolve: decide } = Promise.withResolvers<ClaimAnswer>()
  claims.claimAnswers.push(promise)
  const client = await openRaw(t, address)
  client.send(`${head}\r\n`)
  client.send('bad bytes\r\n\r\n')
  assert.equal(await client.closed(), '')
  decide({ kind: 'sold_out' })
  assert.equal((await exchange(t, address, `${head}\r\n`)).status, 404)
})

test('a client that asks to continue is let to', async (t) => {
  const { address, claims } = await startTestServer(t)
  claims.claimAnswers.push({ kind: 'sold_out' })
  const client = await openRaw(t, address)
  client.send(withBody.replace('\r\n\r\n', '\r\nexpect: 100-continue\r\n\r\n'))
  assert.equal((await client.answer()).status, 100)
  client.send('{}')
  assert.equal((await client.answer()).status, 409)
})

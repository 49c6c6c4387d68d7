// Health, readiness, metrics, and the methods and paths that do not exist.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from '../../services/server-process.ts'
import { startTestServer } from './fixture.ts'
import { exchange } from './raw.ts'

test('health, readiness and metrics are told to anyone', async (t) => {
  const { call, claims } = await startTestServer(t)
  const as = null
  assert.deepEqual((await call('GET /healthz', { as })).body, { status: 'alive' })
  assert.deepEqual((await call('GET /readyz', { as })).body, { status: 'ready' })
  const metrics = await call('GET /metrics', { as })
  assert.match(metrics.text, /^firstcome_up 1\n/)
  assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)

  claims.state = { ready: false, reasons: ['replaying the log', 'no SQL yet'] }
  const unready = await call('GET /readyz', { as })
  assert.equal(unready.status, 503)
  assert.equal(unready.body.type, '/problems/not-ready')
  assert.deepEqual(unready.body.reasons, ['replaying the log', 'no SQL yet'])
  assert.equal(unready.headers.get('retry-after'), '1')
  assert.equal((await call('GET /healthz', { as })).status, 200)
})

test('every answer is counted once where it leaves, whoever gives it', async (t) => {
  const { address, call, claims } = await startTestServer(t)
  // Claims are answered before fastify sees them, and some others before there is a request.
  claims.claimAnswers.push({ kind: 'unavailable', reason: 'queue_full', retryAfterSeconds: 7 })
  await call('POST /coupons/tea/claims')
  await call('POST /coupons/tea/claims', { as: null })
  await call('POST /coupons/tea/claims', { json: { surprise: true } })
  await call('GET /nothing')
  // Told to the console as 200.
  const quietly = { 'x-firstcome-console': '1', prefer: 'answer-status' }
  assert.equal((await call('GET /coupons/none', { headers: quietly })).status, 200)
  await call('PUT /coupons')
  for (const bytes of [
    'nonsense\r\n\r\n',
    'CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n',
    'POST /coupons HTTP/1.1\r\nhost: x\r\nexpect: tea\r\ncontent-length: 0\r\n\r\n',
  ]) {
    await exchange(t, address, bytes)
  }
  const expected = { 400: 1, 401: 1, 404: 2, 405: 2, 417: 1, 422: 1, 503: 1 }
  let text = ''
  await waitFor('each of them to be counted', async () => {
    text = (await call('GET /metrics')).text
    const counted = [...text.matchAll(/firstcome_answers_total\{status="([45]..)"\} ([1-9]\d*)/g)]
    const found = counted.map(([, status, count]) => `${status} ${count}`)
    return (
      found.join() ===
      Object.entries(expected)
        .map((pair) => pair.join(' '))
        .join()
    )
  })
  const claimsOf = (outcome: string) => {
    const labels = `{route="claims",outcome="${outcome}"}`
    return text
      .split('\n')
      .find((line) => line.startsWith(`firstcome_answer_seconds_count${labels}`))
  }
  assert.match(claimsOf('unavailable') ?? '', / 1$/)
  assert.match(claimsOf('refused') ?? '', / 2$/)
  assert.match(text, /^firstcome_connections [1-9]/m)
})

test('a wrong method is 405 with those that are allowed', async (t) => {
  const { call } = await startTestServer(t)
  const wrong: [line: string, allow: string][] = [
    ['PUT /coupons', 'GET, HEAD, POST'],
    ['DELETE /coupons/tea', 'GET, HEAD, PATCH'],
    ['GET /coupons/tea/claims', 'POST'],
    ['PATCH /coupons/tea/claims/mine?x=1', 'GET, HEAD'],
    ['GET /coupons/tea/restock', 'POST'],
    ['OPTIONS /me/coupons', 'GET, HEAD'],
    ['POST /healthz', 'GET, HEAD'],
    ['PROPFIND /coupons', 'GET, HEAD, POST'],
  ]
  for (const [line, allow] of wrong) {
    const answer = await call(line, { as: null })
    assert.equal(answer.status, 405, line)
    assert.equal(answer.body.type, '/problems/method-not-allowed', line)
    const allowed = (answer.headers.get('allow') ?? '').split(', ').sort()
    assert.deepEqual(allowed, allow.split(', '), line)
  }
})

test('HEAD is GET without its body', async (t) => {
  const { call } = await startTestServer(t)
  for (const path of ['/healthz', '/coupons', '/coupons/tea']) {
    const [get, head] = await Promise.all([call(`GET ${path}`), call(`HEAD ${path}`)])
    assert.equal(head.status, get.status)
    assert.equal(head.text, '')
    assert.equal(head.headers.get('content-length'), String(Buffer.byteLength(get.text)))
  }
})

test('every answer carries the headers of helmet and is not to be stored', async (t) => {
  const { call } = await startTestServer(t)
  const lines = ['GET /healthz', 'GET /nothing', 'POST /coupons', 'PUT /coupons', 'GET /coupons/A']
  for (const line of lines) {
    const { headers } = await call(line, { as: null })
    assert.equal(headers.get('cache-control'), 'no-store', line)
    assert.equal(headers.get('x-content-type-options'), 'nosniff', line)
    assert.equal(headers.get('x-frame-options'), 'DENY', line)
    assert.equal(
      headers.get('content-security-policy'),
      "default-src 'none';frame-ancestors 'none'",
      line,
    )
    assert.equal(headers.get('x-powered-by'), null)
    assert.equal(headers.get('strict-transport-security'), null, 'over plain HTTP')
  }
})

test('a further route has the hooks of the others', async (t) => {
  const { call } = await startTestServer(t, {
    extraRoutes: (app, hooks) => {
      app.post('/constant', { onRequest: hooks.user }, (_request, reply) => {
        reply.type('application/json').send('{"constant":true}')
      })
    },
  })
  assert.equal((await call('POST /constant', { as: null })).status, 401)
  assert.deepEqual((await call('POST /constant')).body, { constant: true })
})

test('localhost is the loopback address', async (t) => {
  const { address, call } = await startTestServer(t, { settings: { host: 'localhost' } })
  assert.match(address, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.equal((await call('GET /healthz')).status, 200)
})

test('a port that is taken is an error, and leaves nothing open', async (t) => {
  const { address } = await startTestServer(t)
  const port = Number(new URL(address).port)
  await assert.rejects(startTestServer(t, { settings: { port } }), { code: 'EADDRINUSE' })
})

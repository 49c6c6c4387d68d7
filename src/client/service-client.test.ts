import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { answerBytesMax } from './http-client.ts'
import { callService, problemOf, ServiceError } from './service-client.ts'

let server: Server | null = null

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = null
})

async function listen(answer: RequestListener): Promise<string> {
  const started = createServer(answer)
  server = started
  await new Promise<void>((resolve) => {
    started.listen(0, '127.0.0.1', resolve)
  })
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`
}

async function failure(run: Promise<unknown>): Promise<ServiceError> {
  const error = await run.then(
    () => assert.fail('the call succeeded'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ServiceError, String(error))
  return error
}

test('A call carries its method, path, token, body and key.', async () => {
  let seen = ''
  const url = await listen((request, response) => {
    const { authorization, 'content-type': type, 'idempotency-key': key } = request.headers
    seen = [request.method, request.url, authorization, type, key].join(' ')
    request.on('data', (chunk: Buffer) => {
      seen += ` ${chunk.toString()}`
    })
    request.on('end', () => response.writeHead(201).end('{"a":1}'))
  })
  const call = { method: 'POST', url, path: '/coupons?x=1', token: 't', body: { b: 2 } } as const
  assert.deepEqual(await callService({ ...call, idempotencyKey: 'm' }), {
    status: 201,
    body: { a: 1 },
  })
  assert.equal(seen, 'POST /coupons?x=1 Bearer t application/json m {"b":2}')
})

test('Where nobody listens the call certainly had no effect.', async () => {
  const url = await listen(() => {})
  await new Promise((resolve) => server?.close(resolve))
  const error = await failure(callService({ method: 'POST', url, path: '/' }))
  assert.equal(error.code, 'unreachable')
  assert.equal(error.effect, 'none')
  assert.match(error.message, /nothing answers at .* \(connection refused\)/)
})

test('A service that never answers is given up at the deadline, effect unknown.', async () => {
  const url = await listen(() => {})
  const error = await failure(callService({ method: 'POST', url, path: '/', deadlineMs: 50 }))
  assert.equal(error.code, 'no_answer')
  assert.equal(error.effect, 'unknown')
  assert.match(error.message, /within 0.05 s/)
})

test('An answer that stops half way is given up at the same deadline.', async () => {
  const url = await listen((_request, response) => {
    response.writeHead(200).write('{"a":')
  })
  const error = await failure(callService({ method: 'GET', url, path: '/', deadlineMs: 200 }))
  assert.equal(error.code, 'no_answer')
})

test('A connection that breaks leaves the effect unknown.', async () => {
  const url = await listen((request) => request.socket.destroy())
  const error = await failure(callService({ method: 'POST', url, path: '/' }))
  assert.equal(error.code, 'no_answer')
  assert.equal(error.effect, 'unknown')
})

describe('An answer that no firstcome service gives is told as such:', () => {
  for (const body of ['<html>', '', '"text"', 'null']) {
    test(JSON.stringify(body), async () => {
      const url = await listen((_request, response) => response.writeHead(200).end(body))
      const error = await failure(callService({ method: 'GET', url, path: '/' }))
      assert.equal(error.code, 'not_firstcome')
      assert.match(error.message, /answered 200 without JSON: is it a firstcome service/)
    })
  }
})

test('An answer at the limit is read, one byte more is not.', async () => {
  const wrapped = '{"a":""}'
  let extra = 0
  const url = await listen((_request, response) => {
    const filling = 'x'.repeat(answerBytesMax - wrapped.length + extra)
    response.writeHead(200).end(`{"a":"${filling}"}`)
  })
  assert.equal((await callService({ method: 'GET', url, path: '/' })).status, 200)
  extra = 1
  const error = await failure(callService({ method: 'GET', url, path: '/' }))
  assert.equal(error.code, 'not_firstcome')
})

test('A redirect is not followed, so the token stays where it was sent.', async () => {
  const paths: unknown[] = []
  const url = await listen((request, response) => {
    paths.push(request.url)
    response.writeHead(307, { location: '/elsewhere' }).end('{}')
  })
  const answer = await callService({ method: 'GET', url, path: '/', token: 't' })
  assert.equal(answer.status, 307)
  assert.deepEqual(paths, ['/'])
})

test('A problem is read leniently, whatever its fields are.', () => {
  assert.equal(problemOf({ status: 200, body: { type: '/problems/x' } }), null)
  const empty = { slug: '', title: '', detail: '', errors: [] }
  const odd = { type: 1, title: [], detail: null, errors: 'no' }
  assert.deepEqual(problemOf({ status: 500, body: odd }), empty)
  const body = {
    type: 'https://example.org/problems/invalid-request',
    title: 'T',
    detail: 'D',
    errors: [null, { path: '/a', message: 'm' }, { path: 1 }],
  }
  assert.deepEqual(problemOf({ status: 422, body }), {
    slug: 'invalid-request',
    title: 'T',
    detail: 'D',
    errors: [
      { path: '/a', message: 'm' },
      { path: '', message: '' },
    ],
  })
})

// What comes of a request to a real socket that misbehaves.

import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { type Attempt, answerBytesMax, startHttpClient } from './http-client.ts'

type Received = (request: string, socket: Socket) => void

const aMinuteMs = 60_000

/** What comes of one request to a server that does with it what it likes. */
async function attempt(
  received: Received,
  { base = '', requestMsMax = aMinuteMs } = {},
): Promise<{ attempt: Attempt; request: string }> {
  const sockets = new Set<Socket>()
  let request = ''
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => sockets.delete(socket))
    socket.on('data', (bytes) => {
      request += bytes.toString()
      received(request, socket)
    })
  })
  const url = new URL(`${await listening(server)}${base}`)
  const http = startHttpClient({ url, connections: 1, requestMsMax })
  try {
    const path = '/coupons'
    const sent = http.send({ method: 'POST', path, token: 'abc', body: { a: 1 } })
    return { attempt: await sent, request }
  } finally {
    await http.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('an answer comes with its status, what its headers tell and its body', async () => {
  const head = 'HTTP/1.1 202 Accepted\r\nLocation: /there\r\nRetry-After: 2\r\nContent-Length: 11'
  const { attempt: answered, request } = await attempt(
    (_, socket) => {
      socket.write(`${head}\r\n\r\n{"a":`)
      setImmediate(() => socket.write('"bcd"}'))
    },
    { base: '/shop/' },
  )
  assert.deepEqual(answered, {
    kind: 'answered',
    status: 202,
    headers: { retryAfter: '2', location: '/there' },
    body: '{"a":"bcd"}',
  })
  assert.match(request, /^POST \/shop\/coupons HTTP\/1\.1\r\n/)
  assert.match(request, /\r\nauthorization: Bearer abc\r\n/)
  assert.match(request, /\r\ncontent-type: application\/json\r\n/)
  assert.match(request, /\r\n\r\n\{"a":1\}$/)
})

test('a request is lost where the connection ends, in silence and amid an answer', async () => {
  const lost: [what: string, Received, reason: string][] = [
    ['cut off', (_, socket) => socket.destroy(), 'cut off'],
    ['reset', (_, socket) => socket.resetAndDestroy(), 'cut off'],
    ['silence', () => undefined, 'timed out'],
    [
      'half an answer',
      (_, socket) => socket.end('HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"outc'),
      'cut off',
    ],
    [
      'half an answer, then silence',
      (_, socket) => socket.write('HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"outc'),
      'timed out',
    ],
  ]
  for (const [what, received, reason] of lost) {
    const silent = reason === 'timed out'
    const { attempt: failed } = await attempt(received, silent ? { requestMsMax: 300 } : {})
    assert.deepEqual(failed, { kind: 'lost', reason }, what)
  }
})

test('what is no HTTP, or too long, is lost as well', async () => {
  const { attempt: noise } = await attempt((_, socket) => socket.write('hello?\r\n\r\n'))
  assert.equal(noise.kind, 'lost')
  const { attempt: flood } = await attempt((_, socket) => {
    const length = answerBytesMax + 1
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
    socket.write(Buffer.alloc(length))
  })
  assert.equal(flood.kind, 'lost')
})

test('where nobody listens, a request was certainly not sent', async () => {
  const server = createServer()
  const url = new URL(await listening(server))
  await new Promise((resolve) => {
    server.close(resolve)
  })
  const http = startHttpClient({ url, connections: 1, requestMsMax: aMinuteMs })
  const refused = await http.send({ method: 'GET', path: '/coupons/c' })
  await http.close()
  assert.deepEqual(refused, { kind: 'refused', reason: 'nobody listens there' })
})

// The load generator against servers that answer, stall, cut off and talk nonsense: what it counts
// must be what happened. How fast it is, is not tested: that depends on the machine.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildRequests, type LoadJob } from './load-job.ts'
import { type LoadOptions, runLoad } from './raw-client.ts'

type Handle = (request: string, n: number, socket: Socket) => string | null

/** Answers each request, in one write of all that came, with what `handle` says. */
async function withServer<T>(handle: Handle, use: (port: number) => Promise<T>): Promise<T> {
  let n = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let text = ''
    socket.on('error', () => sockets.delete(socket))
    socket.on('data', (bytes) => {
      text += bytes.toString()
      const requests = text.split('\r\n\r\n')
      text = requests.pop() ?? ''
      let answers = ''
      for (const request of requests) answers += handle(request, n++, socket) ?? ''
      if (answers !== '') socket.write(answers)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  try {
    return await use((server.address() as AddressInfo).port)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

function answer(status: number, body: string): string {
  return `HTTP/1.1 ${status} Whatever\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

function numbered(n: number): Buffer {
  return Buffer.from(`POST /${n} HTTP/1.1\r\n\r\n`)
}

const path = /^POST \/([0-9]+) /

function load(options: Partial<LoadOptions> & { port: number }) {
  return runLoad({ connections: 4, requests: numbered, ...options })
}

for (const pipelining of [1, 4]) {
  test(`every request is sent once and gets its own answer (pipelining ${pipelining})`, async () => {
    const got = new Map<number, string>()
    const result = await withServer(
      (request) =>
        answer(path.exec(request)?.[1] === '7' ? 201 : 409, path.exec(request)?.[1] ?? ''),
      (port) =>
        load({
          port,
          pipelining,
          count: 1000,
          onAnswer: ({ n, body }) => got.set(n, body.toString()),
        }),
    )
    assert.deepEqual(result.byStatus, { 201: 1, 409: 999 })
    assert.deepEqual([result.sent, result.answers, result.lost], [1000, 1000, 0])
    assert.equal(got.size, 1000)
    for (const [n, body] of got) assert.equal(body, String(n))
    assert.ok(result.cpuSeconds > 0 && result.seconds > 0 && result.latencyMs.max > 0)
  })
}

test('a load ends when there are no more requests', async () => {
  const requests = (n: number) => (n < 25 ? numbered(n) : null)
  const result = await withServer(
    () => answer(200, ''),
    (port) => load({ port, requests }),
  )
  assert.deepEqual([result.sent, result.answers], [25, 25])
})

test('an answer that comes in pieces is put together', async () => {
  const whole = answer(200, 'x'.repeat(100))
  const result = await withServer(
    (_, __, socket) => {
      socket.write(whole.slice(0, 30))
      setImmediate(() => socket.write(whole.slice(30, 90)))
      setTimeout(() => socket.write(whole.slice(90)), 2)
      return null
    },
    (port) => load({ port, count: 20 }),
  )
  assert.deepEqual([result.byStatus, result.lost], [{ 200: 20 }, 0])
})

test('an open loop keeps its rate, and latency counts from when a request was due', async () => {
  // The first answer holds its only connection for 2 s: those due meanwhile have waited.
  const result = await withServer(
    (_, n, socket) => {
      if (n > 0) return answer(200, '')
      setTimeout(() => socket.write(answer(200, '')), 2_000)
      return null
    },
    (port) => load({ port, connections: 1, count: 100, ratePerSecond: 500 }),
  )
  assert.equal(result.answers, 100)
  assert.ok(result.seconds >= 1.95, `${result.seconds} s`)
  const { p50, max } = result.latencyMs
  assert.ok(max >= 1_900 && p50 >= 1_500, `p50 ${p50} ms, max ${max} ms`)
  assert.ok(result.waitedMs >= 1_500, `waited ${result.waitedMs} ms`)
  assert.ok(result.behindMs < 1_500, `behind ${result.behindMs} ms`)
})

test('at a rate connections are used in turn, so that a server ends none as unused', async () => {
  const used = new Set<Socket>()
  const result = await withServer(
    (_, __, socket) => {
      used.add(socket)
      return answer(200, '')
    },
    (port) => load({ port, connections: 4, count: 40, ratePerSecond: 500 }),
  )
  assert.equal(result.answers, 40)
  assert.equal(used.size, 4)
})

test('the warm-up is not counted', async () => {
  const result = await withServer(
    () => answer(200, ''),
    (port) => load({ port, warmUpMs: 100, durationMs: 100, ratePerSecond: 1000 }),
  )
  assert.ok(Math.abs(result.sent - 200) <= 1, `${result.sent} sent`)
  assert.ok(Math.abs(result.answers - 100) <= 1, `${result.answers} answers`)
  assert.equal(result.byStatus[200], result.answers)
})

test('requests on a connection that ends are lost, and the others go on', async () => {
  const result = await withServer(
    (_, n, socket) => {
      if (n !== 10) return answer(200, '')
      socket.destroy()
      return null
    },
    (port) => load({ port, count: 100 }),
  )
  assert.deepEqual([result.sent, result.answers, result.lost], [100, 99, 1])
})

test('a load whose every connection has ended ends', async () => {
  const result = await withServer(
    (_, __, socket) => {
      socket.destroy()
      return null
    },
    (port) => load({ port, count: 100 }),
  )
  assert.deepEqual([result.answers, result.lost], [0, 4])
})

test('a load on nobody, and an answer that is none, are errors', async () => {
  const port = await withServer(
    () => null,
    (open) => Promise.resolve(open),
  )
  await assert.rejects(load({ port, count: 1 }), { code: 'ECONNREFUSED' })
  const noise = withServer(
    () => 'hello\r\n\r\n',
    (open) => load({ port: open, count: 1 }),
  )
  await assert.rejects(noise, /no HTTP\/1\.1 response/)
})

const job: LoadJob = {
  port: 1,
  connections: 1,
  method: 'POST',
  paths: ['/a', '/b'],
  users: { secret: 'a secret of at least thirty-two bytes', count: 3, prefix: 'user-' },
}

test('a job builds one request for each pair of user and path, or for each user', () => {
  const all = buildRequests(job).map((request) => request.toString())
  const paths = all.map((text) => text.split(' ')[1])
  assert.deepEqual(paths, ['/a', '/b', '/a', '/b', '/a', '/b'])
  const users = all.map((text) => {
    const [, payload = ''] = (/Bearer (\S+)/.exec(text)?.[1] ?? '').split('.')
    return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }).sub
  })
  assert.deepEqual(users, ['user-0', 'user-1', 'user-2', 'user-0', 'user-1', 'user-2'])
  assert.equal(buildRequests({ ...job, once: true }).length, 3)
  const [plain] = buildRequests({ ...job, paths: ['/c'], body: '{}', headers: { a: 'b' } })
  assert.match(plain?.toString() ?? '', /^POST \/c HTTP\/1\.1\r\n.*\r\na: b\r\n.*\r\n\r\n\{\}$/s)
})

test('a job takes tokens from a file, one a line', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'firstcome-load-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const tokensFile = join(directory, 'tokens')
  writeFileSync(tokensFile, 'first\nsecond\nthird')
  const users = { secret: '', count: 3, prefix: 'user-', tokensFile }
  const all = buildRequests({ ...job, users, once: true })
  const tokens = all.map((request) => /Bearer (\S+)/.exec(request.toString())?.[1])
  assert.deepEqual(tokens, ['first', 'second', 'third'])
})

test('a job runs in a process of its own', async () => {
  const result = await withServer(
    (request) => answer(201, request.includes('Bearer ') ? 'who' : 'nobody'),
    (port) => runMain({ ...job, port, once: true, samples: 2 }),
  )
  assert.partialDeepStrictEqual(result, {
    sent: 3,
    byStatus: { 201: 3 },
    samples: [
      { n: 0, status: 201, body: 'who' },
      { n: 1, status: 201, body: 'who' },
    ],
  })
})

async function runMain(given: LoadJob): Promise<unknown> {
  const main = fileURLToPath(new URL('raw-client-main.ts', import.meta.url))
  const child = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(given))
  let output = ''
  for await (const chunk of child.stdout) output += String(chunk)
  return JSON.parse(output)
}

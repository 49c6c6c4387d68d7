// Responses cut anywhere, of any shape, and bytes that are none.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerBytesMax, responseParser } from './http-response.ts'

const answer =
  'HTTP/1.1 201 Created\r\nContent-Type: x\r\nContent-Length: 5\r\nDate: now\r\n\r\nhello'

test('a response is found wherever it is cut, once all of it is there', () => {
  const bytes = Buffer.from(`..${answer}HTTP/1.1`)
  const end = 2 + answer.length
  for (let cut = 2; cut < end; cut += 1) {
    assert.equal(responseParser().read(bytes.subarray(0, cut), 2, cut), false, `cut at ${cut}`)
    assert.equal(responseParser().read(bytes, 2, cut), false, `stale bytes after ${cut}`)
  }
  const parser = responseParser()
  assert.equal(parser.read(bytes, 2, bytes.length), true)
  const { status, bodyStart, bodyEnd } = parser.parsed
  assert.deepEqual([status, bytes.toString('latin1', bodyStart, bodyEnd)], [201, 'hello'])
  assert.equal(bodyEnd, end)
})

test('responses of different shapes follow each other', () => {
  const texts = [
    answer,
    'HTTP/1.1 409 Conflict\r\ncontent-length:   12\r\n\r\n{"sold":out}',
    'HTTP/1.1 204 No Content\r\nX-Content-Length: 9\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\nCONTENT-LENGTH: 0\r\nA: b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA: Content-Length: 9\r\nContent-Length: 2\r\n\r\nok',
    answer,
  ]
  const bytes = Buffer.from(texts.join(''))
  const parser = responseParser()
  const seen: [number, string][] = []
  for (let start = 0; start < bytes.length; start = parser.parsed.bodyEnd) {
    assert.ok(parser.read(bytes, start, bytes.length))
    const { status, bodyStart, bodyEnd } = parser.parsed
    seen.push([status, bytes.toString('latin1', bodyStart, bodyEnd)])
  }
  assert.deepEqual(seen, [
    [201, 'hello'],
    [409, '{"sold":out}'],
    [204, ''],
    [200, ''],
    [200, 'ok'],
    [201, 'hello'],
  ])
})

test('what cannot be read is an error, never a guess', () => {
  const errors: [string, RegExp][] = [
    ['hello\r\n\r\n', /no HTTP\/1\.1 response/],
    ['HTTP/1.1 20 OK\r\n\r\n', /no HTTP\/1\.1 response/],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', /without Content-Length/],
    ['HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n', /a number is missing/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n', /not a number/],
    ['x'.repeat(headerBytesMax + 1), /do not end/],
  ]
  for (const [text, message] of errors) {
    const bytes = Buffer.from(text)
    assert.throws(() => responseParser().read(bytes, 0, bytes.length), message, text.slice(0, 40))
  }
})

// Hostile requests, one row each: the exact status, the problem and the field it names.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type CallInit, startTestServer, tokenOf } from './fixture.ts'
import { exchange } from './raw.ts'

const create = 'POST /coupons'
const claim = 'POST /coupons/tea/claims'
const restock = 'POST /coupons/tea/restock'
const page = 'GET /coupons'
const issued = 'GET /issued-coupons'
const rows = 'GET /orders-projection/orders'
const good = { name: 'Tea', quantity: 1 }
const json = { 'content-type': 'application/json' }

/** What is sent, and the status, the problem and the fields that are answered. */
type Row = [what: string, line: string, init: CallInit, status: number, type: string, ...string[]]

const wrong = (fields: object, ...paths: string[]): Row => [
  JSON.stringify(fields).slice(0, 60),
  create,
  { json: { ...good, ...fields } },
  422,
  'invalid-request',
  ...paths,
]
type Bytes = string | Buffer<ArrayBuffer>
const raw = (body: Bytes, ...refused: [number, string, ...string[]]): Row => [
  `body ${body.toString().slice(0, 40)}`,
  create,
  { body, headers: json },
  ...refused,
]
const typed = (type: string, headers: Record<string, string> = {}): Row => [
  `content type ${type}`,
  create,
  { body: JSON.stringify(good), headers: { 'content-type': type, ...headers } },
  415,
  'unsupported-media-type',
]

const fields: Row[] = [
  wrong({ couponId: 'Tea' }, '/couponId'),
  wrong({ couponId: '' }, '/couponId'),
  wrong({ couponId: 'a'.repeat(64) }, '/couponId'),
  wrong({ couponId: '-tea' }, '/couponId'),
  wrong({ couponId: 'tea\n' }, '/couponId'),
  wrong({ couponId: null }, '/couponId'),
  wrong({ name: '' }, '/name', '/name'),
  wrong({ name: '  ' }, '/name'),
  wrong({ name: 'a'.repeat(201) }, '/name', '/name'),
  wrong({ name: '🎟'.repeat(101) }, '/name'),
  wrong({ name: 'a\u0000b' }, '/name'),
  wrong({ name: 'a\u001bb' }, '/name'),
  wrong({ name: 'a\ud800' }, '/name'),
  wrong({ name: ['Tea'] }, '/name'),
  wrong({ quantity: 0 }, '/quantity'),
  wrong({ quantity: -1 }, '/quantity'),
  wrong({ quantity: 1.5 }, '/quantity'),
  wrong({ quantity: 10_000_001 }, '/quantity'),
  wrong({ quantity: 2 ** 53 + 2 }, '/quantity'),
  wrong({ quantity: '100' }, '/quantity'),
  wrong({ quantity: true }, '/quantity'),
  wrong({ quantity: [1] }, '/quantity'),
  wrong({ quantity: null }, '/quantity'),
  wrong({ opensAt: '2026-13-01T00:00:00Z' }, '/opensAt'),
  wrong({ opensAt: '2026-05-01' }, '/opensAt'),
  wrong({ opensAt: 1_777_000_000_000 }, '/opensAt'),
  wrong({ closesAt: '2026-02-30T00:00:00Z' }, '/closesAt'),
  wrong({ closesAt: '+275760-09-13T00:00:00Z' }, '/closesAt'),
  wrong({ closesAt: null }, '/closesAt'),
  wrong({ discount: 10 }, '/discount'),
  wrong({ discount: {} }, '/discount/kind', '/discount/kind'),
  wrong({ discount: { kind: 'gift', value: 1 } }, '/discount/kind'),
  wrong({ discount: { kind: 'percent' } }, '/discount/value'),
  wrong({ discount: { kind: 'percent', value: 101 } }, '/discount/value'),
  wrong({ discount: { kind: 'percent', value: 0 } }, '/discount/value'),
  wrong({ discount: { kind: 'amount', value: 1e12 + 1 } }, '/discount/value'),
  wrong({ discount: { kind: 'amount', value: 0.5 } }, '/discount/value'),
  wrong({ discount: { kind: 'amount', value: 1, of: 2 } }, '/discount/of'),
  wrong({ colour: 'red' }, '/colour'),
  wrong({ 'a/b~c': 1 }, '/a~1b~0c'),
  wrong({ toString: 1 }, '/toString'),
  wrong({ quantity: 0, name: 7, x: 1 }, '/x', '/name', '/quantity'),
  ['no name, no quantity', create, { json: {} }, 422, 'invalid-request', '/name', '/quantity'],
  ['no body', create, {}, 422, 'invalid-request', ''],
  ['an empty body', create, { body: '', headers: json }, 422, 'invalid-request', ''],
  ['add 0', restock, { json: { add: 0 } }, 422, 'invalid-request', '/add'],
  ['add "5"', restock, { json: { add: '5' } }, 422, 'invalid-request', '/add'],
  ['no add', restock, { json: {} }, 422, 'invalid-request', '/add'],
  ['no restock', restock, {}, 422, 'invalid-request', ''],
]
const bodies: Row[] = [
  raw('{', 400, 'malformed-body'),
  raw('{"name":"Tea","quantity":1}}', 400, 'malformed-body'),
  raw('{"name":"Tea","quantity":01}', 400, 'malformed-body'),
  raw('{"name":"Tea","quantity":NaN}', 400, 'malformed-body'),
  raw("{'name':'Tea'}", 400, 'malformed-body'),
  raw('name=Tea&quantity=1', 400, 'malformed-body'),
  raw('{"name":"a\u0000","quantity":1}', 400, 'malformed-body'),
  raw('{"name":"Tea","quantity":1,"__proto__":{"x":1}}', 400, 'malformed-body'),
  raw('{"name":"Tea","quantity":1,"\\u005f_proto__":{"x":1}}', 400, 'malformed-body'),
  raw('{"name":"Tea","discount":{"__proto__":{"kind":"amount"}}}', 400, 'malformed-body'),
  raw('{"constructor":{"prototype":{"x":1}}}', 400, 'malformed-body'),
  raw(Buffer.from('{"name":"\xff","quantity":1}', 'latin1'), 400, 'malformed-body'),
  raw(Buffer.from('{"name":"\xed\xa0\x80","quantity":1}', 'latin1'), 400, 'malformed-body'),
  raw(Buffer.from('{"name":"Tea","quantity":1}', 'utf16le'), 400, 'malformed-body'),
  raw('{"name":"Tea","quantity":1e400}', 422, 'invalid-request', '/quantity'),
  raw('{"name":"Tea","quantity":9007199254740993}', 422, 'invalid-request', '/quantity'),
  raw('{"name":"Tea\\ud83c","quantity":1}', 422, 'invalid-request', '/name'),
  raw(
    `{"name":${'['.repeat(1_500)}${']'.repeat(1_500)},"quantity":1}`,
    422,
    'invalid-request',
    '/name',
  ),
  raw(
    `{"name":${'{"a":'.repeat(600)}1${'}'.repeat(600)},"quantity":1}`,
    422,
    'invalid-request',
    '/name',
  ),
  raw('[{"name":"Tea","quantity":1}]', 422, 'invalid-request', ''),
  raw('"Tea"', 422, 'invalid-request', ''),
  raw('null', 422, 'invalid-request', ''),
  raw('1', 422, 'invalid-request', ''),
  raw(JSON.stringify({ ...good, x: 'x'.repeat(4_096) }), 413, 'body-too-large'),
  typed('text/plain'),
  typed('application/x-www-form-urlencoded'),
  typed('multipart/form-data; boundary=x'),
  typed('application/merge-patch+json'),
  typed('application/json; charset=latin1'),
  typed('nonsense'),
  typed('application/json', { 'content-encoding': 'gzip' }),
]
const claims: Row[] = [
  ['a field', claim, { json: { userId: 'bob' } }, 422, 'invalid-request', '/userId'],
  ['an array', claim, { json: [] }, 422, 'invalid-request', ''],
  ['a number', claim, { json: 1 }, 422, 'invalid-request', ''],
  ['null', claim, { json: null }, 422, 'invalid-request', ''],
  ['broken JSON', claim, { body: '{', headers: json }, 400, 'malformed-body'],
  ['a form', claim, { body: 'a=b' }, 415, 'unsupported-media-type'],
  ['a body of 5 KB', claim, { body: ' '.repeat(5_000), headers: json }, 413, 'body-too-large'],
]
const paths: Row[] = [
  ['upper case', 'POST /coupons/Tea/claims', {}, 422, 'invalid-request', '/couponId'],
  ['a traversal', 'GET /coupons/..%2fetc', {}, 422, 'invalid-request', '/couponId'],
  ['NUL', 'GET /coupons/tea%00', {}, 422, 'invalid-request', '/couponId'],
  ['an emoji', 'GET /coupons/%F0%9F%8E%9F', {}, 422, 'invalid-request', '/couponId'],
  ['64 letters', `POST /coupons/${'a'.repeat(64)}/claims`, {}, 422, 'invalid-request', '/couponId'],
  ['no id', 'GET /coupons//claims/mine', {}, 422, 'invalid-request', '/couponId'],
  ['broken encoding', 'GET /coupons/%zz', {}, 400, 'malformed-path'],
  ['no UTF-8', 'GET /coupons/%ff', {}, 400, 'malformed-path'],
  ['2,000 letters', `POST /coupons/${'a'.repeat(2_000)}/claims`, {}, 414, 'path-too-long'],
  ['9,000 letters', `GET /coupons/${'a'.repeat(9_000)}`, {}, 431, 'headers-too-large'],
  ['an unknown path', 'GET /nothing', {}, 404, 'unknown-path'],
  ['an unknown path with a body', 'POST /nothing', { json: {} }, 404, 'unknown-path'],
  ['a trailing slash', 'GET /coupons/', {}, 422, 'invalid-request', '/couponId'],
  ['limit 0', `${page}?limit=0`, {}, 422, 'invalid-request', '/limit'],
  ['limit 201', `${page}?limit=201`, {}, 422, 'invalid-request', '/limit'],
  ['limit x', `${page}?limit=x`, {}, 422, 'invalid-request', '/limit'],
  ['limit 1.5', `${page}?limit=1.5`, {}, 422, 'invalid-request', '/limit'],
  ['an empty limit', `${page}?limit=`, {}, 422, 'invalid-request', '/limit'],
  ['two limits', `${page}?limit=1&limit=2`, {}, 422, 'invalid-request', '/limit'],
  ['a wrong after', `${page}?after=%00`, {}, 422, 'invalid-request', '/after'],
  ['an unknown field', `${page}?limits=1`, {}, 422, 'invalid-request', '/limits'],
  ['__proto__', `${page}?__proto__=1`, {}, 422, 'invalid-request', '/__proto__'],
  ['broken encoding in after', `${page}?after=%zz`, {}, 422, 'invalid-request', '/after'],
  ['limit 10,001', `${issued}?limit=10001`, {}, 422, 'invalid-request', '/limit'],
  ['half a place', `${issued}?afterSlot=1`, {}, 422, 'invalid-request', '/afterCouponId'],
  ['the other half', `${issued}?afterCouponId=a`, {}, 422, 'invalid-request', '/afterSlot'],
]
/** What JavaScript takes for a number and nobody writes, and fields that a call does not have. */
const queries: Row[] = [
  ...['0x10', '1e1', '+5', '05', '5.0', ' 5', '5%20', '0b11', '%00', 'Infinity'].flatMap(
    (text): Row[] => [
      [text, `${page}?limit=${text}`, {}, 422, 'invalid-request', '/limit'],
      [text, `${issued}?limit=${text}`, {}, 422, 'invalid-request', '/limit'],
      [text, `${rows}?limit=${text}`, {}, 422, 'invalid-request', '/limit'],
      [text, `GET /dead-letters?limit=${text}`, {}, 422, 'invalid-request', '/limit'],
    ],
  ),
  ...[rows, `${rows}?limit=1`].flatMap((line): Row[] => {
    const url = line.includes('?') ? `${line}&` : `${line}?`
    return ['after', 'afterSecond'].map((name) => {
      return ['NUL', `${url}${name}=a%00`, {}, 422, 'invalid-request', `/${name}`]
    })
  }),
  ...[
    claim,
    'GET /coupons/tea/claims/mine',
    'GET /me/coupons',
    'GET /coupons/tea',
    'GET /projection',
    'GET /orders-projection',
    'GET /wallets/mine',
    'GET /products/tea',
    'POST /coupons/tea/pause',
  ].map((line): Row => ['an unknown field', `${line}?x=1`, {}, 422, 'invalid-request', '/x']),
  [
    'the user mine',
    'POST /wallets/mine/top-ups',
    { json: { amount: 1 }, headers: { 'idempotency-key': 'k' } },
    422,
    'invalid-request',
    '/userId',
  ],
]
const keyed = (key: string): Row => [
  `a key of ${key.length} characters`,
  restock,
  { json: { add: 1 }, headers: { 'idempotency-key': key } },
  422,
  'invalid-request',
  '/idempotency-key',
]
const keys: Row[] = [keyed(''), keyed('a'.repeat(129)), keyed('a\tb'), keyed('caf\u00e9')]

for (const [group, all] of Object.entries({ fields, bodies, claims, paths, queries, keys })) {
  describe(`hostile ${group}`, () => {
    test('get a 4xx that names what is wrong, and nothing is done', async (t) => {
      const server = await startTestServer(t)
      const as = 'operator'
      for (const [what, line, init, status, type, ...names] of all) {
        const answer = await server.call(line, { as, ...init })
        const told = `${line} with ${what}: ${answer.text}`
        assert.equal(answer.status, status, told)
        assert.equal(answer.body.type, `/problems/${type}`, told)
        assert.equal(answer.body.status, status, told)
        assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
        const errors = (answer.body.errors ?? []) as { path: string; message: string }[]
        assert.deepEqual(new Set(errors.map(({ path }) => path)), new Set(names), told)
        assert.ok(errors.every(({ message }) => message.length > 0))
      }
      assert.deepEqual(server.claims.appended, [])
      assert.equal((await server.call(claim, { as })).status, 404)
    })
  })
}

test('hundreds of unknown fields are answered with the first few', async (t) => {
  const { call } = await startTestServer(t)
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, 1]))
  const answer = await call(create, { as: 'operator', json: many })
  assert.equal(answer.status, 422)
  assert.equal((answer.body.errors as unknown[]).length, 20)
})

const bearer = `authorization: Bearer ${tokenOf('ann')}`
const head = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'host: x', bearer, ...headers, '', ''].join('\r\n')
const chunked = head(claim, 'content-type: application/json', 'transfer-encoding: chunked')
const get = 'GET /coupons'

const malformed: [what: string, bytes: string | Buffer, status: number, type: string][] = [
  ['bytes that are not HTTP', Buffer.from([0x16, 3, 1, 2, 0, 1, 0]), 400, 'malformed-request'],
  ['an unknown method', head('BREW /coupons'), 400, 'malformed-request'],
  ['a wrong version', `${get} HTTP/9.1\r\nhost: x\r\n\r\n`, 400, 'malformed-request'],
  ['no Host', `${get} HTTP/1.1\r\n\r\n`, 400, 'malformed-request'],
  ['two Hosts', head(get, 'host: y'), 400, 'malformed-request'],
  ['two tokens', head(claim, bearer), 400, 'malformed-request'],
  [
    'two keys',
    head(claim, ...['k', 'l'].map((key) => `Idempotency-Key: ${key}`)),
    400,
    'malformed-request',
  ],
  ['a path without a slash', head('GET coupons'), 400, 'malformed-request'],
  ['NUL in a header', head(get, 'x: a\u0000b'), 400, 'malformed-request'],
  ['a folded header', head(get, 'x: a', ' b'), 400, 'malformed-request'],
  ['two lengths', head(claim, 'content-length: 0', 'content-length: 1'), 400, 'malformed-request'],
  [
    'a length and chunks',
    chunked.replace('\r\n', '\r\ncontent-length: 2\r\n'),
    400,
    'malformed-request',
  ],
  ['a negative length', head(claim, 'content-length: -1'), 400, 'malformed-request'],
  ['a bad chunk', `${chunked}zz\r\n`, 400, 'malformed-request'],
  ['too many chunks', `${chunked}1388\r\n${' '.repeat(5_000)}\r\n`, 413, 'body-too-large'],
  ['headers of 9 KB', head(get, `x: ${'x'.repeat(9_000)}`), 431, 'headers-too-large'],
  ['another expectation', head(claim, 'expect: wonders'), 417, 'unsupported-expectation'],
  ['a tunnel', head('CONNECT example.com:443'), 405, 'method-not-allowed'],
]
for (const [what, bytes, status, type] of malformed) {
  test(`${what} is ${status} ${type}`, async (t) => {
    const { address, claims: service } = await startTestServer(t)
    const answer = await exchange(t, address, bytes)
    assert.equal(answer.status, status)
    assert.equal(answer.body.type, `/problems/${type}`)
    assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/)
    assert.deepEqual(service.appended, [])
  })
}

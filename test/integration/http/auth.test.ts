// Who may call what: tokens that are valid, expired, forged or missing, users and operators.

import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { signToken } from '../../../src/client/tokens.ts'
import { jwtSecret, startedAt, startTestServer, tokenOf } from './fixture.ts'

const now = startedAt / 1000
const ok = { sub: 'ann', exp: now + 60 }
const hs256 = { alg: 'HS256', typ: 'JWT' }
const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')

function forged(claims: unknown, header: object = hs256, secret: string = jwtSecret): string {
  const signed = `${encoded(header)}.${encoded(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

function forgedWith(algorithm: 'HS512' | 'RS256' | 'none'): string {
  const signed = `${encoded({ alg: algorithm, typ: 'JWT' })}.${encoded(ok)}`
  if (algorithm === 'none') return `${signed}.`
  if (algorithm === 'HS512') {
    return `${signed}.${createHmac('sha512', jwtSecret).update(signed).digest('base64url')}`
  }
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
}

const valid = forged(ok)
const [head = '', claims = '', signature = ''] = valid.split('.')

/** Which Authorization headers the claim call takes: 404 is past authentication. */
const headers: [what: string, authorization: string | undefined, status: 404 | 401][] = [
  ['a valid token', `Bearer ${valid}`, 404],
  ['a scheme in lower case', `bearer ${valid}`, 404],
  ['one of ours', `Bearer ${tokenOf('ann')}`, 404],
  ['no type in the header', `Bearer ${forged(ok, { alg: 'HS256' })}`, 404],
  ['no header', undefined, 401],
  ['an empty header', '', 401],
  ['no token', 'Bearer', 401],
  ['an empty token', 'Bearer ', 401],
  ['no scheme', valid, 401],
  ['another scheme', `Basic ${valid}`, 401],
  ['two tokens', `Bearer ${valid} ${valid}`, 401],
  ['no dots', 'Bearer abc', 401],
  ['dots alone', 'Bearer ..', 401],
  ['another secret', `Bearer ${forged(ok, hs256, 'another secret of 32 bytes or so')}`, 401],
  ['no signature', `Bearer ${head}.${claims}.`, 401],
  ['a cut signature', `Bearer ${head}.${claims}.${signature.slice(0, -2)}`, 401],
  ['a padded signature', `Bearer ${valid}=`, 401],
  ['a fourth part', `Bearer ${valid}.x`, 401],
  ['other claims', `Bearer ${head}.${encoded({ ...ok, sub: 'bob' })}.${signature}`, 401],
  ['the algorithm none', `Bearer ${forgedWith('none')}`, 401],
  ['the algorithm HS512', `Bearer ${forgedWith('HS512')}`, 401],
  ['the algorithm RS256', `Bearer ${forgedWith('RS256')}`, 401],
  ['none, signed', `Bearer ${forged(ok, { alg: 'none' })}`, 401],
  ['HS512, signed as HS256', `Bearer ${forged(ok, { alg: 'HS512' })}`, 401],
  ['hs256 in lower case', `Bearer ${forged(ok, { alg: 'hs256' })}`, 401],
  ['no algorithm', `Bearer ${forged(ok, { typ: 'JWT' })}`, 401],
  ['a critical extension', `Bearer ${forged(ok, { ...hs256, crit: ['x'], x: 1 })}`, 401],
  ['no exp', `Bearer ${forged({ sub: 'ann' })}`, 401],
  ['exp as text', `Bearer ${forged({ sub: 'ann', exp: String(now + 60) })}`, 401],
  ['exp null', `Bearer ${forged({ sub: 'ann', exp: null })}`, 401],
  ['exp 4.9 s ago', `Bearer ${forged({ sub: 'ann', exp: now - 4.9 })}`, 404],
  ['exp 5 s ago', `Bearer ${forged({ sub: 'ann', exp: now - 5 })}`, 401],
  ['nbf in 5 s', `Bearer ${forged({ ...ok, nbf: now + 5 })}`, 404],
  ['nbf in 5.1 s', `Bearer ${forged({ ...ok, nbf: now + 5.1 })}`, 401],
  ['nbf as text', `Bearer ${forged({ ...ok, nbf: String(now) })}`, 401],
  ['nbf null', `Bearer ${forged({ ...ok, nbf: null })}`, 401],
  ['no sub', `Bearer ${forged({ exp: now + 60 })}`, 401],
  ['an empty sub', `Bearer ${forged({ ...ok, sub: '' })}`, 401],
  ['sub as number', `Bearer ${forged({ ...ok, sub: 7 })}`, 401],
  ['a sub with a space', `Bearer ${forged({ ...ok, sub: 'ann lee' })}`, 404],
  ['a sub that is not ASCII', `Bearer ${forged({ ...ok, sub: '김철수' })}`, 404],
  ['a sub of 128 emoji', `Bearer ${forged({ ...ok, sub: '🎟'.repeat(128) })}`, 404],
  ['a sub with a line break', `Bearer ${forged({ ...ok, sub: 'ann\n' })}`, 401],
  ['a sub with half a pair', `Bearer ${forged({ ...ok, sub: '\ud800' })}`, 401],
  ['a sub of 128 characters', `Bearer ${forged({ ...ok, sub: 'a'.repeat(128) })}`, 404],
  ['a sub of 129 characters', `Bearer ${forged({ ...ok, sub: 'a'.repeat(129) })}`, 401],
  ['claims that are an array', `Bearer ${forged([])}`, 401],
  ['claims that are null', `Bearer ${forged(null)}`, 401],
  ['exp in ten years', `Bearer ${forged({ ...ok, exp: now + 3_650 * 86_400 })}`, 404],
]

test('a call of a user takes valid tokens only, and says what it wants', async (t) => {
  const { call } = await startTestServer(t)
  for (const [what, authorization, status] of headers) {
    const init = authorization === undefined ? {} : { headers: { authorization } }
    const answer = await call('POST /coupons/tea/claims', { as: null, ...init })
    assert.equal(answer.status, status, `${what}: ${answer.text}`)
    if (status === 404) continue
    assert.equal(answer.body.type, '/problems/unauthorized', what)
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer realm="firstcome"/, what)
  }
})

/** Why each is refused, by the name of the figure, and what its owner is told of it. */
const refusals: [reason: string, token: string, told: RegExp][] = [
  ['malformed', 'abc', /no JWT/],
  ['malformed', forged(null), /no JWT/],
  ['signature', forgedWith('none'), /signature/],
  ['algorithm', forgedWith('HS512'), /HS256/],
  ['algorithm', forgedWith('RS256'), /HS256/],
  ['critical', forged(ok, { ...hs256, crit: ['x'], x: 1 }), /critical/],
  ['signature', forged(ok, hs256, `${jwtSecret}\n`), /signature/],
  ['signature', `${head}.${claims}.`, /signature/],
  ['exp_missing', forged({ sub: 'ann' }), /no exp/],
  ['exp_missing', forged({ sub: 'ann', exp: String(now + 60) }), /no exp.* number/],
  ['exp_too_late', forged({ ...ok, exp: startedAt }), /exp counts seconds .* not milliseconds/],
  ['exp_too_late', forged({ ...ok, exp: now + 3_661 * 86_400 }), /ten years/],
  ['expired', forged({ ...ok, exp: now - 5 }), /expired/],
  ['nbf', forged({ ...ok, nbf: now + 60 }), /nbf/],
  ['nbf', forged({ ...ok, nbf: null }), /nbf/],
  ['sub', forged({ exp: ok.exp, user_id: '42' }), /sub that is no text/],
  ['sub', forged({ ...ok, sub: 42 }), /sub that is no text/],
  ['sub', forged({ ...ok, sub: '김철수\u0085' }), /sub .* control characters/],
]

test('a refused token is told which check it failed, and is counted by it', async (t) => {
  const { call } = await startTestServer(t)
  const counted = async (reason: string) => {
    const { text } = await call('GET /metrics')
    const line = new RegExp(`^firstcome_tokens_refused_total\\{reason="${reason}"\\} (\\d+)$`, 'm')
    return Number(line.exec(text)?.[1])
  }
  for (const [reason, token, told] of refusals) {
    const before = await counted(reason)
    assert.ok(before >= 0, `${reason} is no figure before it is refused`)
    const answer = await call('POST /coupons/tea/claims', { token })
    assert.equal(answer.status, 401, reason)
    assert.match(String(answer.body.detail), told)
    const asked = answer.headers.get('www-authenticate') ?? ''
    const [, description] =
      /error="invalid_token", error_description="([^"\\]+)"$/.exec(asked) ?? []
    assert.equal(description, answer.body.detail)
    assert.equal(await counted(reason), before + 1, reason)
  }
  await call('POST /coupons/tea/claims', { as: null })
  const { text } = await call('GET /metrics')
  const all = [...text.matchAll(/^firstcome_tokens_refused_total\{.*\} (\d+)$/gm)]
  assert.equal(
    all.reduce((sum, [, count]) => sum + Number(count), 0),
    refusals.length,
    'no token at all is counted as a refused one',
  )
})

test('a token that expires while it is used is refused from then on', async (t) => {
  const { call, time } = await startTestServer(t)
  const statuses = []
  for (const seconds of [0, 3_604, 3_605]) {
    time.now = startedAt + seconds * 1000
    statuses.push((await call('GET /coupons/tea/claims/mine', { as: 'ann' })).status)
  }
  assert.deepEqual(statuses, [404, 404, 401])
})

test('only a scope with operator opens operators’ calls, and operators may claim', async (t) => {
  const { call } = await startTestServer(t)
  const scopes: [scope: unknown, status: number][] = [
    ['operator', 404],
    ['read operator write', 404],
    [['read', 'operator'], 404],
    [undefined, 403],
    ['', 403],
    ['operators', 403],
    ['Operator', 403],
    ['co-operator', 403],
    [['read operator'], 403],
    [{ operator: true }, 403],
    [true, 403],
  ]
  for (const [scope, status] of scopes) {
    const token = forged({ ...ok, scope })
    for (const verb of ['pause', 'resume', 'close']) {
      const answer = await call(`POST /coupons/tea/${verb}`, { token })
      assert.equal(answer.status, status, JSON.stringify(scope))
      if (status !== 403) continue
      assert.equal(answer.body.type, '/problems/forbidden')
      assert.match(answer.headers.get('www-authenticate') ?? '', /error="insufficient_scope"/)
    }
    assert.equal((await call('POST /coupons/tea/claims', { token })).status, 404)
  }
})

test('each call is open to exactly those it is for', async (t) => {
  const { call } = await startTestServer(t)
  const nobody = 401
  const calls: [line: string, anonymous: number, user: number, operator: number][] = [
    ['POST /coupons', nobody, 403, 422],
    ['GET /coupons', 200, 200, 200],
    ['GET /coupons/tea', 404, 404, 404],
    ['POST /coupons/tea/claims', nobody, 404, 404],
    ['GET /coupons/tea/claims/mine', nobody, 404, 404],
    ['POST /coupons/tea/restock', nobody, 403, 422],
    ['POST /coupons/tea/pause', nobody, 403, 404],
    ['POST /coupons/tea/resume', nobody, 403, 404],
    ['POST /coupons/tea/close', nobody, 403, 404],
    ['GET /coupons/tea/winners', nobody, 403, 404],
    ['GET /coupons/tea/winners.csv', nobody, 403, 404],
    ['GET /me/coupons', nobody, 503, 503],
    ['GET /projection', nobody, 403, 503],
    ['GET /issued-coupons', nobody, 403, 503],
    ['GET /orders-projection', nobody, 403, 503],
    ['GET /orders-projection/orders', nobody, 403, 503],
    ['GET /healthz', 200, 200, 200],
    ['GET /readyz', 200, 200, 200],
    ['GET /metrics', 200, 200, 200],
    ['GET /openapi.json', 200, 200, 200],
  ]
  for (const [line, ...statuses] of calls) {
    const answers = await Promise.all([null, 'ann', 'operator'].map((as) => call(line, { as })))
    assert.deepEqual(
      answers.map(({ status }) => status),
      statuses,
      line,
    )
  }
})

test('who may not call is told before anything of the request is judged', async (t) => {
  const { call } = await startTestServer(t)
  const body = { body: '{', headers: { 'content-type': 'text/plain' } }
  assert.equal((await call('POST /coupons', { as: null, ...body })).status, 401)
  assert.equal((await call('POST /coupons', { as: 'ann', ...body })).status, 403)
  assert.equal((await call('POST /coupons', { as: 'operator', ...body })).status, 415)
})

test('a token of ours names its user, its scope and its time', () => {
  const options = { secret: jwtSecret, sub: 'ann', expiresInSeconds: 60, now: startedAt + 999 }
  const read = (token: string) =>
    token.split('.', 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  const user = { sub: 'ann', iat: now, exp: now + 60 }
  assert.deepEqual(read(signToken({ ...options, operator: false })), [hs256, user])
  const operator = { ...user, scope: 'operator' }
  assert.deepEqual(read(signToken({ ...options, operator: true })), [hs256, operator])
})

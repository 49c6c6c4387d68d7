// Tokens of an identity provider, against one that rotates its keys, lies, floods and is away.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { keySetAt, keySetIn } from '../../../src/adapters/key-sets.ts'
import type { TokenRules } from '../../../src/ports/tokens.ts'
import { usedBytes } from '../processes/used-bytes.ts'
import { jwtSecret, startedAt, startTestServer, tokenOf } from './fixture.ts'
import {
  encoded,
  type IdentityProvider,
  signed,
  signingKey,
  startIdentityProvider,
} from './identity-provider.ts'

const now = startedAt / 1000
const ok = { sub: 'ann', exp: now + 3_600 }
const rsa = signingKey('RS256', 'rsa-1')
const ec = signingKey('ES256', 'ec-1')
const ed = signingKey('EdDSA', 'ed-1')
const stranger = signingKey('ES256', 'ec-1')
const mine = 'GET /coupons/tea/claims/mine'
/** Shorter, so that a test need not wait; as they are in production they are tried in one test. */
const quick = { askAfterMsMin: 100, askAgainMs: 60_000, askMsMax: 1_000 }

type Given = { rules?: TokenRules; limits?: object; keys?: Record<string, unknown>[] }

async function withProvider(t: TestContext, { rules, limits = quick, keys }: Given = {}) {
  const provider = await startIdentityProvider(keys ?? [rsa.jwk, ec.jwk, ed.jwk])
  const settings = { tokenLimits: limits, ...(rules && { tokenRules: rules }) }
  const server = await startTestServer(t, { settings, keySet: keySetAt(provider.url) })
  t.after(() => provider.stop())
  const ask = async (token: string, line = mine) => server.call(line, { token })
  return { ...server, provider, ask }
}

async function until(holds: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const deadline = performance.now() + ms
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, 'it did not come to hold')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const asked = (provider: IdentityProvider, times: number) => () => provider.askedAt.length >= times

test('tokens of RS256, ES256 and EdDSA are taken beside those by the secret', async (t) => {
  const { ask } = await withProvider(t)
  for (const key of [rsa, ec, ed]) {
    const answer = await ask(signed(key, ok))
    assert.equal(answer.status, 404, `${key.algorithm}: ${answer.text}`)
    const nameless = await ask(signed(key, { ...ok, iat: 1 }, { kid: undefined }))
    assert.equal(nameless.status, 404, `${key.algorithm} without a kid: ${nameless.text}`)
  }
  assert.equal((await ask(tokenOf('ann'))).status, 404)
})

test('no forgery is taken, and its sender is told which check failed', async (t) => {
  const { ask } = await withProvider(t)
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const hmac = (secret: string, header: object) => {
    const text = `${encoded({ alg: 'HS256', ...header })}.${encoded(ok)}`
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  }
  const valid = signed(ec, ok)
  const [, , signature = ''] = valid.split('.')
  const forgeries: [what: string, token: string, told: RegExp][] = [
    ['HS256 by the public key', hmac(pem, { kid: 'rsa-1' }), /another secret or key/],
    ['HS256 by the JWK', hmac(JSON.stringify(rsa.jwk), { kid: 'rsa-1' }), /another secret or key/],
    ['HS256 by the modulus', hmac(String(rsa.jwk.n), { kid: 'rsa-1' }), /another secret or key/],
    ['none', `${encoded({ alg: 'none', kid: 'ec-1' })}.${encoded(ok)}.`, /signature/],
    ['an RSA key as ES256', signed(rsa, ok, { alg: 'ES256' }), /a key that is for it/],
    ['an EC key as RS256', signed(ec, ok, { alg: 'RS256' }), /a key that is for it/],
    ['RS512', signed(rsa, ok, { alg: 'RS512' }), /an algorithm that is not taken/],
    ['PS256', signed(rsa, ok, { alg: 'PS256' }), /an algorithm that is not taken/],
    ['the name of a key of another', signed(stranger, ok), /another secret or key/],
    ['a key of its own', signed(stranger, ok, { kid: 'x', jwk: stranger.jwk }), /does not have/],
    ['a key elsewhere', signed(stranger, ok, { kid: 'y', jku: 'http://127.0.0.1/' }), /not have/],
    ['other claims', `${encoded({ alg: 'ES256', kid: 'ec-1' })}.${encoded(ok)}.${signature}`, /al/],
    ['a critical extension', signed(ec, ok, { crit: ['x'], x: 1 }), /critical/],
    ['no exp', signed(ec, { sub: 'ann' }), /no exp/],
    ['an exp that is over', signed(rsa, { ...ok, exp: now - 6 }), /expired/],
    ['a kid that is no text', signed(stranger, ok, { kid: 7 }), /does not have/],
  ]
  for (const [what, token, told] of forgeries) {
    const answer = await ask(token)
    assert.equal(answer.status, 401, `${what}: ${answer.text}`)
    assert.match(String(answer.body.detail), told, what)
    const header = answer.headers.get('www-authenticate') ?? ''
    assert.ok(header.includes(`error_description="${String(answer.body.detail)}"`), header)
  }
  assert.equal((await ask(valid)).status, 404)
})

test('issuer, audience, the claim of the user and that of scopes hold for every token', async (t) => {
  const rules = { issuer: 'https://id', audience: 'shop', userClaim: 'email', scopeClaim: 'a.b' }
  const { ask, call } = await withProvider(t, { rules })
  const full = {
    ...ok,
    iss: 'https://id',
    aud: ['other', 'shop'],
    email: 'kim@x',
    a: { b: ['no'] },
  }
  const refused: [claims: object, told: RegExp][] = [
    [{ ...full, iss: 'https://id/' }, /issuer/],
    [{ ...full, iss: undefined }, /issuer/],
    [{ ...full, aud: 'shops' }, /audience/],
    [{ ...full, aud: undefined }, /audience/],
    [{ ...full, email: undefined }, /another claim/],
  ]
  for (const key of [ec, null]) {
    const token = (claims: object) => (key === null ? bySecret(claims) : signed(key, claims))
    for (const [claims, told] of refused) {
      const answer = await ask(token(claims))
      assert.equal(answer.status, 401)
      assert.match(String(answer.body.detail), told)
    }
    assert.equal((await ask(token(full))).status, 404)
    const scoped = { ...full, scope: 'operator', scp: 'operator' }
    assert.equal((await ask(token(scoped), 'GET /dead-letters')).status, 403)
    const operator = { ...full, a: { b: ['x', 'operator'] } }
    assert.equal((await ask(token(operator), 'POST /coupons/tea/pause')).status, 404)
  }
  const coupon = { couponId: 'tea', name: 'Tea', quantity: 3 }
  const token = signed(ec, { ...full, 'a.b': 'operator' })
  assert.equal((await call('POST /coupons', { token, json: coupon })).status, 201)
  const claimed = await ask(signed(ec, full), 'POST /coupons/tea/claims')
  assert.equal(claimed.body.userId, 'kim@x', claimed.text)
})

function bySecret(claims: object): string {
  const text = `${encoded({ alg: 'HS256' })}.${encoded(claims)}`
  return `${text}.${createHmac('sha256', jwtSecret).update(text).digest('base64url')}`
}

test('scopes come from scope and scp, and a viewer may see and not act', async (t) => {
  const { ask } = await withProvider(t)
  const may: [claims: object, reads: number, acts: number][] = [
    [{ scp: 'openid operator' }, 200, 404],
    [{ scp: ['operator'] }, 200, 404],
    [{ scope: 'openid', scp: 'viewer' }, 200, 403],
    [{ scope: 'viewer' }, 200, 403],
    [{ scope: ['redeem'] }, 403, 403],
    [{ scope: 'viewers' }, 403, 403],
    [{ roles: ['operator'] }, 403, 403],
  ]
  for (const [claims, reads, acts] of may) {
    const token = signed(ed, { ...ok, ...claims })
    const told = JSON.stringify(claims)
    const coupon = ['coupons/tea/winners', 'coupons/tea/winners.csv']
    const rows = ['dead-letters', 'orders-projection', 'projection', 'issued-coupons']
    for (const path of [...rows, ...coupon]) {
      const { status } = await ask(token, `GET /${path}`)
      // These rows are not there in this test, nor is the coupon.
      assert.equal(status === 503 || status === 404 ? 200 : status, reads, `${path} ${told}`)
    }
    assert.equal((await ask(token, 'POST /coupons/tea/pause')).status, acts, told)
    assert.equal((await ask(token, 'POST /products')).status, acts === 403 ? 403 : 422, told)
  }
  const refused = await ask(signed(ed, ok), 'GET /dead-letters')
  assert.match(refused.headers.get('www-authenticate') ?? '', /scope="operator viewer"/)
  assert.match(String(refused.body.detail), /operator or viewer/)
})

test('a new key is taken when it is used, and a removed one no longer once that is known', async (t) => {
  const { ask, provider } = await withProvider(t, { limits: { ...quick, askAgainMs: 300 } })
  const old = signed(ec, ok)
  assert.equal((await ask(old)).status, 404)
  const fresh = signingKey('ES256', 'ec-2')
  provider.keys = [fresh.jwk]
  assert.equal((await ask(signed(fresh, ok))).status, 404)
  assert.equal((await ask(old)).status, 401, 'a token that was remembered outlived its key')
  const replaced = signingKey('ES256', 'ec-2')
  provider.keys = [replaced.jwk]
  await until(async () => (await ask(signed(replaced, ok))).status === 404)
  assert.equal((await ask(signed(fresh, ok))).status, 401)
  const nameless = signingKey('RS256')
  provider.keys = [nameless.jwk, replaced.jwk]
  await until(async () => (await ask(signed(nameless, ok))).status === 404)
})

test('made-up kids ask no more often than allowed, and hinder neither known nor new keys', async (t) => {
  const { ask, provider } = await withProvider(t, { limits: {} })
  const known = signed(ec, ok)
  assert.equal((await ask(known)).status, 404)
  const fresh = signingKey('ES256', 'ec-3')
  let flooding = true
  let made = 0
  const flood = Array.from({ length: 20 }, async () => {
    while (flooding) {
      const { status } = await ask(signed(stranger, ok, { kid: `made-up-${made++}` }))
      assert.ok(status === 401 || status === 503, `a made-up key was answered ${status}`)
    }
  })
  await until(asked(provider, 2))
  provider.keys.push(fresh.jwk)
  const begun = performance.now()
  assert.equal((await ask(known)).status, 404)
  assert.equal((await ask(signed(ec, { ...ok, iat: 2 }))).status, 404)
  assert.ok(performance.now() - begun < 2_000, 'known keys waited for made-up ones')
  assert.equal((await ask(signed(fresh, ok))).status, 404)
  flooding = false
  await Promise.all(flood)
  const gaps = provider.askedAt.slice(1).map((at, n) => at - (provider.askedAt[n] ?? 0))
  assert.ok(
    gaps.every((gap) => gap >= 2_000),
    `asked after ${gaps.join(', ')} ms`,
  )
})

test('a provider that misbehaves hinders nothing but tokens of keys it has not given', async (t) => {
  const { ask, call, provider } = await withProvider(t)
  const known = signed(ec, ok)
  assert.equal((await ask(known)).status, 404)
  const misdeeds: IdentityProvider['misdeed'][] = [
    'hang',
    'huge',
    'cut',
    { status: 500, body: JSON.stringify({ keys: [stranger.jwk] }) },
    { status: 200, body: '<!doctype html>' },
    { status: 200, body: '[]' },
    { status: 200, body: '{"keys":{}}' },
    { status: 302, body: '', location: '/elsewhere' },
  ]
  const fresh = signingKey('RS256', 'rsa-2')
  provider.keys = [fresh.jwk]
  for (const misdeed of misdeeds) {
    provider.misdeed = misdeed
    const told = JSON.stringify(misdeed)
    const before = provider.askedAt.length
    const answers = await Promise.all([ask(signed(fresh, ok)), ask(known), ask(tokenOf('ann'))])
    const statuses = answers.map(({ status }) => status)
    assert.deepEqual(statuses, [503, 404, 404], told)
    assert.match(answers[0]?.headers.get('retry-after') ?? '', /^[1-9]$/)
    assert.equal(answers[0]?.body.reason, 'token_keys')
    assert.equal((await ask(signed(ec, { ...ok, iat: before }))).status, 404, told)
    assert.equal((await call('GET /readyz')).status, 200)
    assert.equal(provider.askedAt.length, before + 1, `asked again at once after ${told}`)
  }
  provider.misdeed = 'slow'
  const late = signingKey('EdDSA', 'late')
  provider.keys = [ec.jwk, late.jwk]
  await until(async () => (await ask(signed(late, ok))).status === 404)
  provider.keys = [ec.jwk, fresh.jwk]
  await provider.stop()
  assert.equal((await ask(signed(fresh, ok))).status, 503)
  assert.equal((await ask(known)).status, 404)
  await provider.start()
  provider.misdeed = null
  await until(async () => (await ask(signed(fresh, ok))).status === 404)
})

test('answers of 10 MB are not kept, nor read to their end', async (t) => {
  const provider = await startIdentityProvider([ec.jwk])
  const source = keySetAt(provider.url)
  t.after(() => Promise.all([source.close(), provider.stop()]))
  provider.misdeed = 'huge'
  const refused = () => assert.rejects(source.read(new AbortController().signal), /longer than/)
  await refused()
  const before = await usedBytes()
  for (let n = 0; n < 10; n++) await refused()
  const grown = (await usedBytes()) - before
  assert.ok(grown < 2_000_000, `ten of them left ${grown} bytes`)
  provider.misdeed = null
  assert.match(await source.read(new AbortController().signal), /"ec-1"/)
})

test('a start needs no provider, and a token it cannot judge is answered within 5 s', async (t) => {
  const provider = await startIdentityProvider([ec.jwk])
  provider.misdeed = 'hang'
  const begun = performance.now()
  const { call } = await startTestServer(t, { keySet: keySetAt(provider.url) })
  assert.equal((await call('GET /readyz')).status, 200)
  assert.ok(performance.now() - begun < 5_000)
  const asking = performance.now()
  const { status } = await call(mine, { token: signed(ec, ok) })
  const tookMs = performance.now() - asking
  assert.equal(status, 503)
  // Its timers are those of production; a busy machine adds a little.
  assert.ok(tookMs > 3_900 && tookMs < 8_000, `answered after ${tookMs} ms`)
  await provider.stop()
})

test('keys in a file are read again as they change, and stay while it is broken', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'firstcome-keys-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'keys.json')
  const write = (text: string) => writeFileSync(path, text)
  write(JSON.stringify({ keys: [rsa.jwk] }))
  const { call } = await startTestServer(t, {
    settings: { tokenLimits: quick },
    keySet: keySetIn(path),
  })
  const status = async (token: string) => (await call(mine, { token })).status
  assert.equal(await status(signed(rsa, ok)), 404)
  assert.equal(await status(signed(ed, ok)), 401)
  for (const broken of ['{"keys":[', ' '.repeat(300 * 1024), '']) {
    write(broken)
    assert.equal(await status(signed(ed, ok)), 503)
    assert.equal(await status(signed(rsa, { ...ok, iat: broken.length })), 404)
  }
  write(JSON.stringify({ keys: [ed.jwk] }))
  await until(async () => (await status(signed(ed, ok))) === 404)
  assert.equal(await status(signed(rsa, ok)), 401)
})

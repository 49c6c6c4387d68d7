// Sessions of the console: by a token or by a one-time code, in a cookie that stands for its token
// on the calls of the console and on no others.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { virtualClock } from '../../../src/adapters/memory/clock-virtual.ts'
import { createConsoleCodesMemory } from '../../../src/adapters/memory/console-codes.ts'
import { signToken } from '../../../src/client/tokens.ts'
import type { ConsoleCodes } from '../../../src/ports/console-codes.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import { type CallInit, jwtSecret, startedAt, startTestServer, tokenOf } from './fixture.ts'
import { createOpenApiCheck, type OpenApi } from './openapi-check.ts'

const guard = { 'x-firstcome-console': '1' }
const viewer = signToken({
  secret: jwtSecret,
  sub: 'vic',
  operator: false,
  scope: 'viewer',
  expiresInSeconds: 600,
  now: startedAt,
})

async function startChecked(t: TestContext, consoleCodes?: ConsoleCodes) {
  const server = await startTestServer(t, { consoleCodes })
  const document = (await server.call('GET /openapi.json')).body as unknown as OpenApi
  const openApi = createOpenApiCheck(document)
  const call = async (line: string, init: CallInit = {}) => {
    const answer = await server.call(line, { as: null, ...init })
    openApi.check(line, answer)
    return answer
  }
  const signIn = (json: object, headers: Record<string, string> = {}) =>
    call('POST /console/session', { json, headers: { ...guard, ...headers } })
  return { ...server, call, signIn, openApi }
}

type SetCookie = { headers: Headers }
const cookieOf = ({ headers }: SetCookie) => (headers.get('set-cookie') ?? '').split(';')[0] ?? ''

test('a token signs in, and its cookie stands for it until its end', async (t) => {
  const { call, signIn } = await startChecked(t)
  const signedIn = await signIn({ token: tokenOf('operator') })
  assert.equal(signedIn.status, 200)
  const session = {
    userId: 'operator',
    scope: 'operator',
    endsAt: '2026-05-01T10:00:00.000Z',
  }
  assert.deepEqual(signedIn.body, session)
  assert.equal(
    signedIn.headers.get('set-cookie'),
    `firstcome_console=${tokenOf('operator')}; HttpOnly; SameSite=Strict; Path=/; Max-Age=3600`,
  )
  const headers = { cookie: `other=1; ${cookieOf(signedIn)}` }
  assert.deepEqual((await call('GET /console/session', { headers })).body, session)
  assert.equal((await call('GET /console/session')).status, 401)
  const forged = { cookie: `${cookieOf(signedIn)}x` }
  assert.equal((await call('GET /console/session', { headers: forged })).status, 401)
  assert.equal((await call('GET /console/session', { token: tokenOf('ann') })).status, 403)
})

test('a page that is seen over https has its cookie sent over nothing else', async (t) => {
  const { signIn } = await startChecked(t)
  const token = tokenOf('operator')
  const secure = async (origin: string) =>
    /; Secure/.test((await signIn({ token }, { origin })).headers.get('set-cookie') ?? '')
  assert.equal(await secure('https://coupons.example'), true)
  assert.equal(await secure('http://127.0.0.1:8080'), false)
})

test('who has no right to the console, or comes from another page, does not sign in', async (t) => {
  const { call, signIn } = await startChecked(t)
  const json = { token: tokenOf('operator') }
  assert.equal((await call('POST /console/session', { json })).status, 403)
  assert.equal((await signIn({ token: tokenOf('ann') })).status, 403)
  for (const refused of [{ token: 'nonsense' }, { token: `${tokenOf('operator')}x` }]) {
    const answer = await signIn(refused)
    assert.equal(answer.status, 401)
    assert.equal(answer.headers.get('set-cookie'), null)
  }
  for (const wrong of [{}, { token: 'a', code: 'b' }, { token: 'a'.repeat(3_901) }]) {
    assert.equal((await signIn(wrong)).status, 422)
  }
})

test('the cookie changes something only beside the header, and never claims', async (t) => {
  const { call, signIn } = await startChecked(t)
  const { call: anyCall } = await startChecked(t)
  const cookie = cookieOf(await signIn({ token: tokenOf('operator') }))
  const json = { couponId: 'tea', name: 'Tea', quantity: 5 }
  const made = (headers: Record<string, string>, init: CallInit = {}) =>
    call('POST /coupons', { json, headers: { cookie, ...headers }, ...init })
  const refused = await made({})
  assert.equal(refused.status, 403)
  assert.equal(refused.body.type, '/problems/console-header-missing')
  assert.equal((await made({ 'x-firstcome-console': '0' })).status, 403)
  assert.equal((await made(guard)).status, 201)
  assert.equal((await made({}, { token: tokenOf('operator') })).status, 200)
  const claim = { headers: { cookie, ...guard } }
  assert.equal((await call('POST /coupons/tea/claims', claim)).status, 401)
  assert.equal((await call('GET /coupons/tea/claims/mine', claim)).status, 401)
  assert.equal((await call('GET /orders/unknown', { headers: { cookie } })).status, 404)
  // A node of its own, with the same secret.
  assert.equal((await anyCall('GET /console/session', { headers: { cookie } })).status, 200)
})

test('a viewer sees and changes nothing', async (t) => {
  const { call, signIn } = await startChecked(t)
  const signedIn = await signIn({ token: viewer })
  assert.equal(signedIn.body.scope, 'viewer')
  const headers = { cookie: cookieOf(signedIn), ...guard }
  const json = { name: 'Tea', quantity: 5 }
  assert.equal((await call('GET /dead-letters', { headers })).status, 200)
  assert.equal((await call('POST /coupons', { headers, json })).status, 403)
  assert.equal((await call('POST /console/codes', { headers })).status, 403)
})

test('signing out takes the cookie away, for whoever comes from the page', async (t) => {
  const { call } = await startChecked(t)
  assert.equal((await call('DELETE /console/session')).status, 403)
  const out = await call('DELETE /console/session', { headers: guard })
  assert.equal(out.status, 204)
  assert.match(out.headers.get('set-cookie') ?? '', /^firstcome_console=; .*Max-Age=0/)
  const byToken = { token: tokenOf('operator') }
  assert.equal((await call('DELETE /console/session', byToken)).status, 204)
})

test('a code signs in once, within a minute, for as long as its maker’s token', async (t) => {
  const clock = virtualClock(startedAt)
  const codes = createConsoleCodesMemory(clock)
  const { call, signIn } = await startChecked(t, codes)
  const codeOf = async (init: CallInit = {}) => {
    const made = await call('POST /console/codes', { token: tokenOf('operator-lee'), ...init })
    assert.equal(made.status, 201)
    assert.match(String(made.body.code), /^[\w-]{32}$/)
    assert.equal(made.body.expiresAt, '2026-05-01T09:01:00.000Z')
    return { code: made.body.code }
  }
  const code = await codeOf()
  const signedIn = await signIn(code)
  const endsAt = '2026-05-01T10:00:00.000Z'
  assert.deepEqual(signedIn.body, { userId: 'operator-lee', scope: 'operator', endsAt })
  const headers = { cookie: cookieOf(signedIn) }
  assert.deepEqual((await call('GET /console/session', { headers })).body, signedIn.body)
  const again = await signIn(code)
  assert.equal(again.status, 401)
  assert.equal(again.body.type, '/problems/console-code-over')
  const looking = await signIn(await codeOf({ json: { scope: 'viewer' } }))
  assert.equal(looking.body.scope, 'viewer')
  const late = await codeOf()
  await clock.runUntil(clock.now() + 60_000)
  assert.equal((await signIn(late)).status, 401)
  assert.equal((await call('POST /console/codes', { token: viewer })).status, 403)
  const wrong = { token: tokenOf('operator'), json: { scope: 'operator' } }
  assert.equal((await call('POST /console/codes', wrong)).status, 422)
})

test('where nothing keeps codes, a token can be pasted', async (t) => {
  const away = () => Promise.reject(new PortError('codes_unavailable', 'away'))
  for (const codes of [undefined, { keep: away, take: away, close() {} }]) {
    const { call, signIn } = await startChecked(t, codes)
    const unmade = await call('POST /console/codes', { token: tokenOf('operator') })
    for (const answer of [unmade, await signIn({ code: 'a' })]) {
      assert.equal(answer.status, 503)
      assert.equal(answer.body.reason, 'console_codes')
      assert.ok(Number(answer.headers.get('retry-after')) > 0)
    }
    assert.equal((await signIn({ token: tokenOf('operator') })).status, 200)
  }
})

test('a page is refused with 200 where it asks for that, and is told the status', async (t) => {
  const { call } = await startTestServer(t)
  const [prefer, as] = ['answer-status', 'operator']
  const quiet = await call('GET /coupons/none/acts', { as, headers: { prefer } })
  const loud = await call('GET /coupons/none/acts', { as })
  assert.deepEqual([quiet.status, loud.status], [200, 404])
  assert.equal(quiet.headers.get('answer-status'), '404')
  assert.equal(quiet.headers.get('preference-applied'), prefer)
  assert.equal(quiet.headers.get('cache-control'), 'no-store')
  assert.deepEqual(quiet.body, loud.body)
  const headers = { ...guard, prefer }
  const unsigned = await call('GET /console/session', { as: null, headers })
  assert.deepEqual([unsigned.status, unsigned.headers.get('answer-status')], [200, '401'])
  const live = await call('GET /coupons/none/live', { as: null, headers: { prefer } })
  assert.deepEqual([live.status, live.headers.get('answer-status')], [200, '404'])
  assert.equal(live.headers.get('cache-control'), 'no-store')
  await call('POST /coupons', { as, json: { couponId: 'tea', name: 'Tea', quantity: 1 } })
  const done = await call('GET /coupons/tea/acts', { as, headers })
  assert.deepEqual([done.status, done.headers.get('answer-status')], [200, null])
})

// Plain claims are answered before fastify sees them. Each of them is held here against what
// fastify answers to the same request: the same status, headers and body.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { virtualClock } from '../../../src/adapters/memory/clock-virtual.ts'
import {
  busy,
  type ClaimAnswer,
  logUnavailable,
  pending,
} from '../../../src/api/claims/claim-answers.ts'
import type { Coupon } from '../../../src/domain/coupons/state.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import { type Overrides, startedAt, startTestServer, tokenOf } from './fixture.ts'
import { exchange } from './raw.ts'

const shop = 'https://shop.example'
const record = { claimId: 'claim-9', partition: 2, offset: 7, appendedAt: startedAt }
const coupon = { couponId: 'tea', opensAt: startedAt + 90_000 } as Coupon
const issued = { slot: 3, claimId: 'claim-3', offset: 5, appendedAt: startedAt }
const won = {
  kind: 'issued',
  first: true,
  couponId: 'tea',
  userId: 'ann',
  partition: 1,
  issued,
  code: 'CODE-3',
} as const

const answers: Record<string, ClaimAnswer> = {
  won,
  again: { ...won, first: false },
  'won by a name beyond ASCII, for a time': { ...won, userId: '지우', validUntil: startedAt },
  'sold out': { kind: 'sold_out', coupon },
  'sold out by a record': { kind: 'sold_out', coupon, record },
  paused: { kind: 'paused', coupon, record },
  closed: { kind: 'closed', coupon },
  'not open': { kind: 'not_open', coupon },
  'not eligible': { kind: 'not_eligible', coupon, record },
  unknown: { kind: 'unknown_coupon' },
  pending,
  busy,
  'the log is away': logUnavailable,
}
const statusOf: Record<string, number> = {
  won: 201,
  again: 200,
  'won by a name beyond ASCII, for a time': 201,
  'sold out': 409,
  'sold out by a record': 409,
  paused: 409,
  closed: 409,
  'not open': 409,
  'not eligible': 409,
  unknown: 404,
  pending: 202,
  busy: 503,
  'the log is away': 503,
}
const languages = ['', 'ko', 'ko-KR, en;q=0.5', 'en, ko;q=0.3', 'fr']

type Told = { status: number; headers: Record<string, unknown>; body: string }
type Request = { url?: string; headers?: Record<string, string>; body?: string }

/** A server that counts what fastify was asked, and each request given to it in both ways. */
async function startBoth(t: TestContext, overrides: Overrides = {}) {
  const seen = { byFastify: 0 }
  const server = await startTestServer(t, {
    ...overrides,
    extraRoutes(app) {
      app.addHook('onRequest', async () => {
        seen.byFastify += 1
      })
    },
  })
  const { address, app, claims } = server

  async function plainly({ url = claim, headers = asAnn(), body = '' }: Request): Promise<Told> {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const length = `content-length: ${Buffer.byteLength(body)}`
    const head = [`POST ${url} HTTP/1.1`, 'host: x', length, ...lines, '', ''].join('\r\n')
    return told(await exchange(t, address, head + body))
  }
  async function byFastify({ url = claim, headers = asAnn(), body }: Request): Promise<Told> {
    const payload = body === undefined ? {} : { payload: body }
    const sent = { method: 'POST', url, headers: { host: 'x', ...headers }, ...payload } as const
    const answer = await app.inject(sent)
    return told({ status: answer.statusCode, headers: answer.headers, body: answer.json() })
  }
  /** The answer that is the same in both ways, of which only the other one asks fastify. */
  async function same(
    request: Request,
    answer?: ClaimAnswer | Promise<ClaimAnswer>,
  ): Promise<Told> {
    seen.byFastify = 0
    if (answer !== undefined) claims.claimAnswers.push(answer, answer)
    const found = await plainly(request)
    assert.equal(seen.byFastify, 0, 'fastify was asked')
    assert.deepEqual(found, await byFastify(request))
    assert.equal(seen.byFastify, 1, 'fastify was not asked')
    return found
  }
  return { ...server, seen, plainly, byFastify, same }
}

const claim = '/coupons/tea/claims'

function asAnn(): Record<string, string> {
  return { authorization: `Bearer ${tokenOf('ann')}` }
}

/** Without what belongs to the connection, of which an injected request has none. */
function told({ status, headers, body }: Omit<Told, 'body'> & { body: unknown }): Told {
  const { date, 'keep-alive': _, ...others } = headers
  assert.ok(date !== undefined)
  if (others.connection === 'keep-alive') delete others.connection
  return {
    status,
    headers: { ...others, 'content-length': String(others['content-length']) },
    body: JSON.stringify(body),
  }
}

test('each answer is that of fastify, in each language', async (t) => {
  const { same } = await startBoth(t)
  for (const language of languages) {
    const headers = { ...asAnn(), ...(language === '' ? {} : { 'accept-language': language }) }
    for (const [name, answer] of Object.entries(answers)) {
      const { status, headers: got } = await same({ headers }, answer)
      assert.equal(status, statusOf[name], name)
      const isKorean = language.startsWith('ko') && status >= 400
      assert.equal(got['content-language'], isKorean ? 'ko' : undefined, `${name} ${language}`)
    }
  }
})

test('what a browser prefers is answered as by fastify, and no refusal is an error to it', async (t) => {
  const { same } = await startBoth(t)
  for (const prefer of ['outcome', 'answer-status', 'outcome, answer-status', 'respond-async']) {
    for (const [name, answer] of Object.entries(answers)) {
      const { status, headers } = await same({ headers: { ...asAnn(), prefer } }, answer)
      const was = Number(headers['answer-status'] ?? status)
      const isKept = status >= 500 || !prefer.includes('answer-status')
      assert.ok(isKept || status < 400, `${name} ${prefer}`)
      assert.ok(was === statusOf[name] || prefer.includes('outcome'), `${name} ${prefer}`)
    }
  }
})

test('what the log decides later, and what fails, is answered as by fastify', async (t) => {
  const { same, claims, byFastify, plainly } = await startBoth(t)
  const later = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return won
  }
  assert.equal((await same({}, later())).status, 201)
  const errors = [new Error('a bug'), new PortError('store_unavailable', 'away')]
  for (const error of errors) {
    const answered: Told[] = []
    for (const ask of [plainly, byFastify]) {
      const failed = Promise.reject<ClaimAnswer>(error)
      // It is taken a moment later.
      failed.catch(() => {})
      claims.claimAnswers.push(failed)
      answered.push(await ask({}))
    }
    assert.deepEqual(answered[0], answered[1])
    assert.ok((answered[0]?.status ?? 0) >= 500)
  }
})

test('pages of other origins are told what fastify tells them', async (t) => {
  const { same } = await startBoth(t, { settings: { allowedOrigins: [shop, 'https://b.example'] } })
  for (const origin of [shop, 'https://b.example', 'https://else.example', 'null', '']) {
    const headers = { ...asAnn(), ...(origin === '' ? {} : { origin }) }
    const { headers: got } = await same({ headers }, won)
    const isAllowed = origin === shop || origin === 'https://b.example'
    assert.equal(got['access-control-allow-origin'], isAllowed ? origin : undefined)
    assert.equal(got.vary, 'Origin')
  }
})

test('a user is limited by one count, however the claims are answered', async (t) => {
  const clock = virtualClock(startedAt)
  const { same, plainly, byFastify } = await startBoth(t, { clock, settings: { userRateMax: 2 } })
  assert.equal((await plainly({})).status, 404)
  assert.equal((await byFastify({})).status, 404)
  const { status, headers } = await same({})
  assert.deepEqual([status, headers['retry-after']], [429, '1'])
})

test('whatever is not plain is left to fastify, which is asked once', async (t) => {
  const { plainly, byFastify, seen, claims } = await startBoth(t)
  const json = { ...asAnn(), 'content-type': 'application/json' }
  const left: Record<string, Request> = {
    'no token': { headers: {} },
    'a wrong token': { headers: { authorization: 'Bearer x.y.z' } },
    'no bearer': { headers: { authorization: 'Basic eDp5' } },
    'a body': { headers: json, body: '{}' },
    'a field': { headers: json, body: '{"a":1}' },
    'no JSON': { headers: json, body: '{' },
    'another type': { headers: { ...asAnn(), 'content-type': 'text/plain' }, body: 'x' },
    'a query': { url: `${claim}?a=1` },
    'an id that is none': { url: '/coupons/TEA/claims' },
    'an escaped id': { url: '/coupons/%74ea/claims' },
  }
  for (const [name, request] of Object.entries(left)) {
    seen.byFastify = 0
    const answer = await plainly(request)
    assert.equal(seen.byFastify, 1, name)
    assert.deepEqual(answer, await byFastify(request), name)
  }
  assert.deepEqual(claims.appended, [])
})

test('headers that came twice, and none of the host, are left to fastify', async (t) => {
  const { address } = await startBoth(t)
  const token = `authorization: Bearer ${tokenOf('ann')}`
  for (const lines of [['host: x', token, token], ['host: x', 'host: y', token], [token]]) {
    const head = [`POST ${claim} HTTP/1.1`, ...lines, 'content-length: 0', '', '']
    const { status } = await exchange(t, address, head.join('\r\n'))
    assert.equal(status, 400)
  }
})

test('a limit of addresses is asked first, so fastify answers all of them', async (t) => {
  const clock = virtualClock(startedAt)
  const { plainly, seen } = await startBoth(t, { clock, settings: { addressRateMax: 2 } })
  const statuses = [await plainly({}), await plainly({}), await plainly({})]
  assert.deepEqual(
    statuses.map(({ status }) => status),
    [404, 404, 429],
  )
  assert.equal(seen.byFastify, 3)
})

test('a draining server tells clients to connect anew, a claim under way included', async (t) => {
  let isDraining = false
  const { plainly, claims, seen } = await startBoth(t, { isDraining: () => isDraining })
  const decided = Promise.withResolvers<ClaimAnswer>()
  claims.claimAnswers.push(decided.promise)
  const underWay = plainly({})
  while (claims.claimAnswers.length > 0) await new Promise((resolve) => setImmediate(resolve))
  isDraining = true
  decided.resolve(won)
  assert.equal((await underWay).headers.connection, 'close')
  assert.equal(seen.byFastify, 0)
  assert.equal((await plainly({})).headers.connection, 'close')
  assert.equal(seen.byFastify, 1)
})

// The OpenAPI document against the answers that are really given.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../../../src/adapters/memory/clock-virtual.ts'
import { columnsOfRows } from '../../../src/adapters/memory/issued-columns.ts'
import type { ClaimAnswer, CommandAnswer } from '../../../src/api/claims/claim-answers.ts'
import { noRevocations } from '../../../src/domain/coupons/revocations.ts'
import type { Coupon } from '../../../src/domain/coupons/state.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { revocation } from '../../contracts/coupon-store-revocations.ts'
import { auditSourceOf, smallWorld } from '../../models/orders-audit.ts'
import { meetOrderCalls } from './contract-orders.ts'
import { type CallInit, type FakeClaims, startedAt, startTestServer } from './fixture.ts'
import { createOpenApiCheck, type OpenApi } from './openapi-check.ts'

const as = 'operator'
const coupon = { couponId: 'tea', opensAt: startedAt + 1_500 } as Coupon
const record = { claimId: 'claim-9', partition: 2, offset: 7, appendedAt: startedAt }
const terms = {
  couponId: 'tea',
  name: 'Tea',
  quantity: 1,
  closesAt: '2026-05-02T00:00:00Z',
  discount: { kind: 'percent', value: 5 },
}
const stored: Coupon = {
  status: 'open',
  couponId: 'tea',
  partition: 0,
  rules: 1,
  name: 'Tea',
  terms: {
    name: 'Tea',
    quantity: 1,
    closesAt: startedAt + 1,
    discount: { kind: 'amount', value: 1 },
  },
  opensAt: startedAt,
  closesAt: startedAt + 1,
  quantity: 3,
  paused: false,
  commands: new Map([['operator:key', 2]]),
  revocations: noRevocations(),
  lastAct: 3,
  winners: new Map(),
}
const row = {
  couponId: 'tea',
  slot: 1,
  userId: 'ann',
  claimId: 'claim-1',
  code: 'CODE',
  partition: 0,
  offset: 1,
  appendedAt: startedAt,
}
const ordersAudit = await auditSourceOf(await smallWorld()).read(async (reader) => reader)
const store = {
  heldBy: async () => [
    { ...row, name: 'Tea', terms: { name: 'Tea', quantity: 1, validDays: 1 }, orderId: 'order-1' },
    {
      ...row,
      couponId: 'milk',
      name: 'Milk',
      terms: {
        name: 'Milk',
        quantity: 1,
        discount: { kind: 'percent' as const, value: 1, max: 5 },
        minimum: 9,
      },
    },
  ],
  winners: async () => [{ ...row, name: 'Tea', terms: { name: 'Tea', quantity: 1 } }],
  byCode: async () => [],
  revocations: async () => [{ ...revocation({ offset: 9 }), couponId: 'tea', unspent: 1 }],
  issuedTo: async () => ({ issued: [], next: new Map() }),
  unspent: async () => 1,
  issuedRows: async () => [row],
  issuedColumns: async () => columnsOfRows([row]),
  positions: async () => new Map(),
  snapshot: async () => ({
    positions: new Map([[0, { next: 2, published: 2 }]]),
    coupons: [stored, { ...stored, closesAt: Number.POSITIVE_INFINITY }],
  }),
}

type Limited = { rate: number; clock?: Clock }

async function startChecked(
  t: Parameters<typeof startTestServer>[0],
  { rate, clock }: Limited = { rate: 0 },
) {
  const sql = { up: true }
  const server = await startTestServer(t, {
    ...(clock && { clock }),
    store: () => (sql.up ? store : null),
    reader: (kept) => (sql.up ? kept : null),
    orderLimits: { answerWaitMsMax: 100 },
    ordersAudit: () => (sql.up ? ordersAudit : null),
    settings: { userRateMax: rate, operatorRateMax: rate, addressRateMax: rate },
  })
  const document = (await server.call('GET /openapi.json')).body as unknown as OpenApi
  const openApi = createOpenApiCheck(document)
  const call = async (line: string, init?: CallInit) => {
    const answer = await server.call(line, init)
    openApi.check(line, answer)
    return answer.status
  }
  return { ...server, call, document, openApi, sql }
}

type Call = (line: string, init?: CallInit) => Promise<number>
const claim = 'POST /coupons/tea/claims'
const mine = 'GET /coupons/tea/claims/mine'
const long = 'a'.repeat(2_000)
const brokenJson = { body: '{', headers: { 'content-type': 'application/json' } }
const badBodies: CallInit[] = [brokenJson, { body: 'x' }, { json: { x: 'x'.repeat(5_000) } }]

/** By line: what fits its schema. */
const commands: [line: string, init: CallInit][] = [
  ['POST /coupons', { json: { name: 'More', quantity: 1 } }],
  ['POST /coupons/tea/restock', { json: { add: 1 }, headers: { 'idempotency-key': 'k' } }],
  ['POST /coupons/tea/pause', {}],
  ['POST /coupons/tea/resume', {}],
  ['PATCH /coupons/tea', { json: { name: 'Tea again' }, headers: { 'idempotency-key': 'e' } }],
  ['POST /coupons/tea/revocations', { json: { all: true, reason: 'wrong price' } }],
  ['POST /coupons/tea/close', {}],
]

async function offerAndClaim(call: Call): Promise<void> {
  await call('POST /coupons', { as, json: terms })
  await call('POST /coupons', { as, json: terms })
  await call('POST /coupons', { as, json: { ...terms, quantity: 2 } })
  await call('POST /coupons', { as, json: { name: 'Open', quantity: 1 } })
  await call('GET /coupons?limit=1')
  await call('GET /coupons?limit=0')
  for (const couponId of ['tea', 'milk', 'Tea', long]) await call(`GET /coupons/${couponId}/live`)
  await call('GET /coupons/tea/live', { headers: { 'if-none-match': '*' } })
  for (const couponId of ['tea', 'milk', 'made-2', 'Tea', long]) {
    await call(`GET /coupons/${couponId}`)
    await call(`POST /coupons/${couponId}/claims`)
    await call(`POST /coupons/${couponId}/claims`, { as: 'bob' })
    await call(`GET /coupons/${couponId}/claims/mine`)
    await call(`GET /coupons/${couponId}/claims/mine`, { as: 'cid' })
  }
  await call('POST /coupons', { as, json: { ...terms, couponId: 'oat' } })
  const again = { as, headers: { 'idempotency-key': 'same' } }
  for (const name of ['Oat', 'Oats']) await call('PATCH /coupons/oat', { ...again, json: { name } })
  for (const reason of ['wrong', 'price']) {
    await call('POST /coupons/oat/revocations', { ...again, json: { all: true, reason } })
  }
  await call('POST /coupons/tea/revocations?preview=true', { as, json: { all: true, reason: 'x' } })
  const opensAt = '2027-01-01T00:00:00Z'
  await call('PATCH /coupons/oat?preview=true', { as, json: { opensAt } })
  await call('POST /coupons/oat/pause?preview=true', { as })
  await call('POST /coupons/oat/pause?preview=false', { as })
  await call('GET /coupons/oat/claims/mine')
  for (const reason of ['over', 'empty']) {
    await call('POST /coupons/oat/close', { ...again, json: { reason } })
  }
  await call(claim)
  for (const line of [claim, mine]) await call(line, { as: null })
  for (const init of badBodies) await call(claim, init)
}

async function meetClaimAnswers(call: Call, claims: FakeClaims): Promise<void> {
  const refusals = ['not_open', 'closed', 'paused', 'sold_out'] as const
  const answers: ClaimAnswer[] = [
    ...refusals.map((kind) => ({ kind, coupon })),
    ...refusals.map((kind) => ({ kind, coupon, record })),
    { kind: 'pending' },
    { kind: 'unavailable', reason: 'queue_full', retryAfterSeconds: 1 },
  ]
  for (const answer of answers) {
    claims.claimAnswers.push(answer)
    await call(claim)
    claims.mineAnswers.push(answer)
    await call(mine)
  }
}

async function meetCommandAnswers(call: Call, claims: FakeClaims): Promise<void> {
  const undecided: CommandAnswer[] = [
    { kind: 'pending' },
    { kind: 'unavailable', reason: 'log_unavailable', retryAfterSeconds: 1 },
  ]
  for (const [line, init] of commands) {
    for (const answer of undecided) {
      claims.commandAnswers.push(answer)
      await call(line, { as, ...init })
    }
    for (const caller of [as, null, 'ann']) await call(line, { as: caller, ...init })
    for (const bad of [...badBodies, { json: { x: 1 } }]) await call(line, { as, ...bad })
    if (line === 'POST /coupons') continue
    await call(line, { as, json: init.json, headers: { 'if-match': '"x"' } })
    await call(line.replace('tea', 'milk'), { as, ...init })
    await call(line.replace('tea', long), { as, ...init })
  }
  await call('POST /coupons/tea/restock', { as, json: { add: 1 } })
  await call('PATCH /coupons/tea', { as, json: { name: 'Tea once more' } })
  for (const verb of ['pause', 'resume', 'close']) await call(`POST /coupons/tea/${verb}`, { as })
  for (const caller of [as, 'ann', null]) await call('GET /coupons/tea/acts', { as: caller })
  for (const rest of ['tea/acts?x=1', 'milk/acts', `${long}/acts`]) {
    await call(`GET /coupons/${rest}`, { as })
  }
}

const winners = ['/coupons/tea/winners', '/coupons/tea/winners.csv']

async function readSql(call: Call, sql: { up: boolean }): Promise<void> {
  const orders = ['/orders-projection', '/orders-projection/orders']
  const rows = ['/projection', '/issued-coupons', ...orders]
  for (const path of ['/me/coupons', ...winners, ...rows]) {
    for (const up of [true, false]) {
      sql.up = up
      for (const caller of [as, 'ann', null]) await call(`GET ${path}`, { as: caller })
    }
  }
  sql.up = true
  await call('GET /me/coupons?limit=1')
  await call('GET /me/coupons?x=1')
  for (const path of winners) {
    for (const query of ['', '?x=1']) await call(`GET ${path}${query}`, { as })
    await call(`GET ${path.replace('tea', 'milk')}`, { as })
    await call(`GET ${path.replace('tea', long)}`, { as })
  }
  await call('GET /coupons/tea/winners?limit=1', { as })
  await call('GET /issued-coupons?limit=1', { as })
  await call('GET /issued-coupons?afterSlot=1', { as })
  for (const form of ['columns', 'rows', 'pages'])
    await call(`GET /issued-coupons?as=${form}`, { as })
  await call('GET /orders-projection/products?limit=1&after=cup', { as })
  await call('GET /orders-projection/secrets', { as })
  for (const path of ['/projection', '/orders-projection']) await call(`GET ${path}?x=1`, { as })
  await call(`GET /orders-projection/${long}`, { as })
}

test('every answer of every call is as /openapi.json says', async (t) => {
  const warned = t.mock.method(console, 'warn')
  const { call, claims, openApi, sql, applier } = await startChecked(t)
  await offerAndClaim(call)
  await meetClaimAnswers(call, claims)
  await meetCommandAnswers(call, claims)
  await readSql(call, sql)
  await meetOrderCalls({ call, badBodies, applier, sql })
  for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json']) await call(`GET ${path}`)
  claims.state = { ready: false, reasons: ['replaying'] }
  await call('GET /readyz')

  // What is left comes before a call is known (400, 408, 417, 431: see the hostile and the slow
  // clients), from rate limits (below), from faults of the service, or from a stop; those of dead
  // letters, proofs, problems and redemptions are met in tests of their own.
  const ownTests =
    /Proof|Checkpoint|Receipt|ProblemPage|edemption|redeem|lookUpCode|OfUser|Console|findOrders/
  const elsewhere = / (400|408|417|429|431|500)$|^(get\w+|listCoupons|listActs) 503$|DeadLetters? /
  assert.deepEqual(
    openApi.unmet().filter((name) => !elsewhere.test(name) && !ownTests.test(name)),
    [],
  )
  const warnings = warned.mock.calls.map(({ arguments: [text] }) => String(text))
  assert.deepEqual(warnings, [], 'what writes and checks by schemas knows all that they say')
})

test('a rate limit is answered as documented, where one is', async (t) => {
  // Time stands still: one who is not limited would be given a stream without end.
  const clock = virtualClock(startedAt)
  const { call, document } = await startChecked(t, { rate: 1, clock })
  const limited = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { responses }]) => '429' in responses)
      .map(([method]) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, 'tea')}`),
  )
  assert.ok(limited.length >= 25)
  await call('GET /coupons')
  for (const line of limited) assert.equal(await call(line, { as }), 429, line)
})

const optionalBodies = new RegExp(
  '^/(coupons/\\{\\w+\\}/(claims|pause|resume|close)|dead-letters/\\{\\w+\\}/\\w+|' +
    'console/(codes|rehearsals|audits))$',
)

test('the document names every call, its security and its schemas', async (t) => {
  const { document } = await startChecked(t)
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  )
  assert.equal(document.openapi, '3.1.0')
  assert.ok(operations.length >= 33)
  const ids = new Set(operations.map(({ operationId }) => operationId))
  assert.equal(ids.size, operations.length)
  const schemes = Object.keys(document.components.securitySchemes)
  for (const operation of operations) {
    const { path, method, operationId, summary, security, requestBody, responses } = operation
    assert.ok(summary.length > 0)
    const secured = '401' in responses && operationId !== 'openConsoleSession'
    assert.deepEqual(security.flatMap(Object.keys), secured ? schemes : [], path)
    if (requestBody !== undefined) {
      const isOptional = optionalBodies.test(path) || /\/(return|use|release)$/.test(path)
      assert.equal(requestBody.required, !isOptional, path)
    }
    assert.equal(requestBody !== undefined, !['get', 'delete'].includes(method))
    for (const { description } of Object.values(responses)) assert.ok(description.length > 0)
  }
  const names = ['Coupon', 'IssuedClaim', 'Order', 'Pending', 'Problem', 'Product', 'Wallet']
  const { schemas } = document.components
  assert.deepEqual(
    names.filter((name) => !(name in schemas)),
    [],
  )
  assert.doesNotMatch(JSON.stringify(document), /def-\d|unnamed/)
})

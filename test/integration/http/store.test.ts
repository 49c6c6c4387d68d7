// The calls that are answered from SQL, also while it is away.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columnsOfRows } from '../../../src/adapters/memory/issued-columns.ts'
import type { IssuedAnswer } from '../../../src/api/claims/claim-answers.ts'
import type { ReadStore, ServerParts } from '../../../src/api/http/server-parts.ts'
import { ordersAuditOver, projectionOver } from '../../../src/client/audit-rows.ts'
import type { IssuedRow, Page, RowsQuery } from '../../../src/ports/coupons.ts'
import { auditedTables } from '../../../src/ports/orders-audit.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import { auditSourceOf, rowsRead, smallWorld } from '../../models/orders-audit.ts'
import { startedAt, startTestServer } from './fixture.ts'

const row = (couponId: string, slot: number, userId = 'ann'): IssuedRow => ({
  couponId,
  slot,
  userId,
  claimId: `claim-${slot}`,
  code: `CODE-${slot}`,
  partition: 1,
  offset: slot + 10,
  appendedAt: startedAt + slot,
})
type Body = { couponId: string; status: string; validUntil?: string }
const rows = [row('tea', 1), row('tea', 2, 'bob"\\'), row('tea', 3, 'cid')]

function fakeStore(store: Partial<ReadStore>): () => ReadStore {
  const unused = () => Promise.reject(new Error('not to be asked'))
  const none = { heldBy: unused, winners: unused, byCode: unused, revocations: unused }
  const audited = { issuedRows: unused, issuedColumns: unused, snapshot: unused }
  const others = { issuedTo: unused, unspent: unused, positions: unused }
  return () => ({ ...none, ...audited, ...others, ...store })
}

test('what a user holds comes from SQL, in pages', async (t) => {
  const asked: [string, Page][] = []
  const discount = { kind: 'amount', value: 500 } as const
  const heldBy: ReadStore['heldBy'] = async (userId, page) => {
    asked.push([userId, { ...page }])
    const held = [
      { ...row('milk', 7), name: 'Milk', terms: { name: 'Milk', quantity: 9 } },
      {
        ...row('tea', 1),
        name: 'Tea',
        terms: { name: 'Tea', quantity: 9, discount, minimum: 700 },
      },
    ]
    return held.slice(0, page.limit)
  }
  const { call } = await startTestServer(t, { store: fakeStore({ heldBy }) })
  const milk = {
    couponId: 'milk',
    name: 'Milk',
    slot: 7,
    code: 'CODE-7',
    discount: null,
    issuedAt: '2026-05-01T09:00:00.007Z',
    status: 'unused',
  }
  const tea = {
    couponId: 'tea',
    name: 'Tea',
    slot: 1,
    code: 'CODE-1',
    discount,
    minimum: 700,
    issuedAt: '2026-05-01T09:00:00.001Z',
    status: 'unused',
  }
  assert.deepEqual((await call('GET /me/coupons')).body, { coupons: [milk, tea] })
  assert.deepEqual((await call('GET /me/coupons?limit=1', { as: 'bob' })).body, {
    coupons: [milk],
    next: 'milk',
  })
  await call('GET /me/coupons?limit=200&after=milk')
  assert.deepEqual(asked, [
    ['ann', { limit: 50 }],
    ['bob', { limit: 1 }],
    ['ann', { limit: 200, after: 'milk' }],
  ])
})

test('a coupon is unused until it is used, and then used, though it may be over', async (t) => {
  const end = startedAt + 60_000
  const days = { name: 'Tea', quantity: 9, validUntil: end }
  const held = {
    open: { ...row('open', 7), name: 'Open', terms: { name: 'Open', quantity: 9 } },
    used: { ...row('used', 7), name: 'Tea', terms: days, orderId: 'order-1' },
    ends: { ...row('ends', 7), name: 'Tea', terms: days },
  }
  const heldBy: ReadStore['heldBy'] = async (_, { couponId }) => {
    return couponId === undefined ? Object.values(held) : [held[couponId as 'open']]
  }
  const { call, time, claims } = await startTestServer(t, { store: fakeStore({ heldBy }) })
  const statuses = async () => {
    const { coupons } = (await call('GET /me/coupons')).body as { coupons: Body[] }
    for (const { couponId, status, validUntil } of coupons) {
      assert.equal(validUntil, couponId === 'open' ? undefined : new Date(end).toISOString())
      const answer: IssuedAnswer = {
        kind: 'issued',
        first: false,
        ...held[couponId as 'open'],
        issued: row('tea', 7),
        validUntil: couponId === 'open' ? undefined : end,
      }
      claims.mineAnswers.push(answer)
      const mine = (await call(`GET /coupons/${couponId}/claims/mine`)).body
      assert.deepEqual([mine.status, mine.validUntil], [status, validUntil])
    }
    return coupons.map(({ status }) => status)
  }
  assert.deepEqual(await statuses(), ['unused', 'used', 'unused'])
  time.now = end
  assert.deepEqual(await statuses(), ['unused', 'used', 'unused'])
  time.now = end + 1
  assert.deepEqual(await statuses(), ['unused', 'used', 'expired'])
})

test('what was won is answered without its status while the rows cannot be read', async (t) => {
  const away = new PortError('store_unavailable', 'away', { retryable: true })
  for (const store of [() => null, fakeStore({ heldBy: () => Promise.reject(away) })]) {
    const { call } = await startTestServer(t, { store })
    await call('POST /coupons', {
      as: 'operator',
      json: { couponId: 'tea', name: 'T', quantity: 1 },
    })
    const won = await call('POST /coupons/tea/claims')
    const mine = await call('GET /coupons/tea/claims/mine')
    assert.deepEqual([mine.status, mine.body], [200, won.body])
  }
})

test('the auditor reads the projection and the rows as SQL has them', async (t) => {
  const positions = new Map([[1, { next: 14, published: 12 }]])
  const snapshot = { positions, coupons: [], generations: new Map([[1, 'first']]) }
  const asked: RowsQuery[] = []
  const issuedRows: ReadStore['issuedRows'] = async (query) => {
    asked.push(query)
    return rows.slice(0, query.limit)
  }
  const issuedColumns: ReadStore['issuedColumns'] = async (query) => {
    asked.push(query)
    return columnsOfRows(rows)
  }
  const store = fakeStore({ issuedRows, issuedColumns, snapshot: async () => snapshot })
  const { call } = await startTestServer(t, { store })
  const as = 'operator'

  const projection = projectionOver(async (path) => (await call(`GET ${path}`, { as })).text)
  assert.deepEqual(await projection.snapshot(), snapshot)
  const all = await call('GET /issued-coupons', { as })
  const read = await projectionOver(async () => all.text).issuedRows({ limit: 1_000 })
  assert.deepEqual(read, rows)
  assert.equal(all.body.next, undefined)
  const columns = columnsOfRows(rows)
  assert.deepEqual(await projection.issuedColumns({ limit: 7 }), columns)
  const path = 'GET /issued-coupons?limit=2&couponId=tea&afterCouponId=tea&afterSlot=0'
  const page = await call(path, { as })
  assert.deepEqual(page.body.next, { afterCouponId: 'tea', afterSlot: 2 })
  assert.deepEqual(asked, [
    { limit: 1_000 },
    { limit: 7 },
    { limit: 2, couponId: 'tea', after: { couponId: 'tea', slot: 0 } },
  ])
})

test('the auditor reads what the consumers of orders keep, page by page', async (t) => {
  const world = await smallWorld()
  const source = auditSourceOf(world)
  const reader = await source.read(async (it) => it)
  const { call } = await startTestServer(t, { ordersAudit: () => reader })
  let pages = 0
  const asked = ordersAuditOver(async (path) => {
    const answer = await call(`GET ${path}`, { as: 'operator' })
    assert.equal(answer.status, 200, answer.text)
    pages += 1
    return answer.text
  })
  const read = await rowsRead({ oneMoment: true, read: (run) => run(asked) })
  assert.deepEqual(read, await rowsRead(source))
  assert.equal(pages, 1 + auditedTables.length)
  const query = { table: 'stock-commands', limit: 1 } as const
  const first = await asked.page({ ...query, after: ['', ''] })
  const second = await asked.page({ ...query, after: first.next ?? ['', ''] })
  const stored = world.tables['stock-commands'].slice(0, 2)
  assert.deepEqual(JSON.parse(`[${first.rows},${second.rows}]`), stored)
  assert.deepEqual(
    [first.about, second.about],
    stored.map(({ key }) => [key]),
  )
  const unknown = await call('GET /orders-projection/secrets', { as: 'operator' })
  assert.equal(unknown.status, 422)
})

const paths = [
  '/me/coupons',
  '/projection',
  '/issued-coupons',
  '/orders-projection',
  '/orders-projection/orders',
]

test('without SQL, or while it is away, its calls are 503 and claims are not', async (t) => {
  const away = async () => {
    throw new PortError('store_unavailable', 'the database is away', { retryable: true })
  }
  const store = fakeStore({ heldBy: away, issuedRows: away, snapshot: away })
  const ordersAudit = () => ({ positions: away, page: away })
  const cases: [reason: string, reads: Pick<ServerParts, 'store' | 'ordersAudit'>][] = [
    ['database_starting', { store: () => null, ordersAudit: () => null }],
    ['database_unavailable', { store, ordersAudit }],
  ]
  for (const [reason, reads] of cases) {
    const { call } = await startTestServer(t, reads)
    for (const path of paths) {
      const answer = await call(`GET ${path}`, { as: 'operator' })
      assert.equal(answer.status, 503)
      assert.equal(answer.body.type, '/problems/unavailable')
      assert.equal(answer.body.reason, reason)
      assert.equal(answer.headers.get('retry-after'), '1')
      assert.doesNotMatch(answer.text, /away/)
    }
    assert.equal((await call('POST /coupons/tea/claims')).status, 404)
  }
})

test('SQL that does not answer in time is 503', async (t) => {
  const never = () => new Promise<never>(() => {})
  const store = fakeStore({ heldBy: never, issuedRows: never, snapshot: never })
  const ordersAudit = () => ({ positions: never, page: never })
  const settings = { limits: { storeWaitMsMax: 20 } }
  const { call } = await startTestServer(t, { store, ordersAudit, settings })
  for (const path of paths) {
    const answer = await call(`GET ${path}`, { as: 'operator' })
    assert.equal(answer.status, 503)
    assert.equal(answer.body.reason, 'database_unavailable')
  }
})

test('a broken store is 500 without its secrets', async (t) => {
  const broken = async () => {
    throw new PortError('store_broken', 'two winners of slot 1')
  }
  const { call } = await startTestServer(t, { store: fakeStore({ heldBy: broken }) })
  const answer = await call('GET /me/coupons')
  assert.equal(answer.status, 500)
  assert.equal(answer.body.type, '/problems/internal-error')
  assert.doesNotMatch(answer.text, /winners/)
})

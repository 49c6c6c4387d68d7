// Orders and redemptions found by those who help people, by an id or by a user.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { signToken } from '../../../src/client/tokens.ts'
import { type CallInit, jwtSecret, startedAt, startTestServer } from './fixture.ts'
import { createOpenApiCheck, type OpenApi } from './openapi-check.ts'
import { sampleOrders } from './sample-orders.ts'

const as = 'operator'
const user = '김 "하나"'
const viewer = signToken({
  secret: jwtSecret,
  sub: 'vic',
  operator: false,
  scope: 'viewer',
  expiresInSeconds: 3600,
  now: startedAt,
})

async function startFound(t: TestContext) {
  const sql = { up: true }
  const server = await startTestServer(t, { reader: (stored) => (sql.up ? stored : null) })
  const { orders } = server.applier.tables
  for (const order of sampleOrders(user)) orders.set(order.orderId, order)
  const document = (await server.call('GET /openapi.json')).body as unknown as OpenApi
  const openApi = createOpenApiCheck(document)
  const find = async (query: object, init: CallInit = { as }) => {
    const line = `GET /orders?${new URLSearchParams({ ...query }).toString()}`
    const answer = await server.call(line, init)
    openApi.check(line, answer)
    const found = (answer.body.orders ?? []) as Record<string, unknown>[]
    const ids = found.map(({ orderId }) => orderId)
    return { ...answer, found, ids, next: answer.body.next }
  }
  return { find, sql, openApi, orders }
}

test('orders and redemptions are found by id and by user, the newest first', async (t) => {
  const { find, orders } = await startFound(t)
  assert.deepEqual((await find({ find: user })).ids, ['redeemed-1', 'order-2', 'order-1'])
  const first = await find({ find: user, limit: '2' })
  assert.deepEqual([first.ids, first.next], [['redeemed-1', 'order-2'], 'order-2'])
  const second = await find({ find: user, limit: '2', after: 'order-2' })
  assert.deepEqual([second.ids, second.next], [['order-1'], undefined])
  const { found, next } = await find({ find: 'order-9' }, { token: viewer })
  assert.deepEqual([found.map(({ userId }) => userId), next], [[`${user} too`], undefined])
  assert.equal(found[0]?.reason, 'out_of_stock')
  for (const nobody of ['nobody', 'order', ' ']) {
    assert.deepEqual((await find({ find: nobody })).body, { orders: [] }, nobody)
  }
  // A user who is called as an order is: both are meant.
  const [order] = sampleOrders('order-9')
  if (order !== undefined) orders.set('order-5', { ...order, orderId: 'order-5' })
  assert.deepEqual((await find({ find: 'order-9' })).ids, ['order-9', 'order-5'])
})

test('each has its steps, its user, and what became of it', async (t) => {
  const { find } = await startFound(t)
  const [redeemed, returned] = (await find({ find: user })).found
  assert.deepEqual(redeemed, {
    orderId: 'redeemed-1',
    userId: user,
    status: 'pending',
    lines: [],
    couponId: 'tea',
    redemption: { reference: 'cart 7', subtotal: 9_000, status: 'reserved' },
    steps: [{ step: 'coupon', outcome: 'used', at: '2026-05-01T09:00:00.005Z' }],
    placedAt: '2026-05-01T09:00:00.002Z',
  })
  assert.deepEqual([returned?.status, returned?.total], ['returned', 2_399_000])
  const asked = { by: 'operator-kim', reason: 'broken', askedAt: '2026-05-01T09:00:02.000Z' }
  assert.deepEqual(returned?.return, asked)
})

test('it is for operators and viewers, and every documented answer is given', async (t) => {
  const { find, sql, openApi } = await startFound(t)
  assert.equal((await find({ find: user })).status, 200)
  assert.equal((await find({ find: user }, { as: null })).status, 401)
  assert.equal((await find({ find: user }, { as: 'ann' })).status, 403)
  const wrong = [
    {},
    { find: '' },
    { find: 'a'.repeat(129) },
    { find: 'a\nb' },
    { find: 'a', limit: '0' },
    { find: 'a', limit: '201' },
    { find: 'a', after: 'no id' },
    { find: 'a', user: 'b' },
  ]
  for (const query of wrong) assert.equal((await find(query)).status, 422, JSON.stringify(query))
  sql.up = false
  assert.equal((await find({ find: user })).body.reason, 'database_starting')
  // What is left is the same for all calls.
  const own = openApi.unmet().filter((name) => name.startsWith('findOrders '))
  assert.deepEqual(
    own.filter((name) => !/ (400|408|417|429|431|500)$/.test(name)),
    [],
  )
})

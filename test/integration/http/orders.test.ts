// Orders over HTTP: the real server and order service over a log in memory, with a stand-in for the
// consumers that can be held back.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { idOfKey } from '../../../src/api/orders/order-answers.ts'
import { lineQuantityMax, orderLinesMax, ordersTopic } from '../../../src/domain/orders/messages.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import { type Answer, type Overrides, startTestServer } from './fixture.ts'

const as = 'operator'
const one = { lines: [{ productId: 'tea', quantity: 1 }] }
const away = () => Promise.reject(new PortError('store_unavailable', 'away', { retryable: true }))

async function startShop(t: TestContext, overrides?: Overrides) {
  const server = await startTestServer(t, overrides)
  const { call, applier } = server
  const stocked = { productId: 'tea', name: 'Tea', price: 1_000, stock: 10 }
  const place = (key: string, json: object, who = 'ann'): Promise<Answer> => {
    return call('POST /orders', { as: who, json, headers: { 'idempotency-key': key } })
  }
  /** What reached the orders topic, of its own kind. */
  const placed = () => {
    const records = server.log.records(ordersTopic).flat()
    return records.filter(({ value }) => value.includes('"order.placed"'))
  }
  await until(async () => (await call('POST /products', { as, json: stocked })).status !== 503)
  const headers = { 'idempotency-key': 'first' }
  await call('POST /wallets/ann/top-ups', { as, json: { amount: 5_000 }, headers })
  return { ...server, place, placed, applier }
}

/** Asks again and again, for half a minute. */
async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = performance.now() + 30_000; !(await isSo()); ) {
    assert.ok(performance.now() < deadline, 'it never came about')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('an order is answered with its end, the same again 200, other content 409', async (t) => {
  const { call, place, placed } = await startShop(t)
  const first = await place('k1', { lines: [{ productId: 'tea', quantity: 2 }] })
  assert.equal(first.status, 201, first.text)
  const { orderId, placedAt, steps, ...rest } = first.body
  assert.deepEqual(rest, {
    status: 'confirmed',
    lines: [{ productId: 'tea', quantity: 2, unitPrice: 1_000 }],
    subtotal: 2_000,
    discount: 0,
    total: 2_000,
  })
  assert.match(String(placedAt), /^2026-05-01T09:00:0\d\.\d{3}Z$/)
  const said = (steps as { step: string; outcome: string }[]).map(
    (it) => `${it.step} ${it.outcome}`,
  )
  assert.deepEqual(said.slice(0, 2), ['stock held', 'payment captured'])
  assert.equal(orderId, idOfKey('ann', 'k1'))
  assert.equal(first.headers.get('location'), `/orders/${orderId}`)

  const again = await place('k1', { lines: [{ productId: 'tea', quantity: 2 }] })
  assert.equal(again.status, 200)
  assert.equal(again.body.orderId, orderId)
  assert.equal(again.headers.get('location'), null)
  const others = [one, { lines: [{ productId: 'milk', quantity: 2 }] }]
  for (const json of others) {
    const other = await place('k1', json)
    assert.equal(other.status, 409)
    assert.equal(other.body.type, '/problems/idempotency-key-reused')
  }
  assert.equal(placed().length, 1)
  const cart = ['tea', 'cup'].map((productId) => ({ productId, quantity: 1 }))
  const cartIds = [cart, cart.toReversed()].map(async (lines) => {
    return (await place('cart', { lines })).body.orderId
  })
  assert.equal(new Set(await Promise.all(cartIds)).size, 1)
  assert.equal((await place('cart', { lines: cart.toReversed() })).status, 200)
  assert.equal(placed().length, 2)
  assert.equal((await place('k1', one, 'bob')).body.reason, 'insufficient_funds')
  assert.equal((await call('GET /wallets/mine')).body.balance, 3_000)
  await until(async () => (await call('GET /products/tea')).body.sold === 2)
  const { body } = await call('GET /products/tea', { as: null })
  assert.deepEqual([body.available, body.held, body.sold], [8, 0, 2])
})

test('an order that ends cancelled was placed all the same, and says why', async (t) => {
  const { call, place } = await startShop(t)
  const table: [key: string, json: object, reason: string][] = [
    ['unknown', { lines: [{ productId: 'no-such', quantity: 1 }] }, 'unknown_product'],
    ['many', { lines: [{ productId: 'tea', quantity: 11 }] }, 'out_of_stock'],
    ['dear', { lines: [{ productId: 'tea', quantity: 6 }] }, 'insufficient_funds'],
  ]
  for (const [key, json, reason] of table) {
    for (const status of [201, 200]) {
      const answer = await place(key, json)
      assert.deepEqual([answer.status, answer.body.status], [status, 'cancelled'])
      assert.equal(answer.body.reason, reason)
    }
    const id = idOfKey('ann', key)
    assert.equal((await call(`GET /orders/${id}`)).body.reason, reason)
  }
  assert.equal((await call('GET /products/tea')).body.sold, 0)
})

test('a coupon is won and spent in the very next request, once; another’s is refused', async (t) => {
  const { call, place, placed, log } = await startShop(t)
  const coupon = { couponId: 'spring', name: 'Spring', quantity: 1 }
  await call('POST /coupons', { as, json: coupon })
  const before = placed().length
  for (const [who, couponId] of [
    ['ann', 'spring'],
    ['ann', 'no-such'],
  ] as const) {
    const refused = await place(`early ${couponId}`, { ...one, couponId }, who)
    assert.equal(refused.status, 422)
    assert.equal(refused.body.type, '/problems/coupon-not-held')
  }
  assert.equal(placed().length, before)
  assert.equal((await call('POST /coupons/spring/claims')).status, 201)
  const spent = await place('spend', { ...one, couponId: 'spring' })
  assert.equal(spent.status, 201, spent.text)
  assert.deepEqual([spent.body.status, spent.body.couponId], ['confirmed', 'spring'])
  const [record] = log
    .records(ordersTopic)
    .flat()
    .filter(({ value }) => value.includes('"order.placed"'))
  const message = JSON.parse(String(record?.value)) as { coupon: object; timeLimitMs: number }
  assert.deepEqual(message.coupon, { couponId: 'spring', partition: 0, offset: 1 })
  assert.equal(message.timeLimitMs, 30_000)
  const twice = await place('spend again', { ...one, couponId: 'spring' })
  assert.equal(twice.body.reason, 'coupon_already_used')
  assert.equal((await place('spend', one)).status, 409)
  assert.equal((await place('theirs', { ...one, couponId: 'spring' }, 'bob')).status, 422)
})

test('while it has not ended it is 202, known to its user by GET before SQL has it', async (t) => {
  const { call, place, placed, applier } = await startShop(t, {
    orderLimits: { answerWaitMsMax: 100 },
  })
  applier.hold()
  const first = await place('slow', one)
  assert.equal(first.status, 202)
  assert.deepEqual(first.body, { outcome: 'pending' })
  const path = first.headers.get('location') ?? ''
  assert.equal(path, `/orders/${idOfKey('ann', 'slow')}`)
  assert.equal((await place('slow', one)).status, 202)
  assert.equal((await place('slow', { lines: [{ productId: 'tea', quantity: 2 }] })).status, 409)
  assert.equal(placed().length, 1)
  const pending = await call(`GET ${path}`)
  assert.equal(pending.status, 200)
  const { placedAt: _placedAt, ...body } = pending.body
  const expected = { orderId: path.slice(8), status: 'pending', lines: one.lines, steps: [] }
  assert.deepEqual(body, expected)
  assert.equal((await call(`GET ${path}`, { as: 'bob' })).status, 404)
  assert.equal((await call(`GET ${path}`, { as: null })).status, 401)
  const looked = await call(`GET ${path}`, { as: 'operator' })
  assert.deepEqual([looked.status, looked.body.orderId], [200, expected.orderId])
  assert.equal((await call('GET /orders/no-such')).body.type, '/problems/unknown-order')

  applier.release()
  await until(async () => (await call(`GET ${path}`)).body.status === 'confirmed')
  assert.equal((await place('slow', one)).status, 200)
})

test('who waits is answered the moment the order ends', async (t) => {
  const { place, placed, applier } = await startShop(t)
  applier.hold()
  const answers = [place('k', one), place('k', one)]
  await until(() => placed().length === 1)
  assert.equal((await place('k', { lines: [{ productId: 'milk', quantity: 1 }] })).status, 409)
  applier.release()
  const statuses = (await Promise.all(answers)).map(({ status }) => status)
  assert.deepEqual(statuses.sort(), [200, 201])
  assert.equal(placed().length, 1)
})

test('an order that runs out of time ends cancelled, and is answered so', async (t) => {
  const { place, placed, applier } = await startShop(t)
  applier.hold()
  const answer = place('late', one)
  await until(() => placed().length === 1)
  const orderId = idOfKey('ann', 'late')
  // As the process would have it that has met the order, and nothing of the steps.
  const record = placed()[0]
  const at = record?.appendedAt ?? 0
  applier.tables.orders.set(orderId, {
    status: 'placed',
    orderId,
    userId: 'ann',
    lines: one.lines,
    coupon: null,
    placedAt: at,
    deadline: at + 30_000,
    heard: { coupon: null, stock: null, payment: null, notes: [] },
  })
  await applier.passTime(at + 30_000)
  assert.deepEqual([(await answer).status, (await answer).body.reason], [201, 'timed_out'])
})

test('a bad order is 422 with every mistake, and nothing reaches the log', async (t) => {
  const { call, place, placed } = await startShop(t)
  const line = { productId: 'tea', quantity: 1 }
  const distinct = Array.from({ length: orderLinesMax + 1 }, (_, n) => {
    return { productId: `p-${n}`, quantity: 1 }
  })
  const table: [json: object, paths: string[]][] = [
    [{}, ['/lines']],
    [{ lines: [] }, ['/lines']],
    [{ lines: distinct }, ['/lines']],
    [
      { lines: [line, { ...line, quantity: 2 }, line] },
      ['/lines/1/productId', '/lines/2/productId'],
    ],
    [{ lines: [{ productId: 'Tea', quantity: 0 }] }, ['/lines/0/productId', '/lines/0/quantity']],
    [{ lines: [{ productId: 'tea', quantity: lineQuantityMax + 1 }] }, ['/lines/0/quantity']],
    [{ lines: [{ productId: 'tea', quantity: '1' }] }, ['/lines/0/quantity']],
    [{ lines: [{ ...line, price: 1 }] }, ['/lines/0/price']],
    [{ ...one, couponId: '-' }, ['/couponId']],
    [{ ...one, userId: 'bob' }, ['/userId']],
  ]
  for (const [json, paths] of table) {
    const answer = await place('bad', json)
    assert.equal(answer.status, 422, answer.text)
    const errors = answer.body.errors as { path: string }[]
    assert.deepEqual(errors.map(({ path }) => path).sort(), paths, answer.text)
  }
  for (const headers of [undefined, { 'idempotency-key': '' }, { 'idempotency-key': 'é' }]) {
    const answer = await call('POST /orders', { json: one, ...(headers && { headers }) })
    assert.equal(answer.status, 422)
    assert.match(answer.text, /"\/idempotency-key"/)
  }
  assert.equal(placed().length, 0)
  assert.equal((await place('largest', { lines: distinct.slice(1) })).status, 201)
})

test('SQL that is away is 503 before anything is appended, and 202 afterwards', async (t) => {
  const sql = { up: true }
  const { call, place, placed, applier } = await startShop(t, {
    orderLimits: { answerWaitMsMax: 1_000, lookForEndEveryMs: 20 },
    reader: (stored) => {
      const reads = (read: typeof stored.orders): typeof stored.orders => {
        return (ids) => (sql.up ? read(ids) : away())
      }
      return { ...stored, orders: reads(stored.orders), ...(sql.up ? {} : { commands: away }) }
    },
  })
  sql.up = false
  const refused = await place('k', one)
  assert.equal(refused.status, 503)
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.equal(refused.body.reason, 'database_unavailable')
  assert.equal(placed().length, 0)
  const id = idOfKey('ann', 'k')
  assert.equal((await call(`GET /orders/${id}`)).status, 503)
  const stock = await call('POST /products/tea/stock', { as, json: { add: 1 } })
  assert.deepEqual([stock.status, stock.body.reason], [503, 'database_unavailable'])

  sql.up = true
  applier.hold()
  const waiting = place('k', one)
  await until(() => placed().length === 1)
  sql.up = false
  applier.release()
  assert.equal((await waiting).status, 202)
  sql.up = true
  assert.equal((await place('k', one)).status, 200)
  assert.equal((await call('POST /coupons/tea/claims')).status, 404)
})

test('an order that would take too long is 503 with nothing appended, until they go on', async (t) => {
  const { place, placed, applier, time } = await startShop(t, {
    orderLimits: { answerWaitMsMax: 10_000 },
  })
  applier.hold()
  // However long the crowd takes to come, it comes at one moment.
  time.held = performance.now()
  const none = { lines: [{ productId: 'none', quantity: 1 }] }
  const crowd = Array.from({ length: 300 }, (_, n) => place(`k${n}`, none, `user-${n}`))
  await until(() => placed().length === crowd.length)
  time.held += 5_000
  let asked = 0
  let answer: Answer | undefined
  const refused = async () => {
    const key = `late-${asked++}`
    answer = await Promise.race([
      place(key, none, key),
      new Promise<undefined>((go) => setTimeout(() => go(undefined), 100)),
    ])
    return answer !== undefined
  }
  await until(refused)
  assert.deepEqual([answer?.status, answer?.body.reason], [503, 'orders_slow'], answer?.text)
  const retryAfter = Number(answer?.headers.get('retry-after'))
  assert.ok(retryAfter >= 1 && retryAfter <= 10)
  const refusedId = idOfKey(`late-${asked - 1}`, `late-${asked - 1}`)
  assert.ok(placed().every(({ key }) => key !== refusedId))
  applier.release()
  for (const { status } of await Promise.all(crowd)) assert.equal(status, 201)
  assert.equal((await place('later', one)).status, 201)
})

test('while SQL starts, calls about orders are 503 and claims are answered', async (t) => {
  const { call } = await startTestServer(t, { reader: () => null })
  const headers = { 'idempotency-key': 'k' }
  for (const [line, json] of [
    ['POST /orders', one],
    ['POST /products', { productId: 'tea', name: 'Tea', price: 1, stock: 1 }],
    ['POST /products/tea/stock', { add: 1 }],
    ['POST /wallets/ann/top-ups', { amount: 1 }],
    ['GET /wallets/mine', undefined],
    ['GET /products/tea', undefined],
  ] as const) {
    const answer = await call(line, { as, headers, ...(json && { json }) })
    assert.deepEqual([answer.status, answer.body.reason], [503, 'database_starting'], line)
    assert.equal(answer.headers.get('retry-after'), '1')
  }
  assert.equal((await call('GET /orders/x')).status, 503)
  assert.equal((await call('GET /readyz')).status, 200)
  await call('POST /coupons', { as, json: { couponId: 'c', name: 'C', quantity: 1 } })
  assert.equal((await call('POST /coupons/c/claims')).status, 201)
})

test('a stop answers the orders that it has accepted', async (t) => {
  const server = await startShop(t)
  const { place, placed, applier } = server
  applier.hold()
  const answers = Array.from({ length: 5 }, (_, n) => place(`k${n}`, one))
  await until(() => placed().length === 5)
  const closing = server.close()
  applier.release()
  for (const { status, body } of await Promise.all(answers)) {
    assert.deepEqual([status, body.status], [201, 'confirmed'])
  }
  await closing
})

// Returns over HTTP: the real server and order service over a log in memory, with a stand-in for
// the consumers that can be held back, and a clock that can be moved.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { idOfKey } from '../../../src/api/orders/order-answers.ts'
import { ordersTopic } from '../../../src/domain/orders/messages.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import { type Answer, type Overrides, startTestServer } from './fixture.ts'

const as = 'operator'
const minute = 60_000
const tea = { productId: 'tea', name: 'Tea', price: 1_000, stock: 10 }

type Asked = { who?: string; key?: string; json?: object }

async function startShop(t: TestContext, overrides?: Overrides) {
  const server = await startTestServer(t, overrides)
  const { call, log } = server
  await until(async () => (await call('POST /products', { as, json: tea })).status !== 503)
  const headers = { 'idempotency-key': 'first' }
  await call('POST /wallets/ann/top-ups', { as, json: { amount: 5_000 }, headers })
  const place = async (key: string, quantity = 2): Promise<string> => {
    const json = { lines: [{ productId: 'tea', quantity }] }
    await call('POST /orders', { json, headers: { 'idempotency-key': key } })
    return idOfKey('ann', key)
  }
  const giveBack = (orderId: string, { who = 'ann', key = 'r', json }: Asked = {}) => {
    const init = { as: who, headers: { 'idempotency-key': key } }
    return call(`POST /orders/${orderId}/return`, json === undefined ? init : { ...init, json })
  }
  /** What reached the orders topic. */
  const records = (type: string) => {
    return log
      .records(ordersTopic)
      .flat()
      .filter(({ value }) => value.includes(`"${type}"`))
  }
  const left = async () => {
    const { available, held, sold } = (await call('GET /products/tea')).body
    return [available, held, sold, (await call('GET /wallets/mine')).body.balance]
  }
  return { ...server, place, giveBack, records, left }
}

async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = performance.now() + 30_000; !(await isSo()); ) {
    assert.ok(performance.now() < deadline, 'it never came about')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function told({ status, body }: Answer): string {
  return `${status} ${String(status === 200 ? body.status : (body.type ?? body.outcome))}`
}

test('a confirmed order is returned, whole and once: pieces and money are back', async (t) => {
  const { call, place, giveBack, records, left } = await startShop(t)
  const orderId = await place('k')
  assert.deepEqual(await left(), [8, 0, 2, 3_000])
  const json = { reason: 'The cup is broken.' }
  const answer = await giveBack(orderId, { json })
  assert.equal(told(answer), '200 returned')
  assert.deepEqual(await left(), [10, 0, 0, 5_000])
  const { return: why, steps, total } = answer.body
  const { askedAt, ...rest } = why as { askedAt: string }
  assert.deepEqual([rest, total], [{ by: 'ann', reason: 'The cup is broken.' }, 2_000])
  assert.match(askedAt, /^2026-05-01T09:00:/)
  const said = (steps as { step: string; outcome: string }[]).map(
    ({ step, outcome }) => `${step} ${outcome}`,
  )
  assert.deepEqual(said.slice(-2).sort(), ['payment refunded', 'stock released'])
  assert.deepEqual((await call(`GET /orders/${orderId}`)).body, answer.body)

  // The same wish is answered the same; another comes too late.
  assert.deepEqual((await giveBack(orderId, { json })).body, answer.body)
  assert.equal(told(await giveBack(orderId)), '409 /problems/idempotency-key-reused')
  const already = '409 /problems/order-already-returned'
  assert.equal(told(await giveBack(orderId, { key: 'other' })), already)
  assert.equal(told(await giveBack(orderId, { who: as, json })), already)
  assert.equal(records('order.return_asked').length, 1)
  // As the order's own key is.
  const again = await call('POST /orders', {
    json: { lines: [{ productId: 'tea', quantity: 2 }] },
    headers: { 'idempotency-key': 'k' },
  })
  assert.equal(told(again), '200 returned')
})

test('what is not confirmed, is somebody else’s, or is asked wrongly is refused', async (t) => {
  const { call, place, giveBack, records, applier } = await startShop(t, {
    orderLimits: { answerWaitMsMax: 1_000 },
  })
  const cancelled = await place('much', 11)
  assert.equal(told(await giveBack(cancelled)), '409 /problems/order-not-confirmed')
  const orderId = await place('k')
  assert.equal(told(await giveBack(orderId, { who: 'bob' })), '404 /problems/unknown-order')
  assert.equal(told(await giveBack('none', { who: as })), '404 /problems/unknown-order')
  const path = `POST /orders/${orderId}/return`
  assert.equal((await call(path)).status, 422, 'a key is required')
  for (const json of [{ reason: '' }, { reason: 'x'.repeat(501) }, { reason: 1 }, { why: 'x' }]) {
    assert.equal((await giveBack(orderId, { json })).status, 422, JSON.stringify(json))
  }
  applier.hold()
  const pending = await place('pending')
  assert.equal(told(await giveBack(pending)), '409 /problems/order-not-confirmed')
  applier.release()
  assert.equal(records('order.return_asked').length, 0)
  await until(async () => (await call(`GET /orders/${pending}`)).body.status === 'confirmed')
  assert.equal(told(await giveBack(pending, { json: {} })), '200 returned')
})

test('its user has so long for it, by the clock of the log, an operator all the time', async (t) => {
  const { time, place, giveBack, records } = await startShop(t, { returnWithinMs: minute })
  const [first, second, third] = [await place('a', 1), await place('b', 1), await place('c', 1)]
  time.now += 40_000
  assert.equal(told(await giveBack(first)), '200 returned')
  time.now += 30_000
  assert.equal(told(await giveBack(second)), '409 /problems/return-too-late')
  // The log says what was asked for, and that nothing followed.
  assert.equal(records('order.return_asked').length, 2)
  assert.equal(records('order.return_due').length, 1)
  assert.equal(told(await giveBack(second)), '409 /problems/return-too-late')
  assert.equal(told(await giveBack(second, { who: as })), '200 returned')
  time.now += minute
  assert.equal(told(await giveBack(third, { who: as })), '200 returned')
})

test('with no days at all only operators return orders', async (t) => {
  const { place, giveBack, records } = await startShop(t, { returnWithinMs: 0 })
  const orderId = await place('k')
  assert.equal(told(await giveBack(orderId)), '409 /problems/return-too-late')
  assert.equal(records('order.return_asked').length, 0)
  assert.equal(told(await giveBack(orderId, { who: as })), '200 returned')
})

test('returns that race are one: the same key has one answer, another is told so', async (t) => {
  const { place, giveBack, records, left } = await startShop(t)
  for (let round = 0; round < 10; round += 1) {
    const orderId = await place(`k${round}`)
    const keys = ['a', 'a', 'b', 'c', 'a', 'b']
    const answers = await Promise.all(keys.map((key) => giveBack(orderId, { key })))
    const won = new Set(keys.filter((_, n) => answers[n]?.status === 200))
    assert.equal(won.size, 1, answers.map(told).join())
    for (const [n, answer] of answers.entries()) {
      const expected = won.has(keys[n] ?? '')
        ? '200 returned'
        : '409 /problems/order-already-returned'
      assert.equal(told(answer), expected)
    }
    assert.deepEqual(await left(), [10, 0, 0, 5_000])
  }
  const ids = records('order.returned').map(({ key }) => key)
  assert.equal(new Set(ids).size, 10)
})

test('while nothing is known yet it is 202, and asked again it is the same return', async (t) => {
  const { call, place, giveBack, applier, records } = await startShop(t, {
    orderLimits: { answerWaitMsMax: 1_000 },
  })
  const orderId = await place('k')
  applier.hold()
  const answer = await giveBack(orderId)
  assert.equal(told(answer), '202 pending')
  assert.equal(answer.headers.get('location'), `/orders/${orderId}`)
  applier.release()
  await until(async () => (await call(`GET /orders/${orderId}`)).body.status === 'returned')
  assert.equal(told(await giveBack(orderId)), '200 returned')
  assert.equal(records('order.return_due').length, 1)
})

test('without the database nothing is asked for', async (t) => {
  let isAway = false
  const away = () => Promise.reject(new PortError('store_unavailable', 'away', { retryable: true }))
  const { place, giveBack, records } = await startShop(t, {
    reader: (stored) => (isAway ? { ...stored, orders: away } : stored),
  })
  const orderId = await place('k')
  isAway = true
  assert.equal((await giveBack(orderId)).status, 503)
  assert.equal(records('order.return_asked').length, 0)
  isAway = false
  assert.equal(told(await giveBack(orderId)), '200 returned')
})

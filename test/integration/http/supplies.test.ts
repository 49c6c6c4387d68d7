// Products, stock and wallets over HTTP: the real server over a log in memory, with a stand-in for
// the consumers.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  balanceMax,
  decodeProductMessage,
  decodeWalletMessage,
  priceMax,
  productsTopic,
  stockMax,
  topUpAmountMax,
  walletsTopic,
} from '../../../src/domain/orders/messages.ts'
import { type Overrides, startTestServer } from './fixture.ts'

const as = 'operator'
const tea = { productId: 'tea', name: '차 🍵', price: 1_000, stock: 10 }
const shown = { productId: 'tea', name: '차 🍵', price: 1_000, available: 10, held: 0, sold: 0 }
const key = (text: string) => ({ 'idempotency-key': text })

async function start(t: TestContext, overrides?: Overrides) {
  const server = await startTestServer(t, overrides)
  const count = (topic: string) => server.log.records(topic).flat().length
  return { ...server, count }
}

test('a product is offered: 201 with Location, the same again 200, other content 409', async (t) => {
  const { call } = await start(t)
  assert.equal((await call('GET /products/tea')).body.type, '/problems/unknown-product')
  const first = await call('POST /products', { as, json: tea })
  assert.equal(first.status, 201, first.text)
  assert.deepEqual(first.body, shown)
  assert.equal(first.headers.get('location'), '/products/tea')
  const again = await call('POST /products', { as: 'operator-2', json: tea })
  assert.deepEqual([again.status, again.body], [200, shown])
  assert.equal(again.headers.get('location'), null)
  for (const change of [{ name: 'T' }, { price: 0 }, { stock: 11 }]) {
    const other = await call('POST /products', { as, json: { ...tea, ...change } })
    assert.equal(other.status, 409)
    assert.equal(other.body.type, '/problems/product-exists')
  }
  const read = await call('GET /products/tea', { as: null })
  assert.deepEqual([read.status, read.body], [200, shown])
})

test('a key offers one product: the same again 200, whatever else is asked with it 409', async (t) => {
  const { call } = await start(t)
  const offer = async (json: object, text: string, who = as) => {
    const answer = await call('POST /products', { as: who, json, headers: key(text) })
    return answer.status < 300 ? answer.status : answer.body.type
  }
  const reused = '/problems/idempotency-key-reused'
  // At the same moment one is made, and both get its truth.
  const both = await Promise.all([offer(tea, 'k'), offer({ ...tea, productId: 'milk' }, 'k')])
  assert.deepEqual(both, [201, reused])
  const { stock, price, name, productId } = tea
  assert.equal(await offer({ stock, price, name, productId }, 'k'), 200)
  for (const change of [{ price: 1 }, { productId: 'milk' }]) {
    assert.equal(await offer({ ...tea, ...change }, 'k'), reused)
  }
  assert.equal(await offer({ ...tea, productId: 'milk' }, 'k', 'operator-2'), 201)
  const again = { ...tea, productId: 'salt' }
  assert.deepEqual(await Promise.all([offer(again, 'l'), offer(again, 'l')]), [201, 200])
  const stocked = { as, json: { add: 1 }, headers: key('k') }
  const added = await call('POST /products/tea/stock', stocked)
  assert.equal(added.body.available, 11, 'a key belongs to its path')
})

test('stock is added once for each key, in one amount, up to the limit', async (t) => {
  const { call, count } = await start(t)
  await call('POST /products', { as, json: tea })
  const add = (amount: number, headers?: Record<string, string>, productId = 'tea') => {
    return call(`POST /products/${productId}/stock`, {
      as,
      json: { add: amount },
      ...(headers && { headers }),
    })
  }
  assert.equal((await add(5, key('k'))).body.available, 15)
  const records = count(productsTopic)
  const again = await add(5, key('k'))
  assert.deepEqual([again.status, again.body.available], [200, 15])
  const other = await add(6, key('k'))
  assert.deepEqual([other.status, other.body.type], [409, '/problems/idempotency-key-reused'])
  assert.equal(count(productsTopic), records, 'what was done already was appended again')
  assert.equal((await add(5)).body.available, 20)
  assert.equal((await add(5)).body.available, 25)
  const limit = await add(stockMax)
  assert.deepEqual([limit.status, limit.body.type], [409, '/problems/stock-limit'])
  const unknown = await add(1, key('k'), 'milk')
  assert.deepEqual([unknown.status, unknown.body.type], [404, '/problems/unknown-product'])
})

test('money is put in once for each key and operator, and its user sees it', async (t) => {
  const { call, applier } = await start(t)
  const put = (amount: number, text: string, who = as) => {
    const headers = key(text)
    return call('POST /wallets/ann/top-ups', { as: who, json: { amount }, headers })
  }
  assert.deepEqual((await call('GET /wallets/mine')).body, { userId: 'ann', balance: 0 })
  const first = await put(700, 'k')
  assert.deepEqual([first.status, first.body], [200, { userId: 'ann', balance: 700 }])
  assert.equal((await put(700, 'k')).body.balance, 700)
  const other = await put(701, 'k')
  assert.deepEqual([other.status, other.body.type], [409, '/problems/idempotency-key-reused'])
  assert.equal((await put(700, 'k', 'operator-2')).body.balance, 1_400)
  const headers = key('k')
  await call('POST /wallets/bob/top-ups', { as, json: { amount: 3 }, headers })
  assert.equal((await call('GET /wallets/mine')).body.balance, 1_400)
  assert.equal((await call('GET /wallets/mine', { as: 'bob' })).body.balance, 3)
  applier.tables.balances.set('ann', balanceMax - topUpAmountMax)
  assert.equal((await put(topUpAmountMax, 'the last')).body.balance, balanceMax)
  const limit = await put(1, 'too much')
  assert.deepEqual([limit.status, limit.body.type], [409, '/problems/balance-limit'])
})

test('a wallet is any user’s, whatever their name, and every key fits a record', async (t) => {
  const { call, log } = await start(t)
  const operator = 'operator'.padEnd(128, '"')
  for (const userId of ['"/%?#\\~'.padEnd(128, '"'), '김 철수@가게', '🎟'.repeat(128)]) {
    // Whatever form of it somebody has typed.
    const path = `POST /wallets/${encodeURIComponent(userId.normalize('NFD'))}/top-ups`
    for (const text of ['"'.repeat(128), '\\'.repeat(127), 'k']) {
      const answer = await call(path, { as: operator, json: { amount: 1 }, headers: key(text) })
      assert.equal(answer.status, 200, answer.text)
    }
    const mine = await call('GET /wallets/mine', { as: userId })
    assert.deepEqual(mine.body, { userId, balance: 3 })
  }
  for (const nobody of ['a%0Ab', 'x'.repeat(129), '%C2%85']) {
    const answer = await call(`POST /wallets/${nobody}/top-ups`, {
      as,
      json: { amount: 1 },
      headers: key('k'),
    })
    assert.equal(answer.status, 422, answer.text)
    assert.match(JSON.stringify(answer.body.errors), /1 to 128 characters without control/)
  }
  for (const { value } of log.records(walletsTopic).flat()) {
    assert.equal(decodeWalletMessage(value).kind, 'message')
  }
})

test('what is not applied in time is 202 with Location, and is applied all the same', async (t) => {
  const { call, applier } = await start(t, { orderLimits: { answerWaitMsMax: 50 } })
  applier.hold()
  const product = await call('POST /products', { as, json: tea })
  assert.deepEqual([product.status, product.body], [202, { outcome: 'pending' }])
  assert.equal(product.headers.get('location'), '/products/tea')
  const headers = key('k')
  const topUp = () => call('POST /wallets/a%2Fb/top-ups', { as, json: { amount: 4 }, headers })
  const pending = await topUp()
  assert.equal(pending.status, 202)
  assert.equal(pending.headers.get('location'), '/wallets/a%2Fb/top-ups')
  applier.release()
  for (let status = 404; status === 404; ) status = (await call('GET /products/tea')).status
  let told = await topUp()
  while (told.status === 202) told = await topUp()
  assert.deepEqual([told.status, told.body.balance], [200, 4])
})

test('many commands at once are each answered with their own outcome', async (t) => {
  const { call } = await start(t)
  await call('POST /products', { as, json: tea })
  const adds = Array.from({ length: 50 }, (_, n) => n + 1)
  const answers = await Promise.all(
    adds.map((add) => call('POST /products/tea/stock', { as, json: { add } })),
  )
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  assert.equal((await call('GET /products/tea')).body.available, 10 + (50 * 51) / 2)
})

test('what is beyond a limit or no number is 422, and what is at it a record', async (t) => {
  const { call, log, count } = await start(t)
  const long = '차'.repeat(201)
  const bad: [line: string, json: object, path: string][] = [
    ['POST /products', { ...tea, productId: 'Tea' }, '/productId'],
    ['POST /products', { ...tea, name: '' }, '/name'],
    ['POST /products', { ...tea, name: ' \u200b' }, '/name'],
    ['POST /products', { ...tea, name: 'a\0' }, '/name'],
    ['POST /products', { ...tea, name: long }, '/name'],
    ['POST /products', { ...tea, price: -1 }, '/price'],
    ['POST /products', { ...tea, price: priceMax + 1 }, '/price'],
    ['POST /products', { ...tea, price: 0.5 }, '/price'],
    ['POST /products', { ...tea, stock: stockMax + 1 }, '/stock'],
    ['POST /products', { ...tea, sold: 1 }, '/sold'],
    ['POST /products/tea/stock', { add: 0 }, '/add'],
    ['POST /products/tea/stock', { add: stockMax + 1 }, '/add'],
    ['POST /products/Tea/stock', { add: 1 }, '/productId'],
    ['POST /wallets/ann/top-ups', { amount: 0 }, '/amount'],
    ['POST /wallets/ann/top-ups', { amount: topUpAmountMax + 1 }, '/amount'],
    ['POST /wallets/a%0Ab/top-ups', { amount: 1 }, '/userId'],
  ]
  for (const [line, json, path] of bad) {
    const answer = await call(line, { as, json, headers: key('k') })
    assert.equal(answer.status, 422, `${line} ${JSON.stringify(json)} ${answer.text}`)
    assert.deepEqual((answer.body.errors as { path: string }[])[0]?.path, path)
  }
  assert.equal((await call('POST /wallets/ann/top-ups', { as, json: { amount: 1 } })).status, 422)
  for (const line of ['POST /products', 'POST /products/tea/stock', 'POST /wallets/ann/top-ups']) {
    assert.equal((await call(line, { json: {} })).status, 403)
  }
  assert.equal(count(productsTopic) + count(walletsTopic), 0)

  const name = '🍵'.repeat(200)
  const json = { productId: 'a'.repeat(63), name, price: priceMax, stock: stockMax }
  assert.equal((await call('POST /products', { as, json })).status, 201)
  const [record] = log.records(productsTopic).flat()
  assert.equal(decodeProductMessage(record?.value ?? Buffer.alloc(0)).kind, 'message')
})

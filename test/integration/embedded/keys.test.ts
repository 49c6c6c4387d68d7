// One meaning of Idempotency-Key for every POST that makes something: the same again, also at the
// same moment and after a kill, is the same answer and one effect; other content is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCli } from '../processes/cli-process.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  startService,
  untilReady,
} from '../processes/service-process.ts'
import { type Ask, connect } from './checked-calls.ts'

type Body = Record<string, unknown>
type Keyed = {
  as?: string
  /** As in the contract; `path`: where it has parameters. */
  call: string
  path?: () => string
  json: Body | (() => Body)
  /** Under the same key. */
  other: Body | (() => Body)
  /** Read off afterwards: what it did, which it does once. */
  did?: { line: () => string; as?: string; is: Body }
}

const by = 'operator'
const tea = { productId: 'tea', name: 'Tea', price: 1_000, stock: 10 }
const spring = { couponId: 'spring', name: 'Spring', quantity: 5 }
let orderId = ''
let code = ''
const ofSpring = '/coupons/spring'
const quantityOf = (quantity: number) => ({ line: () => `GET ${ofSpring}`, is: { quantity } })
const statusOf = (status: string) => ({ line: () => `GET ${ofSpring}`, is: { status } })
const cart = (subtotal: number) => () => ({ code, reference: 'cart', subtotal })
const lines = (quantity: number) => ({ lines: [{ productId: 'tea', quantity }] })

const table: readonly Keyed[] = [
  { as: by, call: 'POST /coupons', json: spring, other: { ...spring, couponId: 'fall' } },
  {
    as: by,
    call: 'POST /coupons/{couponId}/restock',
    path: () => `${ofSpring}/restock`,
    json: { add: 3, reason: 'more came' },
    other: { add: 4, reason: 'more came' },
    did: quantityOf(8),
  },
  {
    as: by,
    call: 'POST /products',
    json: tea,
    other: { ...tea, productId: 'cup' },
    did: { line: () => 'GET /products/tea', is: { available: 10 } },
  },
  {
    as: by,
    call: 'POST /products/{productId}/stock',
    path: () => '/products/tea/stock',
    json: { add: 5 },
    other: { add: 6 },
    did: { line: () => 'GET /products/tea', is: { available: 15 } },
  },
  {
    as: by,
    call: 'POST /wallets/{userId}/top-ups',
    path: () => '/wallets/ann/top-ups',
    json: { amount: 9_000 },
    other: { amount: 1 },
    did: { as: 'ann', line: () => 'GET /wallets/mine', is: { balance: 9_000 } },
  },
  {
    as: 'ann',
    call: 'POST /orders',
    json: lines(2),
    other: lines(3),
    did: { as: 'ann', line: () => 'GET /wallets/mine', is: { balance: 7_000 } },
  },
  {
    as: 'ann',
    call: 'POST /orders/{orderId}/return',
    path: () => `/orders/${orderId}/return`,
    json: { reason: 'broken' },
    other: { reason: 'too late' },
    did: { as: 'ann', line: () => 'GET /wallets/mine', is: { balance: 9_000 } },
  },
  {
    as: 'till',
    call: 'POST /redemptions',
    json: cart(5_000),
    other: cart(5_001),
    did: { as: 'till', line: () => `GET /codes/${code}`, is: { status: 'reserved' } },
  },
  {
    as: by,
    call: 'POST /coupons/{couponId}/pause',
    path: () => `${ofSpring}/pause`,
    json: { reason: 'a wrong price' },
    other: {},
    did: statusOf('paused'),
  },
  {
    as: by,
    call: 'POST /coupons/{couponId}/resume',
    path: () => `${ofSpring}/resume`,
    json: { reason: 'the price is right' },
    other: {},
    did: statusOf('open'),
  },
  {
    as: by,
    call: 'POST /coupons/{couponId}/revocations',
    path: () => `${ofSpring}/revocations`,
    json: { userId: 'bob', reason: 'two accounts' },
    other: { userId: 'ann', reason: 'two accounts' },
    did: { as: 'bob', line: () => `GET ${ofSpring}/claims/mine`, is: { status: 'revoked' } },
  },
  {
    as: by,
    call: 'POST /coupons/{couponId}/close',
    path: () => `${ofSpring}/close`,
    json: { reason: 'the day is over' },
    other: {},
    did: statusOf('closed'),
  },
]

/** They need none: once is what they are, or they make nothing that stays. */
const withoutKey = [
  'POST /coupons/{couponId}/claims',
  'POST /redemptions/{redemptionId}/use',
  'POST /redemptions/{redemptionId}/release',
  'POST /console/session',
  'POST /console/codes',
  'POST /console/audits',
  'POST /console/rehearsals',
  'POST /dead-letters/redrive',
  'POST /dead-letters/discard',
  'POST /dead-letters/{deadLetterId}/redrive',
  'POST /dead-letters/{deadLetterId}/discard',
]

/** However often it is asked until it is known. */
async function told(ask: Ask, { as = by, call, path }: Keyed, json: Body) {
  const line = path === undefined ? call : `POST ${path()}`
  for (const deadline = performance.now() + 30_000; ; ) {
    const answer = await ask(line, { as, key: `key of ${call.toLowerCase()}`, json })
    if (answer.status !== 202 && answer.status !== 503) return answer
    assert.ok(performance.now() < deadline, `${line} is never known: ${answer.told}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const valueOf = (json: Body | (() => Body)) => (typeof json === 'function' ? json() : json)

/** Other content under the same key. */
async function isRefused(ask: Ask, row: Keyed): Promise<void> {
  const { told: said } = await told(ask, row, valueOf(row.other))
  assert.equal(said, '409 idempotency-key-reused', row.call)
}

/** What it made, whatever happened to that since. */
function madeBy(body: Body): Body {
  const ids = ['couponId', 'productId', 'orderId', 'redemptionId', 'by', 'log', 'amount', 'add']
  return Object.fromEntries(Object.entries(body).filter(([name]) => ids.includes(name)))
}

test('every POST that makes something has one meaning of its key', async (t) => {
  const data = await newDataDirectory()
  const env = { FIRSTCOME_USER_RATE_MAX: '0' }
  let service = await startService({ data, env })
  t.after(async () => {
    await service.stop()
    await removeDataDirectory(data)
  })
  await untilReady(service)
  const token = ['token', '--user', 'till', '--scope', 'redeem', '--data', data]
  const tokens = { till: (await runCli(token)).out.trim() }
  let ask = await connect(service, tokens)
  const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as {
    paths: Record<string, object>
  }
  const posts = Object.entries(document.paths).flatMap(([path, calls]) => {
    return 'post' in calls ? [`POST ${path}`] : []
  })
  const listed = [...table.map(({ call }) => call), ...withoutKey]
  assert.deepEqual(posts.toSorted(), listed.toSorted())

  const answers = new Map<Keyed, Body>()
  for (const row of table) {
    const json = valueOf(row.json)
    const both = await Promise.all([told(ask, row, json), told(ask, row, json)])
    const again = await told(ask, row, json)
    for (const { told: one } of [...both, again]) assert.match(one, /^20[01]$/, row.call)
    const [first, second] = both
    assert.deepEqual(madeBy(first.body), madeBy(second.body), row.call)
    assert.deepEqual(madeBy(again.body), madeBy(first.body), row.call)
    await isRefused(ask, row)
    if (row.did !== undefined) {
      const { body } = await ask(row.did.line(), { as: row.did.as ?? by })
      assert.partialDeepStrictEqual(body, row.did.is, row.call)
    }
    answers.set(row, madeBy(first.body))
    if (row.call === 'POST /orders') orderId = String(first.body.orderId)
    if (row.call === 'POST /coupons') {
      for (const user of ['ann', 'bob']) {
        const { body } = await ask(`POST ${ofSpring}/claims`, { as: user })
        if (user === 'ann') code = String(body.code)
      }
    }
  }

  await service.crash()
  service = await startService({ data, env })
  await untilReady(service)
  ask = await connect(service, tokens)
  for (const [row, made] of answers) {
    const again = await told(ask, row, valueOf(row.json))
    assert.match(again.told, /^20[01]$/, `${row.call} after a kill`)
    assert.deepEqual(madeBy(again.body), made, `${row.call} after a kill`)
    await isRefused(ask, row)
  }
})

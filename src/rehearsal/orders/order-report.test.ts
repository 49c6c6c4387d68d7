// The report of a rehearsal of orders, word by word.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SaleRehearsal } from '../coupons/sale.ts'
import { allKept, verdictOf } from '../promises.ts'
import type { Paint } from '../report.ts'
import type { OrderAnswer } from '../service.ts'
import type { OrderEntry } from './order-evidence.ts'
import { ordersOpening, ordersReportJson, ordersReportText } from './order-report.ts'
import type { OrdersPlan, OrdersRehearsal } from './shopping.ts'

const same = (text: string) => text
const plain: Paint = { good: same, bad: same, dim: same, bold: same }
const plan: OrdersPlan = {
  runId: '7f3a9c01',
  url: new URL('http://127.0.0.1:8080'),
  secret: 'never shown',
  users: 1000,
  quantity: 100,
  products: 5,
  stock: 1,
  withoutMoney: 30,
  concurrency: 100,
}

function entry(answer: OrderEntry['answer'], given: Partial<OrderEntry> = {}): OrderEntry {
  const intent = { user: 0, key: 'order', wish: 'plain', lines: [] } as const
  return { intent, firstSentAt: 0, sentAt: 0, endedAt: 5, retries: 0, polls: 0, answer, ...given }
}

function ended(status: string, reason: string | null = null): OrderAnswer {
  const order = { orderId: 'a', status, reason, lines: [], couponId: null, sums: null }
  return { kind: 'ended', order }
}

function rehearsal(breaches: string[] = []): OrdersRehearsal {
  return {
    plan,
    sale: { after: { couponId: 'rehearsal-7f3a9c01' } } as SaleRehearsal,
    settledAfterMs: 12.34,
    verdicts: [
      verdictOf({
        promise: 'stock',
        title: 'stock adds up',
        detail: '3 = 1 available + 0 held + 2 sold',
        breaches: [],
      }),
      verdictOf({
        promise: 'money',
        title: 'money adds up',
        detail: '9 = 4 in wallets + 5 paid',
        breaches,
      }),
    ],
    orders: {
      seconds: 0.5,
      latency: { p50: 1.234, p90: 12.34, p99: 123.4, p999: 1234, max: 123_400 },
      entries: [
        entry(ended('confirmed'), { polls: 3 }),
        entry(ended('cancelled', 'out_of_stock'), { retries: 2 }),
        entry(ended('cancelled', 'insufficient_funds')),
        entry({ kind: 'refused', problem: 'coupon-not-held' }),
        entry({ kind: 'pending' }),
        entry({ kind: 'unknown', reason: 'status 418' }),
      ],
    },
  }
}

test('the opening says what is about to happen', () => {
  assert.equal(
    ordersOpening(plan, plain),
    `1,000 users storm a fresh coupon of 100, then order
5 products, 1 piece of the scarce one, 30 users without money
run 7f3a9c01 · http://127.0.0.1:8080
`,
  )
})

test('a report shows answers, latencies, promises and what to do next', () => {
  assert.equal(
    ordersReportText(rehearsal(), plain),
    `
Orders  6 answers in 500 ms, 12 a second, 2 retries, 12.3 ms until all of it added up
  confirmed                      1
  cancelled, insufficient funds  1
  cancelled, out of stock        1
  refused, coupon not held       1
  pending                        1
  unknown                        1  (1 status 418)

Latency  of each order, from its first request to its end
  p50 1.23 ms   p90 12.3 ms   p99 123 ms   p99.9 1.23 s   max 2 min 3 s

Promises
  ✓ stock adds up  3 = 1 available + 0 held + 2 sold
  ✓ money adds up  9 = 4 in wallets + 5 paid

Every promise was kept.
Next, let the service prove it from its log: npx firstcome audit
`,
  )
})

test('a broken promise is named, and the report is safe on a terminal', () => {
  const broken = rehearsal(['one\u001b[2J'])
  assert.equal(allKept(broken), false)
  const text = ordersReportText(broken, plain)
  assert.match(
    text,
    /✗ money adds up {2}9 = 4 .* paid\n {6}one\u{fffd}\[2J\n\n1 promise broken\.\n/u,
  )
  assert.doesNotMatch(text, /added up/)
})

test('the JSON report has the figures and no secret', () => {
  const json = ordersReportJson(rehearsal(['x']))
  assert.partialDeepStrictEqual(json, {
    verdict: 'broken',
    run: '7f3a9c01',
    orders: 6,
    confirmed: 1,
    cancelled: { out_of_stock: 1, insufficient_funds: 1 },
    refused: { 'coupon-not-held': 1 },
    pending: 1,
    unknown: 1,
    unknownReasons: { 'status 418': 1 },
    retries: 2,
    polls: 3,
    latencyMs: { p50: 1.234, max: 123_400 },
    promises: [{ kept: true }, { promise: 'money', kept: false, breaches: ['x'] }],
  })
  assert.ok(!JSON.stringify(json).includes('never shown'))
})

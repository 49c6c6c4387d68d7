// The reports, word by word.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SalePlan, SaleRehearsal } from './coupons/sale.ts'
import type { ClaimEntry } from './coupons/sale-evidence.ts'
import type { OrderEntry } from './orders/order-evidence.ts'
import type { OrdersPlan, OrdersRehearsal } from './orders/shopping.ts'
import { nothingBroken, type Verdict, verdictOf } from './promises.ts'
import { RehearsalError } from './rehearsal-error.ts'
import { ordersReport, type Paint, saleReport } from './report.ts'
import type { CouponSeen, Issued, OrderAnswer } from './service.ts'

const same = (text: string) => text
const plain: Paint = { good: same, bad: same, dim: same, bold: same }
const salePlan: SalePlan = {
  runId: '7f3a9c01',
  url: new URL('http://127.0.0.1:8080'),
  secret: 'never shown',
  users: 3,
  asksPerUser: 1,
  load: { kind: 'closed', concurrency: 1000 },
  coupon: { quantity: 1 },
}
const after: CouponSeen = {
  couponId: 'rehearsal-7f3a9c01',
  name: 'Rehearsal',
  quantity: 1,
  issued: 1,
  remaining: 0,
  status: 'sold_out',
  discount: null,
}
const yes: Issued = { kind: 'issued', userId: 'a', slot: 1, code: 'x', claimId: 'y' }

function claimed(user: number, given: Partial<ClaimEntry>): ClaimEntry {
  const times = { firstSentAt: 0, sentAt: 0, endedAt: 5, retries: 0, polls: 0 }
  return { user, ...times, answer: { kind: 'sold_out' }, ...given }
}

function verdict(breaches: string[] = []): Verdict {
  const kept = breaches.length === 0
  return {
    promise: 'stored',
    title: 'the rows in SQL agree',
    kept,
    detail: '1 of 1 rows',
    breaches,
  }
}

function saleRehearsal(given: { breaches?: string[]; behindMsMax?: number }): SaleRehearsal {
  return {
    plan: salePlan,
    cut: null,
    left: ['the coupon rehearsal-7f3a9c01, closed'],
    before: { ...after, issued: 0, remaining: 1 },
    after,
    arrivals: { pairs: 40_000, inversions: 5 },
    rowsAfterMs: 12.34,
    verdicts: [verdict(), verdict(given.breaches)],
    storm: {
      seconds: 0.5,
      behindMsMax: given.behindMsMax ?? 0,
      latency: { p50: 1.234, p90: 12.34, p99: 123.4, p999: 1234, max: 123_400 },
      entries: [
        claimed(0, { answer: yes }),
        claimed(1, { retries: 2 }),
        claimed(2, {
          answer: { kind: 'unknown', reason: 'timed out' },
          settled: { kind: 'closed' },
        }),
      ],
    },
  }
}

test('of a sale, the opening says what is about to happen', () => {
  const text = saleReport.opening(salePlan, plain)
  assert.equal(
    text,
    '3 users storm a fresh coupon of 1, 2 at once\nrun 7f3a9c01 · http://127.0.0.1:8080\n',
  )
  const load = { kind: 'open', ratePerSecond: 5000 } as const
  const again = { ...salePlan, load, asksPerUser: 2, coupon: { couponId: 'summer' } }
  assert.match(
    saleReport.opening(again, plain),
    /^3 users storm summer, 2 times each, 5,000 asks a second\n/,
  )
})

test('of a sale, a report shows answers, latencies, promises and the verdict', () => {
  assert.equal(
    saleReport.text(saleRehearsal({}), plain),
    `
Answers  3 answers in 500 ms, 6 a second, 2 retries
  issued    1
  sold out  1
  unknown   1  (1 timed out)  asked again: 1 closed

Latency  of each ask, from its start to its end
  p50 1.23 ms   p90 12.3 ms   p99 123 ms   p99.9 1.23 s   max 2 min 3 s

Arrival  of pairs of claims near each other in the log
  5 of 40,000 (0.013 %) stand there against their arrival

Promises
  ✓ the rows in SQL agree  1 of 1 rows, 12.3 ms later
  ✓ the rows in SQL agree  1 of 1 rows, 12.3 ms later

Every promise was kept.
Left there: the coupon rehearsal-7f3a9c01, closed.
`,
  )
})

test('of a sale, a broken promise names its first breaches, and is safe on a terminal', () => {
  const breaches = ['one\u001b[2J', ...Array.from({ length: 9 }, (_, index) => `user-${index}`)]
  const broken = saleRehearsal({ breaches })
  assert.equal(nothingBroken(broken), false)
  const text = saleReport.text(broken, plain)
  assert.match(text, /✗ the rows in SQL agree {2}1 of 1 rows\n {6}one\u{fffd}\[2J\n {6}user-0\n/u)
  assert.match(text, /and 5 more\n\n1 promise broken\.\nLeft there: [^\n]*\n$/)
})

test('of a sale, latencies are void where the generator fell behind', () => {
  const late = saleRehearsal({ behindMsMax: 312 })
  assert.match(
    saleReport.text(late, plain),
    /void: asks started up to 312 ms late \(100 ms allowed\)/,
  )
  assert.partialDeepStrictEqual(saleReport.json(late), {
    latencyMs: { void: true, behindMsMax: 312 },
  })
  assert.partialDeepStrictEqual(saleReport.json(saleRehearsal({ behindMsMax: 100 })), {
    latencyMs: { void: false },
  })
})

test('of a sale, the JSON report has the figures and no secret', () => {
  const json = saleReport.json(saleRehearsal({ breaches: ['x'] }))
  assert.partialDeepStrictEqual(json, {
    verdict: 'broken',
    run: '7f3a9c01',
    url: 'http://127.0.0.1:8080',
    coupon: { couponId: 'rehearsal-7f3a9c01', issued: 1 },
    outcomes: { issued: 1, sold_out: 1, not_open: 0, paused: 0, closed: 0, pending: 0, unknown: 1 },
    unknownReasons: { 'timed out': 1 },
    retries: 2,
    answersPerSecond: 6,
    arrivals: { pairs: 40_000, inversions: 5, rate: 0.000_125 },
    latencyMs: { p50: 1.234, max: 123_400 },
    promises: [{ kept: true }, { promise: 'stored', kept: false, breachCount: 1, breaches: ['x'] }],
  })
  assert.ok(!JSON.stringify(json).includes('never shown'))
})

test('of a sale that was cut short, the report has what was told and what is open', () => {
  const left = ['the coupon rehearsal-7f3a9c01, perhaps open to everyone (cut off): close it']
  const unjudged = { notJudged: 'the service could not be asked any more' }
  const open = verdictOf({
    promise: 'kept',
    title: 'a told yes is kept',
    found: unjudged,
    breaches: [],
  })
  const cut: SaleRehearsal = {
    ...saleRehearsal({}),
    after: null,
    arrivals: null,
    rowsAfterMs: null,
    verdicts: [verdict(), open],
    cut: new RehearsalError('unreachable', 'the service has not answered for 20 s (cut off)'),
    left,
  }
  const text = saleReport.text(cut, plain)
  assert.match(
    text,
    /^\nIt ended before its end: the service has not answered for 20 s \(cut off\)\.\n/,
  )
  assert.match(text, /\nThis is what was told until then\.\n\nAnswers {2}3 answers/)
  assert.match(text, /\n {2}– a told yes is kept {5}not judged: the service could not be asked/)
  const ends =
    /\nNothing that was told breaks a promise; 1 promise could not be judged\.\nLeft there: /
  assert.match(text, ends)
  const { kind: _kind, ...told } = yes
  assert.partialDeepStrictEqual(saleReport.json(cut), {
    verdict: 'unfinished',
    endedEarly: 'the service has not answered for 20 s (cut off)',
    told: [told],
    left,
    promises: [{ kept: true }, { kept: null }],
  })
  const wrong = { ...cut, verdicts: [verdict(['two have slot 1']), open] }
  assert.match(saleReport.text(wrong, plain), /\n1 promise broken\.\n/)
})

const ordersPlan: OrdersPlan = {
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

function ordered(answer: OrderEntry['answer'], given: Partial<OrderEntry> = {}): OrderEntry {
  const intent = { user: 0, key: 'order', wish: 'plain', lines: [] } as const
  return { intent, firstSentAt: 0, sentAt: 0, endedAt: 5, retries: 0, polls: 0, answer, ...given }
}

function ended(status: string, reason: string | null = null): OrderAnswer {
  const order = { orderId: 'a', status, reason, lines: [], couponId: null, sums: null }
  return { kind: 'ended', order }
}

function ordersRehearsal(breaches: string[] = []): OrdersRehearsal {
  return {
    plan: ordersPlan,
    cut: null,
    left: [],
    sale: {
      after: { couponId: 'rehearsal-7f3a9c01' },
      arrivals: { pairs: 2_000, inversions: 3 },
    } as SaleRehearsal,
    settledAfterMs: 12.34,
    verdicts: [
      verdictOf({
        promise: 'stock',
        title: 'stock adds up',
        found: '3 = 1 available + 0 held + 2 sold',
        breaches: [],
      }),
      verdictOf({
        promise: 'money',
        title: 'money adds up',
        found: '9 = 4 in wallets + 5 paid',
        breaches,
      }),
    ],
    orders: {
      seconds: 0.5,
      latency: { p50: 1.234, p90: 12.34, p99: 123.4, p999: 1234, max: 123_400 },
      entries: [
        ordered(ended('confirmed'), { polls: 3 }),
        ordered(ended('cancelled', 'out_of_stock'), { retries: 2 }),
        ordered(ended('cancelled', 'insufficient_funds')),
        ordered({ kind: 'refused', problem: 'coupon-not-held' }),
        ordered({ kind: 'pending' }),
        ordered({ kind: 'unknown', reason: 'status 418' }),
      ],
    },
  }
}

test('of orders, the opening says what is about to happen', () => {
  assert.equal(
    ordersReport.opening(ordersPlan, plain),
    `1,000 users storm a fresh coupon of 100, then order
5 products, 1 piece of the scarce one, 30 users without money
run 7f3a9c01 · http://127.0.0.1:8080
`,
  )
})

test('of orders, a report shows answers, latencies, promises and what to do next', () => {
  assert.equal(
    ordersReport.text(ordersRehearsal(), plain),
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

Arrival  of pairs of claims near each other in the log
  3 of 2,000 (0.150 %) stand there against their arrival

Promises
  ✓ stock adds up  3 = 1 available + 0 held + 2 sold
  ✓ money adds up  9 = 4 in wallets + 5 paid

Every promise was kept.
Next, let the service prove it from its log: npx firstcome audit
`,
  )
})

test('of orders, a broken promise is named, and the report is safe on a terminal', () => {
  const broken = ordersRehearsal(['one\u001b[2J'])
  assert.equal(nothingBroken(broken), false)
  const text = ordersReport.text(broken, plain)
  assert.match(
    text,
    /✗ money adds up {2}9 = 4 .* paid\n {6}one\u{fffd}\[2J\n\n1 promise broken\.\n/u,
  )
  assert.doesNotMatch(text, /added up/)
})

test('of orders, the JSON report has the figures and no secret', () => {
  const json = ordersReport.json(ordersRehearsal(['x']))
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
    arrivals: { pairs: 2_000, inversions: 3, rate: 0.0015 },
    promises: [{ kept: true }, { promise: 'money', kept: false, breaches: ['x'] }],
  })
  assert.ok(!JSON.stringify(json).includes('never shown'))
})

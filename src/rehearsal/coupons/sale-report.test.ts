// The reports, word by word.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allKept, type Verdict } from '../promises.ts'
import type { Paint } from '../report.ts'
import type { CouponSeen, Issued } from '../service.ts'
import type { SalePlan, SaleRehearsal } from './sale.ts'
import type { ClaimEntry as Entry } from './sale-evidence.ts'
import { saleOpening, saleReportJson, saleReportText } from './sale-report.ts'

const same = (text: string) => text
const plain: Paint = { good: same, bad: same, dim: same, bold: same }
const plan: SalePlan = {
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
}
const yes: Issued = { kind: 'issued', userId: 'a', slot: 1, code: 'x', claimId: 'y' }

function entry(user: number, given: Partial<Entry>): Entry {
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

function rehearsal(given: { breaches?: string[]; behindMsMax?: number }): SaleRehearsal {
  return {
    plan,
    before: { ...after, issued: 0, remaining: 1 },
    after,
    rowsAfterMs: 12.34,
    verdicts: [verdict(), verdict(given.breaches)],
    storm: {
      seconds: 0.5,
      behindMsMax: given.behindMsMax ?? 0,
      latency: { p50: 1.234, p90: 12.34, p99: 123.4, p999: 1234, max: 123_400 },
      entries: [
        entry(0, { answer: yes }),
        entry(1, { retries: 2 }),
        entry(2, { answer: { kind: 'unknown', reason: 'timed out' }, settled: { kind: 'closed' } }),
      ],
    },
  }
}

test('the opening says what is about to happen', () => {
  const text = saleOpening(plan, plain)
  assert.equal(
    text,
    '3 users storm a fresh coupon of 1, 3 at once\nrun 7f3a9c01 · http://127.0.0.1:8080\n',
  )
  const load = { kind: 'open', ratePerSecond: 5000 } as const
  const again = { ...plan, load, asksPerUser: 2, coupon: { couponId: 'summer' } }
  assert.match(
    saleOpening(again, plain),
    /^3 users storm summer, 2 times each, 5,000 asks a second\n/,
  )
})

test('a report shows answers, latencies, promises and the verdict', () => {
  assert.equal(
    saleReportText(rehearsal({}), plain),
    `
Answers  3 answers in 500 ms, 6 a second, 2 retries
  issued    1
  sold out  1
  unknown   1  (1 timed out)  asked again: 1 closed

Latency  of each ask, from its start to its end
  p50 1.23 ms   p90 12.3 ms   p99 123 ms   p99.9 1.23 s   max 2 min 3 s

Promises
  ✓ the rows in SQL agree  1 of 1 rows, 12.3 ms later
  ✓ the rows in SQL agree  1 of 1 rows, 12.3 ms later

Every promise was kept.
`,
  )
})

test('a broken promise names its first breaches, and is safe on a terminal', () => {
  const breaches = ['one\u001b[2J', ...Array.from({ length: 9 }, (_, index) => `user-${index}`)]
  const broken = rehearsal({ breaches })
  assert.equal(allKept(broken), false)
  const text = saleReportText(broken, plain)
  assert.match(text, /✗ the rows in SQL agree {2}1 of 1 rows\n {6}one\u{fffd}\[2J\n {6}user-0\n/u)
  assert.match(text, /and 5 more\n\n1 promise broken\.\n$/)
})

test('latencies are void where the generator fell behind', () => {
  const late = rehearsal({ behindMsMax: 312 })
  assert.match(
    saleReportText(late, plain),
    /void: asks started up to 312 ms late \(100 ms allowed\)/,
  )
  assert.partialDeepStrictEqual(saleReportJson(late), {
    latencyMs: { void: true, behindMsMax: 312 },
  })
  assert.partialDeepStrictEqual(saleReportJson(rehearsal({ behindMsMax: 100 })), {
    latencyMs: { void: false },
  })
})

test('the JSON report has the figures and no secret', () => {
  const json = saleReportJson(rehearsal({ breaches: ['x'] }))
  assert.partialDeepStrictEqual(json, {
    verdict: 'broken',
    run: '7f3a9c01',
    url: 'http://127.0.0.1:8080',
    coupon: { couponId: 'rehearsal-7f3a9c01', issued: 1 },
    outcomes: { issued: 1, sold_out: 1, not_open: 0, paused: 0, closed: 0, pending: 0, unknown: 1 },
    unknownReasons: { 'timed out': 1 },
    retries: 2,
    answersPerSecond: 6,
    latencyMs: { p50: 1.234, max: 123_400 },
    promises: [{ kept: true }, { promise: 'stored', kept: false, breachCount: 1, breaches: ['x'] }],
  })
  assert.ok(!JSON.stringify(json).includes('never shown'))
})

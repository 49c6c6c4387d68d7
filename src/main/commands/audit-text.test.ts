import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditReport } from '../../audit/audit.ts'
import type { OrdersCounts } from '../../audit/orders/audit-orders.ts'
import { auditText } from './audit-text.ts'
import { whyNothing } from './audited.ts'

const none: OrdersCounts = {
  records: 0,
  voidRecords: 0,
  orders: 0,
  confirmed: 0,
  returned: 0,
  cancelled: 0,
  live: 0,
  redemptions: 0,
  inFlight: 0,
  products: 0,
  topUps: 0,
  waitingRetries: 0,
  waitingDeadLetters: 0,
  lagRecords: 0,
}

test('orders are told in one line, and what waits in a line each', () => {
  const ended = { records: 1_234, orders: 60, confirmed: 41, cancelled: 19, products: 1, topUps: 7 }
  assert.deepEqual(ordersLines({ ...none, ...ended }), [
    'Orders: 1,234 records, 60 orders (41 confirmed, 19 cancelled); 1 product, 7 top-ups',
  ])
  const waiting = { inFlight: 2, waitingRetries: 1, waitingDeadLetters: 3, lagRecords: 4 }
  assert.deepEqual(ordersLines({ ...none, ...ended, ...waiting, live: 1, voidRecords: 2 }), [
    'Orders: 1,234 records (2 void), 60 orders (41 confirmed, 19 cancelled, 1 live); ' +
      '1 product, 7 top-ups; 4 records still to be taken',
    '  2 orders still on the way, compared in part',
    '  1 record to be tried again',
    '  3 dead letters waiting for an operator',
  ])
})

test('where append times go back it is said who accepted it', () => {
  const [at, before] = ['2026-05-01T09:00:00.000Z', '2031-05-01T09:00:00.000Z']
  assert.deepEqual(ordersLines(null, [{ by: 'kim@shop', at, before }]), [
    `Append times go back from ${before} to ${at}: accepted by kim@shop`,
  ])
})

test('an audit since an earlier one says where it began, and what it left out', () => {
  const madeAt = '2026-05-01T09:00:00.000Z'
  const from = { madeAt, claims: [1_234, 0], events: [7, 8], winners: 1_000 }
  const said = (since: AuditReport['since'], counts = {}) => {
    return textOf({ ...empty, ...(since && { since }), counts: { ...nothing, ...counts } })
  }
  const text = said({ from, putAside: null, notKept: null }, { records: 1 })
  assert.deepEqual(text.split('\n').slice(1, 5), [
    `Only what came since the audit of ${madeAt}:`,
    '  claims from offset 1,234 0',
    '  events from offset 7 8',
    '  not looked at again: rows and events of 1,000 winners of before',
  ])
  assert.doesNotMatch(text, /No claim came since/)
  assert.match(
    text,
    /\nEvery promise holds of what came since\.\nThe next audit can go on from here/,
  )
  assert.match(said({ from, putAside: null, notKept: null }), /\n {2}No claim came since\n/)

  const first = said({ from: null, putAside: null, notKept: 'no room' })
  assert.match(
    first,
    /\nNo earlier audit had kept anything: everything was looked at, from the start/,
  )
  assert.match(first, /\nEvery promise holds\.\nNothing is kept for the next audit: no room\n$/)
  const aside = said({ from: null, putAside: 'it is of another log', notKept: null })
  assert.match(
    aside,
    /\nWhat an earlier audit kept is not used: it is of another log\n {2}everything/,
  )
  assert.doesNotMatch(said(undefined), /since|kept|next audit/)
})

test('nothing is said of orders where there are none, or where they were left out', () => {
  assert.deepEqual(ordersLines(none), [])
  assert.deepEqual(ordersLines(null), [])
})

const nothing = {
  records: 0,
  voidRecords: 0,
  claims: 0,
  coupons: 0,
  winners: 0,
  events: 0,
  rows: 0,
  newerRows: 0,
  lagRecords: 0,
  comparedRecords: 0,
}
const empty: AuditReport = {
  couponId: null,
  fair: true,
  promises: [],
  counts: nothing,
  orders: null,
  differences: 0,
  firstDifferences: [],
  durationMs: 0,
  rowsWentBack: false,
  acceptedClocks: [],
}
const sinceAudit = (claims: number[]) => {
  return { from: { madeAt: '', claims, events: [], winners: 0 }, putAside: null, notKept: null }
}
type Rows = Parameters<typeof whyNothing>[1]
const judged: [string, Partial<AuditReport>, Partial<typeof nothing>, Rows, RegExp | null][] = [
  ['a log and its rows', {}, { records: 9, comparedRecords: 9 }, 'compared', null],
  ['rows that are behind', {}, { records: 9, comparedRecords: 1 }, 'compared', null],
  ['a backup, which has no rows', {}, { records: 9 }, 'none', null],
  ['rows of before the machine started', {}, { records: 9 }, 'untrusted', /not trusted/],
  ['rows of another service', {}, { records: 9 }, 'compared', /read nothing of this log/],
  ['rows put back to 0, with a difference', { differences: 1 }, { records: 9 }, 'compared', null],
  ['an empty log', {}, {}, 'compared', /the log has no record/],
  ['nothing new since an audit', { since: sinceAudit([9]) }, { lagRecords: 3 }, 'compared', null],
  ['nothing since an audit of nothing', { since: sinceAudit([0]) }, {}, 'compared', /no record/],
  [
    'rows that a rebuild has dropped meanwhile',
    { differences: 9, rowsWentBack: true },
    { records: 9, comparedRecords: 9 },
    'compared',
    /being derived anew/,
  ],
  ['orders alone', { orders: { ...none, records: 2 } }, {}, 'compared', null],
]
for (const [what, report, counts, rows, said] of judged) {
  test(`${what}: ${said === null ? 'something was compared' : 'nothing was'}`, () => {
    const judgement = whyNothing({ ...empty, ...report, counts: { ...nothing, ...counts } }, rows)
    if (said === null) assert.equal(judgement, null)
    else assert.match(judgement ?? '', said)
  })
}

test('who has compared nothing does not say that every promise holds', () => {
  const text = auditText({
    report: empty,
    where: 'no rows',
    strange: [],
    nothingCompared: 'there was nothing',
    keptIn: null,
  })
  assert.match(text, /\nNothing was compared: there was nothing\.\n$/)
  assert.doesNotMatch(text, /Every promise holds/)
})

function textOf(report: AuditReport): string {
  const rest = { where: 'the rows', strange: [], nothingCompared: null, keptIn: 'audited/claims' }
  return auditText({ report, ...rest })
}

/** Between the counts and the promises. */
function ordersLines(
  orders: OrdersCounts | null,
  acceptedClocks: AuditReport['acceptedClocks'] = [],
): string[] {
  const report = { ...empty, orders, acceptedClocks }
  const lines = textOf(report).split('\n')
  return lines.slice(2, lines.indexOf(''))
}

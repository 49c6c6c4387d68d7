import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditReport } from '../../audit/audit.ts'
import type { OrdersCounts } from '../../audit/orders/audit-orders.ts'
import { auditText } from './audit-text.ts'

const none: OrdersCounts = {
  records: 0,
  voidRecords: 0,
  orders: 0,
  confirmed: 0,
  cancelled: 0,
  live: 0,
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

test('nothing is said of orders where there are none, or where they were left out', () => {
  assert.deepEqual(ordersLines(none), [])
  assert.deepEqual(ordersLines(null), [])
})

/** Between the counts of the coupons and the promises. */
function ordersLines(
  orders: OrdersCounts | null,
  acceptedClocks: AuditReport['acceptedClocks'] = [],
): string[] {
  const report: AuditReport = {
    couponId: null,
    fair: true,
    promises: [],
    counts: {
      records: 0,
      voidRecords: 0,
      claims: 0,
      coupons: 0,
      winners: 0,
      rows: 0,
      newerRows: 0,
      lagRecords: 0,
    },
    orders,
    differences: 0,
    firstDifferences: [],
    durationMs: 0,
    acceptedClocks,
  }
  const lines = auditText(report, 'the rows').split('\n')
  return lines.slice(2, lines.indexOf(''))
}

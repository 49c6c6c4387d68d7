// One report for coupons and orders: the whole audit over a log with both, and rows in PGlite.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import type { Database } from '../../../src/adapters/database/database.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { createOrdersAuditSql } from '../../../src/adapters/stores/orders-audit.ts'
import { type AuditParts, type AuditReport, audit } from '../../../src/audit/audit.ts'
import { withoutTopics } from '../../../src/audit/orders/read-log.ts'
import { claimsTopic, couponEventsTopic } from '../../../src/domain/coupons/messages.ts'
import type { OrdersAuditSource } from '../../../src/ports/orders-audit.ts'
import { openPgliteCopy } from '../../contracts/pglite-copies.ts'
import { type AuditedWorld, smallScenario, worldAtRest } from '../../models/orders-audit.ts'
import { writeOrdersTables } from '../../models/orders-tables.ts'
import type { Scenario } from '../../models/orders-world.ts'
import { createSmallSale, deriveCodes, type Sale, sourceOf } from '../../models/small-sale.ts'

let database: Database
let world: AuditedWorld
let sale: Sale

before(async () => {
  database = await openPgliteCopy()
  await migrate(database)
  sale = await createSmallSale()
  world = await worldAtRest(smallOrders())
  await writeOrdersTables(database, world)
})
after(() => database.close())

/** As the small orders, but of those who have won in the sale. */
function smallOrders(): Scenario {
  const rows = new Map([1, 2].map((slot) => sale.springRow(slot)).map((row) => [row.userId, row]))
  const wonBy = (userId: string) => {
    const { partition, offset } = rows.get(userId) ?? {}
    assert.ok(partition !== undefined && offset !== undefined, userId)
    return { partition, offset }
  }
  const { won, orders } = smallScenario
  return {
    ...smallScenario,
    startsAt: sale.clock.at,
    won: won.map((row) => ({ ...row, offset: wonBy(row.userId).offset })),
    orders: orders.map((order) => {
      const { coupon, userId } = order
      return coupon === undefined ? order : { ...order, coupon: { ...coupon, ...wonBy(userId) } }
    }),
  }
}

test('a report counts coupons and orders, and has the promises of both', async () => {
  const report = await auditBoth()
  assert.deepEqual(report.firstDifferences, [])
  assert.equal(report.fair, true)
  assert.equal(report.counts.winners, 6)
  assert.deepEqual([report.orders?.orders, report.orders?.confirmed], [3, 2])
  const ids = report.promises.map(({ id }) => id)
  assert.deepEqual(ids.slice(-7), ['I9', 'I10', 'I11', 'I12', 'I13', 'I14', 'I15'])
})

test('a difference among the orders makes the whole report unfair', async () => {
  await database.script("update payments.balances set balance = balance - 1 where user_id = 'ann'")
  const report = await auditBoth()
  await database.script("update payments.balances set balance = balance + 1 where user_id = 'ann'")
  assert.equal(report.fair, false)
  assert.equal(report.promises.find(({ id }) => id === 'I12')?.differences, 1)
  assert.match(report.firstDifferences[0]?.text ?? '', /^the wallet of ann: the balance is 3829/)
})

test('an audit of one coupon leaves the orders out', async () => {
  const report = await auditBoth({ couponId: 'spring' })
  assert.equal(report.orders, null)
  const ids = report.promises.map(({ id }) => id)
  assert.deepEqual(ids.slice(-2), ['I9', 'I15'])
})

test('a log without the topics of orders is a log without orders', async () => {
  const log = withoutTopics(sale.log, [claimsTopic])
  const empty = { positions: async () => [], page: async () => ({ rows: '', about: [] }) }
  const source: OrdersAuditSource = { oneMoment: true, read: (run) => run(empty) }
  const report = await auditBoth({ openLog: async () => log, orders: { source, now: null } })
  assert.deepEqual(report.firstDifferences, [])
  assert.ok(Object.values(report.orders ?? { orders: 1 }).every((count) => count === 0))
})

/** The sale's claims and the world's orders as one log. */
function auditBoth(changes: Partial<AuditParts> = {}): Promise<AuditReport> {
  const ofCoupons: readonly string[] = [claimsTopic, couponEventsTopic]
  const of = (topic: string) => (ofCoupons.includes(topic) ? sale.log : world.log)
  return audit({
    source: sourceOf(sale.sql),
    openLog: async () => ({
      bounds: (topic) => of(topic).bounds(topic),
      tail: (options) => of(options.topic).tail(options),
    }),
    deriveCodes,
    clock: systemClock(),
    orders: { source: createOrdersAuditSql(database), now: null },
    ...changes,
  })
}

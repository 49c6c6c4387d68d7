// Statements that an order needs are planned once in a session: to plan one each time takes several
// times as long as to run it (docs/decisions/0083). What PostgreSQL and PGlite have in common.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Database, SqlValue } from '../../../src/adapters/database/database.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { loadStatements } from '../../../src/adapters/database/statements.ts'
import { openPgliteCopy } from '../../contracts/pglite-copies.ts'

let database: Database
before(async () => {
  database = await openPgliteCopy()
  await migrate(database)
})
after(() => database.close())

const ids = ['first']
const position = [['topic'], [0]]
const coupons = [ids, ids, [0], 'issuer', 'topic']
const noMoves = Array.from({ length: 11 }, (): SqlValue => [])
const none = (count: number) => Array.from({ length: count }, (): SqlValue => [])
const ofOrders = {
  'lock-orders': [...position, ids],
  'store-orders': [...noMoves, ...none(16)],
}
const ofSteps = {
  'lock-step-rows': [...position, ids],
  'store-step-rows': [...noMoves, ...none(9)],
}
const others = {
  'find-issued-coupons': coupons,
  'lock-balances': [ids],
  'lock-issued-coupons': coupons,
  'lock-products': [ids],
  'read-charges': [ids],
  'read-coupon-uses': [ids, ids, [1]],
  'read-orders': [ids],
  'settle-charges': [ids],
  'upsert-balances': [ids, [1]],
}

/** So often PostgreSQL plans for the very parameters before it compares. */
const plannedAnywayTimes = 5

test('what an order asks of SQL is planned once', async () => {
  const all = [
    ...casesOf(ofOrders, 'orders'),
    ...casesOf(ofSteps, 'stock'),
    ...casesOf(others, undefined),
  ]
  for (const { statement, values } of all) {
    for (let n = 0; n <= plannedAnywayTimes; n++) await database.query(statement, values)
  }
  const text = 'select name, generic_plans from pg_prepared_statements where generic_plans > 0'
  const { rows } = await database.query({ name: 'plans', text })
  const planned = new Set(rows.map(([name]) => name))
  const again = all.filter(({ statement }) => !planned.has(statement.name))
  assert.deepEqual(
    again.map(({ statement }) => statement.name),
    [],
  )
})

function casesOf(values: Readonly<Record<string, readonly SqlValue[]>>, schema?: string) {
  const statements = loadStatements(Object.keys(values), schema)
  return Object.entries(values).map(([name, own]) => {
    const statement = statements[name]
    assert.ok(statement)
    return { statement, values: own }
  })
}

// How long a consistent copy of the orders' rows would hold up the consumers of an embedded
// service: `node test/bench/orders/audit-copy.ts [orders]`. See docs/decisions/0031.

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { openDatabasePglite } from '../../../src/adapters/database/pglite.ts'
import { createOrdersAuditSql } from '../../../src/adapters/stores/orders-audit.ts'
import { readOrdersRows } from '../../../src/audit/orders/read-rows.ts'
import { auditedWorld, smallScenario } from '../../models/orders-audit.ts'
import { writeOrdersTables } from '../../models/orders-tables.ts'
import { runWorld } from '../../models/orders-world.ts'

const orders = Number(process.argv[2] ?? 100_000)
const root = mkdtempSync(join(tmpdir(), 'firstcome-copy-'))
const directory = join(root, 'rows')
const database = await openDatabasePglite({ directory })
await migrate(database)
await writeOrdersTables(database, await auditedWorld(runWorld(smallScenario), smallScenario))

const tables = ['orders.orders', 'coupons.orders', 'stock.orders', 'payments.orders']
const keyed = [...tables, 'payments.charges', 'coupons.uses']
/** Each row of ann's order once more for every order. */
for (const table of keyed) {
  const user = table === 'coupons.uses' ? `, 'user_id', 'user-' || n` : ''
  const key = `jsonb_build_object('order_id', gen_random_uuid()${user})`
  const rows = `jsonb_populate_record(t, ${key})`
  await database.script(
    `insert into ${table} select (${rows}).* from ${table} t, generate_series(1, ${orders}) n
      where t.order_id = 'ann-1'`,
  )
}
await database.script('checkpoint')

await measured('reading all in one transaction', async () => {
  await readOrdersRows(createOrdersAuditSql(database))
})
await measured('counting all', () => {
  return database.script(keyed.map((table) => `select count(*) from ${table}`).join(';'))
})
await measured('cursors that outlive their transaction', () => {
  const declared = keyed.map((table, n) => `declare c${n} cursor with hold for table ${table}`)
  return database.script(`close all; begin; ${declared.join(';')}; commit`)
})
await measured('copies in temporary tables', () => {
  const made = keyed.map(
    (table, n) => `drop table if exists t${n}; create temp table t${n} as table ${table}`,
  )
  return database.script(`begin; ${made.join(';')}; commit`)
})
await measured('a copy of the directory', async () => {
  cpSync(directory, join(root, 'copy'), { recursive: true, force: true })
})
await database.close()
rmSync(root, { recursive: true })

async function measured(what: string, run: () => Promise<unknown>): Promise<void> {
  const took: number[] = []
  for (let n = 0; n < 5; n++) {
    const startedAt = performance.now()
    await run()
    took.push(performance.now() - startedAt)
  }
  const [median = 0] = took.sort((a, b) => a - b).slice(2)
  console.log(`${what}: ${median.toFixed(0)} ms (${took.map((ms) => ms.toFixed(0)).join(', ')})`)
}

// What the audit of orders reads from SQL, in both profiles, is what the stores of the consumers
// wrote: so whatever it finds in their memory twins it finds there.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import type { Database } from '../../../src/adapters/database/database.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { startPostgres } from '../../../src/adapters/database/postgres.ts'
import {
  createOrdersAuditReaderSql,
  createOrdersAuditSql,
} from '../../../src/adapters/stores/orders-audit.ts'
import type { DeadLetter } from '../../../src/domain/orders/dead-letter.ts'
import { type AuditKey, type AuditPage, auditedTables } from '../../../src/ports/orders-audit.ts'
import { openPgliteCopy } from '../../contracts/pglite-copies.ts'
import {
  auditedWorld,
  auditSourceOf,
  letterRow,
  rowsRead,
  smallScenario,
} from '../../models/orders-audit.ts'
import { writeOrdersTables } from '../../models/orders-tables.ts'
import { runWorld } from '../../models/orders-world.ts'
import { postgresForTests } from '../../services/postgres.ts'

const world = await auditedWorld(runWorld(smallScenario), smallScenario)
const letters = ['stock-step.orders.0.1', 'stock-step.orders.0.2'].map(letter)
world.tables.letters.push(...letters.map(letterRow))
const command = { key: 'stock-step.orders.0.1', amount: null, outcome: 'done' }
for (const commandId of ['c', 'd']) world.tables['letter-commands'].push({ ...command, commandId })
for (const position of world.positions.slice(0, 5)) {
  Object.assign(position.taken, { applied: 1, dropped: 2, postponed: 3, buried: 4, passedBy: 5 })
  Object.assign(position, { next: 15, published: 14 })
}

const postgres = await postgresForTests()
after(postgres.close)
const databases: [name: string, skip: string | false, open: () => Promise<Database>][] = [
  ['PGlite', false, openPgliteCopy],
  [
    'PostgreSQL',
    postgres.skip,
    async () => startPostgres({ url: await postgres.newDatabase(), clock: systemClock() }),
  ],
]

for (const [name, skip, open] of databases) {
  describe(`what the audit reads from ${name}`, { skip }, () => readingTests(open))
}

function readingTests(open: () => Promise<Database>): void {
  let database: Database

  before(async () => {
    database = await open()
    await migrate(database)
    await writeOrdersTables(database, world, letters)
  })
  after(() => database.close())

  it('is every row as it was written', async () => {
    const rows = await rowsRead(createOrdersAuditSql(database))
    const expected = await rowsRead(auditSourceOf(world))
    const byPlace = ({ consumer, topic, partition }: (typeof rows.positions)[0]) => {
      return `${consumer} ${topic} ${partition}`
    }
    for (const { positions } of [rows, expected]) {
      positions.sort((a, b) => (byPlace(a) < byPlace(b) ? -1 : 1))
    }
    assert.deepEqual(rows, expected)
  })

  it('comes in pages, each from where the last one ended, with the keys in order', async () => {
    const reader = createOrdersAuditReaderSql(database)
    for (const table of auditedTables) {
      const whole = await reader.page({ table, limit: 1_000, after: ['', ''] })
      assert.ok(whole.about.length >= 2 || table === 'uses', table)
      assert.equal(whole.next, undefined)
      const rows: unknown[] = JSON.parse(`[${whole.rows}]`)
      assert.equal(rows.length, whole.about.length)
      const pages: AuditPage[] = []
      for (let key: AuditKey | undefined = ['', '']; key !== undefined; ) {
        const page: AuditPage = await reader.page({ table, limit: 1, after: key })
        if (page.about.length > 0) pages.push(page)
        key = page.next
      }
      assert.deepEqual(
        pages.map((page) => JSON.parse(page.rows)),
        rows,
        table,
      )
      assert.deepEqual(
        pages.flatMap((page) => page.about),
        whole.about,
        table,
      )
    }
  })
}

function letter(id: string): DeadLetter {
  const origin = { topic: 'firstcome.orders', partition: 0, offset: 1, appendedAt: 5 }
  const shared = { consumer: 'stock-step', origin, key: 'ann-1', redrivable: true }
  const failed = { reason: 'no', attempts: 3, redrives: 0, buriedAt: 6 }
  const carried = { value: 'AAAA', headers: { a: 'b' } }
  return { id, status: 'waiting', ...shared, ...failed, ...carried, acts: [redriven()] }
}

function redriven() {
  return { act: 'redriven', by: 'op', at: 7, commandId: 'c', reason: 'no' } as const
}

// How fast the coupon store writes rows into PostgreSQL: beside COPY into the same table, with all
// its constraints, and beside a consumer that inserts one row for each record. Rounds of all of
// them take turns on one server that syncs every commit; the figures are medians.
// `node test/bench/rows.ts [--rows n] [--batch n] [--single n] [--rounds n]`

import assert from 'node:assert/strict'
import { randomUUIDv7 } from 'node:crypto'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Client, type Connection, type Submittable } from 'pg'
import { systemClock } from '../../src/adapters/clock-system.ts'
import type { Database, Statement } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { startPostgres } from '../../src/adapters/database/postgres.ts'
import { createCouponStoreSql } from '../../src/adapters/stores/coupon-store.ts'
import type { IssuedRow } from '../../src/ports/coupons.ts'
import { batch, coupon } from '../contracts/coupon-store-samples.ts'
import { postgresForTests } from '../services/postgres.ts'

const { values: given } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    batch: { type: 'string', default: '1000' },
    single: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '7' },
  },
})
const sizes = {
  rows: Number(given.rows),
  batch: Number(given.batch),
  single: Number(given.single),
  rounds: Number(given.rounds),
}

const postgres = await postgresForTests()
if (postgres.skip !== false) throw new Error(postgres.skip)
const url = await postgres.newDatabase()
const database = startPostgres({ url, clock: systemClock() })
const client = new Client({ connectionString: url })

/** As the store writes where there is no COPY. */
const plain: Database = {
  ...database,
  transaction(run, kind) {
    return database.transaction(({ query, script }) => run({ query, script }), kind)
  },
}

const insertOne: Statement = {
  name: 'insert one',
  text: `insert into coupons.issued_coupons
    (coupon_id, slot, user_id, claim_id, code, partition, log_offset, appended_at_ms)
    values ($1, $2, $3, $4, $5, $6, $7, $8)`,
}

const copyText = `copy coupons.issued_coupons (coupon_id, slot, user_id, claim_id, code,
  partition, log_offset, appended_at_ms) from stdin`
const copyChunkBytes = 64 * 1024

type Contender = { name: string; rows: number; write(rows: IssuedRow[]): () => Promise<void> }
/** `write` prepares; what it returns is measured. */
const contenders: readonly Contender[] = [
  { name: 'store', rows: sizes.rows, write: (rows) => () => writeByStore(database, rows) },
  { name: 'store by unnest', rows: sizes.rows, write: (rows) => () => writeByStore(plain, rows) },
  { name: 'COPY', rows: sizes.rows, write: (rows) => prepareCopy([rows]) },
  { name: 'COPY by batches', rows: sizes.rows, write: (rows) => prepareCopy(batches(rows)) },
  { name: 'one by one', rows: sizes.single, write: (rows) => () => writeOneByOne(rows) },
]

const measured = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
try {
  await client.connect()
  await migrate(database)
  await runRounds()
  report()
} finally {
  await client.end()
  await database.close()
  await postgres.close()
}

async function runRounds(): Promise<void> {
  for (let round = 0; round <= sizes.rounds; round++) {
    for (let n = 0; n < contenders.length; n++) {
      // Each round another is the first. Round 0 warms up and does not count.
      const contender = contenders[(round + n) % contenders.length]
      assert(contender !== undefined)
      const rate = await measure(contender)
      if (round > 0) measured.get(contender.name)?.push(rate)
    }
  }
}

async function measure({ rows: count, write }: Contender): Promise<number> {
  await client.query('truncate coupons.coupons, coupons.issued_coupons, coupons.positions')
  const store = createCouponStoreSql({ database })
  const sale = coupon({ couponId: 'spring-2026', quantity: count })
  assert.equal(await store.apply(batch({ next: 1, coupons: [sale] })), 'applied')
  await client.query('checkpoint')
  const run = write(sampleRows(count))
  collectGarbage()
  const startedAt = performance.now()
  await run()
  const seconds = (performance.now() - startedAt) / 1_000
  const { rows } = await client.query('select count(*)::int as n from coupons.issued_coupons')
  assert.equal(rows[0].n, count)
  return count / seconds
}

/** That of making the samples is nobody's work here. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

/** As a sale makes them: slots in order, users in none. */
function sampleRows(count: number): IssuedRow[] {
  return Array.from({ length: count }, (_, n) => ({
    couponId: 'spring-2026',
    slot: n + 1,
    userId: `user-${(n * 7_368_787) % 10_000_019}`,
    claimId: randomUUIDv7(),
    code: `7K3M-${String(n).padStart(4, '0')}-QZX${n % 10}`,
    partition: 0,
    offset: n + 1,
    appendedAt: 1_770_000_000_000 + n,
  }))
}

function batches(rows: readonly IssuedRow[]): IssuedRow[][] {
  return Array.from({ length: Math.ceil(rows.length / sizes.batch) }, (_, n) => {
    return rows.slice(n * sizes.batch, (n + 1) * sizes.batch)
  })
}

async function writeByStore(into: Database, rows: readonly IssuedRow[]): Promise<void> {
  const store = createCouponStoreSql({ database: into })
  let expected = 1
  for (const issued of batches(rows)) {
    const next = expected + issued.length
    assert.equal(await store.apply(batch({ expected, next, issued })), 'applied')
    expected = next
  }
}

async function writeOneByOne(rows: readonly IssuedRow[]): Promise<void> {
  for (const row of rows) await database.query(insertOne, cells(row))
}

function cells(row: IssuedRow) {
  const { couponId, slot, userId, claimId, code, partition, offset, appendedAt } = row
  return [couponId, slot, userId, claimId, code, partition, offset, appendedAt]
}

/** Its text is made before the clock runs: that is not COPY's work. */
function prepareCopy(parts: readonly (readonly IssuedRow[])[]): () => Promise<void> {
  const texts = parts.map((rows) => {
    return Buffer.from(rows.map((row) => `${cells(row).join('\t')}\n`).join(''))
  })
  return async () => {
    for (const text of texts) await copy(text)
  }
}

/** What pg's connection can do beyond its types: it has no COPY of its own. */
type CopyConnection = Connection & {
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}

function copy(text: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = {
      submit: (connection: Connection) => connection.query(copyText),
      handleCopyInResponse(connection: CopyConnection) {
        for (let at = 0; at < text.length; at += copyChunkBytes) {
          connection.sendCopyFromChunk(text.subarray(at, at + copyChunkBytes))
        }
        connection.endCopyFrom()
      },
      handleCommandComplete: () => {},
      handleReadyForQuery: () => resolve(),
      handleError: reject,
    }
    client.query<Submittable>(query)
  })
}

function report(): void {
  const medians = new Map([...measured].map(([name, rates]) => [name, median(rates)]))
  const rate = (name: string) => medians.get(name) ?? Number.NaN
  console.log(`${sizes.rounds} rounds, ${sizes.rows} rows, ${sizes.batch} rows in a batch`)
  for (const [name, rates] of measured) {
    const range = [Math.min(...rates), Math.max(...rates)].map(Math.round).join('–')
    console.log(`${name.padEnd(16)} ${Math.round(rate(name))} rows/s (${range})`)
  }
  for (const other of ['store by unnest', 'COPY', 'COPY by batches', 'one by one']) {
    console.log(`store / ${other}: ${(rate('store') / rate(other)).toFixed(2)}`)
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

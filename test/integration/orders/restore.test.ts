// The rows of orders in PGlite: made by the real consumers, lost, and restored from the log alone.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { openDataDirectory } from '../../../src/adapters/data-directory.ts'
import type { Database } from '../../../src/adapters/database/database.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { openDatabasePglite } from '../../../src/adapters/database/pglite.ts'
import { openLogFile } from '../../../src/adapters/log-file/log-file.ts'
import { openLogMemory } from '../../../src/adapters/memory/log.ts'
import type { OrdersRecord } from '../../../src/domain/orders/messages.ts'
import { ordersTopic } from '../../../src/domain/orders/messages.ts'
import { entryOf, topicOf } from '../../../src/domain/orders/records.ts'
import { retryTopics } from '../../../src/domain/orders/retries.ts'
import { partitionFor } from '../../../src/domain/partitioner.ts'
import { areOrderRowsLost, unknownReplies } from '../../../src/main/roles/older-rows.ts'
import {
  newConsumerMetrics,
  restoreOrderRows,
  startOrderConsumers,
} from '../../../src/main/roles/order-consumers.ts'
import { projectionDirectory } from '../../../src/main/roles/projection.ts'
import { withStops } from '../../../src/main/roles/stops.ts'
import { embeddedTopics } from '../../../src/main/roles/topics.ts'
import { topicsReadBy } from '../../../src/ports/orders.ts'
import { createPgliteCopies, type PgliteCopies } from '../../contracts/pglite-copies.ts'
import { newDataDirectory, removeDataDirectory } from '../processes/service-process.ts'

const cli = join(import.meta.dirname, '../../../bin/firstcome.js')
const waitMsMax = 60_000
const ordersMade = 40
const schemas = {
  'order-process': 'orders',
  'coupon-step': 'coupons',
  'stock-step': 'stock',
  'payment-step': 'payments',
} as const

describe('the rows of orders', () => {
  const clock = systemClock()
  const log = openLogMemory({ topics: embeddedTopics, clock })
  let copies: PgliteCopies
  let first: Database
  let second: Database

  before(async () => {
    copies = await createPgliteCopies()
    first = await open()
    second = await open()
    for (const record of records()) await log.append(topicOf(record), [entryOf(record)])
  })
  after(async () => {
    await first.close()
    await second.close()
    await copies.remove()
  })

  async function open(): Promise<Database> {
    const database = await openDatabasePglite({ directory: await copies.copy() })
    await migrate(database)
    return database
  }

  /** Until as many orders as there are have ended, and everything that follows is through. */
  async function run(database: Database): Promise<void> {
    const errors: unknown[] = []
    const running = await withStops(async (stops) => {
      const parts = {
        log,
        database,
        clock,
        crashPoint: undefined,
        ...newConsumerMetrics(() => null),
      }
      await startOrderConsumers({ ...parts, onError: (error) => errors.push(error) }, stops)
      return {}
    })
    const deadline = performance.now() + waitMsMax
    while (!(await isAtRest(database))) {
      assert.ok(performance.now() < deadline, 'not at rest')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await running.close()
    assert.deepEqual(errors, [])
  }

  async function isAtRest(database: Database): Promise<boolean> {
    const taken = Object.values(schemas).map((schema) => {
      return `(select coalesce(sum(next_offset), 0) from ${schema}.consumer_positions)`
    })
    const text = `select
      (select count(*) from orders.orders where status in ('confirmed', 'cancelled')),
      (select count(*) from stock.orders where status = 'held'),
      ${taken.join()}`
    const { rows } = await database.query({ name: 'at-rest', text })
    const all = Object.keys(schemas).map((name) => {
      const ofAll = topicsReadBy[name as keyof typeof schemas].flatMap((topic) => {
        return log.records(topic)
      })
      return ofAll.reduce((sum, { length }) => sum + length, 0)
    })
    return rows[0]?.join() === `${ordersMade},0,${all.join()}`
  }

  it('are the same after they were restored, and are not restored again', async () => {
    await run(first)
    const made = await dump(first)
    assert.match(made, /"sold"[^]*"captured"[^]*"refused"/)
    assert.equal(await areOrderRowsLost({ log, database: first }), false)
    assert.deepEqual(await unknownReplies({ log, database: first }), [])
    assert.equal(await areOrderRowsLost({ log, database: second }), true)
    const restored = await restoreOrderRows({ log, database: second })
    assert.deepEqual(restored, { orders: ordersMade, letters: 0, takenAgain: 0 })
    assert.equal(await dump(second), made)
    assert.equal(await restoreOrderRows({ log, database: second }), null)
  })

  it('let the consumers go on, without a word about what has ended', async () => {
    const said = log.records('firstcome.order-steps').flat().length
    await run(second)
    assert.equal(log.records('firstcome.order-steps').flat().length, said)
    assert.equal(log.records(retryTopics[0]).flat().length, 0)
  })

  it('are restored by "firstcome rebuild", from the files', async () => {
    const path = await newDataDirectory()
    const directory = openDataDirectory({ path, secrets: {}, now: clock.now() })
    const file = await openLogFile({ directory: path, topics: embeddedTopics, clock })
    for (const record of liveOrder()) await file.append(topicOf(record), [entryOf(record)])
    await file.close()
    directory.close()

    assert.match(rebuild(path), /^0 rows derived from 0 records, 1 order restored in /)
    const database = await openDatabasePglite({ directory: projectionDirectory(path) })
    assert.match(await dump(database), /"held": 3/)
    await database.close()
    await removeDataDirectory(path)
  })

  it('are missed in the partitions that are compared, and in no others', async () => {
    const other = openLogMemory({ topics: embeddedTopics, clock })
    for (const record of liveOrder()) await other.append(topicOf(record), [entryOf(record)])
    const database = await open()
    const own = partitionFor('live', embeddedTopics[ordersTopic])
    for (const partition of [0, 1, 2, 3]) {
      const compared = { log: other, database, partitions: [partition] }
      assert.equal(await areOrderRowsLost(compared), partition === own)
      const found = partition === own ? ['coupon-step', 'stock-step'] : []
      const expected = found.map((step) => `${step} has answered order live, and has no row of it`)
      assert.deepEqual(await unknownReplies(compared), expected)
    }
    await database.close()
  })

  it('are written over what an attempt that was killed has left', async () => {
    const other = openLogMemory({ topics: embeddedTopics, clock })
    for (const record of liveOrder()) await other.append(topicOf(record), [entryOf(record)])
    const database = await open()
    const live = { orders: 1, letters: 0, takenAgain: 1 }
    assert.deepEqual(await restoreOrderRows({ log: other, database }), live)
    const written = await dump(database)
    assert.match(written, /coupons.uses\n.*spring/)
    assert.match(written, /"held": 3/)
    for (const schema of ['orders', 'coupons', 'stock', 'payments', 'dead_letters']) {
      await database.script(`truncate ${schema}.consumer_positions`)
    }
    assert.deepEqual(await restoreOrderRows({ log: other, database }), live)
    assert.equal(await dump(database), written)
    await database.close()
  })
})

function rebuild(data: string): string {
  const command = [cli, '--data', data, 'rebuild']
  const run = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: waitMsMax })
  assert.equal(run.status, 0, run.stderr)
  return run.stdout
}

/** Payment is due, and nothing was said about it yet. */
function* liveOrder(): Generator<OrdersRecord> {
  const order = { orderId: 'live', userId: 'ann' }
  const line = { productId: 'tea', quantity: 3 }
  const created = { productId: 'tea', by: 'op', name: 'tea', price: 100, stock: 20 }
  yield { type: 'product.created', ...created, commandId: 'a' }
  const coupon = { couponId: 'spring', partition: 0, offset: 0 }
  yield { type: 'order.placed', ...order, lines: [line], coupon, timeLimitMs: 60_000 }
  yield { type: 'coupon.used', orderId: 'live', couponId: 'spring' }
  yield { type: 'stock.held', orderId: 'live', lines: [{ ...line, unitPrice: 100 }] }
  yield { type: 'order.payment_due', ...order, subtotal: 300, discount: 0, total: 300 }
}

/** Few of everything, so that some orders are short of stock and some of money. */
function* records(): Generator<OrdersRecord> {
  const by = 'op'
  const supply = { productId: 'tea', by }
  yield { type: 'product.created', ...supply, name: 'tea', price: 100, stock: 20, commandId: 'a' }
  yield { type: 'stock.added', ...supply, add: 5, commandId: 'b' }
  yield { type: 'wallet.topped_up', userId: 'ann', amount: 700, by, commandId: 'a' }
  for (let n = 0; n < ordersMade; n += 1) {
    const userId = n % 3 === 0 ? 'bob' : 'ann'
    const lines = [{ productId: 'tea', quantity: 1 }]
    yield { type: 'order.placed', orderId: `order-${n}`, userId, lines, timeLimitMs: 60_000 }
  }
}

/** All rows but the positions, which have been counted in another way. */
async function dump(database: Database): Promise<string> {
  const tables = [
    ['orders.orders', 'coupons.orders', 'coupons.uses', 'stock.orders', 'stock.products'],
    ['stock.commands', 'payments.orders', 'payments.balances', 'payments.charges'],
    ['payments.commands', 'dead_letters.letters', 'dead_letters.commands'],
  ].flat()
  const texts: string[] = []
  for (const table of tables) {
    const text = `select to_jsonb(t)::text from ${table} t order by 1`
    const { rows } = await database.query({ name: `dump ${table}`, text })
    texts.push(table, ...rows.map(([row]) => String(row)))
  }
  return texts.join('\n')
}

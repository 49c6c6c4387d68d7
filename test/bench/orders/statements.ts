// What an order alone asks of PostgreSQL: statements and transactions of all its consumers, on the
// real database and a log in memory, one order after the other with a rest between.

import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import type { Database, Session } from '../../../src/adapters/database/database.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { startPostgres } from '../../../src/adapters/database/postgres.ts'
import { openLogMemory } from '../../../src/adapters/memory/log.ts'
import { type OrdersRecord, ordersTopic } from '../../../src/domain/orders/messages.ts'
import { entryOf, topicOf } from '../../../src/domain/orders/records.ts'
import { newConsumerMetrics, startOrderConsumers } from '../../../src/main/roles/order-consumers.ts'
import { withStops } from '../../../src/main/roles/stops.ts'
import { embeddedTopics } from '../../../src/main/roles/topics.ts'
import { startPostgresServer } from '../../services/postgres.ts'
import { waitFor } from '../../services/server-process.ts'
import { median } from '../statistics.ts'
import type { PartOptions, PartReport } from '../summary/part.ts'

const sizes = { full: 10, quick: 3 }
/** Until what an order leaves behind is stored as well. */
const restMs = 2_500
const stock = 1_000_000
const waitMsMax = 20_000
const user = 'ann'
const productId = 'tea'

type Counts = {
  statements: number
  transactions: number
  /** By name of the statement. */
  byName: Map<string, number>
}

export async function measureStatements(options: PartOptions): Promise<PartReport> {
  const postgres = await startPostgresServer()
  try {
    const url = await postgres.newDatabase()
    return await options.bounded(measureOn(url, options.quick ? sizes.quick : sizes.full))
  } finally {
    await postgres.remove()
  }
}

async function measureOn(url: string, orders: number): Promise<PartReport> {
  const clock = systemClock()
  const database = startPostgres({ url, clock })
  const counts: Counts = { statements: 0, transactions: 0, byName: new Map() }
  const log = openLogMemory({ topics: embeddedTopics, clock })
  const failures: unknown[] = []
  const parts = {
    log,
    clock,
    database: counted(database, counts),
    crashPoint: undefined,
    ...newConsumerMetrics(() => null),
    onError: (error: unknown) => failures.push(error),
  }
  try {
    await migrate(database)
    const running = await withStops(async (stops) => {
      await startOrderConsumers(parts, stops)
      return {}
    })
    await supply(log)
    // The first order finds tables without rows and statements that nobody has prepared.
    await orderOne(log, 'first')
    await pause(restMs)
    const ms: number[] = []
    counts.statements = 0
    counts.transactions = 0
    counts.byName.clear()
    for (let n = 0; n < orders; n += 1) {
      ms.push(await orderOne(log, `alone-${n}`))
      await pause(restMs)
    }
    const report = { orders, ms: median(ms), ...perOrder(counts, orders) }
    await running.close()
    if (failures.length > 0) throw new Error('a consumer has stopped', { cause: failures[0] })
    const { statements, transactions } = report
    return { text: textOf(report), figures: { statements, transactions }, voids: [], report }
  } finally {
    await database.close()
  }
}

/** Begin and commit are statements, too; what is asked outside a transaction is one. */
function counted(database: Database, counts: Counts): Database {
  const note = (name: string) => {
    counts.statements += 1
    counts.byName.set(name, (counts.byName.get(name) ?? 0) + 1)
  }
  return {
    ...database,
    query(statement, values) {
      note(statement.name)
      counts.transactions += 1
      return database.query(statement, values)
    },
    transaction(run, kind) {
      note('begin')
      note('commit')
      counts.transactions += 1
      const counting = (session: Session): Session => ({
        ...session,
        query(statement, values) {
          note(statement.name)
          return session.query(statement, values)
        },
      })
      return database.transaction((session) => run(counting(session)), kind)
    },
  }
}

type MemoryLog = ReturnType<typeof openLogMemory>

async function say(log: MemoryLog, message: OrdersRecord): Promise<void> {
  await log.append(topicOf(message), [entryOf(message)])
}

async function supply(log: MemoryLog): Promise<void> {
  const by = { commandId: 'bench', by: 'bench' }
  await say(log, { type: 'product.created', productId, name: 'Tea', price: 10, stock, ...by })
  await say(log, { type: 'wallet.topped_up', userId: user, amount: stock, ...by })
}

/** Resolves to the milliseconds until it is confirmed. */
async function orderOne(log: MemoryLog, orderId: string): Promise<number> {
  const startedAt = performance.now()
  const lines = [{ productId, quantity: 1 }]
  await say(log, { type: 'order.placed', orderId, userId: user, lines, timeLimitMs: waitMsMax })
  const isConfirmed = () =>
    log.records(ordersTopic).some((records) => {
      const text = records.at(-1)?.value.toString() ?? ''
      return text.includes('order.confirmed') && text.includes(`"${orderId}"`)
    })
  await waitFor(`the end of ${orderId}`, isConfirmed, waitMsMax)
  return performance.now() - startedAt
}

function perOrder({ statements, transactions, byName }: Counts, orders: number) {
  const each = [...byName].map(([name, count]) => [name, count / orders] as const)
  return {
    statements: statements / orders,
    transactions: transactions / orders,
    byName: each.toSorted(([, a], [, b]) => b - a),
  }
}

type Report = { orders: number; ms: number } & ReturnType<typeof perOrder>

function textOf({ orders, ms, statements, transactions, byName }: Report): string {
  return [
    `${orders} orders, one at a time, PostgreSQL and a log in memory; of one:`,
    `  statements     ${statements.toFixed(1)}, begin and commit among them`,
    `  transactions   ${transactions.toFixed(1)}`,
    `  placed → confirmed p50   ${ms.toFixed(1)} ms`,
    ...byName.map(([name, count]) => `  ${count.toFixed(1).padStart(6)}  ${name}`),
    '',
  ].join('\n')
}

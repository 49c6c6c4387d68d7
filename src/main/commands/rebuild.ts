// `firstcome rebuild`: drops the rows and derives them anew from the log. Of an embedded service
// that is stopped, here. In the distributed profile the rows are dropped in one transaction and the
// issuers derive them, which may run all the while; the API answers claims meanwhile, and what it
// reads from SQL (/me/coupons) is incomplete until the issuers are through.

import { systemClock } from '../../adapters/clock-system.ts'
import { openDataDirectory } from '../../adapters/data-directory.ts'
import { loadStatements } from '../../adapters/database/statements.ts'
import { openLogFile } from '../../adapters/log-file/log-file.ts'
import { describeGroup } from '../../adapters/log-kafka/groups.ts'
import { createCouponReaderSql } from '../../adapters/stores/coupon-reader.ts'
import { createCouponStoreSql, resetProjection } from '../../adapters/stores/coupon-store.ts'
import { dropOrderRows } from '../../adapters/stores/order-rows.ts'
import { type Progress, startProgress } from '../../client/progress.ts'
import { createFold, readRecord } from '../../domain/coupons/fold.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { startIssuer } from '../../issuer/issuer.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import type { CouponStore } from '../../ports/coupons.ts'
import type { Log, LogBounds } from '../../ports/log.ts'
import { type ConsumerName, consumerNames } from '../../ports/orders.ts'
import { readToEnd, stopAtGap, writtenByNewer } from '../../ports/partition-reader.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { kafkaConnection, openDistributed } from '../roles/distributed.ts'
import { groupOf } from '../roles/kafka-positions.ts'
import { areOrderRowsLost } from '../roles/older-rows.ts'
import { restoreOrderRows } from '../roles/order-consumers.ts'
import { dropProjection, openProjection } from '../roles/projection.ts'
import { dropProof } from '../roles/proof/proof.ts'
import type { Stops } from '../roles/stops.ts'
import { embeddedTopics } from '../roles/topics.ts'
import { plainLogger } from '../roles/wait-for.ts'
import { isDistributed, refuseWithoutLog } from './audit-source.ts'

/** `orders`: how many were restored; absent where their rows stay as they are. */
type Rebuilt = { records: number; rows: number; orders?: number; seconds: number }
type RebuildParts = Pick<Context, 'settings' | 'err'> & { progress: Progress; stops: Stops }

const lookEveryMs = 250
/** An issuer looks whether its position has gone back every 5 s; a take-over takes 8 s. */
const standstillMsMax = 30_000

export type RebuildOptions = { json?: boolean; orders?: boolean }

export async function runRebuild(options: RebuildOptions, context: Context): Promise<ExitCode> {
  const { out } = context
  const rebuilt = await rebuild(options, context)
  out(options.json ? `${JSON.stringify(rebuilt)}\n` : rebuiltText(rebuilt))
  return exitCodes.ok
}

async function rebuild({ orders }: RebuildOptions, context: Context): Promise<Rebuilt> {
  const { settings, err } = context
  await using stops = new AsyncDisposableStack()
  const progress = startProgress(systemClock(), err)
  stops.defer(progress.end)
  const parts = { settings, err, progress, stops }
  if (!isDistributed(settings)) return await rebuildStopped(parts)
  return await (orders === true ? rebuildOrders(parts) : rebuildDistributed(parts))
}

async function rebuildStopped({ settings, progress, stops }: RebuildParts): Promise<Rebuilt> {
  const clock = systemClock()
  const { dataDirectory: path, payment } = settings
  refuseWithoutLog(path)
  const directory = openDataDirectory({ path, secrets: settings, now: clock.now() })
  stops.defer(() => directory.close())
  const log = await openLogFile({
    directory: directory.path,
    topics: embeddedTopics,
    clock,
    onProgress: (done, total) => progress.show('Checking the stored log', done / total),
  })
  stops.defer(() => log.close())
  const startedAt = clock.monotonic()
  const bounds = await log.bounds(claimsTopic)
  await checkReadable(log, bounds)
  await dropProjection(directory.path)
  const database = await openProjection(directory.path, () => {})
  stops.defer(() => database.close())
  const store = createCouponStoreSql({ database })
  const { codeSecret } = directory.secrets
  const counted = await deriveRows({ log, store, clock, codeSecret, bounds, progress })
  await markPublished(store, bounds)
  const restored = await restoreOrderRows({ log, database, payment })
  const orders = restored?.orders ?? 0
  return { ...counted, orders, seconds: (clock.monotonic() - startedAt) / 1000 }
}

type Deriving<Store> = {
  store: Store
  clock: Clock
  bounds: readonly LogBounds[]
  progress: Progress
}

async function deriveRows(
  parts: Deriving<CouponStore> & { log: Log; codeSecret: string },
): Promise<{ records: number; rows: number }> {
  const total = endsOf(parts.bounds)
  const done = Promise.withResolvers<void>()
  const counted = { records: 0, rows: 0 }
  if (total === 0) done.resolve()
  const issuer = await startIssuer({
    ...parts,
    log: withoutEvents(parts.log),
    observe: {
      applied(batch) {
        counted.records += batch.records
        counted.rows += batch.rows
        parts.progress.show('Deriving the rows', counted.records / total)
        if (counted.records === total) done.resolve()
      },
      waiting: () => {},
    },
    onError: done.reject,
  })
  try {
    await done.promise
    return counted
  } finally {
    await issuer.close()
  }
}

/** The events of these rows have been published before: only the rows were lost. */
function withoutEvents(log: Log): Log {
  return { ...log, append: () => Promise.resolve([]) }
}

async function markPublished(store: CouponStore, bounds: readonly LogBounds[]): Promise<void> {
  const written = await store.positions()
  for (const [partition, { end }] of bounds.entries()) {
    if (written.has(partition)) await store.markPublished(partition, end)
  }
}

/** Before anything is dropped: issuers would stop there, with half of the rows. */
async function checkReadable(log: Log, bounds: readonly LogBounds[]): Promise<void> {
  const fold = createFold(bounds.length)
  await readToEnd({
    log,
    topic: claimsTopic,
    bounds,
    decode: (record) => readRecord(fold, record),
    onMessage: () => {},
    onUnknown: (reason, { partition, offset }) => {
      const stopped = `cannot read record ${offset} of partition ${partition}: ${reason}`
      throw writtenByNewer(stopped, 'rebuild with that version')
    },
    onGap: stopAtGap,
  })
}

function openToRebuild({ settings, err, stops }: RebuildParts) {
  const { signal } = new AbortController()
  const opening = { settings, logger: plainLogger(err), signal, acceptsLoss: true }
  return openDistributed(opening, 'rebuild', stops)
}

async function rebuildOrders(parts: RebuildParts): Promise<Rebuilt> {
  const { settings } = parts
  const { log, database, clock } = await openToRebuild(parts)
  const startedAt = clock.monotonic()
  const connection = kafkaConnection(settings, 'rebuild')
  for (const name of consumerNames) {
    const { members } = await describeGroup(connection, groupOf(name))
    if (members > 0) throw ordersRun(name)
  }
  await dropOrderRows(database)
  const restored = await restoreOrderRows({ log, database, payment: settings.payment })
  const seconds = (clock.monotonic() - startedAt) / 1000
  return { records: 0, rows: 0, orders: restored?.orders ?? 0, seconds }
}

function ordersRun(name: ConsumerName): CommandError {
  const found = `"firstcome orders" runs (${name} is at work)`
  return new CommandError(exitCodes.wrongUsage, `${found}: stop it, then rebuild its rows`)
}

async function rebuildDistributed(parts: RebuildParts): Promise<Rebuilt> {
  const { settings, progress } = parts
  const { log, database, clock } = await openToRebuild(parts)
  const startedAt = clock.monotonic()
  const bounds = await log.bounds(claimsTopic)
  await checkReadable(log, bounds)
  await resetProjection(database, bounds)
  await dropProof(database)
  await issuersAreThrough({ store: createCouponReaderSql(database), clock, bounds, progress })
  const counted = await database.query(loadStatements(['count-rows'])['count-rows'])
  // Rows that PostgreSQL still has are left as they are.
  const { payment } = settings
  const lost = await areOrderRowsLost({ log, database })
  const restored = lost ? await restoreOrderRows({ log, database, payment }) : null
  const records = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
  const seconds = (clock.monotonic() - startedAt) / 1000
  const rows = Number(counted.rows[0]?.[0])
  return { records, rows, seconds, ...(restored && { orders: restored.orders }) }
}

async function issuersAreThrough({
  store,
  clock,
  bounds,
  progress,
}: Deriving<Pick<CouponStore, 'positions'>>): Promise<void> {
  const total = endsOf(bounds)
  let best = 0
  let movedAt = clock.monotonic()
  for (;;) {
    const positions = await store.positions()
    let done = 0
    for (const [partition, { end }] of bounds.entries()) {
      done += Math.min(end, positions.get(partition)?.next ?? 0)
    }
    if (done >= total) return
    progress.show('Deriving the rows', done / total)
    if (done > best) movedAt = clock.monotonic()
    best = Math.max(best, done)
    if (clock.monotonic() - movedAt > standstillMsMax) throw standstill(total - done)
    await sleep(clock, lookEveryMs)
  }
}

function endsOf(bounds: readonly LogBounds[]): number {
  return bounds.reduce((sum, { end }) => sum + end, 0)
}

function standstill(left: number): CommandError {
  const dropped = 'the rows were dropped, and no issuer is deriving them'
  const next = `${left} records are left: start "firstcome issuer", it goes on from there`
  return new CommandError(exitCodes.unreachable, `${dropped}; ${next}`)
}

function rebuiltText({ records, rows, orders = 0, seconds }: Rebuilt): string {
  const count = (n: number) => n.toLocaleString('en')
  const noun = orders === 1 ? 'order' : 'orders'
  const restored = orders === 0 ? '' : `, ${count(orders)} ${noun} restored`
  const derived = `${count(rows)} rows derived from ${count(records)} records`
  return `${derived}${restored} in ${seconds.toFixed(1)} s\n`
}

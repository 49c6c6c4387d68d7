// `firstcome rebuild`: drops the rows and derives them anew from the log. Of an embedded service
// that is stopped, here; in the distributed profile the issuers derive them, and the rows of orders
// stay as they are.

import { systemClock } from '../../adapters/clock-system.ts'
import { openDataDirectory } from '../../adapters/data-directory.ts'
import { type LogFile, openLogFile } from '../../adapters/log-file/log-file.ts'
import { createCouponStoreSql } from '../../adapters/stores/coupon-store.ts'
import { type Progress, startProgress } from '../../client/progress.ts'
import type { PaymentSettings } from '../../config/settings.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { startIssuer } from '../../issuer/issuer.ts'
import type { Clock } from '../../ports/clock.ts'
import type { CouponStore } from '../../ports/coupons.ts'
import type { Log } from '../../ports/log.ts'
import { type Context, type ExitCode, exitCodes } from '../context.ts'
import { restoreOrderRows } from '../roles/order-restore.ts'
import { dropProjection, openProjection } from '../roles/projection.ts'
import { embeddedTopics } from '../roles/topics.ts'
import { isDistributed } from './audit-source.ts'
import { type Rebuilt, rebuildDistributed } from './rebuild-distributed.ts'

export async function runRebuild(options: { json?: boolean }, context: Context): Promise<ExitCode> {
  const { out } = context
  const rebuilt = isDistributed(context.settings)
    ? await rebuildDistributed(context)
    : await rebuildStopped(context)
  out(options.json ? `${JSON.stringify(rebuilt)}\n` : rebuiltText(rebuilt))
  return exitCodes.ok
}

async function rebuildStopped({ settings, err }: Context): Promise<Rebuilt> {
  const clock = systemClock()
  const path = settings.dataDirectory
  const directory = openDataDirectory({ path, secrets: settings, now: clock.now() })
  const progress = startProgress(clock, err)
  try {
    const topics = embeddedTopics
    const log = await openLogFile({
      directory: directory.path,
      topics,
      clock,
      onProgress: (done, total) => progress.show('Checking the stored log', done / total),
    })
    const { payment } = settings
    const parts = { log, clock, codeSecret: directory.secrets.codeSecret, payment, progress }
    const rebuilt = await rebuild(directory.path, parts)
    await log.close()
    return rebuilt
  } finally {
    progress.end()
    directory.close()
  }
}

type RebuildParts = {
  log: LogFile
  clock: Clock
  codeSecret: string
  payment: PaymentSettings | undefined
  progress: Progress
}

async function rebuild(dataDirectory: string, parts: RebuildParts): Promise<Rebuilt> {
  const { log, clock, progress } = parts
  const startedAt = clock.monotonic()
  const bounds = await log.bounds(claimsTopic)
  const total = bounds.reduce((sum, { end }) => sum + end, 0)
  await dropProjection(dataDirectory)
  const database = await openProjection(dataDirectory, () => {})
  try {
    const store = createCouponStoreSql({ database })
    const done = Promise.withResolvers<void>()
    const counted = { records: 0, rows: 0 }
    if (total === 0) done.resolve()
    const issuer = await startIssuer({
      log: withoutEvents(log),
      store,
      clock,
      codeSecret: parts.codeSecret,
      observe: {
        applied(batch) {
          counted.records += batch.records
          counted.rows += batch.rows
          progress.show('Deriving the rows', counted.records / total)
          if (counted.records === total) done.resolve()
        },
        waiting: () => {},
      },
      onError: done.reject,
    })
    try {
      await done.promise
    } finally {
      await issuer.close()
    }
    await markPublished(store, bounds)
    const restored = await restoreOrderRows({ log, database, payment: parts.payment })
    const orders = restored?.orders ?? 0
    return { ...counted, orders, seconds: (clock.monotonic() - startedAt) / 1000 }
  } finally {
    await database.close()
  }
}

/** The events of these rows have been published before: only the rows were lost. */
function withoutEvents(log: Log): Log {
  return { ...log, append: () => Promise.resolve([]) }
}

async function markPublished(store: CouponStore, bounds: readonly { end: number }[]) {
  const written = await store.positions()
  for (const [partition, { end }] of bounds.entries()) {
    if (written.has(partition)) await store.markPublished(partition, end)
  }
}

function rebuiltText({ records, rows, orders = 0, seconds }: Rebuilt): string {
  const count = (n: number) => n.toLocaleString('en')
  const noun = orders === 1 ? 'order' : 'orders'
  const restored = orders === 0 ? '' : `, ${count(orders)} ${noun} restored`
  const derived = `${count(rows)} rows derived from ${count(records)} records`
  return `${derived}${restored} in ${seconds.toFixed(1)} s\n`
}

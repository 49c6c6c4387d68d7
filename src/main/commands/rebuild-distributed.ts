// `firstcome rebuild` in the distributed profile: drops the rows in one transaction and lets the
// issuers derive them anew, which may run all the while. The API answers claims meanwhile; what it
// reads from SQL (/me/coupons) is incomplete until the issuers are through.

import { systemClock } from '../../adapters/clock-system.ts'
import { loadStatements } from '../../adapters/database/statements.ts'
import { createCouponReaderSql } from '../../adapters/stores/coupon-reader.ts'
import { resetProjection } from '../../adapters/stores/coupon-store.ts'
import { type Progress, startProgress } from '../../client/progress.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import type { CouponStore } from '../../ports/coupons.ts'
import type { LogBounds } from '../../ports/log.ts'
import { CommandError, type Context, exitCodes } from '../context.ts'
import { openDistributed } from '../roles/distributed.ts'
import { areOrderRowsLost, restoreOrderRows } from '../roles/order-restore.ts'
import { withStops } from '../roles/stops.ts'
import { plainLogger } from '../roles/wait-for.ts'

/** `orders`: how many were restored; absent where their rows stay as they are. */
export type Rebuilt = { records: number; rows: number; orders?: number; seconds: number }

const lookEveryMs = 250
/** An issuer looks whether its position has gone back every 5 s; a take-over takes 8 s. */
const standstillMsMax = 30_000

export async function rebuildDistributed({ settings, err }: Context): Promise<Rebuilt> {
  const logger = plainLogger(err)
  const { signal } = new AbortController()
  const progress = startProgress(systemClock(), err)
  const { close, ...rebuilt } = await withStops(async (stops) => {
    stops.defer(progress.end)
    const { log, database, clock } = await openDistributed(
      { settings, logger, signal },
      'rebuild',
      stops,
    )
    const startedAt = clock.monotonic()
    const bounds = await log.bounds(claimsTopic)
    await resetProjection(database, bounds)
    await issuersAreThrough({ store: createCouponReaderSql(database), bounds, progress, clock })
    const counted = await database.query(loadStatements(['count-rows'])['count-rows'])
    // Rows that PostgreSQL still has are left as they are.
    const { payment } = settings
    const lost = await areOrderRowsLost({ log, database })
    const restored = lost ? await restoreOrderRows({ log, database, payment }) : null
    const records = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
    const seconds = (clock.monotonic() - startedAt) / 1000
    const rows = Number(counted.rows[0]?.[0])
    return { records, rows, seconds, ...(restored && { orders: restored.orders }) }
  })
  await close()
  return rebuilt
}

type Waiting = {
  store: Pick<CouponStore, 'positions'>
  bounds: readonly LogBounds[]
  progress: Progress
  clock: Clock
}

async function issuersAreThrough({ store, bounds, progress, clock }: Waiting): Promise<void> {
  const total = bounds.reduce((sum, { end }) => sum + end, 0)
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

function standstill(left: number): CommandError {
  const dropped = 'the rows were dropped, and no issuer is deriving them'
  const next = `${left} records are left: start "firstcome issuer", it goes on from there`
  return new CommandError(exitCodes.unreachable, `${dropped}; ${next}`)
}

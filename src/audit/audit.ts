// The auditor: recomputes from the log who won what, and compares with the rows. It trusts
// neither the issuer nor `decide`: the promises are checked by a bookkeeping of its own. Only what
// the clients were answered is out of its sight (see rehearse).

import { couponEventsTopic } from '../domain/coupons/messages.ts'
import { partitionFor } from '../domain/partitioner.ts'
import { formatInstant } from '../domain/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { CouponStore, ProjectionSnapshot } from '../ports/coupons.ts'
import type { LogBounds } from '../ports/log.ts'
import type { Scratch } from '../ports/scratch.ts'
import { compareEvents, type EventsFound } from './coupons/compare-events.ts'
import { comparePages } from './coupons/compare-pages.ts'
import { compareCoupons, createRowComparison, type RowCounts } from './coupons/compare-rows.ts'
import { type Replayed, replayClaims } from './coupons/replay.ts'
import type { Before } from './coupons/since/before.ts'
import {
  type Begun,
  beginSince,
  type Keeping,
  keepForNext,
  type SinceParts,
  type SinceReport,
} from './coupons/since/since.ts'
import { createWinnerCodes, type DeriveCodes, type WinnerCodes } from './coupons/winner-codes.ts'
import {
  createFindings,
  type Difference,
  type Findings,
  type Invariant,
  ordersPromises,
  promises,
} from './findings.ts'
import { auditOrders, type OrdersAudit, type OrdersCounts } from './orders/audit-orders.ts'
import type { LogReader } from './orders/read-log.ts'
import { readOrdersRows } from './orders/read-rows.ts'

/** The rows as they stand: the store itself, or a running service that is asked for them. */
export type ProjectionSource = Pick<CouponStore, 'snapshot' | 'issuedRows' | 'issuedColumns'>

export type AuditParts = {
  source: ProjectionSource
  /** Called once the positions are known, so that the log reaches at least as far as the rows. */
  openLog(): Promise<LogReader>
  /** May work in other threads. */
  deriveCodes: DeriveCodes
  clock: Clock
  /** The orders, which an audit of one coupon leaves out. */
  orders?: OrdersAudit | undefined
  /** Audit this coupon alone. */
  couponId?: string | undefined
  /** To go on from what an earlier audit kept; of all coupons. Absent: from the start. */
  since?: SinceParts | undefined
  onProgress?: ((progress: AuditProgress) => void) | undefined
}
export type AuditProgress = {
  /** `rows`: and events, which are compared at the same time. */
  phase: 'records' | 'rows' | 'orders'
  done: number
  total: number
}

export type AuditReport = {
  /** Null: all of them. */
  couponId: string | null
  fair: boolean
  promises: { id: Invariant; text: string; differences: number }[]
  counts: AuditCounts
  /** Null where the orders were left out. */
  orders: OrdersCounts | null
  differences: number
  firstDifferences: Difference[]
  durationMs: number
  /** While they were compared, the rows were dropped, to be derived anew. */
  rowsWentBack: boolean
  /** Where append times went back by the word of an operator. */
  acceptedClocks: readonly { by: string; at: string; before: string }[]
  /** Of an audit that was to go on from an earlier one. */
  since?: SinceReport
}
export type AuditCounts = RowCounts & {
  records: number
  voidRecords: number
  claims: number
  coupons: number
  winners: number
  /** Of winners, as they were published; one that was published twice counts twice. */
  events: number
  /** Records that the rows are behind the log. A figure, not a difference. */
  lagRecords: number
  /** Records of the claims log that the rows have read, and were compared with. */
  comparedRecords: number
}

/** Rejects with a PortError where the log or the rows cannot be read, or not be understood. */
export async function audit(parts: AuditParts): Promise<AuditReport> {
  const scratch = parts.orders?.openScratch?.() ?? null
  try {
    return await auditWith(parts, scratch)
  } finally {
    await scratch?.close()
  }
}

async function auditWith(parts: AuditParts, scratch: Scratch | null): Promise<AuditReport> {
  const { source, clock, couponId, since, onProgress } = parts
  const startedAt = clock.monotonic()
  const findings = createFindings()
  const snapshot = await source.snapshot()
  const { positions } = snapshot
  const orders = couponId === undefined ? parts.orders : undefined
  const ordersRows = orders && (await readOrdersRows(orders.source, scratch))
  const readAt = orders?.now?.()
  const log = await parts.openLog()
  const eventBounds = await log.bounds(couponEventsTopic)
  const begun = since && (await beginSince(since, { log, rows: snapshot }))
  const before = begun?.before ?? null
  const codes = createWinnerCodes(parts.deriveCodes)
  const replayed = await replayClaims({
    log,
    codes,
    findings,
    positions,
    couponId,
    before,
    isKept: since !== undefined,
    onProgress: (done, total) => onProgress?.({ phase: 'records', done, total }),
  })
  checkBounds(snapshot, replayed.bounds, findings)
  compareCoupons(ofCoupon(snapshot.coupons, couponId), replayed, findings)
  const comparing = { replayed, snapshot, codes, findings, before }
  const [counts, events] = await compareRowsAndEvents(parts, { ...comparing, log, eventBounds })
  const ordersCounts =
    orders &&
    ordersRows &&
    (await auditOrders({
      audit: orders,
      rows: ordersRows,
      log,
      findings,
      claims: { coupons: replayed.fold.coupons, bounds: replayed.bounds, readAt },
      onProgress: (done, total) => onProgress?.({ phase: 'orders', done, total }),
    }))
  const rowsWentBack = findings.total() > 0 && (await haveGoneBack(source, positions))
  const keeping = { log, rows: snapshot, replayed, events, eventBounds, before }
  const isFair = findings.total() === 0
  const told = since && begun && (await sinceReport(since, { ...begun, keeping, isFair }))
  return {
    couponId: couponId ?? null,
    fair: isFair,
    promises: promisesOf(findings, orders !== undefined),
    counts: { ...countsOf(parts, { ...comparing, events }), ...counts },
    orders: ordersCounts ?? null,
    differences: findings.total(),
    firstDifferences: findings.first(),
    rowsWentBack,
    durationMs: Math.round(clock.monotonic() - startedAt),
    acceptedClocks: (log.acceptedClocks ?? []).map(({ by, at, before: then }) => {
      return { by, at: formatInstant(at), before: formatInstant(then) }
    }),
    ...(told && { since: told }),
  }
}

type Ended = Begun & { keeping: Keeping; isFair: boolean }

async function sinceReport(since: SinceParts, ended: Ended): Promise<SinceReport> {
  const { before, putAside, keeping, isFair } = ended
  const notKept = isFair ? await keepForNext(since, keeping) : 'promises are broken'
  return { from: before?.from ?? null, putAside, notKept }
}

function countsOf(
  { couponId }: AuditParts,
  { replayed, snapshot, before, events }: Comparing & { events: EventsFound },
): Omit<AuditCounts, keyof RowCounts> {
  const reach = reachOf(snapshot, replayed, couponId)
  const read = (partition: number) => before?.from.claims[partition] ?? 0
  return {
    records: replayed.records,
    voidRecords: replayed.voidRecords,
    claims: replayed.claims,
    coupons: replayed.fold.coupons.size,
    winners: winnersOf(replayed) - (before?.from.winners ?? 0),
    events: events.events,
    lagRecords: reach.reduce((lag, { end, next }) => lag + end - next, 0),
    comparedRecords: reach.reduce((sum, { next }, partition) => sum + next - read(partition), 0),
  }
}

function promisesOf(findings: Findings, withOrders: boolean): AuditReport['promises'] {
  const all = withOrders ? { ...promises, ...ordersPromises } : promises
  const inOrder = Object.entries(all).toSorted(([a], [b]) => numberOf(a) - numberOf(b))
  return inOrder.map(([name, text]) => {
    const id = name as Invariant
    return { id, text, differences: findings.count(id) }
  })
}

function numberOf(name: string): number {
  return Number(name.slice(1))
}

type Comparing = {
  replayed: Replayed
  snapshot: ProjectionSnapshot
  codes: WinnerCodes
  findings: Findings
  before: Before | null
}

type WithEvents = Comparing & { log: LogReader; eventBounds: readonly LogBounds[] }
type Advanced = (done: number, total: number) => void

/** At the same time: while the service makes a page of rows, events are read. */
async function compareRowsAndEvents(
  { onProgress, ...parts }: AuditParts,
  comparing: WithEvents,
): Promise<[RowCounts, EventsFound]> {
  const { findings } = comparing
  const ofEvents = createFindings()
  const shown = { rows: { done: 0, total: 0 }, events: { done: 0, total: 0 } }
  const advanced =
    (what: keyof typeof shown): Advanced =>
    (done, total) => {
      shown[what] = { done, total }
      const { rows, events } = shown
      const [both, of] = [rows.done + events.done, rows.total + events.total]
      onProgress?.({ phase: 'rows', done: both, total: of })
    }
  const rows = compareRows(parts, comparing, advanced('rows'))
  const events = eventsOf(parts, { ...comparing, findings: ofEvents }, advanced('events'))
  // Neither goes on reading what is closed because the other has failed.
  await Promise.allSettled([rows, events])
  const compared: [RowCounts, EventsFound] = [await rows, await events]
  findings.take(ofEvents.found())
  return compared
}

async function compareRows(
  { source, couponId }: AuditParts,
  { replayed, snapshot, codes, findings, before }: Comparing,
  onProgress: Advanced,
): Promise<RowCounts> {
  const { fold, bounds, ended } = replayed
  const { positions } = snapshot
  const given = { fold, ended, bounds, positions, codes, findings, before }
  const comparison = createRowComparison(given)
  const total = winnersOf(replayed) - (before?.from.winners ?? 0)
  let done = 0
  await comparePages({
    source,
    comparison,
    couponId,
    expected: (id) => fold.coupons.get(id)?.winners.size ?? 0,
    through: before?.rowsThrough,
    onRows(count) {
      done += count
      onProgress(Math.min(done, total), total)
    },
  })
  const counts = comparison.end()
  await comparison.checkCovered(() => source.snapshot())
  return counts
}

function eventsOf(
  { couponId }: AuditParts,
  { replayed, snapshot, eventBounds, ...rest }: WithEvents,
  onProgress: Advanced,
): Promise<EventsFound> {
  const { fold } = replayed
  const { positions } = snapshot
  return compareEvents({ ...rest, bounds: eventBounds, couponId, fold, positions, onProgress })
}

/** A rebuild sends positions back as it drops the rows: what was compared then is no difference. */
async function haveGoneBack(
  source: ProjectionSource,
  before: ProjectionSnapshot['positions'],
): Promise<boolean> {
  const { positions } = await source.snapshot()
  return before.entries().some(([partition, { next }]) => {
    return (positions.get(partition)?.next ?? 0) < next
  })
}

function checkBounds(
  { positions }: ProjectionSnapshot,
  bounds: readonly LogBounds[],
  findings: Findings,
): void {
  for (const [partition, { next }] of positions) {
    const end = bounds[partition]?.end ?? 0
    if (next <= end) continue
    const lost = next - end === 1 ? '1 record is lost' : (`${next - end} records are lost` as const)
    const read = `rows were written up to offset ${next}, but the log ends at ${end}` as const
    findings.add('I2', { what: `partition ${partition}` }, `${read}: ${lost}`)
  }
  for (const [partition, { start }] of bounds.entries()) {
    if (start === 0) continue
    const starts = `the log starts at offset ${start}: its first records are lost` as const
    findings.add('I2', { what: `partition ${partition}` }, starts)
  }
}

function ofCoupon<T extends { couponId: string }>(coupons: readonly T[], couponId?: string): T[] {
  return coupons.filter((coupon) => couponId === undefined || coupon.couponId === couponId)
}

function winnersOf({ fold }: Replayed): number {
  return fold.coupons.values().reduce((sum, { winners }) => sum + winners.size, 0)
}

/** By partition that is audited, how far the log goes, and how far the rows have read it. */
function reachOf(
  { positions }: ProjectionSnapshot,
  { bounds }: Replayed,
  couponId: string | undefined,
): { end: number; next: number }[] {
  const all = bounds.map(({ end }, partition) => {
    return { end, next: Math.min(end, positions.get(partition)?.next ?? 0) }
  })
  if (couponId === undefined) return all
  const own = partitionFor(couponId, bounds.length)
  return all.slice(own, own + 1)
}

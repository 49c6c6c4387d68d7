// The auditor's second half, the promises I10 to I14: replays the topics of orders and compares
// them with what the five consumers keep. The rows are read first, then the log: whatever the rows
// show is in the log by then, and what the log says beyond the positions is on its way.

import { orderStepsTopic, ordersTopic } from '../../domain/orders/messages.ts'
import { orderTopics } from '../../domain/orders/records.ts'
import type { OrdersAuditSource } from '../../ports/orders-audit.ts'
import type { Scratch } from '../../ports/scratch.ts'
import type { Findings } from '../findings.ts'
import { entriesIn } from './buckets.ts'
import { noOrders, type OrderCounts } from './check-histories.ts'
import { createdBy, failedIn } from './check-refusals.ts'
import type { ReplayedClaims } from './check-spent.ts'
import {
  compareGroups,
  createGroupComparison,
  type GroupOutcome,
  type GroupsKnown,
  type GroupThreads,
} from './compare-groups.ts'
import { compareLetters } from './compare-letters.ts'
import { compareStock, type LineSums, noLines } from './compare-sums.ts'
import { compareCounts, lagOf } from './counts.ts'
import { compareUsersOf } from './groups.ts'
import { type ComparisonParts, createInFlight } from './in-flight.ts'
import { type LogReader, type OrdersLog, readOrdersLog } from './read-log.ts'
import { type OrdersRows, userKinds } from './read-rows.ts'

export type OrdersAudit = {
  source: OrdersAuditSource
  /**
   * What time it is while the service runs, so that an order which lives for ever is found; null
   * while it is stopped: then it is the time of the last record.
   */
  now: (() => number) | null
  /** Room for what does not fit in memory; absent: all of it has to. */
  openScratch?: () => Scratch
  /** Other threads, for so many records; null where they are few. Absent: one has to do. */
  startThreads?: (records: number) => GroupThreads | null
}
export type OrdersCounts = OrderCounts & {
  records: number
  voidRecords: number
  /** Orders about which some consumer has still something to do: not compared as a whole. */
  inFlight: number
  products: number
  topUps: number
  /** Records in the retry topics that are still to be handled. */
  waitingRetries: number
  /** Dead letters that wait for an operator. */
  waitingDeadLetters: number
  /** Records that the five consumers have still to take. Figures, not differences. */
  lagRecords: number
}

export type OrdersAuditParts = {
  audit: OrdersAudit
  rows: OrdersRows
  log: LogReader
  findings: Findings
  claims: ReplayedClaims | null
  onProgress?: ((done: number, total: number) => void) | undefined
}

export async function auditOrders(parts: OrdersAuditParts): Promise<OrdersCounts> {
  const sizes = await sizesOf(parts.log)
  const threads = parts.audit.startThreads?.(sizes.perOrder) ?? null
  try {
    return await auditIn(parts, sizes, threads)
  } finally {
    await threads?.close()
  }
}

async function auditIn(
  parts: OrdersAuditParts,
  sizes: Sizes,
  threads: GroupThreads | null,
): Promise<OrdersCounts> {
  const { audit, rows, findings, claims, onProgress } = parts
  const total = sizes.records + sizes.perOrder
  let done = 0
  const onDone = (count: number) => {
    done += count
    onProgress?.(Math.min(done, total), total)
  }
  const log = await readOrdersLog({ log: parts.log, rows, findings, onRecords: onDone })
  const isStopped = audit.now === null
  const inFlight = createInFlight({ rows, log })
  const latest = Math.max(log.newestAt, audit.now?.() ?? 0)
  const until = isStopped ? latest : Math.min(latest, log.untakenSince)
  const now = latest - until > lateConsumerMsMax ? latest : until
  const comparison: ComparisonParts = { rows, log, inFlight, findings }
  const known = knownOf(comparison, { now, prices: pricesOf(log), isStopped })
  threads?.know(known)
  const sums: GroupSums = {
    counts: { ...noOrders(), inFlight: 0 },
    lines: noLines(),
    heldSince: new Map(),
    sold: new Map(),
  }
  const compareHere = createGroupComparison(known)
  for await (const outcome of compareGroups(rows.byOrder.groups(), compareHere, threads)) {
    take(outcome, comparison, sums)
    await rows.byUser.settle()
    onDone(outcome.records)
  }
  const { acceptedClocks = [] } = parts.log
  const supplied = { created: createdBy(log), failedTopUps: failedIn(log, 'payment-step') }
  const judging = { now, isStopped, claims, ...supplied, acceptedClocks }
  const users = { ...comparison, ...judging, heldSince: sums.heldSince, sold: sums.sold }
  for await (const group of rows.byUser.groups()) {
    compareUsersOf(entriesIn(group, userKinds), users)
  }
  compareStock(comparison, sums.lines)
  compareCounts(comparison)
  compareLetters(comparison)
  return {
    records: log.records,
    voidRecords: log.voidRecords,
    ...sums.counts,
    products: new Set(log.products.map(({ message }) => message.productId)).size,
    topUps: log.topUps,
    waitingRetries: inFlight.waitingRetries,
    waitingDeadLetters: inFlight.waitingLetters,
    lagRecords: lagOf(comparison),
  }
}

/** Nothing of it grows with the orders. */
function knownOf(
  { rows, log }: ComparisonParts,
  judging: Pick<GroupsKnown, 'now' | 'prices' | 'isStopped'>,
): GroupsKnown {
  const { oneMoment, charges, positions, letters } = rows
  const { bounds, retried, deadLettered } = log
  return {
    ...judging,
    rows: { oneMoment, charges, positions, letters },
    log: { bounds, retried, deadLettered },
  }
}

type GroupSums = Pick<GroupOutcome, 'counts'> & {
  lines: LineSums
  heldSince: Map<string, number>
  sold: Map<string, number>
}

/** Adds what came of a group to all that came of those before. */
function take(
  outcome: GroupOutcome,
  { rows, log, findings }: ComparisonParts,
  to: GroupSums,
): void {
  findings.take(outcome.found)
  log.voidRecords += outcome.voidRecords
  for (const name of Object.keys(outcome.counts) as (keyof GroupOutcome['counts'])[]) {
    to.counts[name] += outcome.counts[name]
  }
  for (const status of ['held', 'sold'] as const) {
    for (const sum of outcome.lines[status]) to.lines[status].add(...sum)
  }
  for (const [productId, at] of outcome.heldSince) {
    to.heldSince.set(productId, Math.min(to.heldSince.get(productId) ?? at, at))
  }
  for (const [productId, pieces] of outcome.sold) {
    to.sold.set(productId, (to.sold.get(productId) ?? 0) + pieces)
  }
  for (const [userId, kind, bytes] of outcome.left) rows.byUser.add(userId, kind, { bytes })
}

/** One that is away for longer is none that is merely late. */
const lateConsumerMsMax = 600_000

/** `perOrder`: of the two topics that are looked at once more, order by order. */
type Sizes = { records: number; perOrder: number }

async function sizesOf(log: LogReader): Promise<Sizes> {
  const sizes = { records: 0, perOrder: 0 }
  for (const topic of orderTopics) {
    const bounds = await log.bounds(topic)
    const size = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
    sizes.records += size
    if (topic === ordersTopic || topic === orderStepsTopic) sizes.perOrder += size
  }
  return sizes
}

function pricesOf({ products }: OrdersLog): Map<string, Set<number>> {
  const prices = new Map<string, Set<number>>()
  for (const { message } of products) {
    if (message.type !== 'product.created') continue
    const { productId, price } = message
    prices.set(productId, (prices.get(productId) ?? new Set()).add(price))
  }
  return prices
}

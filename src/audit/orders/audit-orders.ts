// The auditor's second half, the promises I10 to I14: replays the topics of orders and compares
// them with what the five consumers keep. The rows are read first, then the log: whatever the rows
// show is in the log by then, and what the log says beyond the positions is on its way.

import { orderStepsTopic, ordersTopic } from '../../domain/orders/messages.ts'
import { orderTopics } from '../../domain/orders/records.ts'
import type { OrdersAuditSource } from '../../ports/orders-audit.ts'
import type { Scratch } from '../../ports/scratch.ts'
import type { Findings } from '../findings.ts'
import { noOrders, type OrderCounts } from './check-histories.ts'
import { createdBy } from './check-refusals.ts'
import type { ReplayedClaims } from './check-spent.ts'
import { compareLetters } from './compare-letters.ts'
import { compareStock, noLines } from './compare-sums.ts'
import { compareCounts, lagOf } from './counts.ts'
import { compareOrdersOf, compareUsersOf, type GroupParts } from './groups.ts'
import { type ComparisonParts, createInFlight } from './in-flight.ts'
import { type LogReader, type OrdersLog, readOrdersLog } from './read-log.ts'
import type { OrdersRows } from './read-rows.ts'

export type OrdersAudit = {
  source: OrdersAuditSource
  /**
   * What time it is while the service runs, so that an order which lives for ever is found; null
   * while it is stopped: then it is the time of the last record.
   */
  now: (() => number) | null
  /** Room for what does not fit in memory; absent: all of it has to. */
  openScratch?: () => Scratch
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
  const { audit, rows, findings, claims, onProgress } = parts
  const { records: total, perOrder } = await sizesOf(parts.log)
  let done = 0
  const onDone = (count: number) => {
    done += count
    onProgress?.(Math.min(done, total + perOrder), total + perOrder)
  }
  const log = await readOrdersLog({ log: parts.log, rows, findings, onRecords: onDone })
  const isStopped = audit.now === null
  const inFlight = createInFlight(rows, log)
  const latest = Math.max(log.newestAt, audit.now?.() ?? 0)
  const until = isStopped ? latest : Math.min(latest, log.untakenSince)
  const now = latest - until > lateConsumerMsMax ? latest : until
  const comparison: ComparisonParts = { rows, log, inFlight, findings }
  const prices = pricesOf(log)
  const counts = { ...noOrders(), inFlight: 0 }
  const { acceptedClocks = [] } = parts.log
  const known = { created: createdBy(log), heldSince: new Map(), sold: new Map(), acceptedClocks }
  const judging = { now, prices, isStopped, claims, lines: noLines(), counts }
  const group: GroupParts = { ...comparison, ...known, ...judging }
  for await (const entries of rows.byOrder.groups()) {
    compareOrdersOf(entries, group)
    await rows.byUser.settle()
    onDone(entries.filter(({ kind }) => kind === 'record' || kind === 'answer').length)
  }
  for await (const entries of rows.byUser.groups()) compareUsersOf(entries, group)
  compareStock(comparison, group.lines)
  compareCounts(comparison)
  compareLetters(comparison)
  return {
    records: log.records,
    voidRecords: log.voidRecords,
    ...counts,
    products: new Set(log.products.map(({ message }) => message.productId)).size,
    topUps: log.topUps,
    waitingRetries: inFlight.waitingRetries,
    waitingDeadLetters: inFlight.waitingLetters,
    lagRecords: lagOf(comparison),
  }
}

/** One that is away for longer is none that is merely late. */
const lateConsumerMsMax = 600_000

/** `perOrder`: of the two topics that are looked at once more, order by order. */
async function sizesOf(log: LogReader): Promise<{ records: number; perOrder: number }> {
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

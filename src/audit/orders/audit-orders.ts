// The auditor's second half, the promises I10 to I14: replays the topics of orders and compares
// them with what the five consumers keep. The rows are read first, then the log: whatever the rows
// show is in the log by then, and what the log says beyond the positions is on its way.

import { consumerNames } from '../../ports/orders.ts'
import type { OrdersAuditSource } from '../../ports/orders-audit.ts'
import type { Findings } from '../findings.ts'
import { checkHistories, type OrderCounts, type ReplayedClaims } from './check-histories.ts'
import { checkRedemptions } from './check-redemptions.ts'
import { checkRefusals } from './check-refusals.ts'
import { compareLetters } from './compare-letters.ts'
import { type ComparisonParts, compareOrders } from './compare-orders.ts'
import { compareSteps } from './compare-steps.ts'
import { compareMoney, compareStock } from './compare-sums.ts'
import { compareCounts, lagOf } from './counts.ts'
import { createInFlight, type InFlight } from './in-flight.ts'
import { type LogReader, type OrdersLog, readOrdersLog } from './read-log.ts'
import type { OrdersRows } from './read-rows.ts'

export type OrdersAudit = {
  source: OrdersAuditSource
  /**
   * What time it is while the service runs, so that an order which lives for ever is found; null
   * while it is stopped: then it is the time of the last record.
   */
  now: (() => number) | null
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
  const log = await readOrdersLog({ log: parts.log, findings, onProgress })
  const isStopped = audit.now === null
  const prices = pricesOf(log)
  const inFlight = createInFlight(rows, log)
  const latest = Math.max(log.newestAt, audit.now?.() ?? 0)
  const until = isStopped ? latest : Math.min(latest, takenUntil(log, inFlight))
  const now = latest - until > lateConsumerMsMax ? latest : until
  const { orders, heldSince } = log
  const histories = { orders, findings, now, claims, prices, heldSince, isStopped }
  const { counts, spent } = checkHistories(histories)
  checkRedemptions(histories, spent)
  checkRefusals({ ...histories, spent })
  const comparison: ComparisonParts = { rows, log, inFlight, findings }
  compareOrders(comparison)
  compareSteps(comparison)
  compareStock(comparison)
  compareMoney(comparison)
  compareCounts(comparison)
  compareLetters(comparison)
  return {
    records: log.records,
    voidRecords: log.voidRecords,
    ...counts,
    inFlight: inFlightOf(log, inFlight),
    products: new Set(log.products.map(({ message }) => message.productId)).size,
    topUps: log.topUps.length,
    waitingRetries: inFlight.waitingRetries,
    waitingDeadLetters: inFlight.waitingLetters,
    lagRecords: lagOf(comparison),
  }
}

/** One that is away for longer is none that is merely late. */
const lateConsumerMsMax = 600_000

/**
 * When the oldest order was placed that the order process has not taken yet: while it is away it
 * ends nothing, and what is over since then is late, not lost.
 */
function takenUntil({ orders }: OrdersLog, { positionOf }: InFlight): number {
  let until = Number.POSITIVE_INFINITY
  for (const order of orders.values()) {
    const placed = order.redemption?.placed ?? order.placed
    if (placed === null) continue
    const { topic, partition, offset, appendedAt } = placed.origin
    if (offset < positionOf('order-process', topic, partition).next) continue
    until = Math.min(until, appendedAt)
  }
  return until
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

function inFlightOf(log: OrdersLog, inFlight: InFlight): number {
  return [...log.orders.values()].filter((order) => {
    return !consumers.every((consumer) => inFlight.isOrderSettled(consumer, order))
  }).length
}

const consumers = consumerNames.filter((name) => name !== 'dead-letters')

// What a bucket of orders or users comes to: its records decoded, beside its rows, and compared.
// Orders come first; what concerns their users beyond the order is left in the users' buckets.

import { enter, historyOf, type Logged, type OrderHistory } from '../../domain/orders/history.ts'
import type {
  OrderMessage,
  OrderPlaced,
  StepMessage,
  WalletMessage,
} from '../../domain/orders/messages.ts'
import {
  ordersInput,
  stepsInput,
  type TopicInput,
  walletsInput,
} from '../../domain/orders/records.ts'
import { consumerNames } from '../../ports/orders.ts'
import { brokenOrder, type Findings, recordAt } from '../findings.ts'
import { bytesOf, type Entry, textOf } from './buckets.ts'
import { checkHistories, type HistoryParts, type OrderCounts } from './check-histories.ts'
import { checkRecord } from './check-record.ts'
import { checkRedemptions } from './check-redemptions.ts'
import { checkRefusals, type RefusalParts } from './check-refusals.ts'
import {
  checkSpendings,
  type ReplayedClaims,
  type SpendingHistory,
  spendingOf,
} from './check-spent.ts'
import { compareCharges, compareMoney, type Paid, paidBy } from './compare-money.ts'
import { compareOrders, type OrdersParts } from './compare-orders.ts'
import { compareSteps } from './compare-steps.ts'
import { addLines, type LineSums } from './compare-sums.ts'
import { type ComparisonParts, type InFlight, inFlightOf } from './in-flight.ts'
import type { OrdersLog } from './read-log.ts'
import {
  type OrderKind,
  type OrdersRows,
  orderRowsIn,
  type UserKind,
  userRowsIn,
} from './read-rows.ts'

export type GroupCounts = OrderCounts & { inFlight: number }
export type OrderGroupParts = Pick<HistoryParts, 'now' | 'prices' | 'isStopped'> & {
  rows: Pick<OrdersRows, 'oneMoment' | 'charges'>
  log: DecodingLog
  inFlight: InFlight
  findings: Findings
  /** By product, when a step first said that it holds some, ms UTC. */
  heldSince: Map<string, number>
  /** See RefusalParts; of these orders. */
  sold: Map<string, number>
  lines: LineSums
  counts: GroupCounts
  /** Leaves something to the comparison of the user. */
  leave(userId: string, kind: UserKind, json: string): void
}
export type UserGroupParts = ComparisonParts &
  Pick<HistoryParts, 'now' | 'isStopped'> &
  Pick<RefusalParts, 'created' | 'acceptedClocks' | 'heldSince' | 'sold' | 'failedTopUps'> & {
    claims: ReplayedClaims | null
  }
type DecodingLog = Pick<OrdersLog, 'bounds' | 'voidRecords'>

export function compareOrdersOf(
  entries: readonly Entry<OrderKind>[],
  parts: OrderGroupParts,
): void {
  const { findings, lines, counts } = parts
  const rows = orderRowsIn(entries, parts.rows)
  const orders = historiesIn(entries, parts)
  const histories = { ...parts, orders }
  checkHistories(histories, counts)
  checkRedemptions(histories)
  const inFlight = inFlightOf(parts.inFlight, rows, orders)
  const comparison: OrdersParts = { rows, orders, inFlight, findings }
  compareOrders(comparison)
  compareSteps(comparison)
  compareCharges(comparison)
  addLines(lines, comparison)
  leaveToUsers(comparison, parts)
  for (const order of orders.values()) {
    const isSettled = consumers.every((consumer) => inFlight.isOrderSettled(consumer, order))
    if (!isSettled) counts.inFlight += 1
    addSold(parts.sold, order)
  }
}

const consumers = consumerNames.filter((name) => name !== 'dead-letters')

function leaveToUsers(comparison: OrdersParts, { leave, isStopped }: OrderGroupParts): void {
  for (const paid of paidBy(comparison)) leave(paid[0], 'paid', JSON.stringify(paid))
  const { charges, hasCharges, 'payment-rows': payments } = comparison.rows
  for (const history of comparison.orders.values()) {
    const { orderId } = history
    const isUnasked = isStopped && !payments.has(orderId)
    const isOfWallet = hasCharges && (charges.has(orderId) || isUnasked)
    const spending = spendingOf(history, isOfWallet)
    if (spending === null) continue
    const { userId, ...content } = spending
    leave(userId, 'spending', JSON.stringify(content))
  }
}

export function compareUsersOf(entries: readonly Entry<UserKind>[], parts: UserGroupParts): void {
  const rows = userRowsIn(entries, parts.rows)
  const topUps: Logged<WalletMessage>[] = []
  const paid: Paid[] = []
  const histories: SpendingHistory[] = []
  for (const entry of entries) {
    const { kind } = entry
    if (kind === 'paid') paid.push(JSON.parse(textOf(entry)))
    else if (kind === 'spending') histories.push(JSON.parse(textOf(entry)))
    else if (kind === 'topUp') topUps.push(...loggedIn(entry, walletsInput, parts.log))
  }
  histories.sort(inOrder)
  const { inFlight, findings } = parts
  compareMoney({ rows, inFlight, findings, topUps, paid })
  const spendings = { ...parts, histories, topUps: topUpsOf(topUps), mostPaid: mostPaidOf(paid) }
  checkRefusals({ ...spendings, spent: checkSpendings(spendings) })
}

function topUpsOf(topUps: readonly Logged<WalletMessage>[]): RefusalParts['topUps'] {
  return Map.groupBy(topUps, ({ message }) => message.userId)
}

function mostPaidOf(paid: readonly Paid[]): RefusalParts['mostPaid'] {
  const sums = new Map<string, number>()
  for (const [userId, , , most] of paid) sums.set(userId, (sums.get(userId) ?? 0) + most)
  return sums
}

/** Of two that spend one coupon the second is told. */
function inOrder(a: SpendingHistory, b: SpendingHistory): number {
  const [first, second] = [a, b].map(({ placed, redemption }) => {
    return (redemption?.placed ?? placed)?.origin
  })
  if (first === undefined || second === undefined) return 0
  return first.appendedAt - second.appendedAt || first.offset - second.offset
}

/** Records of the orders topic come first, as they were read. */
function historiesIn(
  entries: readonly Entry<OrderKind>[],
  { log, findings, heldSince }: OrderGroupParts,
): Map<string, OrderHistory> {
  const orders = new Map<string, OrderHistory>()
  for (const entry of entries) {
    if (entry.kind !== 'record' && entry.kind !== 'answer') continue
    const input: TopicInput<OrderMessage | StepMessage> =
      entry.kind === 'record' ? ordersInput : stepsInput
    for (const logged of loggedIn(entry, input, log)) {
      enterChecked(historyOf(orders, logged), logged, findings)
      noteHeld(heldSince, logged)
    }
  }
  return orders
}

/** None where it is void. */
function loggedIn<Message>(
  entry: Entry<string>,
  { topic, decode }: TopicInput<Message>,
  log: DecodingLog,
): Logged<Message>[] {
  const { partition, offset, appendedAt } = entry
  const partitions = log.bounds.get(topic)?.length ?? 0
  const decoded = decode(bytesOf(entry), { partition, partitions })
  if (decoded.kind === 'message') {
    return [{ message: decoded.message, origin: { topic, partition, offset, appendedAt } }]
  }
  log.voidRecords += 1
  return []
}

function enterChecked(
  history: OrderHistory,
  logged: Logged<OrderMessage | StepMessage>,
  findings: Findings,
): void {
  const found = findings.total()
  checkRecord(history, logged, findings)
  const outcome = enter(history, logged)
  // Where it breaks a rule of the audit's own, too, it has been found already.
  if (outcome !== 'contradiction' || findings.total() > found) return
  const record = `${logged.message.type} (${recordAt(logged.origin)})` as const
  brokenOrder(findings, history.orderId)('I10', `${record} contradicts what was said before`)
}

/** Of two contents under one id the step may have met either. */
function addSold(sold: Map<string, number>, { placed, alsoPlaced, end }: OrderHistory): void {
  if (placed === null || end?.message.type !== 'order.confirmed') return
  for (const { productId, quantity } of [placed.message, ...alsoPlaced].flatMap(linesOf)) {
    sold.set(productId, (sold.get(productId) ?? 0) + quantity)
  }
}

function linesOf({ lines }: OrderPlaced): OrderPlaced['lines'] {
  return lines
}

function noteHeld(
  since: Map<string, number>,
  { message, origin }: Logged<OrderMessage | StepMessage>,
): void {
  if (message.type !== 'stock.held') return
  for (const { productId } of message.lines) {
    since.set(productId, Math.min(since.get(productId) ?? origin.appendedAt, origin.appendedAt))
  }
}

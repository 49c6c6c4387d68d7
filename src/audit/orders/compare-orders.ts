// Compares the order process's rows with the replayed orders (I10). An order that the process has
// not come to the end of is compared by its content alone.

import { orderStepsTopic, ordersTopic } from '../../domain/orders/messages.ts'
import type { Heard, Order, OrderState } from '../../domain/orders/state.ts'
import type { AuditedRows, ConsumerName } from '../../ports/orders.ts'
import type { Findings } from '../findings.ts'
import type { Flight, Question, Waiting } from './in-flight.ts'
import { endText, type OrderBook } from './ledger.ts'
import type { OrdersLog } from './read-log.ts'
import type { OrdersRows } from './read-rows.ts'

export type ComparisonParts = {
  rows: OrdersRows
  log: OrdersLog
  flight: Flight
  findings: Findings
}

export function compareStates({ rows, log, flight, findings }: ComparisonParts): void {
  for (const orderId of rows.orders.keys()) {
    if (log.books.has(orderId)) continue
    findings.addOfOrder('I10', orderId, () => `order ${orderId}: a row, but no record in the log`)
  }
  for (const book of log.books.values()) {
    const { orderId } = book
    const broken = (text: () => string) => {
      findings.addOfOrder('I10', orderId, () => `order ${orderId}: ${text()}`)
    }
    const state = log.states.get(orderId) ?? { status: 'absent' }
    const row = rows.orders.get(orderId)
    // Its time was over before the answers came, and that is not published yet.
    if (row?.unannounced !== true) judgeDecided(book, { state, flight, broken })
    compareState(book, { state, row, flight, broken })
  }
}

/** What a consumer knows of an order, which it reads from the orders topic. */
export function ofOrder(consumer: ConsumerName, book: OrderBook): Question {
  const { orderId: key, partition, lastOffsets } = book
  return { consumer, topic: ordersTopic, partition, key, lastOffset: lastOffsets.orders }
}

export function processWaits(book: OrderBook, flight: Flight): Waiting | null {
  return flight.waiting(ofOrder('order-process', book)) ?? flight.waiting(ofSteps(book))
}

function ofSteps({ orderId: key, partition, lastOffsets }: OrderBook): Question {
  const lastOffset = lastOffsets.steps
  return { consumer: 'order-process', topic: orderStepsTopic, partition, key, lastOffset }
}

type Comparing = {
  state: OrderState
  flight: Flight
  broken(text: () => string): void
}

/** A rebuild decides nothing that the process did not publish (docs/decisions/0020). */
function judgeDecided(book: OrderBook, { state, flight, broken }: Comparing): void {
  const answered = [ofOrder('order-process', book), ofSteps(book)].every(flight.isAnswered)
  if (!answered || book.placed === null) return
  const decided = decidedText(state)
  const written = book.end?.type ?? book.due?.type ?? null
  if (decided === null || decided === written) return
  broken(() => `its steps' answers come to ${decided}, which the orders topic does not say`)
}

function decidedText({ status }: OrderState): string | null {
  switch (status) {
    case 'due':
      return 'order.payment_due'
    case 'confirmed':
    case 'cancelled':
      return `order.${status}`
    case 'absent':
    case 'awaited':
    case 'placed':
      return null
  }
}

type Row = AuditedRows['orders'] | undefined

function compareState(book: OrderBook, comparing: Comparing & { row: Row }): void {
  const { row, state, flight, broken } = comparing
  const waiting = processWaits(book, flight)
  if (row === undefined) {
    if (waiting === null) broken(() => 'its row is missing')
    return
  }
  if (row.status !== row.state.status) {
    broken(() => `its row is ${row.state.status}, its column says ${row.status}`)
  }
  if (waiting === null && !row.unannounced) {
    compareText(broken, [essence(row.state), essence(state)])
    return
  }
  const { state: stored } = row
  if (stored.status === 'awaited' || state.status === 'absent' || state.status === 'awaited') return
  compareText(broken, [contentText(stored), contentText(state)])
  const { end } = book
  const ended = stored.status === 'confirmed' || stored.status === 'cancelled'
  if (!ended || end === null || end.type === `order.${stored.status}`) return
  broken(() => `its row is ${stored.status}, the log says ${endText(end)}`)
}

function compareText(broken: Comparing['broken'], [row, log]: readonly [string, string]): void {
  if (row !== log) broken(() => `its row is not what the log gives: ${row}; the log: ${log}`)
}

/** All that does not depend on which of the two topics was read first. */
function essence(state: OrderState): string {
  if (state.status === 'absent') return 'absent'
  const { status, heard } = state
  if (status === 'awaited') return JSON.stringify({ status, heard: heardEssence(heard) })
  const end = state.status === 'cancelled' ? { reason: state.reason } : {}
  const sums = state.status === 'due' || state.status === 'confirmed' ? sumsOf(state) : {}
  const content = JSON.parse(contentText(state)) as object
  return JSON.stringify({ status, ...end, ...sums, ...content, heard: heardEssence(heard) })
}

/** Field by field: a database gives them back in another order. */
function contentText(order: Order): string {
  const { userId, lines, coupon, placedAt, deadline } = order
  const { couponId, partition, offset } = coupon ?? {}
  return JSON.stringify({
    userId,
    lines: lines.map(({ productId, quantity }) => [productId, quantity]),
    coupon: coupon === null ? null : [couponId, partition, offset],
    placedAt,
    deadline,
  })
}

function sumsOf({ sums }: Order & { status: 'due' | 'confirmed' }): object {
  const { subtotal, discount, total } = sums
  return { subtotal, discount, total }
}

function heardEssence({ coupon, stock, payment, notes }: Heard): object {
  return {
    coupon: sortedFields(coupon),
    stock: sortedFields(stock),
    payment: sortedFields(payment),
    notes: notes.map(({ step, outcome, reason }) => `${step} ${outcome} ${reason ?? ''}`).sort(),
  }
}

function sortedFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedFields)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, field]) => [name, sortedFields(field)]))
}

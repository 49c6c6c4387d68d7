// Compares the order process's rows with the replayed orders (I10). An order that the process has
// not come to the end of is compared by its content alone.

import type { OrderHistory } from '../../domain/orders/history.ts'
import { decisionsOf } from '../../domain/orders/process.ts'
import type { Order, OrderState } from '../../domain/orders/state.ts'
import type { AuditedRows } from '../../ports/orders-audit.ts'
import { canonicalJson, compareColumns, sameJson } from '../compare-columns.ts'
import { brokenOrder, type Findings } from '../findings.ts'
import type { Sentence } from '../sentences.ts'
import { endText } from './check-record.ts'
import type { OrdersInFlight } from './in-flight.ts'
import type { OrderRows } from './read-rows.ts'

/** Of some orders, all that rows and log say. */
export type OrdersParts = {
  rows: OrderRows
  orders: ReadonlyMap<string, OrderHistory>
  inFlight: OrdersInFlight
  findings: Findings
}

export function compareOrders({ rows, orders, inFlight, findings }: OrdersParts): void {
  for (const orderId of rows.orders.keys()) {
    if (orders.has(orderId)) continue
    brokenOrder(findings, orderId)('I10', 'a row, but no record in the log')
  }
  for (const [orderId, order] of orders) {
    const row = rows.orders.get(orderId)
    const broken = (text: Sentence) => brokenOrder(findings, orderId)('I10', text)
    // Its time was over before the answers came, and that is not published yet.
    const isUnannounced = row?.unannounced === true && order.end === null
    if (!isUnannounced && inFlight.isAnswered('order-process', order)) checkDecided(order, broken)
    const isSettled = !isUnannounced && inFlight.isOrderSettled('order-process', order)
    if (row !== undefined) compareRow(row, order, { isSettled, broken })
    else if (isSettled && order.state.status !== 'absent') broken('its row is missing')
  }
}

type Content = object | 'absent'
type Comparing = {
  isSettled: boolean
  broken(text: Sentence): void
}

/** A rebuild decides nothing that the process did not publish (docs/decisions/0020). */
function checkDecided(order: OrderHistory, broken: Comparing['broken']) {
  const { placed, due, end, returnDue, returned, state, redemption } = order
  if (placed === null && redemption === null) return
  const decided = decisionsOf(state).at(-1)?.type
  const redeemed = redemption?.released ?? redemption?.used
  const written = (redeemed ?? returned ?? returnDue ?? end ?? due)?.message.type
  if (decided === undefined || decided === written) return
  broken(`its steps' answers come to ${decided}, which the orders topic does not say`)
}

function compareRow(
  { state: stored, status, columns }: AuditedRows['orders'],
  { state, end, due, partition }: OrderHistory,
  { isSettled, broken }: Comparing,
): void {
  if (status !== stored.status) broken(`its row is ${stored.status}, its column says ${status}`)
  compareColumns(columns, { partition, ...columnsOf(stored) }, (text) => {
    broken(`its columns have ${text}`)
  })
  const compare = (found: Content, given: Content) => {
    if (sameJson(found, given)) return
    broken(`its row is not what the log gives: ${textOf(found)}; the log: ${textOf(given)}`)
  }
  if ('sums' in stored && stored.sums !== null && due !== null) {
    const { subtotal, discount, total } = due.message
    compare(stored.sums, { subtotal, discount, total })
  }
  if (isSettled) {
    if (!sameJson(stored, state)) compare(whole(stored), whole(asOld(stored, state)))
    return
  }
  if (stored.status === 'awaited' || state.status === 'absent' || state.status === 'awaited') return
  compare(content(stored), content(state))
  const ended = stored.status === 'confirmed' || stored.status === 'cancelled'
  if (!ended || end === null || end.message.type === `order.${stored.status}`) return
  broken(`its row is ${stored.status}, the log says ${endText(end.message)}`)
}

/** Older versions did not keep when an order was confirmed. */
function asOld(stored: OrderState, state: OrderState): OrderState {
  if (!('sums' in stored) || 'confirmedAt' in stored || !('confirmedAt' in state)) return state
  const { confirmedAt: _, ...old } = state
  return old
}

function columnsOf(stored: AuditedRows['orders']['state']) {
  if (stored.status === 'awaited') return { userId: null, placedAt: null, deadline: null }
  const { userId, placedAt, deadline } = stored
  return { userId, placedAt, deadline }
}

/** All that does not depend on which of the two topics was read first. */
function whole(state: OrderState): Content {
  if (state.status === 'absent') return 'absent'
  const { notes, ...answers } = state.heard
  const said = notes.map(({ step, outcome, reason }) => `${step} ${outcome} ${reason ?? ''}`)
  const known = { ...state, heard: { ...answers, notes: said.sort() } }
  // What was due may be published after the cancellation.
  return known.status === 'cancelled' ? { ...known, sums: null } : known
}

function content({ userId, lines, coupon, placedAt, deadline }: Order): Content {
  return { userId, lines, coupon, placedAt, deadline }
}

function textOf(found: Content): string {
  return typeof found === 'string' ? found : canonicalJson(found)
}

// Compares the order process's rows with the replayed orders (I10). An order that the process has
// not come to the end of is compared by its content alone.

import type { Order, OrderState } from '../../domain/orders/state.ts'
import type { AuditedRows } from '../../ports/orders-audit.ts'
import { canonicalJson } from '../compare-columns.ts'
import { brokenOrder, type Findings } from '../findings.ts'
import type { InFlight } from './in-flight.ts'
import { endText, type OrderLedger } from './ledger.ts'
import type { OrdersLog } from './read-log.ts'
import type { OrdersRows } from './read-rows.ts'

export type ComparisonParts = {
  rows: OrdersRows
  log: OrdersLog
  inFlight: InFlight
  findings: Findings
}

export function compareOrders({ rows, log, inFlight, findings }: ComparisonParts): void {
  for (const orderId of rows.orders.keys()) {
    if (log.ledgers.has(orderId)) continue
    brokenOrder(findings, orderId)('I10', () => 'a row, but no record in the log')
  }
  for (const [orderId, ledger] of log.ledgers) {
    const comparing: Comparing = {
      ledger,
      state: log.states.get(orderId) ?? { status: 'absent' },
      row: rows.orders.get(orderId),
      broken: (text) => brokenOrder(findings, orderId)('I10', text),
    }
    // Its time was over before the answers came, and that is not published yet.
    const isUnannounced = comparing.row?.unannounced === true
    if (!isUnannounced && inFlight.isAnswered('order-process', ledger)) checkDecided(comparing)
    compareRow(comparing, !isUnannounced && inFlight.isOrderSettled('order-process', ledger))
  }
}

type Comparing = {
  ledger: OrderLedger
  state: OrderState
  row: AuditedRows['orders'] | undefined
  broken(text: () => string): void
}

/** A rebuild decides nothing that the process did not publish (docs/decisions/0020). */
function checkDecided({ ledger, state, broken }: Comparing): void {
  if (ledger.placed === null) return
  const decided = decidedText(state)
  const written = ledger.end?.type ?? ledger.due?.type ?? null
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

function compareRow({ ledger, row, state, broken }: Comparing, isSettled: boolean): void {
  if (row === undefined) {
    if (isSettled) broken(() => 'its row is missing')
    return
  }
  const { state: stored } = row
  if (row.status !== stored.status) {
    broken(() => `its row is ${stored.status}, its column says ${row.status}`)
  }
  const compare = (found: string, given: string) => {
    if (found === given) return
    broken(() => `its row is not what the log gives: ${found}; the log: ${given}`)
  }
  if (isSettled) {
    compare(whole(stored), whole(state))
    return
  }
  if (stored.status === 'awaited' || state.status === 'absent' || state.status === 'awaited') return
  compare(content(stored), content(state))
  const { end } = ledger
  const ended = stored.status === 'confirmed' || stored.status === 'cancelled'
  if (!ended || end === null || end.type === `order.${stored.status}`) return
  broken(() => `its row is ${stored.status}, the log says ${endText(end)}`)
}

/** All that does not depend on which of the two topics was read first. */
function whole(state: OrderState): string {
  if (state.status === 'absent') return 'absent'
  const { notes, ...answers } = state.heard
  const said = notes.map(({ step, outcome, reason }) => `${step} ${outcome} ${reason ?? ''}`)
  const known = { ...state, heard: { ...answers, notes: said.sort() } }
  // What was due may be published after the cancellation.
  return canonicalJson(known.status === 'cancelled' ? { ...known, sums: null } : known)
}

function content({ userId, lines, coupon, placedAt, deadline }: Order): string {
  return canonicalJson({ userId, lines, coupon, placedAt, deadline })
}

// Money adds up: what was topped up, as the log and the commands say, against what lies in the
// wallets and what orders have paid; and each charge is that of an order's own payment row.

import type { OrderHistory } from '../../domain/orders/history.ts'
import type { PaymentRow } from '../../domain/orders/state.ts'
import type { AuditedRows } from '../../ports/orders-audit.ts'
import { type Columns, compareColumns } from '../compare-columns.ts'
import { brokenOrder } from '../findings.ts'
import type { Sentence } from '../sentences.ts'
import { compareTopUps, type TopUpParts } from './compare-commands.ts'
import type { OrdersParts } from './compare-orders.ts'

/**
 * What one of the orders took from the balance of a user, from `a` to `b`; `most`: what it can ever
 * have taken as the log says, even if that came back.
 */
export type Paid = readonly [userId: string, a: number, b: number, most: number]
export type MoneyParts = TopUpParts & { paid: readonly Paid[] }

export function* paidBy({ rows, orders, inFlight }: OrdersParts): Generator<Paid> {
  for (const [orderId, { userId, status, amount }] of rows.charges) {
    // A balance without the charge, or with it: both may have been read.
    const isMoving = inFlight.isMoving('payment-step', orderId)
    const most = mostPaid(orders.get(orderId), userId)
    if (status === 'captured') yield [userId, -amount, isMoving ? 0 : -amount, most]
    else if (status === 'undone' && isMoving) yield [userId, -amount, 0, most]
    else if (most > 0) yield [userId, 0, 0, most]
  }
  // Orders whose charge was not there when the charges were read, and perhaps had been before.
  for (const order of orders.values()) {
    const { orderId, due } = order
    if (due === null) continue
    const { userId, total } = due.message
    const charge = rows.charges.get(orderId)
    if (charge?.userId === userId) continue
    const isMoving = charge === undefined && inFlight.isMoving('payment-step', orderId)
    const most = mostPaid(order, userId)
    if (isMoving || most > 0) yield [userId, isMoving ? -total : 0, 0, most]
  }
}

function mostPaid(order: OrderHistory | undefined, userId: string): number {
  const due = order?.due?.message
  if (order === undefined || due?.userId !== userId) return 0
  const { 'payment.refused': refused, 'payment.captured': captured } = order.answers
  return refused !== undefined && captured === undefined ? 0 : due.total
}

export function compareMoney(parts: MoneyParts): void {
  const { rows, findings, paid } = parts
  const balances = compareTopUps(parts)
  for (const [userId, a, b] of paid) balances.add(userId, a, b)
  for (const userId of new Set([...balances.keys(), ...rows.balances.keys()])) {
    const balance = rows.balances.get(userId)?.balance ?? 0
    const broken = (text: Sentence) => {
      findings.add('I12', { what: `the wallet of ${userId}` }, text)
    }
    if (balance < 0) broken(`the balance is ${balance}`)
    balances.compare(userId, balance, (range) => {
      broken(`the balance is ${balance}, but top-ups less what was paid are ${range}`)
    })
  }
}

/** With another provider than the built-in wallet there are no charges at all. */
export function compareCharges({ rows, orders, inFlight, findings }: OrdersParts): void {
  if (!rows.hasCharges) return
  for (const [orderId, { row }] of rows['payment-rows']) {
    const order = orders.get(orderId)
    if (order === undefined || !inFlight.isOrderSettled('payment-step', order)) continue
    const broken = brokenOrder(findings, orderId)
    const charge = rows.charges.get(orderId)
    const paid = row.status === 'captured' ? row.amount : 0
    const charged = charge?.status === 'captured' ? charge.amount : 0
    if (paid !== charged) {
      broken('I12', `${paid} was paid by its payment row, ${charged} by the wallet`)
      continue
    }
    const given = givenCharge(row, order.end?.message.type === 'order.confirmed')
    // What was refused after a lost answer is undone, too, and leaves the same row.
    const isRefusedTwice = row.status === 'refused' && charge?.status === 'undone'
    if (charge !== undefined && !(isRefusedTwice && charge.amount === 0)) {
      compareColumns(charge, given, (text) => broken('I12', `the wallet has ${text}`))
    } else if (row.status === 'refused' || row.status === 'refunded') {
      broken('I12', `its payment row is ${row.status}, but the wallet knows of nothing`)
    }
  }
  for (const [orderId, { status, userId }] of rows.charges) {
    const order = orders.get(orderId)
    const broken = brokenOrder(findings, orderId)
    if (order === undefined || order.due === null) {
      broken('I12', `a charge of ${userId}, but payment was never due`)
      continue
    }
    const payer = order.due.message.userId
    if (userId !== payer) broken('I12', `the wallet has charged ${userId}, but ${payer} was to pay`)
    if (status === 'captured' && order.end?.message.type === 'order.cancelled') {
      if (rows['payment-rows'].has(orderId)) continue
      if (!inFlight.isOrderSettled('payment-step', order)) continue
      broken('I12', 'it was cancelled, but has paid')
    }
  }
}

/** What the built-in wallet has done about an order whose payment row is this one. */
function givenCharge(row: PaymentRow, isConfirmed: boolean): Columns<AuditedRows['charges']> {
  const settled = { reason: null, unsettled: false }
  switch (row.status) {
    case 'captured': {
      const captured = { status: 'captured', amount: row.amount, reason: null }
      // Of an order that lives, one that an older version has charged is settled from the start.
      return isConfirmed ? { ...captured, unsettled: false } : captured
    }
    case 'refunded':
      return { ...settled, status: 'undone', amount: row.amount }
    case 'refused':
      return { ...settled, status: 'refused', amount: 0, reason: row.reason }
    case 'cancelled':
      return { ...settled, status: 'undone', amount: 0 }
    case 'absent':
    case 'asked':
    case 'undoing':
      return {}
  }
}

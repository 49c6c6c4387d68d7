// Stock and money add up: what was supplied, as the log and the commands say, against what lies
// there, is held, sold or paid by the rows of the orders.

import { sameLines } from '../../domain/orders/content.ts'
import type { PaymentRow } from '../../domain/orders/state.ts'
import type { AuditedRows } from '../../ports/orders-audit.ts'
import { type Columns, compareColumns } from '../compare-columns.ts'
import { brokenOrder, type Findings, type Invariant } from '../findings.ts'
import { compareStockCommands, compareTopUps } from './compare-commands.ts'
import type { ComparisonParts } from './compare-orders.ts'
import { createRanges, type Ranges } from './ranges.ts'

export function compareStock(parts: ComparisonParts): void {
  const { rows, findings } = parts
  const added = compareStockCommands(parts)
  const lines = linesOf(parts)
  for (const product of rows.products.values()) {
    const { productId, initial, supplied, available, held, sold } = product
    const broken = brokenOf(findings, 'I11', `product ${productId}`)
    if (available < 0 || held < 0 || sold < 0) {
      broken(`below zero: ${available} available, ${held} held, ${sold} sold`)
    }
    const sum = available + held + sold
    if (sum !== supplied) {
      broken(`${available} + ${held} + ${sold} is ${sum}, but ${supplied} were supplied`)
    }
    added.compare(productId, supplied - initial, (range) => {
      broken(`${supplied - initial} were added by its row, ${range} by its commands`)
    })
    for (const status of ['held', 'sold'] as const) {
      lines[status].compare(productId, product[status], (range) => {
        broken(`${product[status]} are ${status} by its row, ${range} by the orders`)
      })
    }
  }
  compareProducts(parts)
}

export function compareMoney(parts: ComparisonParts): void {
  const { rows, log, findings, inFlight } = parts
  const balances = compareTopUps(parts)
  for (const [orderId, { userId, status, amount }] of rows.charges) {
    // A balance without the charge, or with it: both may have been read.
    const isMoving = inFlight.isMoving('payment-step', orderId)
    if (status === 'captured') balances.add(userId, -amount, isMoving ? 0 : -amount)
    else if (status === 'undone' && isMoving) balances.add(userId, -amount, 0)
  }
  // Orders whose charge was not there when the charges were read, and perhaps had been before.
  for (const { orderId, due } of log.orders.values()) {
    if (due === null || rows.charges.has(orderId)) continue
    const { userId, total } = due.message
    if (inFlight.isMoving('payment-step', orderId)) balances.add(userId, -total, 0)
  }
  for (const userId of new Set([...balances.keys(), ...rows.balances.keys()])) {
    const balance = rows.balances.get(userId)?.balance ?? 0
    const broken = brokenOf(findings, 'I12', `the wallet of ${userId}`)
    if (balance < 0) broken(`the balance is ${balance}`)
    balances.compare(userId, balance, (range) => {
      broken(`the balance is ${balance}, but top-ups less what was paid are ${range}`)
    })
  }
  compareCharges(parts)
}

/** With another provider than the built-in wallet there are no charges at all. */
function compareCharges({ rows, log, inFlight, findings }: ComparisonParts): void {
  if (rows.charges.size === 0) return
  for (const [orderId, { row }] of rows['payment-rows']) {
    const order = log.orders.get(orderId)
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
    const order = log.orders.get(orderId)
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

/** Each product is what a record created, and each record that was taken created one. */
function compareProducts({ rows, log, inFlight, findings }: ComparisonParts): void {
  const created = new Map<string, string[]>()
  for (const { message, origin } of log.products) {
    if (message.type !== 'product.created') continue
    const { productId: key, name, price, stock } = message
    created.set(key, [...(created.get(key) ?? []), JSON.stringify([name, price, stock])])
    if (rows.products.has(key)) continue
    const { topic, partition, offset: lastOffset } = origin
    if (!inFlight.isSettled('stock-step', { topic, partition, key, lastOffset })) continue
    brokenOf(findings, 'I11', `product ${key}`)('it was created, but its row is missing')
  }
  for (const { productId, name, price, initial } of rows.products.values()) {
    const row = JSON.stringify([name, price, initial])
    const said = created.get(productId)
    if (said?.includes(row) === true) continue
    const broken = brokenOf(findings, 'I11', `product ${productId}`)
    if (said === undefined) broken('no record has created it')
    else broken(`created as ${said.join(' and ')}, not ${row}`)
  }
}

/** What the orders' rows hold and have sold, by product. */
function linesOf({ rows, log, inFlight }: ComparisonParts): { held: Ranges; sold: Ranges } {
  const sums = { held: createRanges(), sold: createRanges() }
  for (const [orderId, { row }] of rows['stock-rows']) {
    if (!('lines' in row)) continue
    const isMoving = inFlight.isMoving('stock-step', orderId)
    for (const { productId, quantity } of row.lines) {
      for (const status of ['held', 'sold'] as const) {
        const certain = row.status === status ? quantity : 0
        sums[status].add(productId, isMoving ? 0 : certain, isMoving ? quantity : certain)
      }
    }
  }
  // The rows were read before the products: what was held in between is in the products alone.
  for (const { orderId, placed, alsoPlaced } of log.orders.values()) {
    const status = rows['stock-rows'].get(orderId)?.row.status ?? 'waiting'
    if (placed === null || status !== 'waiting') continue
    if (!inFlight.isMoving('stock-step', orderId)) continue
    const { lines } = placed.message
    const others = alsoPlaced.flatMap((other) => (sameLines(other.lines, lines) ? [] : other.lines))
    for (const { productId, quantity } of [...lines, ...others]) {
      for (const sum of Object.values(sums)) sum.add(productId, 0, quantity)
    }
  }
  return sums
}

function brokenOf(findings: Findings, invariant: Invariant, what: string): (text: string) => void {
  return (text) => findings.add(invariant, {}, `${what}: ${text}`)
}

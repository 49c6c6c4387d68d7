// Holds the rows of SQL against what the users hold: the same slots, codes and claims, in rows
// 1…n of the coupon without a hole. Pure.

import type { Finding } from '../promises.ts'
import { count } from '../report.ts'
import { sameWin, shownIssued } from './claim-ledger.ts'
import type { RowSeen } from './coupon-service.ts'
import type { SaleCase } from './sale-evidence.ts'

export function rowsAgree({ evidence, holders }: SaleCase): Finding {
  const { rows, fresh } = evidence
  if ('missing' in rows) return { detail: 'not to be had', breaches: [rows.missing] }

  const breaches: string[] = [...misnumbered(rows)]
  const byUser = new Map<string, RowSeen>()
  for (const row of rows) {
    const other = byUser.get(row.userId)
    if (other === undefined) byUser.set(row.userId, row)
    else breaches.push(`${row.userId} has two rows, slots ${other.slot} and ${row.slot}`)
  }
  let agreeing = 0
  for (const { userId, holds } of holders) {
    const row = byUser.get(userId)
    byUser.delete(userId)
    if (row === undefined) {
      breaches.push(`${userId} holds slot ${holds.slot}, but has no row`)
    } else if (!sameWin(row, holds)) {
      breaches.push(`${userId} holds ${shownIssued(holds)}, the row says ${shownIssued(row)}`)
    } else {
      agreeing += 1
    }
  }
  if (fresh) {
    for (const { userId, slot } of byUser.values()) {
      breaches.push(`slot ${slot} has a row for ${userId}, who was never told so`)
    }
  }
  const others = fresh ? '' : ` here, ${count(rows.length)} in all`
  return { detail: `${count(agreeing)} of ${count(holders.length)} rows${others}`, breaches }
}

/** Rows come in the order of their slots. */
function* misnumbered(rows: readonly RowSeen[]): Iterable<string> {
  let expected = 1
  for (const { slot } of rows) {
    if (slot < expected) yield `slot ${slot} has more than one row`
    else if (slot === expected + 1) yield `slot ${expected} has no row`
    else if (slot > expected) yield `slots ${expected}…${slot - 1} have no row`
    expected = Math.max(expected, slot + 1)
  }
}

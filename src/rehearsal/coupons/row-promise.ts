// Holds the rows of SQL against what the users hold: the same slots, codes and claims, in rows
// 1…n of the coupon without a hole. Pure.

import { count } from '../phrases.ts'
import type { Case, RowSeen } from './sale-evidence.ts'

/** What a check found: one line of figures, and one line for each breach. */
export type Finding = { detail: string; breaches: string[] }

export function rowsAgree({ evidence, holders }: Case): Finding {
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
    } else if (
      row.slot !== holds.slot ||
      row.code !== holds.code ||
      row.claimId !== holds.claimId
    ) {
      breaches.push(`${userId} holds ${shown(holds)}, the row says ${shown(row)}`)
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

function shown({ slot, code, claimId }: Omit<RowSeen, 'userId'>): string {
  return `slot ${slot} (code ${code}, claim ${claimId})`
}

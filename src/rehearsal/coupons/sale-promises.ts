// Holds the ledger of a sale against what the service says afterwards: one verdict per promise,
// with the first breaches named. Pure, so that every promise is tested by planting its breach.
// A coupon of someone else's may have other claimers and earlier winners: less can be said of it.

import { isDefinite } from '../attempts.ts'
import { count, counted } from '../figures.ts'
import { type Check, type Verdict, verdictsOf } from '../promises.ts'
import type { Issued, RowSeen } from '../service.ts'
import {
  earliest,
  finalAnswer,
  type Holder,
  type Mine,
  type SaleCase,
  type SaleEvidence,
  saleCase,
} from './sale-evidence.ts'

export type SalePromise = keyof typeof checks

const checks = {
  definite: ['everyone got a definite answer', everyoneAnswered],
  exact: ['exactly as many as there are', exactlyAsMany],
  kept: ['a told yes is kept', yesIsKept],
  one_each: ['one coupon each', oneEach],
  slots: ['slots without a hole, none twice', slotsWithoutHole],
  refused: ['a told no is kept', noIsKept],
  in_order: ['first come, first served', inOrder],
  stays_open: ['once open, never not open again', staysOpen],
  counted: ['the coupon counts the same', countsTheSame],
  stored: ['the rows in SQL agree', rowsAgree],
} satisfies Record<string, Check<SaleCase>>

export function reconcileSale(evidence: SaleEvidence): Verdict<SalePromise>[] {
  return verdictsOf<SalePromise, SaleCase>(checks, saleCase(evidence))
}

function everyoneAnswered({ entries, users }: SaleCase, breaches: string[]): string {
  for (const entry of entries) {
    const answer = finalAnswer(entry)
    if (isDefinite(answer)) continue
    const why = answer.kind === 'unknown' ? answer.reason : 'accepted, but never decided'
    breaches.push(`${users[entry.user]} ended without an answer: ${why}`)
  }
  return `${count(entries.length - breaches.length)} of ${counted(entries.length, 'ask')}`
}

function exactlyAsMany(sale: SaleCase, breaches: string[]): string {
  const { before, after, fresh, rows, entries, askers, holders } = sale
  const stored = 'missing' in rows ? 0 : rows.length
  const issued = Math.max(after.issued, stored, fresh ? holders.length : 0)
  if (fresh) {
    const expected = Math.min(after.quantity, askers.length)
    if (issued !== expected) breaches.push(`${count(issued)} issued, expected ${count(expected)}`)
    if (holders.length < expected) {
      breaches.push(`${count(holders.length)} users hold one, expected ${count(expected)}`)
    }
    const asked = counted(askers.length, 'user')
    return `${count(issued)} issued: ${counted(after.quantity, 'coupon')}, ${asked}`
  }
  if (issued > after.quantity) breaches.push(`${count(issued)} issued of ${count(after.quantity)}`)
  if (entries.some(({ answer }) => answer.kind === 'sold_out')) {
    const left = after.quantity - after.issued
    if (left > 0 && after.quantity === before.quantity) {
      breaches.push(`told sold out with ${count(left)} left`)
    }
  }
  const here = `${count(holders.length)} of them here`
  return `${count(issued)} of ${count(after.quantity)} issued, ${here}`
}

function yesIsKept({ askers }: SaleCase, breaches: string[]): string {
  let winners = 0
  for (const { userId, yeses, mine } of askers) {
    const [yes] = yeses
    if (yes === undefined) continue
    winners += 1
    if (mine.kind !== 'issued') {
      breaches.push(`${userId} was told slot ${yes.slot}, then ${saidNow(mine)}`)
    } else if (!sameIssued(yes, mine)) {
      breaches.push(`${userId} was told ${shownIssued(yes)}, then ${shownIssued(mine)}`)
    } else if (mine.userId !== userId) {
      breaches.push(`${userId} was given the coupon of ${mine.userId}`)
    }
  }
  return `${count(winners - breaches.length)} of ${count(winners)} have it`
}

function oneEach({ entries, askers, holders }: SaleCase, breaches: string[]): string {
  for (const { userId, yeses } of askers) {
    const [first] = yeses
    const other = yeses.find((yes) => first !== undefined && !sameIssued(yes, first))
    if (first !== undefined && other !== undefined) {
      breaches.push(`${userId} was told ${shownIssued(first)} and ${shownIssued(other)}`)
    }
  }
  const perUser = entries.length / Math.max(1, askers.length)
  return `${counted(holders.length, 'winner')}, ${counted(perUser, 'ask')} each`
}

function slotsWithoutHole({ fresh, after, holders }: SaleCase, breaches: string[]): string {
  const bySlot = new Map<number, string>()
  for (const { userId, holds } of holders) {
    const other = bySlot.get(holds.slot)
    if (other === undefined) bySlot.set(holds.slot, userId)
    else breaches.push(`slot ${holds.slot} belongs to ${other} and ${userId}`)
    if (!Number.isSafeInteger(holds.slot) || holds.slot < 1 || holds.slot > after.quantity) {
      breaches.push(`${userId} holds slot ${holds.slot} of ${count(after.quantity)}`)
    }
  }
  if (fresh) {
    let last = 0
    for (const slot of bySlot.keys()) last = Math.max(last, Math.min(slot, after.quantity))
    for (let slot = 1; slot <= last; slot += 1) {
      if (!bySlot.has(slot)) breaches.push(`slot ${slot} belongs to nobody`)
    }
  }
  if (bySlot.size === 0) return 'no slot was issued'
  return `${count(bySlot.size)} slots${fresh ? `, 1…${count(bySlot.size)}` : ''}`
}

function noIsKept({ before, after, askers }: SaleCase, breaches: string[]): string {
  const refusal = after.quantity === before.quantity ? 'wasRefused' : 'wasRefusedLast'
  const refused = askers.filter((asker) => asker[refusal])
  for (const { userId, holds } of refused) {
    if (holds !== null) breaches.push(`${userId} was told no, yet holds slot ${holds.slot}`)
  }
  return `${count(refused.length - breaches.length)} told no have none`
}

/** Who was answered before another even asked, comes first in the log (I8). */
function inOrder({ before, after, askers, holders }: SaleCase, breaches: string[]): string {
  // Slots up to `before.issued` were won before this run: its times say nothing of them.
  const won = holders.filter(({ holds }) => holds.slot > before.issued)
  const bySent = [...won].sort((a, b) => a.firstSentAt - b.firstSentAt)
  const byAnswered = [...won].sort((a, b) => a.yesAt - b.yesAt)
  const restocked = after.quantity !== before.quantity
  const soldOutAt = restocked ? Infinity : earliest(askers, 'noAt')
  let answered = 0
  let highest: Holder | undefined
  for (const later of bySent) {
    for (; answered < byAnswered.length; answered += 1) {
      const earlier = byAnswered[answered]
      if (earlier === undefined || earlier.yesAt >= later.firstSentAt) break
      if (highest === undefined || earlier.holds.slot > highest.holds.slot) highest = earlier
    }
    if (highest !== undefined && highest.holds.slot > later.holds.slot) {
      const had = `${highest.userId} already had slot ${highest.holds.slot}`
      breaches.push(`${later.userId} got slot ${later.holds.slot} when ${had}`)
    }
    if (soldOutAt < later.firstSentAt) {
      breaches.push(`${later.userId} won, having asked after another was told no`)
    }
  }
  return 'nobody who asked later came earlier'
}

function staysOpen({ users, entries, askers }: SaleCase, breaches: string[]): string | null {
  const openAt = earliest(askers, 'yesAt')
  const early = entries.filter(({ answer }) => answer.kind === 'not_open')
  if (early.length === 0) return null
  for (const { user, sentAt } of early) {
    if (sentAt <= openAt) continue
    breaches.push(`${users[user]} was told not open after another was told issued`)
  }
  return `${counted(early.length, 'ask')} came before the opening`
}

function countsTheSame({ before, after, fresh, holders }: SaleCase, breaches: string[]): string {
  if (fresh && after.issued !== holders.length) {
    breaches.push(`it says ${count(after.issued)} issued, the users hold ${count(holders.length)}`)
  }
  const known = before.issued + holders.filter(({ holds }) => holds.slot > before.issued).length
  if (!fresh && after.issued < known) {
    breaches.push(`it says ${count(after.issued)} issued, at least ${count(known)} are`)
  }
  if (after.remaining !== after.quantity - after.issued) {
    breaches.push(`${count(after.remaining)} remaining of ${count(after.quantity)}`)
  }
  return `${count(after.issued)} issued, ${count(after.remaining)} remaining`
}

function saidNow(mine: Mine): string {
  if (mine.kind === 'none') return 'not to have won'
  return mine.kind === 'unknown' ? `nothing definite (${mine.reason})` : mine.kind.replace('_', ' ')
}

/** The same slots, codes and claims, in rows 1…n of the coupon without a hole. */
function rowsAgree({ rows, fresh, holders }: SaleCase, breaches: string[]): string {
  if ('missing' in rows) {
    breaches.push(rows.missing)
    return 'not to be had'
  }

  breaches.push(...misnumbered(rows))
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
  return `${count(agreeing)} of ${count(holders.length)} rows${others}`
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

function sameIssued(a: Issued, b: Issued): boolean {
  return a.userId === b.userId && sameWin(a, b)
}

type Win = Pick<Issued, 'slot' | 'code' | 'claimId'>

function sameWin(a: Win, b: Win): boolean {
  return a.slot === b.slot && a.code === b.code && a.claimId === b.claimId
}

function shownIssued({ slot, code, claimId }: Win): string {
  return `slot ${slot} (code ${code}, claim ${claimId})`
}

// Holds the ledger of a sale against what the service says afterwards: one verdict per promise,
// with the first breaches named. Pure, so that every promise is tested by planting its breach.
// A coupon of someone else's may have other claimers and earlier winners: less can be said of it.

import { isDefinite } from '../attempts.ts'
import { count, counted } from '../figures.ts'
import { type Check, type NotJudged, type Verdict, verdictsOf } from '../promises.ts'
import {
  countsTheSame,
  noIsKept,
  rowsAgree,
  usersSeeIt,
  winsArePublished,
  yesIsKept,
} from './sale-afterwards.ts'
import {
  earliest,
  finalAnswer,
  type Holder,
  holdersSince,
  isRead,
  type ReadCase,
  type SaleCase,
  type SaleEvidence,
  saleCase,
  sameIssued,
  shownIssued,
  shownTerms,
} from './sale-evidence.ts'

export type SalePromise = keyof typeof checks

const checks = {
  definite: ['everyone got a definite answer', everyoneAnswered],
  as_asked: ['the coupon is as it was asked for', asAsked],
  exact: ['exactly as many as there are', exactlyAsMany],
  kept: ['a told yes is kept', ofRead(yesIsKept)],
  one_each: ['one coupon each', oneEach],
  slots: ['slots without a hole, none twice', slotsWithoutHole],
  codes: ['a code of its own for each', codesDiffer],
  refused: ['a told no is kept', ofRead(noIsKept)],
  in_order: ['first come, first served', inOrder],
  stays_open: ['once open, never not open again', staysOpen],
  counted: ['the coupon counts the same', ofRead(countsTheSame)],
  stored: ['the rows in SQL agree', ofRead(rowsAgree)],
  seen: ['users see what they won', ofRead(usersSeeIt)],
  published: ['every win is published', ofRead(winsArePublished)],
} satisfies Record<string, Check<SaleCase>>

export function reconcileSale(evidence: SaleEvidence): Verdict<SalePromise>[] {
  return verdictsOf<SalePromise, SaleCase>(checks, saleCase(evidence))
}

/** A check of what the service says after the storm, which it may not live to be asked. */
function ofRead(find: (sale: ReadCase, breaches: string[]) => string | NotJudged | null) {
  return (sale: SaleCase, breaches: string[]) => {
    const unread = { notJudged: 'it ended before this was read' }
    return isRead(sale) ? find(sale, breaches) : unread
  }
}

/** By what was asked of the service, not by what it says that this was. */
function asAsked({ asked, before, after }: SaleCase, breaches: string[]): string | null {
  if (asked === null) return null
  const wanted = shownTerms(asked)
  for (const seen of new Set([before, after ?? before].map((coupon) => shownTerms(coupon)))) {
    if (seen !== wanted) breaches.push(`asked for ${wanted}, it is ${seen}`)
  }
  return wanted
}

function everyoneAnswered(sale: SaleCase, breaches: string[]): string | NotJudged {
  const { entries, users } = sale
  if (!isRead(sale)) return { notJudged: `${counted(entries.length, 'ask')} ended before it did` }
  for (const entry of entries) {
    const answer = finalAnswer(entry)
    if (isDefinite(answer)) continue
    const why = answer.kind === 'unknown' ? answer.reason : 'accepted, but never decided'
    breaches.push(`${users[entry.user]} ended without an answer: ${why}`)
  }
  return `${count(entries.length - breaches.length)} of ${counted(entries.length, 'ask')}`
}

function exactlyAsMany(sale: SaleCase, breaches: string[]): string {
  const { before, asked, quantity, entries, askers, holders } = sale
  if (!isRead(sale)) {
    const most = asked === null ? quantity - before.issued : quantity
    const given = asked === null ? holdersSince(sale).length : holders.length
    if (given > most) breaches.push(`${count(given)} told yes, there were ${count(most)}`)
    return `${count(given)} told yes, of ${count(most)}`
  }
  const { after, rows } = sale
  const stored = 'missing' in rows ? 0 : rows.length
  const issued = Math.max(after.issued, stored, asked === null ? 0 : holders.length)
  if (asked !== null) {
    const expected = Math.min(quantity, askers.length)
    if (issued !== expected) breaches.push(`${count(issued)} issued, expected ${count(expected)}`)
    if (holders.length < expected) {
      breaches.push(`${count(holders.length)} users hold one, expected ${count(expected)}`)
    }
    const people = counted(askers.length, 'user')
    return `${count(issued)} issued: ${counted(quantity, 'coupon')}, ${people}`
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

function oneEach({ entries, askers, holders }: SaleCase, breaches: string[]): string {
  for (const { userId, yeses } of askers) {
    const [first] = yeses
    const other = yeses.find((yes) => first !== undefined && !sameIssued(yes, first))
    if (first !== undefined && other !== undefined) {
      breaches.push(`${userId} was told ${shownIssued(first)} and ${shownIssued(other)}`)
    }
  }
  const people = new Set(entries.map(({ user }) => user)).size
  const perUser = Math.round(entries.length / Math.max(1, people))
  return `${counted(holders.length, 'winner')}, ${counted(perUser, 'ask')} each`
}

function slotsWithoutHole(sale: SaleCase, breaches: string[]): string {
  const { asked, quantity, holders } = sale
  // Where some were not answered, nobody knows what they have won.
  const isWhole = asked !== null && isRead(sale)
  const bySlot = new Map<number, string>()
  for (const { userId, holds } of holders) {
    const other = bySlot.get(holds.slot)
    if (other === undefined) bySlot.set(holds.slot, userId)
    else breaches.push(`slot ${holds.slot} belongs to ${other} and ${userId}`)
    if (!Number.isSafeInteger(holds.slot) || holds.slot < 1 || holds.slot > quantity) {
      breaches.push(`${userId} holds slot ${holds.slot} of ${count(quantity)}`)
    }
  }
  if (isWhole) {
    let last = 0
    for (const slot of bySlot.keys()) last = Math.max(last, Math.min(slot, quantity))
    for (let slot = 1; slot <= last; slot += 1) {
      if (!bySlot.has(slot)) breaches.push(`slot ${slot} belongs to nobody`)
    }
  }
  if (bySlot.size === 0) return 'no slot was issued'
  return `${count(bySlot.size)} slots${isWhole ? `, 1…${count(bySlot.size)}` : ''}`
}

function codesDiffer({ holders }: SaleCase, breaches: string[]): string {
  const byCode = new Map<string, string>()
  for (const { userId, holds } of holders) {
    const other = byCode.get(holds.code)
    if (other === undefined) byCode.set(holds.code, userId)
    else breaches.push(`${other} and ${userId} have one code: ${holds.code}`)
  }
  return counted(byCode.size, 'code')
}

/** Who was answered before another even asked, comes first in the log (I8). */
function inOrder(sale: SaleCase, breaches: string[]): string | NotJudged {
  const { asked, before, after, askers } = sale
  const won = holdersSince(sale)
  const bySent = [...won].sort((a, b) => a.firstSentAt - b.firstSentAt)
  const byAnswered = [...won].sort((a, b) => a.yesAt - b.yesAt)
  const restocked = after === null ? asked === null : after.quantity !== before.quantity
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
  const answeredAt = Math.min(earliest(askers, 'yesAt'), earliest(askers, 'noAt'))
  const later = askers.filter(({ firstSentAt }) => {
    return answeredAt < firstSentAt && firstSentAt < Infinity
  })
  if (later.length === 0) return { notJudged: 'nobody asked after another was answered' }
  return `${count(later.length)} asked after another was answered, none came earlier`
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

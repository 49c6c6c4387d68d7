// What the users of a sale were answered, claim by claim, what else is known of it when the storm
// is over, and the one reading of both that all checks share: who asked when, who was answered
// what, and who holds which slot. Pure.

import type { Entry, Undecided } from '../attempts.ts'
import type { ClaimAnswer, CouponSeen, Issued, MyClaim, RowSeen } from '../service.ts'

export type ClaimEntry = Entry<ClaimAnswer> & {
  /** Index into the users of the run. */
  user: number
  /** What asking again after the storm came to; only where `answer` is undecided. */
  settled?: ClaimAnswer | Undecided
}

/** What a claim came to in the end. */
export function finalAnswer(entry: ClaimEntry): ClaimAnswer | Undecided {
  return entry.settled ?? entry.answer
}

export type OutcomeKind = ReturnType<typeof finalAnswer>['kind']

export function countOutcomes(
  answers: Iterable<{ kind: OutcomeKind }>,
): Record<OutcomeKind, number> {
  const zeros = { issued: 0, sold_out: 0, not_open: 0, paused: 0, closed: 0 }
  const counts = { ...zeros, pending: 0, unknown: 0 }
  for (const { kind } of answers) counts[kind] += 1
  return counts
}

/** What GET …/claims/mine says; unknown where it says nothing. */
export type Mine = MyClaim | { kind: 'unknown'; reason: string }

export type SaleEvidence = {
  users: readonly string[]
  /** The coupon was made for this run, so that nobody else claims it. */
  fresh: boolean
  entries: readonly ClaimEntry[]
  /** By index of the user, after the storm. */
  mine: readonly Mine[]
  before: CouponSeen
  after: CouponSeen
  rows: readonly RowSeen[] | { missing: string }
}

/** A user who asked. */
export type Asker = {
  userId: string
  firstSentAt: number
  /** Every yes, in the order of `entries`. */
  yeses: readonly Issued[]
  /** When the first yes and the first final no of the storm came; infinite where none did. */
  yesAt: number
  noAt: number
  /** Whether any answer, and whether the last one, was a final no: sold out or closed. */
  wasRefused: boolean
  wasRefusedLast: boolean
  mine: Mine
  /** What the user holds: by `mine`, else by the first yes. */
  holds: Issued | null
}

export type Holder = Asker & { holds: Issued }
/** The evidence, read: what each check gets. */
export type SaleCase = SaleEvidence & {
  askers: readonly Asker[]
  holders: readonly Holder[]
}

export function saleCase(evidence: SaleEvidence): SaleCase {
  const { users, entries, mine } = evidence
  const byUser = Map.groupBy(entries, ({ user }) => user)
  const askers = users.map((userId, user) => {
    const known = mine[user] ?? { kind: 'unknown', reason: 'never asked' }
    return askerOf(userId, known, byUser.get(user) ?? [])
  })
  const holders = askers.filter((asker): asker is Holder => asker.holds !== null)
  return { ...evidence, askers, holders }
}

function askerOf(userId: string, mine: Mine, entries: readonly ClaimEntry[]): Asker {
  const asks = entries.map((entry) => {
    const answer = finalAnswer(entry)
    const isNo = answer.kind === 'sold_out' || answer.kind === 'closed'
    return { answer, isNo, endedAt: entry.settled === undefined ? entry.endedAt : Infinity }
  })
  const noes = asks.filter(({ isNo }) => isNo)
  const yeses = asks.flatMap(({ answer }) => (answer.kind === 'issued' ? [answer] : []))
  const never = { isNo: false, endedAt: 0 }
  const last = asks.reduce((a, b) => (b.endedAt >= a.endedAt ? b : a), never)
  return {
    userId,
    firstSentAt: earliest(entries, 'firstSentAt'),
    yeses,
    yesAt: earliest(
      asks.filter(({ answer }) => answer.kind === 'issued'),
      'endedAt',
    ),
    noAt: earliest(noes, 'endedAt'),
    wasRefused: noes.length > 0,
    wasRefusedLast: last.isNo,
    mine,
    holds: mine.kind === 'issued' ? mine : (yeses[0] ?? null),
  }
}

/** Infinite where there is none. */
export function earliest<Time extends string>(
  all: readonly Readonly<Record<Time, number>>[],
  time: Time,
): number {
  return all.reduce((first, one) => Math.min(first, one[time]), Infinity)
}

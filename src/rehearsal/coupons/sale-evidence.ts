// What the users of a sale were answered, claim by claim, what else is known of it when the storm
// is over, and the one reading of both that all checks share: who asked when, who was answered
// what, and who holds which slot. Pure.

import type { Entry, Undecided } from '../attempts.ts'
import { count } from '../figures.ts'
import type { NotJudged } from '../promises.ts'
import type { Seen } from '../rehearsal.ts'
import type {
  ClaimAnswer,
  CouponHeld,
  CouponSeen,
  CouponTerms,
  Issued,
  MyClaim,
  RowSeen,
} from '../service.ts'

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
  const zeros = { issued: 0, sold_out: 0, not_open: 0, paused: 0, not_eligible: 0, closed: 0 }
  const counts = { ...zeros, pending: 0, unknown: 0 }
  for (const { kind } of answers) counts[kind] += 1
  return counts
}

/** What GET …/claims/mine says; unknown where it says nothing. */
export type Mine = MyClaim | { kind: 'unknown'; reason: string }

export type SaleEvidence = SaleTold & (SaleRead | { after: null })
/** Known while the storm goes on. */
export type SaleTold = {
  users: readonly string[]
  /** What the coupon was made with, for this run alone; null where it was there before. */
  asked: CouponTerms | null
  entries: readonly ClaimEntry[]
  before: CouponSeen
}
/** What the service says after the storm, by index of the user where it is about one. */
export type SaleRead = {
  after: CouponSeen
  mine: readonly Mine[]
  /** What users see in /me/coupons. */
  held: readonly Seen<CouponHeld[]>[]
  /** Whether some have been spent since they were won. */
  spent: boolean
  rows: readonly RowSeen[] | { missing: string }
  /** What was published about the coupon; repeated events are the same events. */
  events: readonly RowSeen[] | { missing: string } | NotJudged
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
  held: Seen<CouponHeld[]>
  /** What the user holds: by `mine`, else by the first yes. */
  holds: Issued | null
}

export type Holder = Asker & { holds: Issued }
/** The evidence, read: what each check gets. */
export type SaleCase = SaleEvidence & {
  /** How many there are: by what was asked for, else as the service says. */
  quantity: number
  askers: readonly Asker[]
  holders: readonly Holder[]
}
/** Where the service was there to be read afterwards. */
export type ReadCase = SaleCase & SaleRead

export function isRead(sale: SaleCase): sale is ReadCase {
  return sale.after !== null
}

export function saleCase(evidence: SaleEvidence): SaleCase {
  const { users, entries, asked, before, after } = evidence
  const byUser = Map.groupBy(entries, ({ user }) => user)
  const askers = users.map((userId, user) => {
    const read = after === null ? undefined : evidence
    const mine = read?.mine[user] ?? { kind: 'unknown', reason: 'never asked' }
    const held = read?.held[user] ?? { missing: 'never asked' }
    return askerOf({ userId, mine, held }, byUser.get(user) ?? [])
  })
  const holders = askers.filter((asker): asker is Holder => asker.holds !== null)
  const { quantity } = asked ?? after ?? before
  return { ...evidence, quantity, askers, holders }
}

function askerOf(
  { userId, mine, held }: Pick<Asker, 'userId' | 'mine' | 'held'>,
  entries: readonly ClaimEntry[],
): Asker {
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
    held,
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

/** Slots up to `before.issued` were won before this run: its times say nothing of them. */
export function holdersSince({ before, holders }: SaleCase): Holder[] {
  return holders.filter(({ holds }) => holds.slot > before.issued)
}

export function sameIssued(a: Issued, b: Issued): boolean {
  return a.userId === b.userId && sameWin(a, b)
}

type Win = Pick<Issued, 'slot' | 'code' | 'claimId'>

export function sameWin(a: Win, b: Win): boolean {
  return a.slot === b.slot && a.code === b.code && a.claimId === b.claimId
}

export function shownIssued({ slot, code, claimId }: Win): string {
  return `slot ${slot} (code ${code}, claim ${claimId})`
}

export function shownTerms({ name, quantity, discount }: TermsSeen): string {
  return `${count(quantity)} of ${JSON.stringify(name)}, ${shownDiscount(discount)}`
}

type TermsSeen = Omit<CouponTerms, 'discount'> & { discount?: CouponTerms['discount'] | null }

export function shownDiscount(discount: TermsSeen['discount']): string {
  if (discount === undefined || discount === null) return 'no discount'
  return `${discount.kind} ${count(discount.value)} off`
}

// What the users of a sale were answered, claim by claim. Pure data.

import type { Entry, Undecided } from '../ledger.ts'

/** What somebody holds, as the service said it; `userId` is the one the service named. */
export type Issued = {
  kind: 'issued'
  userId: string
  slot: number
  code: string
  claimId: string
}
export type Refused = { kind: 'sold_out' | 'not_open' | 'paused' | 'closed' }
/** A definite answer. */
export type ClaimAnswer = Issued | Refused

export type ClaimEntry = Entry<ClaimAnswer> & {
  /** Index into the users of the run. */
  user: number
  /** What asking again after the storm came to; only where `answer` is undecided. */
  settled?: ClaimAnswer | Undecided
}

export type OutcomeKind = (ClaimAnswer | Undecided)['kind']
export type Outcomes = Record<OutcomeKind, number>

export function countOutcomes(answers: Iterable<{ kind: OutcomeKind }>): Outcomes {
  const zeros = { issued: 0, sold_out: 0, not_open: 0, paused: 0, closed: 0 }
  const counts = { ...zeros, pending: 0, unknown: 0 }
  for (const { kind } of answers) counts[kind] += 1
  return counts
}

/** What a claim came to in the end. */
export function finalAnswer(entry: ClaimEntry): ClaimAnswer | Undecided {
  return entry.settled ?? entry.answer
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

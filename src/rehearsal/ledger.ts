// What the clients of a rehearsal were told, ask by ask: the evidence against the service.
// An ask that timed out, was cut off or got a 5xx is unknown, never a no. Pure data.

/** What somebody holds, as the service told it; `userId` is the one the service named. */
export type Issued = {
  kind: 'issued'
  userId: string
  slot: number
  code: string
  claimId: string
}
export type Refused = { kind: 'sold_out' | 'not_open' | 'paused' | 'closed' }
/** A definite answer. */
export type Told = Issued | Refused
/** Pending: accepted (202) and polled, without an end. Unknown: nobody said. */
export type Undecided = { kind: 'pending' } | { kind: 'unknown'; reason: string }

/** One ask. Times are milliseconds of one clock that never goes back. */
export type Entry = {
  /** Index into the users of the run. */
  user: number
  /** When its first request left, and when the request that was answered left. */
  firstSentAt: number
  sentAt: number
  endedAt: number
  retries: number
  polls: number
  answer: Told | Undecided
  /** What asking again after the storm came to; only where `answer` is undecided. */
  settled?: Told | Undecided
}

export type OutcomeKind = (Told | Undecided)['kind']
export type Outcomes = Record<OutcomeKind, number>

export const outcomeKinds: readonly OutcomeKind[] = [
  'issued',
  'sold_out',
  'not_open',
  'paused',
  'closed',
  'pending',
  'unknown',
]

export function noOutcomes(): Outcomes {
  return { issued: 0, sold_out: 0, not_open: 0, paused: 0, closed: 0, pending: 0, unknown: 0 }
}

export function countOutcomes(answers: Iterable<Told | Undecided>): Outcomes {
  const counts = noOutcomes()
  for (const answer of answers) counts[answer.kind] += 1
  return counts
}

export function isDefinite(answer: Told | Undecided): answer is Told {
  return answer.kind !== 'pending' && answer.kind !== 'unknown'
}

export function sameIssued(a: Issued, b: Issued): boolean {
  return a.slot === b.slot && a.code === b.code && a.claimId === b.claimId && a.userId === b.userId
}

/** What an ask came to in the end. */
export function finalAnswer(entry: Entry): Told | Undecided {
  return entry.settled ?? entry.answer
}

/** Why asks are unknown, most frequent first. */
export function unknownReasons(entries: readonly Entry[]): [reason: string, count: number][] {
  const counts = new Map<string, number>()
  for (const { answer } of entries) {
    if (answer.kind === 'unknown') counts.set(answer.reason, (counts.get(answer.reason) ?? 0) + 1)
  }
  return [...counts].sort((a, b) => b[1] - a[1])
}

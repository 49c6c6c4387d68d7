// What the clients of a rehearsal were answered, attempt by attempt: the evidence against the
// service. An attempt that timed out, was cut off or got a 5xx is unknown, never a no. Pure data.

/** Pending: accepted (202) and polled, without an end. Unknown: nobody said. */
export type Undecided = { kind: 'pending' } | { kind: 'unknown'; reason: string }

/** From its first request to its end. Times are milliseconds of one clock that never goes back. */
export type Entry<Answer> = {
  /** When its first request left, and when the request that was answered left. */
  firstSentAt: number
  sentAt: number
  endedAt: number
  retries: number
  polls: number
  answer: Answer | Undecided
}

export function isDefinite<Answer extends { kind: string }>(
  answer: Answer | Undecided,
): answer is Answer {
  return answer.kind !== 'pending' && answer.kind !== 'unknown'
}

/** Why attempts are unknown, most frequent first. */
export function unknownReasons(
  entries: Iterable<{ answer: { kind: string } | Undecided }>,
): [reason: string, count: number][] {
  const counts = new Map<string, number>()
  for (const { answer } of entries) {
    if (answer.kind === 'unknown' && 'reason' in answer) addOne(counts, answer.reason)
  }
  return [...counts].sort((a, b) => b[1] - a[1])
}

export function addOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

export function sumOf<Figure extends string>(
  entries: Iterable<Record<Figure, number>>,
  figure: Figure,
): number {
  let sum = 0
  for (const entry of entries) sum += entry[figure]
  return sum
}

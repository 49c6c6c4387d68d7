// How what a service promises is checked: each promise by a pure function of the evidence, to one
// verdict with its breaches named. So every promise is tested by planting its breach.

/**
 * A promise in words, and what adds a line for each breach and says in one line what it counted;
 * null where there is nothing to say.
 */
export type Check<Subject> = readonly [
  title: string,
  find: (subject: Subject, breaches: string[]) => string | null,
]
export type Verdict<Name extends string = string> = {
  promise: Name
  title: string
  kept: boolean
  /** What was counted. */
  detail: string
  breaches: readonly string[]
}

/** In the order of the checks. */
export function verdictsOf<Name extends string, Subject>(
  checks: Readonly<Record<Name, Check<Subject>>>,
  subject: Subject,
): Verdict<Name>[] {
  return (Object.keys(checks) as Name[]).flatMap((promise) => {
    const [title, find] = checks[promise]
    const breaches: string[] = []
    const detail = find(subject, breaches)
    return detail === null ? [] : [verdictOf({ promise, title, detail, breaches })]
  })
}

export function verdictOf<Name extends string>(found: Omit<Verdict<Name>, 'kept'>): Verdict<Name> {
  const { promise, title, detail, breaches } = found
  return { promise, title, kept: breaches.length === 0, detail, breaches }
}

export function allKept({ verdicts }: { verdicts: readonly Verdict[] }): boolean {
  return verdicts.every(({ kept }) => kept)
}

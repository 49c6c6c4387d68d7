// How what a service promises is checked: each promise by a pure function of the evidence, to one
// verdict with its breaches named. So every promise is tested by planting its breach. What could
// not be judged is told so: it is neither kept nor broken.

/**
 * A promise in words, and what adds a line for each breach and says in one line what it counted;
 * null where there is nothing to say.
 */
export type Check<Subject> = readonly [
  title: string,
  find: (subject: Subject, breaches: string[]) => string | NotJudged | null,
]
/** Why nothing can be said of it. A breach that was found all the same counts. */
export type NotJudged = { notJudged: string }
export type Verdict<Name extends string = string> = {
  promise: Name
  title: string
  /** Null: not judged. */
  kept: boolean | null
  /** What was counted, or why nothing was judged. */
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
    const found = find(subject, breaches)
    return found === null ? [] : [verdictOf({ promise, title, found, breaches })]
  })
}

type Found<Name> = Pick<Verdict, 'title' | 'breaches'> & {
  promise: Name
  found: string | NotJudged
}

export function verdictOf<Name extends string>(given: Found<Name>): Verdict<Name> {
  const { promise, title, found, breaches } = given
  const isJudged = typeof found === 'string'
  const kept = breaches.length > 0 ? false : isJudged ? true : null
  const detail = isJudged ? found : `not judged: ${found.notJudged}`
  return { promise, title, kept, detail, breaches }
}

export function nothingBroken({ verdicts }: { verdicts: readonly Verdict[] }): boolean {
  return verdicts.every(({ kept }) => kept !== false)
}

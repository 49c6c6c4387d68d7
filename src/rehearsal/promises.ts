// How what a service promises is checked: each promise by a pure function of the evidence, to one
// verdict with its breaches named. So every promise is tested by planting its breach.

/** What a check found: one line of figures, and one line for each breach. */
export type Finding = { detail: string; breaches: string[] }
/** A promise in words, and what finds its breaches; null where there is nothing to say of it. */
export type Check<Subject> = readonly [title: string, find: (subject: Subject) => Finding | null]
export type Verdict<Name extends string = string> = Finding & {
  promise: Name
  title: string
  kept: boolean
}

/** In the order of the checks. */
export function verdictsOf<Name extends string, Subject>(
  checks: Readonly<Record<Name, Check<Subject>>>,
  subject: Subject,
): Verdict<Name>[] {
  return (Object.keys(checks) as Name[]).flatMap((promise) => {
    const [title, find] = checks[promise]
    const finding = find(subject)
    return finding === null ? [] : [verdictOf({ promise, title }, finding)]
  })
}

export function verdictOf<Name extends string>(
  named: { promise: Name; title: string },
  { detail, breaches }: Finding,
): Verdict<Name> {
  return { ...named, kept: breaches.length === 0, detail, breaches }
}

export function allKept({ verdicts }: { verdicts: readonly Verdict[] }): boolean {
  return verdicts.every(({ kept }) => kept)
}

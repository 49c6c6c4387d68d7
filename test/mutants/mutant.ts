// A mutant: one small change of policy, and the test that must fail with it. The test is named, so
// that one which fails for another reason does not count.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Mutant = {
  file: string
  /** Found exactly once in the file. */
  from: string
  to: string
  /** The file of the test. */
  test: string
  /** A piece of its name, with those of the groups before it. */
  fails: string
}
/** Mutants of one file that one test file finds. */
export type MutantsOf = {
  file: string
  test: string
  mutants: readonly (readonly [from: string, to: string, fails: string])[]
}

export function mutantsOf(groups: readonly MutantsOf[]): Mutant[] {
  return groups.flatMap(({ file, test, mutants }) => {
    return mutants.map(([from, to, fails]) => ({ file, from, to, test, fails }))
  })
}

export function nameOf({ file, from, to }: Mutant): string {
  const [before, after] = [from, to].map((text) => text.replaceAll(/\s+/g, ' ').trim())
  return `${file}: ${before} → ${after === '' ? 'nothing' : after}`
}

/** The file's text with it; null where it does not apply. */
export function mutated(root: string, { file, from, to }: Mutant): string | null {
  const path = join(root, file)
  const parts = existsSync(path) ? readFileSync(path, 'utf8').split(from) : []
  return parts.length === 2 && from !== to ? parts.join(to) : null
}

/** Those that apply nowhere, or in more than one place, or have no test file. */
export function outOfDate(root: string, mutants: readonly Mutant[]): Mutant[] {
  return mutants.filter((mutant) => {
    return mutated(root, mutant) === null || !existsSync(join(root, mutant.test))
  })
}

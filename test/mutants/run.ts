// `npm run mutants`: says of each mutant whether its test has found it, and ends with 1 where one
// has not: then that policy could change, and nobody would notice.
//   --jobs N     so many at a time: 1        --only TEXT  those whose name has it

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { nameOf } from './mutant.ts'
import { mutants } from './table.ts'
import { isDead, tryMutants } from './trial.ts'

/** Of one run of a test, which takes a second: a machine may be busy. */
const limitMs = 60_000

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '1' }, only: { type: 'string', default: '' } },
})
const chosen = mutants.filter((mutant) => nameOf(mutant).includes(values.only))
const alive: string[] = []
const beganAt = performance.now()
await tryMutants({
  root: join(import.meta.dirname, '..', '..'),
  mutants: chosen,
  jobs: Math.max(1, Math.trunc(Number(values.jobs)) || 1),
  limitMs,
  onTried(mutant, verdict) {
    const line = `${verdict}: ${nameOf(mutant)}\n    ${mutant.test}: ${mutant.fails}`
    if (!isDead(verdict)) alive.push(line)
    console.log(line)
  },
})
const seconds = Math.round((performance.now() - beganAt) / 1000)
console.log(`\n${chosen.length} mutants in ${seconds} s, of which ${alive.length} are not found`)
for (const line of alive) console.log(line)
process.exitCode = alive.length === 0 && chosen.length > 0 ? 0 : 1

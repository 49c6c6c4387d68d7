// Trying mutants, shown on a source and a test of its own: what survives is told, and so is what
// could not be tried.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { type Mutant, outOfDate } from './mutant.ts'
import { isDead, tryMutants, type Verdict } from './trial.ts'

const name = 'src/limit'
const [file, test] = [`${name}.ts`, `${name}.test.ts`]
const source = `export function isFull(held: number, max: number): boolean {
  for (let n = 0; n < 3; n++) held += 0
  return held >= max
}
`
const tests = `import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFull } from './limit.ts'
describe('a limit', () => {
  it('is reached (at it)', () => assert.ok(isFull(3, 3)))
  it('is not reached below it', () => assert.ok(!isFull(1, 3)))
})
`

describe('a mutant', () => {
  const root = mkdtempSync(join(tmpdir(), 'firstcome-trial-'))
  after(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'src'))
  writeFileSync(join(root, file), source)
  writeFileSync(join(root, test), tests)

  const rows: readonly (readonly [string, string, string, Verdict])[] = [
    ['held >= max', 'held > max', 'a limit is reached (at it)', 'killed'],
    ['held >= max', 'held > max', 'a limit is not reached', 'survived'],
    ['held >= max', 'held >= max - 1', 'a limit', 'survived'],
    ['held >= max', 'held > max', 'nobody knows it', 'no such test'],
    ['held >= max', 'held >=', 'a limit', 'does not load'],
    ['held > max', 'held < max', 'a limit', 'out of date'],
    ['held', 'max', 'a limit', 'out of date'],
  ]
  const mutants = rows.map(([from, to, fails]): Mutant => ({ file, from, to, test, fails }))

  async function verdictsOf(tried: readonly Mutant[], limitMs: number): Promise<Verdict[]> {
    const verdicts = new Map<Mutant, Verdict>()
    const onTried = (mutant: Mutant, verdict: Verdict) => void verdicts.set(mutant, verdict)
    await tryMutants({ root, mutants: tried, jobs: 2, limitMs, onTried })
    return tried.flatMap((mutant) => verdicts.get(mutant) ?? [])
  }

  it('is found by the test that is named, or is told', async () => {
    const verdicts = await verdictsOf(mutants, 60_000)
    assert.deepEqual(
      verdicts,
      rows.map(([, , , verdict]) => verdict),
    )
    assert.deepEqual(verdicts.filter(isDead), ['killed'])
    assert.equal(readFileSync(join(root, file), 'utf8'), source)
  })

  it('that makes its test hang is found, too, once the time of the test is over', async () => {
    const endless = { file, from: 'n < 3; n++', to: 'n < 3; n--', test, fails: 'a limit' }
    assert.deepEqual((await verdictsOf([endless], 1_000)).filter(isDead), ['hung'])
  })

  it('that applies nowhere, or more than once, or without its test, is out of date', () => {
    const gone = mutants.slice(0, 1).map((mutant) => ({ ...mutant, test: `${name}s.test.ts` }))
    const found = outOfDate(root, [...mutants, ...gone])
    assert.deepEqual(found, [...mutants.slice(5, 7), ...gone])
  })
})

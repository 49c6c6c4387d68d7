import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

const module = JSON.stringify(import.meta.resolve('./young-space.ts'))
/** What survives for a while makes the room grow, as the rows and records of an audit do. */
const program = (isBounded: boolean) => `
  import { setImmediate as otherWork } from 'node:timers/promises'
  import { boundYoungSpace, youngBytes } from ${module}
  if (${isBounded}) boundYoungSpace(8 * 1024 * 1024)
  const kept = []
  for (let n = 0; n < 3_000_000; n += 1) {
    kept[n % 60_000] = { n, of: [n] }
    if (n % 10_000 === 0) await otherWork()
  }
  console.log(youngBytes())
`

test('the room for young objects grows to what it may have, and no further', () => {
  const bytesOf = (isBounded: boolean) => {
    const args = ['--input-type=module', '--eval', program(isBounded)]
    return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  }
  const [bounded, free] = [bytesOf(true), bytesOf(false)]
  const said = `${bounded} bytes, and ${free} where it is not bounded`
  assert.ok(bounded >= 8 * 1024 * 1024 && bounded <= 17 * 1024 * 1024, said)
  assert.ok(free > 2 * bounded, said)
})

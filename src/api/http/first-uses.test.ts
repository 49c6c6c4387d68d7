import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { createFirstUses, type FirstUses } from './first-uses.ts'

/** Resolves when an hour has passed. */
async function madeBy(uses: FirstUses, signal = new AbortController().signal): Promise<void> {
  const clock = virtualClock(0)
  const made = uses.makeAll(clock, signal)
  await clock.runUntil(3_600_000)
  await made
}

test('what is used before is made once, and is not made again', async () => {
  const made: string[] = []
  const uses = createFirstUses()
  const early = uses.of(() => made.push('early'))
  const late = uses.of(() => made.push('late'))
  assert.deepEqual([early(), early()], [1, 1])
  await madeBy(uses)
  assert.deepEqual(made, ['early', 'late'])
  assert.equal(late(), 2)
})

test('what is made of nothing is made once, too', async () => {
  let made = 0
  const uses = createFirstUses()
  const use = uses.of(() => {
    made += 1
    return undefined
  })
  await madeBy(uses)
  assert.equal(use(), undefined)
  assert.equal(made, 1)
})

test('others have their turn between any two pieces', async () => {
  const clock = virtualClock(0)
  const uses = createFirstUses()
  const madeAt: number[] = []
  for (let n = 0; n < 20; n++) uses.of(() => madeAt.push(clock.monotonic()))
  const made = uses.makeAll(clock, new AbortController().signal)
  await clock.runUntil(3_600_000)
  await made
  assert.equal(madeAt.length, 20)
  assert.equal(new Set(madeAt).size, madeAt.length)
})

test('nothing more is made once the server closes', async () => {
  const closing = new AbortController()
  const uses = createFirstUses()
  const made: string[] = []
  uses.of(() => {
    made.push('first')
    closing.abort()
  })
  uses.of(() => made.push('second'))
  await madeBy(uses, closing.signal)
  assert.deepEqual(made, ['first'])
})

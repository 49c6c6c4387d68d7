import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFirstUses } from './first-uses.ts'

test('what is used before is made once, and is not made again', async () => {
  const made: string[] = []
  const uses = createFirstUses()
  const early = uses.of(() => made.push('early'))
  const late = uses.of(() => made.push('late'))
  assert.deepEqual([early(), early()], [1, 1])
  await uses.makeAll()
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
  await uses.makeAll()
  assert.equal(use(), undefined)
  assert.equal(made, 1)
})

test('others have their turn between any two pieces', async () => {
  const uses = createFirstUses()
  let turns = 0
  let isDone = false
  const count = () => {
    turns += 1
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const madeIn: number[] = []
  for (let n = 0; n < 20; n++) uses.of(() => madeIn.push(turns))
  await uses.makeAll()
  isDone = true
  assert.equal(new Set(madeIn).size, madeIn.length)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recent } from './recent.ts'

/** The same ones each time, some of them far more often than others. */
const keys = Array.from({ length: 800 }, (_, n) => ((n * n) % 97) % 40)

test('the latest are there, with what they were given last, and others not for long', () => {
  for (const max of [1, 2, 3, 8, 40]) {
    const recent = new Recent<number, string>({ max })
    const given = new Map<number, string>()
    /** In the order of their last use. */
    const used = new Set<number>()
    for (const [n, key] of keys.entries()) {
      const latest = [...used].slice(-max)
      const found = recent.use(key)
      assert.ok(found !== undefined || !latest.includes(key), `${key} was forgotten at ${n}`)
      if (found !== undefined) assert.equal(found, given.get(key))
      if (found === undefined || n % 5 === 0) {
        recent.set(key, `${n}`)
        given.set(key, `${n}`)
      }
      used.delete(key)
      used.add(key)
      const kept = [...recent].map(([one]) => one)
      assert.ok(kept.length <= 2 * max, `${kept.length} are kept`)
      assert.equal(new Set(kept).size, kept.length, 'one is kept twice')
    }
  }
})

test('whoever is only used, and not given anew, stays', () => {
  const recent = new Recent<string, number>({ max: 3 })
  for (const key of ['a', 'b', 'c']) recent.set(key, 1)
  for (let n = 0; n < 20; n += 1) {
    assert.equal(recent.use('a'), 1)
    recent.set(`${n}`, n)
  }
  assert.equal(recent.use('b'), undefined)
})

test('what is kept weighs no more than twice what is full', () => {
  const weightOf = (weight: number) => weight
  const recent = new Recent<number, number>({ max: 1_000, weightMax: 100, weightOf })
  for (const [n, key] of keys.entries()) {
    recent.set(n, key)
    assert.equal(recent.use(n), key)
    const kept = [...recent]
    const weight = kept.reduce((sum, [, one]) => sum + one, 0)
    assert.ok(weight < 2 * (100 + 40), `${weight}`)
    assert.ok(n < 10 || kept.length > 2, 'hardly any are kept')
  }
})

test('what is deleted is gone, be it one of the newer or of the older ones', () => {
  const recent = new Recent<string, number>({ max: 2 })
  for (const [n, key] of ['a', 'b', 'c'].entries()) recent.set(key, n)
  recent.delete('a')
  recent.delete('c')
  assert.deepEqual([...recent], [['b', 1]])
  assert.equal(recent.use('a') ?? recent.use('c'), undefined)
})

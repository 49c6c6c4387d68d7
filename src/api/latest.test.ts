import assert from 'node:assert/strict'
import { test } from 'node:test'
import { array, check, constantFrom, property, tuple } from 'fast-check'
import { Latest } from './latest.ts'

test('it says who was not used for longest, as a Map does that is asked in the same way', () => {
  const act = tuple(
    constantFrom('use', 'set', 'delete', 'forget'),
    constantFrom('a', 'b', 'c', 'd'),
  )
  const same = property(array(act, { maxLength: 60 }), (acts) => {
    const latest = new Latest<string, number>()
    const model = new Map<string, number>()
    for (const [n, [what, key]] of acts.entries()) {
      const value = model.get(key)
      if (what === 'use') {
        assert.equal(latest.use(key), value)
        if (value !== undefined) model.delete(key)
        if (value !== undefined) model.set(key, value)
      } else if (what === 'set') {
        latest.set(key, n)
        model.delete(key)
        model.set(key, n)
      } else {
        const gone = what === 'delete' ? key : (latest.oldest()?.[0] ?? key)
        latest.delete(gone)
        model.delete(gone)
      }
      assert.deepEqual(latest.oldest(), [...model][0])
      assert.equal(latest.size, model.size)
      assert.deepEqual(new Map(latest), model)
    }
  })
  const { failed, counterexample } = check(same)
  assert.ok(!failed, JSON.stringify(counterexample))
})

test('who is oldest is found at once, however many came and went before', () => {
  const latest = new Latest<number, number>()
  const count = 200_000
  for (let n = 0; n < count; n += 1) latest.set(n, n)
  const startedAt = performance.now()
  for (let n = 0; n < count; n += 1) {
    latest.set(count + n, n)
    latest.delete(latest.oldest()?.[0] ?? -1)
  }
  // By a Map's first key it takes a quarter of a minute.
  assert.ok(performance.now() - startedAt < 5_000)
  assert.equal(latest.size, count)
})

test('beyond its maximum it forgets who was not used for longest, and a look is no use', () => {
  const latest = new Latest<string, number>(2)
  latest.set('a', 1)
  latest.set('b', 2)
  latest.use('a')
  assert.equal(latest.get('b'), 2)
  latest.set('c', 3)
  assert.deepEqual([latest.has('a'), latest.has('b'), latest.has('c')], [true, false, true])
  assert.deepEqual([latest.delete('b'), latest.delete('c')], [false, true])
  latest.clear()
  assert.deepEqual([latest.size, latest.oldest()], [0, undefined])
})

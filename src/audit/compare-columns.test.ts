import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { canonicalJson, sameJson } from './compare-columns.ts'

const leaf = fc.constantFrom<unknown>(0, 1, '', '1', 'a', true, null, undefined, [], {})
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(
      tie('value').map((item) => item ?? null),
      { maxLength: 3 },
    ),
    fc.dictionary(fc.constantFrom('a', 'b', '0'), tie('value'), { maxKeys: 3 }),
  ),
}))

test('two values are the same where their canonical JSON is', () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      assert.equal(sameJson(a, b), canonicalJson(a) === canonicalJson(b))
      assert.equal(sameJson({ a, b }, { b, a: structuredClone(a) }), true)
      assert.equal(sameJson({ a }, { a: b }), canonicalJson({ a }) === canonicalJson({ a: b }))
    }),
    { numRuns: 2_000 },
  )
})

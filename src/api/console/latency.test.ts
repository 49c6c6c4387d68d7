import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketOf, latencyBuckets, percentile } from './latency.ts'

test('a percentile is told to within a fifth, and never below the truth', () => {
  const counts = new Float64Array(latencyBuckets)
  const answers = Array.from({ length: 1_000 }, (_, n) => 1 + n / 10)
  for (const ms of answers) counts[bucketOf(ms)] = (counts[bucketOf(ms)] ?? 0) + 1
  for (const [part, exact] of [
    [0.5, 50.9],
    [0.99, 99.9],
    [1, 100.9],
  ] as const) {
    const told = percentile(counts, part) ?? 0
    assert.ok(told >= exact && told <= exact * 1.2, `${part}: ${told} for ${exact}`)
  }
})

test('every time has a bucket, and none has no percentile', () => {
  assert.equal(percentile(new Float64Array(latencyBuckets), 0.5), null)
  for (const [ms, bucket] of [
    [Number.NaN, 0],
    [-1, 0],
    [0, 0],
    [0.05, 0],
    [Number.POSITIVE_INFINITY, latencyBuckets - 1],
  ] as const) {
    assert.equal(bucketOf(ms), bucket)
  }
})

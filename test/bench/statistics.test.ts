// The few statistics that the benchmark quotes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bucketQuantile, median, quantileOf } from './statistics.ts'

describe('the statistics of the benchmark', () => {
  it('have the mean of the two in the middle as a median, and none of nothing', () => {
    assert.equal(median([9, 1, 5]), 5)
    assert.equal(median([4, 1, 2, 9]), 3)
    assert.ok(Number.isNaN(median([])))
  })

  it('have quantiles that are values', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => n + 1)
    assert.equal(quantileOf(hundred, 0.5), 50)
    assert.equal(quantileOf(hundred, 0.99), 99)
    assert.equal(quantileOf([7], 0.01), 7)
    assert.ok(Number.isNaN(quantileOf([], 0.5)))
  })

  it('follow a straight line within a bucket, and end where the last bucket begins', () => {
    const buckets = [
      { upTo: 1, count: 0 },
      { upTo: 2, count: 50 },
      { upTo: 4, count: 100 },
      { upTo: Number.POSITIVE_INFINITY, count: 101 },
    ]
    assert.equal(bucketQuantile(buckets.slice(0, 3), 0.75), 3)
    assert.equal(bucketQuantile(buckets, 1), 4)
  })
})

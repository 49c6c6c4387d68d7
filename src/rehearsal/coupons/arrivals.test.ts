import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrivalCounts, arrivalsSince } from './arrivals.ts'

const metrics = `# TYPE process_start_time_seconds gauge
process_start_time_seconds 1700000000
# TYPE firstcome_arrival_pairs_total counter
firstcome_arrival_pairs_total 1.2e+21
firstcome_arrival_inversions_total 7
`

test('the counts are read where all of them are there', () => {
  assert.deepEqual(arrivalCounts(metrics), { node: 1_700_000_000, pairs: 1.2e21, inversions: 7 })
  for (const name of ['process_start', 'pairs', 'inversions']) {
    assert.equal(arrivalCounts(metrics.replaceAll(name, 'other')), null, name)
  }
  assert.equal(arrivalCounts('<html>'), null)
})

test('what came since is counted of one node alone', () => {
  const before = { node: 1, pairs: 10, inversions: 1 }
  const after = { node: 1, pairs: 30, inversions: 3 }
  assert.deepEqual(arrivalsSince(before, after), { pairs: 20, inversions: 2 })
  assert.equal(arrivalsSince(before, { ...after, node: 2 }), null)
  assert.equal(arrivalsSince(null, after), null)
  assert.equal(arrivalsSince(before, null), null)
})

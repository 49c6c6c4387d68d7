import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeReport, OtherNode } from '../../ports/console-figures.ts'
import { bucketOf } from './latency.ts'
import { between, nodesOf } from './seconds.ts'

function report(issued: number, ms: readonly number[] = [], limited = 0): NodeReport {
  const latency = ms.map((one) => [bucketOf(one), 1] as const)
  return {
    claims: { issued, sold_out: 2 * issued },
    latency,
    tooMany: limited,
    unavailable: 1,
    arrivals: { pairs: 10 * issued, inversions: issued },
    isReady: true,
  }
}

test('a second is what all nodes have counted since the one before', () => {
  const before = new Map([
    ['a', report(10, [1])],
    ['b', report(5, [], 1)],
  ])
  const now = new Map([
    ['a', report(13, [1, 100])],
    ['b', report(9, [100], 4)],
  ])
  const second = between(before, now)
  assert.deepEqual(second.claims, { issued: 7, sold_out: 14 })
  assert.deepEqual([second.tooMany, second.unavailable], [3, 0])
  assert.deepEqual([second.pairs, second.inversions], [70, 7])
  assert.ok(second.p50 !== null && second.p50 >= 100 && second.p50 < 120)
  assert.equal(second.p99, second.p50)
})

test('of a node that does not count arrivals nothing is counted', () => {
  const older = { ...report(10), arrivals: undefined }
  const { pairs, inversions } = between(new Map([['a', older]]), new Map([['a', report(13)]]))
  assert.deepEqual([pairs, inversions], [0, 0])
})

test('a node that comes, goes or stays silent makes no jump', () => {
  const before = new Map([
    ['silent', report(5)],
    ['gone', report(1_000)],
  ])
  const now = new Map([
    ['silent', report(5)],
    ['new', report(1_000)],
  ])
  const nothing = { issued: 0, sold_out: 0 }
  const { claims, p50, tooMany } = between(before, now)
  assert.deepEqual({ claims, p50, tooMany }, { claims: nothing, p50: null, tooMany: 0 })
})

function node(startedAgo: number, reportedAgo: number): OtherNode {
  return { node: `${startedAgo}`, startedAgo, reportedAgo, report: null }
}

test('a node that is gone is missed until a later one has taken its place', () => {
  const own = 100_000
  const table: [others: OtherNode[], alive: number, known: number][] = [
    [[], 1, 1],
    [[node(90_000, 900)], 2, 2],
    [[node(90_000, 4_999)], 2, 2],
    [[node(90_000, 5_000)], 1, 2],
    [[node(90_000, 50_000), node(20_000, 500)], 2, 2],
    // The other has run beside it all the time.
    [[node(90_000, 50_000), node(80_000, 500)], 2, 3],
    [[node(90_000, 50_000), node(80_000, 40_000), node(20_000, 500)], 2, 3],
    // This very node has taken the place.
    [[node(500_000, 200_000)], 1, 1],
  ]
  for (const [others, alive, known] of table) {
    assert.deepEqual(nodesOf(others, own), { alive, known }, JSON.stringify(others))
  }
})

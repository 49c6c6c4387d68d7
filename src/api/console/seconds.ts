// Makes of what all nodes have counted since they began what happened in the last second. Pure.

import type { NodeReport, OtherNode } from '../../ports/console-figures.ts'
import { latencyBuckets, percentile } from './latency.ts'

/** One second of all nodes together. `at`: RFC 3339. */
export type Second = {
  at: string
  /** Claims answered, by outcome. */
  claims: Readonly<Record<string, number>>
  /** Of their answers, ms; null where there were none. */
  p50: number | null
  p99: number | null
  /** Calls answered 429, and 503. */
  tooMany: number
  unavailable: number
  /** Pairs of claims near each other in the log, and those that came the other way round. */
  pairs: number
  inversions: number
  /** Records of the claims log that have no rows yet; null where the rows cannot be read. */
  behind: number | null
}
export type Reports = ReadonlyMap<string, NodeReport>

/** A node without a report silent for so long is gone (ms): five reports were missed. */
export const goneAfterMs = 5_000

/** Of a node that was not known before nothing is counted: it may have begun long ago. */
export function between(before: Reports, now: Reports): Omit<Second, 'at' | 'behind'> {
  const claims: Record<string, number> = {}
  const latency = new Float64Array(latencyBuckets)
  let tooMany = 0
  let unavailable = 0
  let [pairs, inversions] = [0, 0]
  for (const [node, report] of now) {
    const earlier = before.get(node)
    if (earlier === undefined) continue
    for (const [outcome, count] of Object.entries(report.claims)) {
      const since = Math.max(0, count - (earlier.claims[outcome] ?? 0))
      claims[outcome] = (claims[outcome] ?? 0) + since
    }
    addTo(latency, report.latency, 1)
    addTo(latency, earlier.latency, -1)
    tooMany += Math.max(0, report.tooMany - earlier.tooMany)
    unavailable += Math.max(0, report.unavailable - earlier.unavailable)
    pairs += more(report.arrivals?.pairs, earlier.arrivals?.pairs)
    inversions += more(report.arrivals?.inversions, earlier.arrivals?.inversions)
  }
  const p50 = percentile(latency, 0.5)
  const p99 = percentile(latency, 0.99)
  return { claims, p50, p99, tooMany, unavailable, pairs, inversions }
}

/** Nothing where one of them is of an older node. */
function more(now: number | undefined, before: number | undefined): number {
  return now === undefined || before === undefined ? 0 : Math.max(0, now - before)
}

function addTo(sum: Float64Array, counts: NodeReport['latency'], sign: number): void {
  for (const [bucket, count] of counts) sum[bucket] = (sum[bucket] ?? 0) + sign * count
}

/**
 * How many nodes are at work, and how many there should be: with those that are gone and that no
 * later one has replaced. This node counts as one of them; it began `ownStartedAgo` ms ago.
 */
export function nodesOf(
  others: readonly OtherNode[],
  ownStartedAgo: number,
): { alive: number; known: number } {
  const isAlive = ({ reportedAgo }: OtherNode) => reportedAgo < goneAfterMs
  const alive = others.filter(isAlive)
  const began = [ownStartedAgo, ...alive.map(({ startedAgo }) => startedAgo)]
  const later = began.toSorted((a, b) => a - b)
  let missing = 0
  // The longest gone first, each replaced by the earliest node that began after it was last heard.
  const gone = others.filter((one) => !isAlive(one)).toSorted(byReport)
  for (const { reportedAgo } of gone) {
    const at = later.findLastIndex((startedAgo) => startedAgo <= reportedAgo)
    if (at === -1) missing += 1
    else later.splice(at, 1)
  }
  return { alive: alive.length + 1, known: alive.length + 1 + missing }
}

function byReport(one: OtherNode, other: OtherNode): number {
  return other.reportedAgo - one.reportedAgo
}

// What this node counts for the console on the way of every claim: no more than a few numbers each.

import { bucketOf, latencyBuckets } from './latency.ts'
import { ToldPeople } from './told-people.ts'

export class Traffic {
  /** Claims by how long their answer took, by the buckets of latency.ts. */
  readonly latency = new Float64Array(latencyBuckets)
  /** Calls answered 429, and 503. */
  tooMany = 0
  unavailable = 0
  readonly toldSoldOut = new ToldPeople()

  claimAnswered(ms: number): void {
    const bucket = bucketOf(ms)
    this.latency[bucket] = (this.latency[bucket] ?? 0) + 1
  }
}

// How well the log keeps the order in which claims reached this node: of pairs of claims on one
// coupon that stand near each other in the log, how many stand there the other way round. Claims
// that were answered from memory have no place in it and are not counted.

import type { Moment } from '../../ports/clock.ts'

export type ArrivalCounts = { pairs: number; inversions: number }

/** Each is compared with so many before it: what is cheap, and wider than what is read at once. */
export const comparedMax = 64
/** Of the coupons whose claims came last; what is forgotten begins anew. */
const couponsMax = 1_000

type Recent = { arrivals: Float64Array; placed: number }

export class ArrivalOrder {
  private readonly counted: ArrivalCounts = { pairs: 0, inversions: 0 }
  private readonly recent = new Map<string, Recent>()

  /** The next claim of this coupon in the log, and when it came, by the monotonic clock. */
  placed(couponId: string, arrivedAt: Moment): void {
    const recent = this.recent.get(couponId) ?? this.begin(couponId)
    const { arrivals, placed } = recent
    const compared = Math.min(placed, comparedMax)
    let inversions = 0
    for (let n = 0; n < compared; n += 1) if ((arrivals[n] ?? 0) > arrivedAt) inversions += 1
    this.counted.pairs += compared
    this.counted.inversions += inversions
    arrivals[placed % comparedMax] = arrivedAt
    recent.placed += 1
  }

  counts(): Readonly<ArrivalCounts> {
    return this.counted
  }

  private begin(couponId: string): Recent {
    if (this.recent.size >= couponsMax) this.recent.clear()
    const recent = { arrivals: new Float64Array(comparedMax), placed: 0 }
    this.recent.set(couponId, recent)
    return recent
  }
}

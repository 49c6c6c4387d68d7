// Notices positions that somebody else has moved while there was nothing to write: rows that were
// dropped to be derived anew, or a database that was restored to an older state. An issuer meets a
// moved position at its next batch by itself; for a coupon that nobody asks for, that may be never.

import type { Clock } from '../ports/clock.ts'
import type { CouponStore } from '../ports/coupons.ts'
import { startWatch } from '../ports/watch.ts'

export type PositionWatchParts = {
  store: Pick<CouponStore, 'positions'>
  clock: Clock
  /** Next offset to apply, by partition that the issuer owns now. */
  own(): ReadonlyMap<number, number>
  /** A position lies behind what this issuer has written. */
  onMovedBack(): void
  onError(error: unknown): void
}

/** A short wait for whoever rebuilds the rows, and one small query for a database at work. */
export const watchEveryMs = 5_000

export function startPositionWatch(parts: PositionWatchParts): { close(): Promise<void> } {
  const { store, clock, own, onError } = parts

  async function look(): Promise<void> {
    const before = new Map(own())
    const stored = await store.positions()
    // Its own commits only ever move a position on, so one that lies behind was moved by others.
    const isBehind = ([partition, next]: [number, number]) => {
      return own().has(partition) && (stored.get(partition)?.next ?? 0) < next
    }
    if ([...before].some(isBehind)) parts.onMovedBack()
  }

  return startWatch({ clock, everyMs: watchEveryMs, look, onError })
}

// Looks users up whose coupon has its winners in the rows only: many with one statement. The rows
// are believed that a user has not won only where they go beyond the last claim that has.

import { AwayWinners } from '../../../domain/coupons/away-winners.ts'
import type { Coupon } from '../../../domain/coupons/state.ts'
import { type Clock, within } from '../../../ports/clock.ts'
import type { Asked, CouponReads, IssuedTo } from '../../../ports/coupons.ts'
import { PortError } from '../../../ports/port-error.ts'
import { createBatcher } from '../../batcher.ts'
import { busy, databaseStarting, databaseUnavailable, type Unavailable } from '../claim-answers.ts'

export type WinnerReads = Pick<CouponReads, 'issuedTo' | 'issuedRows' | 'positions'>
export type WinnerLookupsParts = {
  clock: Clock
  coupons: ReadonlyMap<string, Coupon>
  /** null while SQL is not up. */
  rows(): WinnerReads | null
  onError(error: unknown): void
}
export type WinnerLookups = {
  /** null: whether this user has won this coupon may be asked now, before anything else runs. */
  lookUp(asked: Asked): Promise<Unavailable | null>
}
type Waiting = Asked & { resolve(missing: Unavailable | null): void }

/** Of one statement. */
const usersPerReadMax = 500
/** As many claims as may wait for the log. */
const usersWaitingMax = 20_000
/** Longer than a statement takes unless the database is away. */
const readMsMax = 1_000

export function createWinnerLookups(parts: WinnerLookupsParts): WinnerLookups {
  const { clock, coupons, rows, onError } = parts
  const lookups = createBatcher<Waiting>({
    clock,
    perBatchMax: usersPerReadMax,
    waitingMax: usersWaitingMax,
    everyMsMin: 0,
    async send(waiting) {
      const missing = await read(waiting)
      for (const one of waiting) one.resolve(missing ?? missingOf(one))
    },
  })

  async function read(waiting: readonly Waiting[]): Promise<Unavailable | null> {
    const reads = rows()
    if (reads === null) return databaseStarting
    const asked = new Map(waiting.map((one) => [keyOf(one), one]))
    try {
      const late = () => databaseUnavailable
      const found = await within({ clock, ms: readMsMax, late }, reads.issuedTo(askedOf(asked)))
      if ('kind' in found) return found
      tell(asked, found)
      return null
    } catch (error) {
      if (!(error instanceof PortError)) onError(error)
      return databaseUnavailable
    }
  }

  function tell(asked: ReadonlyMap<string, Waiting>, { issued, next }: IssuedTo): void {
    const won = new Map(issued.map((one) => [keyOf(one), one.issued]))
    for (const [key, { couponId, userId }] of asked) {
      const { winners, partition = 0 } = coupons.get(couponId) ?? {}
      if (!(winners instanceof AwayWinners)) continue
      const own = won.get(key)
      const areAllThere = (next.get(partition) ?? 0) > winners.lastOffset
      if (own !== undefined || areAllThere) winners.tell(userId, own)
    }
  }

  /** Rows that are put back, or derived anew, are not complete. */
  function missingOf({ couponId, userId }: Asked): Unavailable | null {
    const isKnown = coupons.get(couponId)?.winners.knows?.(userId) ?? true
    return isKnown ? null : databaseUnavailable
  }

  return {
    lookUp({ couponId, userId }) {
      const { promise, resolve } = Promise.withResolvers<Unavailable | null>()
      return lookups.add({ couponId, userId, resolve }) ? promise : Promise.resolve(busy)
    },
  }
}

function askedOf(waiting: ReadonlyMap<string, Asked>): Asked[] {
  return waiting
    .values()
    .map(({ couponId, userId }) => ({ couponId, userId }))
    .toArray()
}

/** A coupon id has no space. */
function keyOf({ couponId, userId }: Asked): string {
  return `${couponId} ${userId}`
}

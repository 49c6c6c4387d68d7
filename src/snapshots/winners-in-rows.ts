// Who has won a coupon, from its rows, where these have all of them: as a rule much sooner than
// from the log.

import { setImmediate as otherWork } from 'node:timers/promises'
import type { AwayWinners } from '../domain/coupons/away-winners.ts'
import { PackedWinners, type Winners } from '../domain/coupons/winners.ts'
import type { CouponReads } from '../ports/coupons.ts'

/** Less than a millisecond of work, as a rule; then others have their turn. */
const winnersPerPage = 500

type Wanted = { couponId: string } & Pick<AwayWinners, 'size' | 'lastOffset'>

/** Page by page; `rows`: null while SQL is not up. null: they do not have exactly these. */
export async function winnersInRows(
  rows: () => Pick<CouponReads, 'issuedRows'> | null,
  { couponId, size, lastOffset }: Wanted,
): Promise<Winners | null> {
  const winners = new PackedWinners()
  while (winners.size < size) {
    // The thread of the rows may have answered before anybody else here has had his turn.
    if (winners.size > 0) await otherWork()
    const after = { couponId, slot: winners.size }
    const limit = Math.min(winnersPerPage, size - winners.size)
    const page = await rows()?.issuedRows({ couponId, after, limit })
    if (page === undefined || page.length < limit) return null
    for (const { userId, slot, claimId, offset, appendedAt } of page) {
      if (slot !== winners.size + 1) return null
      winners.set(userId, { slot, claimId, offset, appendedAt })
    }
  }
  return winners.last()?.offset === lastOffset ? winners : null
}

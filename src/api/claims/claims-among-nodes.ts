// The claim service where other nodes append too: before it says no about what another node may
// have done a moment ago (made the coupon, taken the claim), it waits until its fold has read what
// the log holds now. What it knows already it says at once.

import type { ClaimAnswer, ClaimService, Found, Unavailable } from './claim-answers.ts'
import type { FoldFreshness } from './fold-freshness.ts'

/** What a node says from what it has read so far. */
export type OwnClaims = Omit<ClaimService, 'mine' | 'find'> & {
  mine(couponId: string, userId: string): ClaimAnswer | null
  find(couponId: string): Found
}

export function amongNodes(own: OwnClaims, freshness: FoldFreshness): ClaimService {
  async function fresh<Answer>(
    couponId: string,
    ask: () => Answer,
  ): Promise<Awaited<Answer> | Unavailable> {
    return (await freshness.reached(couponId)) ? await ask() : notRead
  }

  return {
    ...own,
    claim(couponId, userId) {
      const ask = () => own.claim(couponId, userId)
      return own.coupon(couponId) === undefined ? fresh(couponId, ask) : ask()
    },
    mine(couponId, userId) {
      const known = own.mine(couponId, userId)
      if (known?.kind === 'issued') return known
      return fresh(couponId, () => own.mine(couponId, userId))
    },
    find(couponId) {
      const known = own.coupon(couponId)
      if (known !== undefined) return { kind: 'found', coupon: known }
      return fresh(couponId, () => own.find(couponId))
    },
  }
}

/** Nothing was stored, and nothing can be said. */
const notRead: Unavailable = {
  kind: 'unavailable',
  reason: 'log_unavailable',
  retryAfterSeconds: 1,
}

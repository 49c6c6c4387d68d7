// The claim service where other nodes append too: before it says no about what another node may
// have done a moment ago (made the coupon, taken the claim), it waits until its fold has read what
// the log holds now. What it knows already it says at once.

import type { Coupon } from '../../domain/coupons/state.ts'
import { type ClaimService, logUnavailable, type Unavailable } from './claim-answers.ts'
import type { FoldFreshness } from './fold-freshness.ts'

/** `onUnavailable`: of a claim that is not answered because nobody says where the log ends. */
export function amongNodes(
  own: ClaimService,
  freshness: FoldFreshness,
  onUnavailable: () => void = () => {},
): ClaimService {
  async function fresh<Answer>(
    couponId: string,
    ask: () => Answer,
    onLate?: () => void,
  ): Promise<Awaited<Answer> | Unavailable> {
    if (await freshness.reached(couponId)) return await ask()
    onLate?.()
    return logUnavailable
  }

  return {
    ...own,
    claim(couponId, userId, asking) {
      if (own.coupon(couponId) !== undefined) return own.claim(couponId, userId, asking)
      return fresh(couponId, () => own.claim(couponId, userId, asking), onUnavailable)
    },
    mine(couponId, userId, token) {
      if (hasWon(own.coupon(couponId), userId)) return own.mine(couponId, userId, token)
      return fresh(couponId, () => own.mine(couponId, userId, token))
    },
    readUpTo: (couponId) => fresh(couponId, () => own.readUpTo(couponId)),
    find(couponId) {
      if (own.coupon(couponId) !== undefined) return own.find(couponId)
      return fresh(couponId, () => own.find(couponId))
    },
  }
}

/** False also where it is not known. */
function hasWon(coupon: Coupon | undefined, userId: string): boolean {
  const { winners } = coupon ?? {}
  return winners?.knows?.(userId) !== false && (winners?.has(userId) ?? false)
}

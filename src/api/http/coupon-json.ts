// A coupon as HTTP shows it; its shape is the schema Coupon.

import type { Coupon } from '../../domain/coupons/state.ts'
import { visibleStatus } from '../../domain/coupons/view.ts'
import { formatInstant } from '../../domain/time.ts'

/** As of `now`, milliseconds UTC. */
export function couponJson(coupon: Coupon, now: number) {
  const issued = coupon.winners.size
  return {
    couponId: coupon.couponId,
    name: coupon.terms.name,
    quantity: coupon.quantity,
    issued,
    remaining: Math.max(0, coupon.quantity - issued),
    status: visibleStatus(coupon, now),
    opensAt: formatInstant(coupon.opensAt),
    closesAt: Number.isFinite(coupon.closesAt) ? formatInstant(coupon.closesAt) : null,
    discount: coupon.terms.discount ?? null,
  }
}

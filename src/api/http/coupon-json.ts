// A coupon and its times as HTTP tells them.

import type { Terms } from '../../domain/coupons/messages.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { type VisibleStatus, visibleStatus } from '../../domain/coupons/view.ts'
import { formatInstant } from '../../domain/time.ts'

export type CouponJson = {
  couponId: string
  name: string
  quantity: number
  issued: number
  remaining: number
  status: VisibleStatus
  opensAt: string
  closesAt: string | null
  discount: Terms['discount'] | null
}

/** As of `now`, milliseconds UTC. */
export function couponJson(coupon: Coupon, now: number): CouponJson {
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

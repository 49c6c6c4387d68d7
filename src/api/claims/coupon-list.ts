// The coupons of the fold in id order, page by page. Coupons are only ever added, so the order
// is worked out again only when there are more of them.

import type { Coupon } from '../../domain/coupons/state.ts'
import type { Page } from '../../ports/coupons.ts'

export function createCouponList(coupons: ReadonlyMap<string, Coupon>): (page: Page) => Coupon[] {
  let ordered: Coupon[] = []
  return ({ limit, after }) => {
    if (ordered.length !== coupons.size) {
      ordered = [...coupons.values()].sort((a, b) => (a.couponId < b.couponId ? -1 : 1))
    }
    const found = after === undefined ? 0 : ordered.findIndex((c) => c.couponId > after)
    return found < 0 ? [] : ordered.slice(found, found + limit)
  }
}

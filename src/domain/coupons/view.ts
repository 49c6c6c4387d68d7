// How a coupon looks to people: its counts and its status at a moment.

import { statusAt } from './decide.ts'
import type { Coupon } from './state.ts'

export type VisibleStatus = 'scheduled' | 'open' | 'paused' | 'sold_out' | 'closed'

/** In the precedence of `decide` for a claim. `now` is milliseconds UTC. */
export function visibleStatus(coupon: Coupon, now: number): VisibleStatus {
  const status = statusAt(coupon, now)
  if (status !== 'open') return status
  if (coupon.paused) return 'paused'
  return coupon.winners.size >= coupon.quantity ? 'sold_out' : 'open'
}

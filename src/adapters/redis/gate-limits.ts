// What every adapter of the gate keeps, and for how long. All of it may be lost at any time.

import type { Clock } from '../../ports/clock.ts'
import type { GateCoupon } from '../../ports/gate.ts'

export const defaultGateLimits = {
  /**
   * How long (ms) a user who was let through counts as being on the way. A claim that takes longer
   * to the log and back is rare, and asking again then costs a record.
   */
  seenMs: 1_000,
  /**
   * How long (ms) a coupon stays full while nodes still ask: whoever asks does not know that it
   * is sold out, so some of those let through have not reached the log. Then a new round begins.
   * A little longer than a node holds back those it called full: by then they are in the log.
   */
  fullMs: 250,
  /**
   * How long (ms) the state of a coupon outlives the last who was let through: longer than a lull
   * in a sale. Without the state, counting starts at what is issued.
   */
  idleMs: 10 * 60_000,
  /** How long (ms) it outlives the coupon's end at most: for nodes that are behind. */
  afterCloseMs: 60_000,
}
export type GateLimits = typeof defaultGateLimits

/** How long (ms) what is written about this coupon now should last. */
export function keepMs(coupon: GateCoupon, limits: GateLimits, clock: Clock): number {
  const toClose = Math.max(0, coupon.closesAt - clock.now())
  return Math.min(limits.idleMs, toClose + limits.afterCloseMs)
}

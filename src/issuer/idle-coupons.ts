// Coupons that are closed leave the issuer's memory once no record of them has come for a while:
// their rows have all of them, and a record that comes later loads them again, as after a start.

import type { Command } from '../domain/coupons/decide.ts'
import type { Coupon } from '../domain/coupons/state.ts'
import type { Clock, Instant, Moment } from '../ports/clock.ts'

export type IdleCouponsParts = {
  /** Those in memory, of which some are taken out. */
  coupons: Map<string, Coupon>
  clock: Pick<Clock, 'monotonic'>
  /** How long one must be closed, and nothing have come of it. */
  afterMs: number
}

export class IdleCoupons {
  private readonly parts: IdleCouponsParts
  /** By coupon id, of those in memory, when a record of it came last, by the log's clock. */
  private readonly lastRecordAt = new Map<string, Instant>()
  /** What the log's clock was at least at some moment; it has gone on since. */
  private logTime: { at: Instant; moment: Moment } = { at: 0, moment: 0 }

  constructor(parts: IdleCouponsParts) {
    this.parts = parts
  }

  /** Of a coupon that is in memory. */
  took({ message: { couponId }, appendedAt }: Command): void {
    this.lastRecordAt.set(couponId, appendedAt)
    if (appendedAt <= this.logNow()) return
    this.logTime = { at: appendedAt, moment: this.parts.clock.monotonic() }
  }

  /** To be called only while all that was taken of them is in their rows. */
  letGo(): void {
    const { coupons, afterMs } = this.parts
    const now = this.logNow()
    for (const [couponId, lastAt] of this.lastRecordAt) {
      const coupon = coupons.get(couponId)
      if (coupon !== undefined && now - idleSince(coupon, lastAt) < afterMs) continue
      coupons.delete(couponId)
      this.lastRecordAt.delete(couponId)
    }
  }

  private logNow(): Instant {
    const { at, moment } = this.logTime
    return at + (this.parts.clock.monotonic() - moment)
  }
}

/** Infinity while nobody and no time has closed it: then it is one that may be claimed. */
function idleSince({ status, closesAt }: Coupon, lastRecordAt: Instant): Instant {
  return status === 'closed' ? lastRecordAt : Math.max(lastRecordAt, closesAt)
}

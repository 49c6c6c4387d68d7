// The gate before the log, and what is asked of it.

import type { Instant } from './clock.ts'

/**
 * A filter before the log, shared by the nodes. Its verdicts are hints and may all be wrong: they
 * change how many records the log gets, never who wins.
 */
export type Gate = {
  /**
   * A verdict on each claim, in order. Never rejects, and never takes longer than its own
   * deadline: what cannot be asked passes. Each coupon's claims are judged in order, together.
   */
  ask(claims: readonly GateClaim[]): Promise<GateVerdict[]>
  /** False while it is away; then `ask` passes everything at once. */
  isHere(): boolean
  close(): Promise<void>
}
/** Claims of one batch that are for one coupon share one `coupon`. */
export type GateClaim = { userId: string; coupon: GateCoupon }
/** What the asking node's fold knows of a coupon, as it asks. */
export type GateCoupon = {
  couponId: string
  /** Names this very coupon: where and when the log created it. No spaces, no braces. */
  epoch: string
  quantity: number
  issued: number
  /** Infinity where it has no end. */
  closesAt: Instant
}
/** pass: to the log. seen: this user is on the way. full: as many as are left are on the way. */
export type GateVerdict = 'pass' | 'seen' | 'full'

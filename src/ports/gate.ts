// The gate before the log, and what is asked of it.

import type { Clock, Instant } from './clock.ts'

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
export const gateVerdicts = ['pass', 'seen', 'full'] as const
export type GateVerdict = (typeof gateVerdicts)[number]

/** What every adapter keeps, and for how long. All of it may be lost at any time. */
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

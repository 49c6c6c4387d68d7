// What the claim service answers to the HTTP layer. The service knows nothing of HTTP; one table in
// problems.ts maps these answers to status codes.

import type { ControlOutcome, Refusal } from '../../domain/coupons/decide.ts'
import type { ControlMessage } from '../../domain/coupons/messages.ts'
import { isRevoked } from '../../domain/coupons/revocations.ts'
import type { Coupon, Issued } from '../../domain/coupons/state.ts'
import type { WonCoupon } from '../../domain/orders/messages.ts'
import type { Instant, Moment } from '../../ports/clock.ts'
import type { Page } from '../../ports/coupons.ts'
import type { PortError } from '../../ports/port-error.ts'
import type { Act, ActsPage } from './coupon-acts.ts'

/** The record that decided: its claim id, place and append time (ms UTC). */
export type DecidedBy = { claimId: string; partition: number; offset: number; appendedAt: number }

export type IssuedAnswer = {
  kind: 'issued'
  /** True where this very request won; false where the user already had the coupon. */
  first: boolean
  couponId: string
  userId: string
  partition: number
  issued: Issued
  code: string
  /** The last moment at which it can be spent, ms UTC; absent: it does not end. */
  validUntil?: number | undefined
}
/** What an order or a redemption says of the coupon that it is to spend; `coupon`: as it is now. */
export function wonCouponOf(
  { couponId, partition, issued: { slot, offset } }: IssuedAnswer,
  coupon: Coupon | undefined,
): WonCoupon {
  const won = { couponId, partition, offset }
  const { revocations } = coupon ?? {}
  if (revocations === undefined || !isRevoked(revocations, slot)) return won
  return { ...won, revoked: revocations.last }
}

export type ClaimAnswer =
  | IssuedAnswer
  /** `record` only where a record of the log decided; `coupon` unless it is unknown. */
  | { kind: Refusal; coupon?: Coupon; record?: DecidedBy }
  /** The log has not answered in time: the claim may yet win. */
  | { kind: 'pending' }
  | Unavailable

export const unavailableReasons = [
  'queue_full',
  'orders_slow',
  'log_unavailable',
  'database_starting',
  'database_unavailable',
  'proof_behind',
  'token_keys',
  'console_codes',
  'console_streams',
  'starting',
  'stopping',
] as const
/** Certain: nothing was stored. Ask again after `retryAfterSeconds`. */
export type Unavailable = {
  kind: 'unavailable'
  reason: (typeof unavailableReasons)[number]
  retryAfterSeconds: number
}

export const pending = { kind: 'pending' } as const
/** Who has won is not in memory: to be looked up, and then asked again. By itself it is no no. */
export const notHere: ClaimAnswer = { kind: 'pending' }
export const stopping = unavailable('stopping')
export const starting = unavailable('starting')
export const busy = unavailable('queue_full')
export const logUnavailable = unavailable('log_unavailable')
export const databaseStarting = unavailable('database_starting')
export const proofBehind = unavailable('proof_behind')
export const databaseUnavailable = unavailable('database_unavailable')

function unavailable(reason: Unavailable['reason']): Unavailable {
  return { kind: 'unavailable', reason, retryAfterSeconds: 1 }
}

/** Of an append that certainly stored nothing. */
export function refusedBy({ code }: PortError): Unavailable {
  return code === 'log_full' ? busy : logUnavailable
}

export type CommandAnswer =
  /** `act`: the one that it has been, or that was done before in its place. */
  | { kind: 'decided'; outcome: ControlOutcome; coupon?: Coupon; act?: Act }
  | { kind: 'pending' }
  /** Its Idempotency-Key was given for another coupon: nothing was done. */
  | { kind: 'key_reused' }
  | Unavailable

export type Readiness = { ready: boolean; reasons: string[] }

export type Found = { kind: 'found'; coupon: Coupon } | { kind: 'unknown_coupon' } | Unavailable

/** What the verified token of a caller says. */
export type TokenClaims = Readonly<Record<string, unknown>>

/** The claim path behind the HTTP layer. Read-only calls answer from this node's own fold. */
/** What is known of who asks. `arrivedAt`: when the request reached this node. */
export type Asking = { token?: TokenClaims | undefined; arrivedAt?: Moment | undefined }

export type ClaimService = {
  /** At once where the log has settled the matter already; else when it has. */
  claim(couponId: string, userId: string, asking?: Asking): ClaimAnswer | Promise<ClaimAnswer>
  /** What a claim would be answered, without making one; null: not won, and the coupon is open. */
  mine(
    couponId: string,
    userId: string,
    token?: TokenClaims,
  ): ClaimAnswer | null | Promise<ClaimAnswer | null>
  /** Appends a control record and answers what the log decided. */
  command(message: ControlMessage): Promise<CommandAnswer>
  /** As far as this node has read. */
  coupon(couponId: string): Coupon | undefined
  /** As far as the log goes: looks again before it says that there is none. */
  find(couponId: string): Found | Promise<Found>
  /** In id order, strictly after `page.after`. */
  coupons(page: Page): Coupon[]
  /** The ids of rehearsals' that nobody has closed. */
  openRehearsals?(): string[]
  /** What was done to the coupon, in the order of the log, as far as this node has read. */
  acts(couponId: string, page: ActsPage): readonly Act[]
  /**
   * Of the partition of a coupon, the first offset that this node has not read. All that anybody
   * was answered about the coupon until now, by whichever node, lies below it.
   */
  readUpTo(couponId: string): number | Unavailable | Promise<number | Unavailable>
  /** By the log's clock, as far as this node knows it. */
  logTime(): Instant
  readiness(): Readiness
  /** What does not work although this node is ready, each in words. */
  degraded?(): readonly string[]
}

// What the claim path is made of, its limits with their reasons, and what it reports of itself.

import type { Clock, Moment } from '../../ports/clock.ts'
import type { Gate, GateVerdict } from '../../ports/gate.ts'
import type { Log } from '../../ports/log.ts'
import type { ClaimAnswer } from './claim-answers.ts'
import type { ClosedCoupons } from './closed/closed-coupons.ts'
import type { WinnerReads } from './closed/winner-lookups.ts'
import type { CouponFold } from './coupon-fold.ts'
import type { SnapshotParts } from './snapshots/fold-snapshots.ts'
import type { Waiters } from './waiters.ts'

export type ClaimServiceParts = {
  log: Log
  /** Whoever gives it closes it. */
  gate?: Gate | undefined
  clock: Clock
  newId(): string
  codeSecret: string
  limits?: Partial<ClaimLimits> | undefined
  observe?: ClaimObserver | undefined
  /** Of what this node knows; absent: it reads the whole log at each start. */
  snapshots?: SnapshotParts | undefined
  /** Where winners are looked up that are not in memory; null while SQL is not up. */
  rows?: (() => WinnerReads | null) | undefined
  /** How long a coupon is closed before its winners leave memory; absent: they stay. */
  closedCouponMs?: number | undefined
  onProgress?: ((done: number, total: number) => void) | undefined
  /** The wall clock is so many seconds ahead of the log's, or behind it. */
  onClockDiffers?: ((seconds: number) => void) | undefined
  /** The log cannot be read, or not be written, any more; the process should end. */
  onError(error: unknown): void
}
export type ClaimPathParts = ClaimServiceParts & {
  limits: ClaimLimits
  fold: CouponFold
  closed: Pick<ClosedCoupons, 'lookUp'>
  /** Those who wait for the record of their claim, by its id. */
  waiters: Waiters<ClaimAnswer, 'deferred'>
  /** Broken: `onError` has been called. Closing: aborted once nothing more is to be begun. */
  state: { stopping: boolean; broken: boolean; closing: AbortSignal }
}
export type ClaimLimits = { readonly [Name in keyof typeof defaultClaimLimits]: number }
export const defaultClaimLimits = {
  /** Records of one append: large enough that one sync serves a stampede's few milliseconds. */
  claimsPerBatchMax: 5_000,
  /** Claims that wait for an append to one partition, about a second; beyond it: busy. */
  claimsWaitingMax: 20_000,
  /**
   * From one append to the next under load: an append costs as much as some ten claims, and a
   * processor that is busy with appends has no time for the rows.
   */
  appendEveryMsMin: 2,
  /** How long a request waits for the log before it is answered 'pending'. */
  answerWaitMsMax: 5_000,
  /** A tail that has read nothing for so long is stalled: memory is no longer trusted. */
  tailStallMsMax: 2_000,
  /**
   * How long a start waits for partitions whose leader is away. Then it goes on without them, and
   * answers about their coupons once it has read them, too.
   */
  leaderWaitMsMax: 2_000,
  /** How far this node's clock and the log's may be apart. */
  clockSkewMsMax: 0,
  /**
   * Where other nodes append too: how long to wait for the fold before something is unknown. 0:
   * this node is the only one, and knows.
   */
  foldWaitMsMax: 0,
  /** Claims of one call of the gate: a few milliseconds of Redis. */
  claimsPerAskMax: 1_000,
  /** Claims before the gate, or deferred by it; what comes beyond goes to the log unasked. */
  gatedClaimsMax: 20_000,
  /**
   * How long a claim is deferred at most: longer than a stampede's way to the log and back, and
   * too short to be noticed, since it is what a wrong gate costs.
   */
  deferMsMax: 200,
} as const

export type ClaimObserver = {
  answered(kind: ClaimAnswer['kind'], by: AnsweredBy): void
  appended(claims: number, seconds: number): void
  /** An append that was given up; whether it is certain that it stored nothing. */
  appendFailed(stored: 'no' | 'unknown'): void
  voided(): void
  /** The next claim of this coupon in the log that came through this node, and when it came. */
  placed?(couponId: string, arrivedAt: Moment): void
  gate?: GateObserver
}
/** deferred: from memory, too, but only after the gate had it deferred. */
export type AnsweredBy = 'memory' | 'deferred' | 'log'
export type GateObserver = {
  /** One call of the gate: its verdicts, and how long it took. */
  asked(verdicts: Readonly<Record<GateVerdict, number>>, seconds: number): void
  /** One claim that went to the log unasked: the gate is away, or too many wait already. */
  bypassed(): void
  /** One claim is deferred no longer: answered from memory, or sent to the log after all. */
  released(to: 'memory' | 'log'): void
}

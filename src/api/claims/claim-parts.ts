// What the claim path is made of, its limits with their reasons, and what it reports of itself.

import type { Clock } from '../../ports/clock.ts'
import type { Gate, GateVerdict } from '../../ports/gate.ts'
import type { Log } from '../../ports/log.ts'
import type { ClaimAnswer } from './claim-answers.ts'
import type { CouponFold } from './coupon-fold.ts'
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
  onProgress?: ((done: number, total: number) => void) | undefined
  /** The log cannot be read, or not be written, any more; the process should end. */
  onError(error: unknown): void
}
export type ClaimPathParts = ClaimServiceParts & {
  limits: ClaimLimits
  fold: CouponFold
  /** Those who wait for the record of their claim, by its id. */
  waiters: Waiters<ClaimAnswer, 'deferred'>
  /** Broken: `onError` has been called. Closing: aborted once nothing more is to be begun. */
  state: { stopping: boolean; broken: boolean; closing: AbortSignal }
}
export type ClaimLimits = {
  /** Records of one append: large enough that one sync serves a stampede's few milliseconds. */
  claimsPerBatchMax: number
  /** Claims that wait for an append, about a second of work; beyond it the node says busy. */
  claimsWaitingMax: number
  /**
   * From one append to the next under load: an append costs as much as some ten claims, and a
   * processor that is busy with appends has no time for the rows.
   */
  appendEveryMsMin: number
  /** How long a request waits for the log before it is answered 'pending'. */
  answerWaitMsMax: number
  /** A tail that has read nothing for so long is stalled: memory is no longer trusted. */
  tailStallMsMax: number
  /** How far this node's clock and the log's may be apart. */
  clockSkewMsMax: number
  /**
   * Where other nodes append too: how long to wait for the fold before something is unknown. 0:
   * this node is the only one, and knows.
   */
  foldWaitMsMax: number
  /** Claims of one call of the gate: a few milliseconds of Redis. */
  claimsPerAskMax: number
  /** Claims before the gate, or deferred by it; what comes beyond goes to the log unasked. */
  gatedClaimsMax: number
  /**
   * How long a claim is deferred at most: longer than a stampede's way to the log and back, and
   * too short to be noticed, since it is what a wrong gate costs.
   */
  deferMsMax: number
}
export const defaultClaimLimits: ClaimLimits = {
  claimsPerBatchMax: 5_000,
  claimsWaitingMax: 20_000,
  appendEveryMsMin: 2,
  answerWaitMsMax: 5_000,
  tailStallMsMax: 2_000,
  clockSkewMsMax: 0,
  foldWaitMsMax: 0,
  claimsPerAskMax: 1_000,
  gatedClaimsMax: 20_000,
  deferMsMax: 200,
}

export type ClaimObserver = {
  answered(kind: ClaimAnswer['kind'], by: AnsweredBy): void
  appended(claims: number, seconds: number): void
  voided(): void
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

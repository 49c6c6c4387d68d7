// The limits of the claim path, with their reasons, and what it reports of itself.

import type { GateVerdict } from '../../ports/coupons.ts'
import type { ClaimAnswer } from './claim-answers.ts'

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

// The claim path without HTTP: answer from memory what the log has settled; else append the claim
// and answer with what this node's fold says its record decided. Never a "no" that the log did
// not say: an append that may have been stored waits for the log, and then ends in 'pending'.

import { codeDeriver, type DeriveCode, rememberCodes } from '../../domain/coupons/codes.ts'
import {
  type ClaimOutcome,
  type Command,
  type ControlOutcome,
  type Decision,
  settled,
} from '../../domain/coupons/decide.ts'
import { type ControlMessage, claimsTopic, encodeMessage } from '../../domain/coupons/messages.ts'
import type { Clock, Instant } from '../../ports/clock.ts'
import { type Gate, type Log, PortError } from '../../ports/coupons.ts'
import { type AppendBatcher, createAppendBatcher } from './append-batcher.ts'
import type {
  ClaimAnswer,
  ClaimService,
  CommandAnswer,
  Readiness,
  Unavailable,
} from './claim-answers.ts'
import {
  type ClaimGate,
  type ClaimGateLimits,
  createClaimGate,
  type GatedClaim,
  type GateObserver,
} from './claim-gate.ts'
import { amongNodes, type OwnClaims } from './claims-among-nodes.ts'
import { type CouponFold, startCouponFold } from './coupon-fold.ts'
import { createCouponList } from './coupon-list.ts'
import { createFoldFreshness } from './fold-freshness.ts'
import { createWaiters, type Waiters } from './waiters.ts'

export type ClaimServiceParts = {
  log: Log
  /** Whoever gives it closes it. */
  gate?: Gate | undefined
  clock: Clock
  newId(): string
  codeSecret: string
  limits?: Partial<ClaimLimits> | undefined
  observe?: ClaimObserver | undefined
  /** Test-only: dies at a named point. */
  crashPoint?: ((name: string) => void) | undefined
  onProgress?: ((done: number, total: number) => void) | undefined
  /** The fold has stopped for good; the process should end. */
  onError(error: unknown): void
}
export type ClaimLimits = ClaimGateLimits & {
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
}
export type ClaimObserver = {
  answered(kind: ClaimAnswer['kind'], by: AnsweredBy): void
  appended(claims: number, seconds: number): void
  voided(): void
  gate?: GateObserver
}
/** held: from memory, too, but only after the gate had it held back for a while. */
export type AnsweredBy = 'memory' | 'held' | 'log'

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
  holdMsMax: 200,
}

export type RunningClaimService = ClaimService & {
  /** Resolves when this node knows the log as it stood at the start. */
  caughtUp: Promise<void>
  lastReadAt(): Instant
  /** Refuses what comes from now on; resolves when all that was accepted has its answer. */
  drain(): Promise<void>
  close(): Promise<void>
}

export async function startClaimService(parts: ClaimServiceParts): Promise<RunningClaimService> {
  const node = new ClaimNode(parts)
  const { log, clock } = parts
  const waitMsMax = parts.limits?.foldWaitMsMax ?? defaultClaimLimits.foldWaitMsMax
  const freshness = createFoldFreshness({
    clock,
    bounds: () => log.bounds(claimsTopic),
    positions: () => fold.positions(),
    waitMsMax,
  })
  const fold = await startCouponFold({
    log,
    clock,
    onAdvanced: waitMsMax > 0 ? freshness.advanced : undefined,
    onDecided: (command, decision) => node.onDecided(command, decision),
    onVoid: () => parts.observe?.voided(),
    onProgress: parts.onProgress,
    onError: (error) => node.onBroken(error),
  })
  node.fold = fold
  const service: OwnClaims = {
    claim: (couponId, userId) => node.claim(couponId, userId),
    command: (message) => node.command(message),
    mine: (couponId, userId) => node.mine(couponId, userId),
    readiness: () => node.readiness(),
    coupon: (couponId) => fold.coupons.get(couponId),
    find(couponId) {
      const coupon = fold.coupons.get(couponId)
      return coupon === undefined ? { kind: 'unknown_coupon' } : { kind: 'found', coupon }
    },
    coupons: createCouponList(fold.coupons),
  }
  return {
    ...(waitMsMax > 0 ? amongNodes(service, freshness) : service),
    caughtUp: fold.caughtUp,
    lastReadAt: fold.lastReadAt,
    drain: () => node.drain(),
    close() {
      node.gate?.close()
      return fold.close()
    },
  }
}

type Asked = { couponId: string; userId: string }

class ClaimNode {
  fold: CouponFold = notStarted
  readonly gate: ClaimGate | null
  private state: 'running' | 'stopping' | 'broken' = 'running'
  private readonly parts: ClaimServiceParts
  private readonly limits: ClaimLimits
  private readonly codeOf: Record<'issued' | 'already_issued', DeriveCode>
  private readonly batcher: AppendBatcher
  private readonly claimWaiters: Waiters<ClaimAnswer, 'held'>
  private readonly commandWaiters: Waiters<CommandAnswer>

  constructor(parts: ClaimServiceParts) {
    const { log, clock, observe, crashPoint } = parts
    const limits = { ...defaultClaimLimits, ...parts.limits }
    const waiting = { clock, waitMs: limits.answerWaitMsMax, late: { kind: 'pending' } as const }
    this.parts = parts
    this.limits = limits
    const derive = codeDeriver(parts.codeSecret)
    this.codeOf = { issued: derive, already_issued: rememberCodes(derive) }
    this.claimWaiters = createWaiters<ClaimAnswer, 'held'>({
      ...waiting,
      onAnswered: ({ kind }, by) => observe?.answered(kind, by),
    })
    this.commandWaiters = createWaiters<CommandAnswer>(waiting)
    this.batcher = createAppendBatcher({
      log,
      topic: claimsTopic,
      clock,
      beforeAppend: crashPoint && (() => crashPoint('K6')),
      recordsPerBatchMax: limits.claimsPerBatchMax,
      recordsWaitingMax: limits.claimsWaitingMax,
      appendEveryMsMin: limits.appendEveryMsMin,
      onAppended: (claims, seconds) => observe?.appended(claims, seconds),
      onRefused: (claimId, error) => this.claimWaiters.answer(claimId, refusedBy(error)),
      onError: (error) => this.onBroken(error),
    })
    this.gate = parts.gate === undefined ? null : this.behindGate(parts.gate)
  }

  claim(couponId: string, userId: string): ClaimAnswer | Promise<ClaimAnswer> {
    const { newId, observe, crashPoint } = this.parts
    if (this.state === 'stopping') return stopping
    if (!this.fold.hasCaughtUp()) return starting
    const answer = this.fromMemory({ couponId, userId })
    if (answer !== null) {
      observe?.answered(answer.kind, 'memory')
      return answer
    }
    const claim = { couponId, userId, claimId: newId() }
    if (this.gate !== null && this.trustsMemory()) {
      crashPoint?.('K2')
      if (this.gate.take(claim)) return this.claimWaiters.wait(claim.claimId)
    }
    return this.append(claim) ? this.claimWaiters.wait(claim.claimId) : busy
  }

  mine(couponId: string, userId: string): ClaimAnswer | null {
    return this.known({ couponId, userId }, this.parts.clock.now())
  }

  async command(message: ControlMessage): Promise<CommandAnswer> {
    if (this.state === 'stopping') return stopping
    const waiter = commandWaiter(message)
    // The same command may be waiting already: both get the first one's answer.
    const answer = this.commandWaiters.wait(waiter)
    const entry = { key: message.couponId, value: encodeMessage(message) }
    this.parts.log.append(claimsTopic, [entry]).catch((error: unknown) => {
      if (!(error instanceof PortError)) this.onBroken(error)
      else if (error.appended === 'no') {
        this.commandWaiters.answer(waiter, refusedBy(error))
      }
    })
    return answer
  }

  /** Answers whoever waits for this very record, then whoever it settles the matter for. */
  onDecided(command: Command, decision: Decision): void {
    this.answerWaiting(command, decision)
    this.gate?.onDecided(command, decision)
  }

  private answerWaiting(command: Command, { outcome }: Decision): void {
    const { message } = command
    // `decide` answers a claim with a claim's outcome, and any other record with the other kind.
    if (message.type === 'coupon.claimed') {
      if (!this.claimWaiters.isWaiting(message.claimId)) return
      this.parts.crashPoint?.('K8')
      const answer = this.answerOf(outcome as ClaimOutcome, message)
      if (answer.kind !== 'issued' && 'coupon' in answer) {
        const { partition, offset, appendedAt } = command
        answer.record = { claimId: message.claimId, partition, offset, appendedAt }
      }
      this.claimWaiters.answer(message.claimId, answer)
    } else if (this.commandWaiters.isWaiting(commandWaiter(message))) {
      const coupon = this.fold.coupons.get(message.couponId)
      const decided = { kind: 'decided', outcome: outcome as ControlOutcome } as const
      const answer: CommandAnswer = coupon ? { ...decided, coupon } : decided
      this.commandWaiters.answer(commandWaiter(message), answer)
    }
  }

  /** The log cannot be read, or not be written, any more. */
  onBroken(error: unknown): void {
    this.state = 'broken'
    this.parts.onError(error)
  }

  readiness(): Readiness {
    const reasons: string[] = []
    if (this.state === 'stopping') reasons.push('stopping')
    if (this.state === 'broken') reasons.push('the log has failed')
    else if (!this.fold.hasCaughtUp()) reasons.push('reading the log')
    else if (!this.trustsMemory()) reasons.push('the log has not been read lately')
    return { ready: reasons.length === 0, reasons }
  }

  async drain(): Promise<void> {
    if (this.state === 'running') this.state = 'stopping'
    const { batcher, claimWaiters, commandWaiters } = this
    await Promise.all([batcher.drained(), claimWaiters.empty(), commandWaiters.empty()])
  }

  /** False where too many wait already. */
  private append(claim: GatedClaim): boolean {
    const value = encodeMessage({ type: 'coupon.claimed', ...claim })
    this.parts.crashPoint?.('K5')
    return this.batcher.add(claim.claimId, { key: claim.couponId, value })
  }

  private behindGate(gate: Gate): ClaimGate {
    const { clock, crashPoint, observe } = this.parts
    return createClaimGate({
      gate,
      clock,
      crashPoint,
      limits: this.limits,
      observe: observe?.gate,
      coupon: (couponId) => this.fold.coupons.get(couponId),
      settle: (claim) => {
        const answer = this.fromMemory(claim)
        if (answer !== null) this.claimWaiters.answer(claim.claimId, answer, 'held')
        return answer !== null
      },
      append: (claim) => {
        if (!this.append(claim)) this.claimWaiters.answer(claim.claimId, busy)
      },
      onError: (error) => this.onBroken(error),
    })
  }

  /** Null where memory does not know, or cannot be trusted. */
  private fromMemory(of: Asked): ClaimAnswer | null {
    if (!this.trustsMemory()) return null
    return this.known(of, this.parts.clock.now() + this.limits.clockSkewMsMax)
  }

  /** What is known is only as fresh as the fold. */
  private trustsMemory(): boolean {
    if (this.state === 'broken') return false
    return this.parts.clock.now() - this.fold.lastReadAt() <= this.limits.tailStallMsMax
  }

  /** What the log has settled for this user; null where only the log can say. See `settled`. */
  private known(of: Asked, surely: Instant): ClaimAnswer | null {
    const coupon = this.fold.coupons.get(of.couponId)
    if (coupon === undefined) return { kind: 'unknown_coupon' }
    const outcome = settled(coupon, of.userId, surely)
    return outcome === null ? null : this.answerOf(outcome, of)
  }

  private answerOf(outcome: ClaimOutcome, of: Asked): ClaimAnswer {
    const coupon = this.fold.coupons.get(of.couponId)
    if (coupon === undefined) return { kind: 'unknown_coupon' }
    if (outcome.kind !== 'issued' && outcome.kind !== 'already_issued') {
      return { kind: outcome.kind, coupon }
    }
    const { couponId, partition } = coupon
    const { issued } = outcome
    const { slot, claimId } = issued
    const code = this.codeOf[outcome.kind]({ couponId, slot, claimId })
    const first = outcome.kind === 'issued'
    return { kind: 'issued', first, couponId, userId: of.userId, partition, issued, code }
  }
}

/** Until the fold has started, which reads no record before the node has it. */
const notStarted: CouponFold = {
  coupons: new Map(),
  caughtUp: Promise.resolve(),
  hasCaughtUp: () => false,
  positions: () => [],
  lastReadAt: () => 0,
  close: () => Promise.resolve(),
}

/** A coupon id has no space, so no two commands share a waiter. */
function commandWaiter({ couponId, commandId }: ControlMessage): string {
  return `${couponId} ${commandId}`
}

const stopping: Unavailable = { kind: 'unavailable', reason: 'stopping', retryAfterSeconds: 1 }
const starting: Unavailable = { kind: 'unavailable', reason: 'starting', retryAfterSeconds: 1 }
const busy: Unavailable = { kind: 'unavailable', reason: 'queue_full', retryAfterSeconds: 1 }

function refusedBy(error: PortError): Unavailable {
  const reason = error.code === 'log_full' ? 'queue_full' : 'log_unavailable'
  return { kind: 'unavailable', reason, retryAfterSeconds: 1 }
}

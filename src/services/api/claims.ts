// The claim path without HTTP: answer from memory what the log has settled; else append the claim
// and answer with what this node's fold says its record decided. Never a "no" that the log did
// not say: an append that may have been stored waits for the log, and then ends in 'pending'.

import {
  type ClaimOutcome,
  type Command,
  type ControlOutcome,
  type Decision,
  settled,
} from '../../domain/coupons/decide.ts'
import { type ControlMessage, claimsTopic, encodeMessage } from '../../domain/coupons/messages.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { type Clock, type Instant, type Log, PortError } from '../../ports.ts'
import { createCouponCodes } from '../coupon-codes.ts'
import type { ClaimAnswer, ClaimService, CommandAnswer, Readiness, Unavailable } from './answers.ts'
import { createClaimBatcher } from './claim-batcher.ts'
import { startCouponFold } from './coupon-fold.ts'
import { createCouponList } from './coupon-list.ts'
import { createWaiters } from './waiters.ts'

export type ClaimServiceParts = {
  log: Log
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
export type ClaimLimits = {
  /** Records of one append: large enough that one sync serves a stampede's few milliseconds. */
  claimsPerBatchMax: number
  /** Claims that wait for an append, about a second of work; beyond it the node says busy. */
  claimsWaitingMax: number
  /** How long a request waits for the log before it is answered 'pending'. */
  answerWaitMsMax: number
  /** A tail that has read nothing for so long is stalled: memory is no longer trusted. */
  tailStallMsMax: number
  /** How far this node's clock and the log's may be apart. */
  clockSkewMsMax: number
}
export type ClaimObserver = {
  answered(kind: ClaimAnswer['kind'], by: 'memory' | 'log'): void
  appended(claims: number, seconds: number): void
  voided(): void
}

export const defaultClaimLimits: ClaimLimits = {
  claimsPerBatchMax: 5_000,
  claimsWaitingMax: 20_000,
  answerWaitMsMax: 5_000,
  tailStallMsMax: 2_000,
  clockSkewMsMax: 0,
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
  const { log, clock, observe, crashPoint } = parts
  const limits = { ...defaultClaimLimits, ...parts.limits }
  const codes = createCouponCodes(parts.codeSecret)
  const waiting = { clock, waitMs: limits.answerWaitMsMax, late: { kind: 'pending' } as const }
  const claimWaiters = createWaiters<ClaimAnswer>(waiting)
  const commandWaiters = createWaiters<CommandAnswer>(waiting)
  let state: 'running' | 'stopping' | 'broken' = 'running'

  const fold = await startCouponFold({
    log,
    clock,
    onDecided,
    onVoid: () => observe?.voided(),
    onProgress: parts.onProgress,
    onError(error) {
      state = 'broken'
      parts.onError(error)
    },
  })
  const batcher = createClaimBatcher({
    log,
    claimsPerBatchMax: limits.claimsPerBatchMax,
    claimsWaitingMax: limits.claimsWaitingMax,
    crashPoint,
    clock,
    onAppended: (claims, seconds) => observe?.appended(claims, seconds),
    onRefused: (claimId, error) => claimWaiters.answer(claimId, refusedBy(error)),
    onError: parts.onError,
  })

  function onDecided(command: Command, { outcome }: Decision): void {
    const { message } = command
    // `decide` answers a claim with a claim's outcome, and any other record with the other kind.
    if (message.type === 'coupon.claimed') {
      if (!claimWaiters.isWaiting(message.claimId)) return
      crashPoint?.('K8')
      const { couponId, userId, claimId } = message
      const answer = claimAnswer(outcome as ClaimOutcome, { couponId, userId })
      if (answer.kind !== 'issued' && 'coupon' in answer) {
        const { partition, offset, appendedAt } = command
        answer.record = { claimId, partition, offset, appendedAt }
      }
      claimWaiters.answer(claimId, answer)
    } else if (commandWaiters.isWaiting(message.commandId)) {
      const coupon = fold.coupons.get(message.couponId)
      const decided = { kind: 'decided', outcome: outcome as ControlOutcome } as const
      commandWaiters.answer(message.commandId, coupon ? { ...decided, coupon } : decided)
    }
  }

  function claimAnswer(
    outcome: ClaimOutcome,
    of: { couponId: string; userId: string },
  ): ClaimAnswer {
    const coupon = fold.coupons.get(of.couponId)
    if (coupon === undefined) return { kind: 'unknown_coupon' }
    if (outcome.kind !== 'issued' && outcome.kind !== 'already_issued') {
      return { kind: outcome.kind, coupon }
    }
    const { couponId, partition } = coupon
    const { issued } = outcome
    const code = codes.codeOf({ couponId, slot: issued.slot, claimId: issued.claimId })
    const first = outcome.kind === 'issued'
    return { kind: 'issued', first, couponId, userId: of.userId, partition, issued, code }
  }

  function trustsMemory(): boolean {
    return state !== 'broken' && clock.now() - fold.lastReadAt() <= limits.tailStallMsMax
  }

  async function claim(couponId: string, userId: string): Promise<ClaimAnswer> {
    if (state === 'stopping') return stopping
    if (!fold.hasCaughtUp()) return starting
    const coupon = fold.coupons.get(couponId)
    if (trustsMemory()) {
      if (coupon === undefined) return { kind: 'unknown_coupon' }
      const outcome = settled(coupon, userId, clock.now() + limits.clockSkewMsMax)
      if (outcome !== null) {
        const answer = claimAnswer(outcome, { couponId, userId })
        observe?.answered(answer.kind, 'memory')
        return answer
      }
    }
    const claimId = parts.newId()
    const value = encodeMessage({ type: 'coupon.claimed', couponId, userId, claimId })
    crashPoint?.('K5')
    if (!batcher.add(claimId, { key: couponId, value })) return busy
    const answer = await claimWaiters.wait(claimId)
    observe?.answered(answer.kind, 'log')
    return answer
  }

  async function command(message: ControlMessage): Promise<CommandAnswer> {
    if (state === 'stopping') return stopping
    // A repeated command id may be waiting already: both get the first one's answer.
    const answer = commandWaiters.wait(message.commandId)
    const entry = { key: message.couponId, value: encodeMessage(message) }
    log.append(claimsTopic, [entry]).catch((error: unknown) => {
      if (!(error instanceof PortError)) return parts.onError(error)
      if (error.appended === 'no') commandWaiters.answer(message.commandId, refusedBy(error))
    })
    return answer
  }

  function mine(couponId: string, userId: string): ClaimAnswer | null {
    const coupon = fold.coupons.get(couponId)
    if (coupon === undefined) return { kind: 'unknown_coupon' }
    const outcome = settled(coupon, userId, clock.now())
    return outcome === null ? null : claimAnswer(outcome, { couponId, userId })
  }

  function readiness(): Readiness {
    const reasons: string[] = []
    if (state === 'stopping') reasons.push('stopping')
    if (state === 'broken') reasons.push('the log cannot be read any more')
    if (!fold.hasCaughtUp()) reasons.push('reading the log')
    else if (!trustsMemory() && state !== 'broken') reasons.push('the log has not been read lately')
    return { ready: reasons.length === 0, reasons }
  }

  return {
    claim,
    command,
    mine,
    readiness,
    coupon: (couponId: string): Coupon | undefined => fold.coupons.get(couponId),
    coupons: createCouponList(fold.coupons),
    caughtUp: fold.caughtUp,
    lastReadAt: fold.lastReadAt,
    async drain() {
      if (state === 'running') state = 'stopping'
      await Promise.all([batcher.drained(), claimWaiters.empty(), commandWaiters.empty()])
    },
    close: fold.close,
  }
}

const stopping: Unavailable = { kind: 'unavailable', reason: 'stopping', retryAfterSeconds: 1 }
const starting: Unavailable = { kind: 'unavailable', reason: 'starting', retryAfterSeconds: 1 }
const busy: Unavailable = { kind: 'unavailable', reason: 'queue_full', retryAfterSeconds: 1 }

function refusedBy(error: PortError): Unavailable {
  const reason = error.code === 'log_full' ? 'queue_full' : 'log_unavailable'
  return { kind: 'unavailable', reason, retryAfterSeconds: 1 }
}

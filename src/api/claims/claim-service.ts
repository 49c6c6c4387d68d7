// Starts the claim path without HTTP: this node's fold, the path that waits for it, the gate and
// the other nodes round it.

import { claimsTopic } from '../../domain/coupons/messages.ts'
import type { Clock, Instant } from '../../ports/clock.ts'
import type { Gate, Log } from '../../ports/coupons.ts'
import { type ClaimAnswer, type ClaimService, type Readiness, stopping } from './claim-answers.ts'
import { behindGate } from './claim-gate.ts'
import { type ClaimLimits, type ClaimObserver, defaultClaimLimits } from './claim-limits.ts'
import { type ClaimPath, type ClaimPathParts, claimAlong, createClaimPath } from './claim-path.ts'
import { amongNodes } from './claims-among-nodes.ts'
import { createCouponCommands } from './coupon-commands.ts'
import { CouponFold } from './coupon-fold.ts'
import { createFoldFreshness } from './fold-freshness.ts'
import { createWaiters } from './waiters.ts'

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
  /** The fold has stopped for good; the process should end. */
  onError(error: unknown): void
}
export type RunningClaimService = ClaimService & {
  /** Resolves when this node knows the log as it stood at the start. */
  caughtUp: Promise<void>
  lastReadAt(): Instant
  /** Refuses what comes from now on; resolves when all that was accepted has its answer. */
  drain(): Promise<void>
  close(): Promise<void>
}

export async function startClaimService(given: ClaimServiceParts): Promise<RunningClaimService> {
  const { log, clock, gate, observe } = given
  const limits = { ...defaultClaimLimits, ...given.limits }
  const { answerWaitMsMax, foldWaitMsMax: waitMsMax } = limits
  const state = { stopping: false, broken: false }
  const closing = new AbortController()
  const fold = new CouponFold(log)
  const waiters = createWaiters<ClaimAnswer, 'deferred'>({
    clock,
    waitMs: answerWaitMsMax,
    late: { kind: 'pending' },
    onAnswered: ({ kind }, by) => observe?.answered(kind, by),
  })
  function onError(error: unknown): void {
    state.broken = true
    given.onError(error)
  }

  const parts = { ...given, limits, fold, waiters, state, onError }
  const plain = createClaimPath(parts)
  const around = { coupons: fold.coupons, observe: observe?.gate, closing: closing.signal }
  const path = gate === undefined ? plain : behindGate(plain, { ...parts, ...around, gate })
  const commands = createCouponCommands({ log, clock, fold, answerWaitMsMax, onError })

  const own: ClaimService = {
    claim: claimAlong(path, parts),
    mine: (couponId, userId) => path.mine({ couponId, userId }),
    command: async (message) => (state.stopping ? stopping : commands.run(message)),
    coupon: (couponId) => fold.coupons.get(couponId),
    find(couponId) {
      const coupon = fold.coupons.get(couponId)
      return coupon === undefined ? { kind: 'unknown_coupon' } : { kind: 'found', coupon }
    },
    coupons: (page) => fold.page(page),
    readiness: () => readinessOf(path, parts),
  }
  const bounds = () => log.bounds(claimsTopic)
  const positions = () => fold.positions()
  const freshness = createFoldFreshness({ clock, bounds, positions, waitMsMax })
  const hasOthers = waitMsMax > 0
  const { caughtUp, close } = await fold.read({
    claimDecided: path.claimDecided,
    controlDecided(command, decision) {
      commands.controlDecided(command, decision)
      path.controlDecided(command, decision)
    },
    onAdvanced: hasOthers ? freshness.advanced : undefined,
    onVoid: () => observe?.voided(),
    onProgress: given.onProgress,
    onError,
  })
  return {
    ...(hasOthers ? amongNodes(own, freshness) : own),
    caughtUp,
    lastReadAt: () => fold.lastReadAt(),
    async drain() {
      state.stopping = true
      await Promise.all([path.drained(), waiters.empty(), commands.drained()])
    },
    close() {
      closing.abort()
      return close()
    },
  }
}

function readinessOf(path: ClaimPath, { state, fold }: ClaimPathParts): Readiness {
  const reasons: string[] = []
  if (state.stopping) reasons.push('stopping')
  if (state.broken) reasons.push('the log has failed')
  else if (!fold.hasCaughtUp()) reasons.push('reading the log')
  else if (!path.trustsMemory()) reasons.push('the log has not been read lately')
  return { ready: reasons.length === 0, reasons }
}

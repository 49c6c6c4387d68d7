// Starts the claim path without HTTP: what this node knows of the log, the path that answers from
// it, the gate and the other nodes round the path, and only then the reading of the log.

import { isDeepStrictEqual } from 'node:util'
import { type ControlMessage, claimsTopic, encodeMessage } from '../../domain/coupons/messages.ts'
import type { Moment } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import {
  type ClaimAnswer,
  type ClaimService,
  type CommandAnswer,
  pending,
  type Readiness,
  refusedBy,
  starting,
  stopping,
} from './claim-answers.ts'
import { behindGate } from './claim-gate.ts'
import { type ClaimPathParts, type ClaimServiceParts, defaultClaimLimits } from './claim-parts.ts'
import { askedBy, type ClaimPath, claimAlong, createClaimPath } from './claim-path.ts'
import { amongNodes } from './claims-among-nodes.ts'
import { ClosedCoupons } from './closed/closed-coupons.ts'
import { missingFor, onceLookedUp } from './closed/once-looked-up.ts'
import { CouponActs } from './coupon-acts.ts'
import { CouponFold, type FoldListener } from './coupon-fold.ts'
import { createFoldFreshness, type FoldFreshness } from './fold-freshness.ts'
import { KeyedCreates } from './keyed-creates.ts'
import { LogTime } from './log-time.ts'
import { FoldSnapshots } from './snapshots/fold-snapshots.ts'
import { createWaiters } from './waiters.ts'

export type RunningClaimService = ClaimService & {
  /** Resolves when this node knows the log as it stood at the start. */
  caughtUp: Promise<void>
  /** Of the partition that was not read for the longest. */
  lastReadAt(): Moment
  /** By partition, the first offset that this node has not read. */
  positions(): readonly number[]
  /** How many coupons have their winners in the rows only. */
  couponsAway(): number
  /** Refuses what comes from now on; resolves when all that was accepted has its answer. */
  drain(): Promise<void>
  close(): Promise<void>
}

export async function startClaimService(given: ClaimServiceParts): Promise<RunningClaimService> {
  const { log, clock, gate, observe, snapshots: kept } = given
  const limits = { ...defaultClaimLimits, ...given.limits }
  const closing = new AbortController()
  const state = { stopping: false, broken: false, closing: closing.signal }
  const time = new LogTime({
    clock,
    skewMsMax: limits.clockSkewMsMax,
    onDiffers: given.onClockDiffers ?? (() => {}),
  })
  const fold = new CouponFold(log, time)
  const waiters = createWaiters<ClaimAnswer, 'deferred'>({
    clock,
    waitMs: limits.answerWaitMsMax,
    late: pending,
    onAnswered: ({ kind }, by) => observe?.answered(kind, by),
  })
  function onError(error: unknown): void {
    state.broken = true
    given.onError(error)
  }
  // Whatever else is learned from the log belongs into the snapshots, too.
  const learned = { keys: new KeyedCreates(), acts: new CouponActs() }
  const snapshots = kept && new FoldSnapshots({ ...kept, log, learned, clock })
  const closed = closedCouponsOf({ ...given, onError }, { fold, snapshots, acts: learned.acts })
  const parts = { ...given, limits, fold, closed, waiters, state, onError }
  const plain = createClaimPath(parts)
  const path = gate === undefined ? plain : behindGate(plain, { ...parts, gate })
  const commands = createCommands(parts, learned)
  const own = ownService(path, commands, parts)
  const freshness = freshnessOf(parts)
  const onUnavailable = () => observe?.answered('unavailable', 'memory')
  const { caughtUp, close } = await fold.read({
    claimDecided: path.claimDecided,
    controlDecided(command, decision) {
      commands.controlDecided(command, decision)
      path.controlDecided(command, decision)
    },
    onAdvanced: freshness.advanced,
    onVoid: () => observe?.voided(),
    onProgress: given.onProgress,
    snapshots,
    closed,
    clock,
    leaderWaitMsMax: limits.leaderWaitMsMax,
    closing: closing.signal,
    onError,
  })
  // What it rejects with is told by the fold.
  void caughtUp.then(() => {
    if (given.rows !== undefined && !closing.signal.aborted) closed.begin()
  })
  return {
    ...(limits.foldWaitMsMax > 0 ? amongNodes(own, freshness, onUnavailable) : own),
    caughtUp,
    lastReadAt: () => fold.oldestReadAt(),
    positions: () => fold.positions(),
    couponsAway: () => closed.count(),
    async drain() {
      state.stopping = true
      await Promise.all([waiters.empty(), commands.drained()])
    },
    async close() {
      closing.abort()
      closed.close()
      await close()
      await snapshots?.close()
    },
  }
}

type Learned = { fold: CouponFold; snapshots: FoldSnapshots | undefined; acts: CouponActs }

function closedCouponsOf(
  { log, clock, rows, closedCouponMs, onError }: ClaimServiceParts,
  { acts, ...learned }: Learned,
): ClosedCoupons {
  return new ClosedCoupons({
    log,
    clock,
    ...learned,
    rows: rows ?? (() => null),
    closedAt: (couponId) => acts.closedAt(couponId),
    afterMs: closedCouponMs ?? Number.POSITIVE_INFINITY,
    onError,
  })
}

/** What this node answers by itself; of what it does not know yet, nothing. */
function ownService(
  path: ClaimPath,
  commands: ReturnType<typeof createCommands>,
  parts: ClaimPathParts,
): ClaimService {
  const { fold, state } = parts
  return {
    claim: claimAlong(path, parts),
    mine(couponId, userId, token) {
      if (!fold.knows(couponId)) return starting
      return onceLookedUp({ couponId, userId }, parts, () => {
        return path.mine(askedBy(fold, { couponId, userId }, token))
      })
    },
    async command(message) {
      if (state.stopping) return stopping
      if (!fold.knows(message.couponId)) return starting
      const missing = await missingFor(message, parts)
      return missing ?? commands.run(message)
    },
    coupon: (couponId) => fold.coupons.get(couponId),
    find(couponId) {
      if (!fold.knows(couponId)) return starting
      const coupon = fold.coupons.get(couponId)
      return coupon === undefined ? { kind: 'unknown_coupon' } : { kind: 'found', coupon }
    },
    coupons: (page) => fold.page(page),
    openRehearsals: () => fold.openRehearsals(),
    acts: (couponId, page) => commands.acts.page(couponId, page),
    readUpTo: (couponId) => fold.positions()[fold.partitionOf(couponId)] ?? 0,
    logTime: () => fold.time.estimate(),
    readiness: () => readinessOf(parts),
    degraded: () => stalledIn(parts).map((partition) => stalledText(partition)),
  }
}

function freshnessOf({ log, clock, fold, limits }: ClaimPathParts): FoldFreshness {
  return createFoldFreshness({
    clock,
    partitions: log.partitionsOf(claimsTopic),
    bounds: (partition) => log.partitionBounds(claimsTopic, partition),
    positions: () => fold.positions(),
    waitMsMax: limits.foldWaitMsMax,
  })
}

/** Operators' commands: each is appended, and answered with what its record decided. */
function createCommands(
  { log, clock, limits, fold, onError }: ClaimPathParts,
  learned: { keys: KeyedCreates; acts: CouponActs },
) {
  const waiters = createWaiters<CommandAnswer>({
    clock,
    waitMs: limits.answerWaitMsMax,
    late: pending,
  })
  /** A coupon id has no space, so no two commands share one. */
  const idOf = ({ couponId, commandId }: ControlMessage) => `${couponId} ${commandId}`
  /** What waits; other content may come under its id, here or through another node. */
  const underWay = new Map<string, ControlMessage>()
  const { keys, acts } = learned
  const controlDecided: FoldListener['controlDecided'] = (command, decision) => {
    const { message } = command
    const { outcome } = decision
    keys.decided(message, outcome)
    acts.decided(command, decision)
    const id = idOf(message)
    if (!isDeepStrictEqual(underWay.get(id), message)) return
    const coupon = fold.coupons.get(message.couponId)
    const act = acts.doneBy(message)
    const shown = { ...(coupon && { coupon }), ...(act && { act }) }
    const decided: CommandAnswer = { kind: 'decided', outcome, ...shown }
    waiters.answer(id, acts.isOther(message, outcome) ? { kind: 'key_reused' } : decided)
  }
  async function run(message: ControlMessage): Promise<CommandAnswer> {
    if (keys.isReused(message, underWay.values())) return { kind: 'key_reused' }
    const id = idOf(message)
    const before = underWay.get(id)
    if (before === undefined) return append(id, message)
    // Two of the same share an answer; of other content the log says what comes of it.
    const answer = await waiters.wait(id)
    const isKnown = answer.kind === 'decided' || answer.kind === 'key_reused'
    if (!isKnown || isDeepStrictEqual(before, message)) return answer
    if (underWay.get(id) === before) underWay.delete(id)
    return run(message)
  }
  async function append(id: string, message: ControlMessage): Promise<CommandAnswer> {
    underWay.set(id, message)
    const answer = waiters.wait(id)
    const entry = { key: message.couponId, value: encodeMessage(message) }
    log.append(claimsTopic, [entry]).catch((error: unknown) => {
      if (!(error instanceof PortError)) onError(error)
      else if (error.appended === 'no') waiters.answer(id, refusedBy(error))
    })
    return answer.finally(() => {
      if (underWay.get(id) === message) underWay.delete(id)
    })
  }
  return { run, controlDecided, acts, drained: waiters.empty }
}

/** Partitions that were not read lately: what is known of their coupons is not trusted. */
function stalledIn({ fold, clock, limits }: ClaimPathParts): number[] {
  const stalled = fold.notReadSince(clock.monotonic() - limits.tailStallMsMax)
  return [...new Set([...stalled, ...fold.latePartitions()])]
}

function stalledText(partition: number): string {
  return `partition ${partition} of ${claimsTopic} has not been read lately`
}

/** A partition without a leader is no reason to send the claims of all others elsewhere. */
function readinessOf(parts: ClaimPathParts): Readiness {
  const { state, fold, log } = parts
  const reasons: string[] = []
  if (state.stopping) reasons.push('stopping')
  if (state.broken) reasons.push('the log has failed')
  else if (!fold.hasCaughtUp()) reasons.push('reading the log')
  else if (stalledIn(parts).length === log.partitionsOf(claimsTopic)) {
    reasons.push('the log has not been read lately')
  }
  return { ready: reasons.length === 0, reasons }
}

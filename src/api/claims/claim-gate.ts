// A gate before the log: asks it about many claims at once, sends on what passes, and defers what
// it calls seen or full until this node's own fold has settled the matter; what is not settled soon
// goes to the log like the rest. So a gate decides how many records the log gets, and when, but
// never an answer.

import { isEligible } from '../../domain/coupons/audience.ts'
import type { Coupon, CouponEvent } from '../../domain/coupons/state.ts'
import { sleep } from '../../ports/clock.ts'
import type { Gate, GateCoupon, GateVerdict } from '../../ports/gate.ts'
import { createBatcher } from '../batcher.ts'
import { busy, pending } from './claim-answers.ts'
import type { ClaimPathParts } from './claim-parts.ts'
import type { ClaimPath } from './claim-path.ts'
import { type NewClaim, OpenClaims } from './open-claims.ts'

export type ClaimGateParts = ClaimPathParts & { gate: Gate }

export function behindGate(path: ClaimPath, parts: ClaimGateParts): ClaimPath {
  const { gate, clock, fold, limits, observe, state } = parts
  const held = new OpenClaims()
  const deferred = new DeferredClaims(path, { ...parts, held })
  /** Where and when each coupon was created. */
  const epochs = new Map<string, string>()
  const unasked = createBatcher<NewClaim>({
    clock,
    perBatchMax: limits.claimsPerAskMax,
    waitingMax: limits.gatedClaimsMax,
    everyMsMin: 0,
    async send(claims) {
      if (!state.closing.aborted) deferred.take(claims, await ask(claims, epochs, parts))
    },
  })

  return {
    ...path,
    settled(asked) {
      const answer = path.settled(asked)
      return held.forbids(answer, asked) ? null : answer
    },
    mine(asked) {
      const answer = path.mine(asked)
      return held.forbids(answer, asked) ? pending : answer
    },
    send(claim) {
      if (!path.trustsMemory(claim.couponId)) return path.send(claim)
      // It takes nothing: a gate that counted it would call the coupon full too early.
      const coupon = fold.coupons.get(claim.couponId)
      if (coupon !== undefined && !isEligible(coupon.terms, claim.audience)) return path.send(claim)
      const isFull = unasked.waiting() + deferred.size >= limits.gatedClaimsMax
      if (!state.closing.aborted && gate.isHere() && !isFull) {
        const isTaken = unasked.add(claim)
        if (isTaken) held.add(claim)
        return isTaken
      }
      observe?.gate?.bypassed()
      return path.send(claim)
    },
    claimDecided(command, decision) {
      path.claimDecided(command, decision)
      deferred.changed(command.message.couponId, decision.events)
    },
    controlDecided(command, decision) {
      path.controlDecided(command, decision)
      const { message, partition, offset, appendedAt } = command
      if (decision.events[0]?.type === 'created') {
        epochs.set(message.couponId, `${partition}-${offset}-${appendedAt}`)
      }
      deferred.changed(message.couponId, decision.events)
    },
  }
}

/** Asks the gate, with what this node knows of each coupon. A claim without a verdict passes. */
async function ask(
  claims: readonly NewClaim[],
  epochs: ReadonlyMap<string, string>,
  { gate, clock, fold, observe, onError }: ClaimGateParts,
): Promise<readonly GateVerdict[]> {
  const known = new Map<string, GateCoupon>()
  function gateCoupon(couponId: string): GateCoupon {
    const coupon = fold.coupons.get(couponId)
    return {
      couponId,
      epoch: epochs.get(couponId) ?? 'unknown',
      quantity: coupon?.quantity ?? 0,
      issued: coupon?.winners.size ?? 0,
      closesAt: coupon?.closesAt ?? Number.POSITIVE_INFINITY,
    }
  }
  const asked = claims.map(({ couponId, userId }) => {
    const coupon = known.get(couponId) ?? gateCoupon(couponId)
    known.set(couponId, coupon)
    return { userId, coupon }
  })
  const startedAt = clock.monotonic()
  try {
    const verdicts = await gate.ask(asked)
    const counts = { pass: 0, seen: 0, full: 0 }
    for (const verdict of verdicts) counts[verdict] += 1
    observe?.gate?.asked(counts, (clock.monotonic() - startedAt) / 1000)
    return verdicts
  } catch (error) {
    onError(error)
    return []
  }
}

/** Claims that wait for this node's fold to settle them, and no longer than they may. */
class DeferredClaims {
  private readonly path: ClaimPath
  private readonly parts: ClaimGateParts
  private readonly held: OpenClaims
  /** By coupon, then user: what one record settles is found at once. */
  private readonly waiting = new Map<string, Map<string, Set<NewClaim>>>()
  size = 0

  constructor(path: ClaimPath, { held, ...parts }: ClaimGateParts & { held: OpenClaims }) {
    this.path = path
    this.parts = parts
    this.held = held
  }

  /** Sends on what passes, and the rest in time. */
  take(claims: readonly NewClaim[], verdicts: readonly GateVerdict[]): void {
    const { clock, limits, state } = this.parts
    const added: NewClaim[] = []
    claims.forEach((claim, n) => {
      if (verdicts[n] !== 'seen' && verdicts[n] !== 'full') this.append(claim)
      else if (!this.settle(claim)) added.push(this.add(claim))
    })
    if (added.length === 0) return
    void sleep(clock, limits.deferMsMax, state.closing).then(() => {
      if (!state.closing.aborted) this.release(added)
    })
  }

  /** To be called after every record, once the fold has taken it. */
  changed(couponId: string, events: readonly CouponEvent[]): void {
    const users = this.waiting.get(couponId)
    if (events.length === 0 || users === undefined) return
    for (const event of events) {
      if (event.type === 'issued') this.settleAll(users.get(event.userId))
      // There is more now than the gate knew of as it called the coupon full.
      else if (event.type === 'restocked')
        this.release([...users.values()].flatMap((claims) => [...claims]))
    }
    // Looked at once, as it ends: what is deferred later is looked at by itself.
    if (!isOver(this.parts.fold.coupons.get(couponId))) return
    for (const claims of users.values()) this.settleAll(claims)
  }

  private append(claim: NewClaim): void {
    this.held.remove(claim)
    if (!this.path.send(claim)) this.parts.waiters.answer(claim.claimId, busy)
  }

  /** Answers the claim where memory may be trusted and knows; else false. */
  private settle(claim: NewClaim): boolean {
    const answer = this.path.settled(claim)
    if (answer === null) return false
    this.held.remove(claim)
    this.parts.observe?.gate?.released('memory')
    this.parts.waiters.answer(claim.claimId, answer, 'deferred')
    return true
  }

  private settleAll(claims: ReadonlySet<NewClaim> = new Set()): void {
    for (const claim of claims) if (this.settle(claim)) this.delete(claim)
  }

  /** Those of them that still wait. */
  private release(claims: readonly NewClaim[]): void {
    for (const claim of claims) {
      if (!this.delete(claim)) continue
      this.parts.observe?.gate?.released('log')
      this.append(claim)
    }
  }

  private add(claim: NewClaim): NewClaim {
    const users = this.waiting.get(claim.couponId) ?? new Map<string, Set<NewClaim>>()
    this.waiting.set(claim.couponId, users)
    users.set(claim.userId, (users.get(claim.userId) ?? new Set()).add(claim))
    this.size += 1
    return claim
  }

  /** False where it does not wait any more. */
  private delete(claim: NewClaim): boolean {
    const users = this.waiting.get(claim.couponId)
    const claims = users?.get(claim.userId)
    if (!claims?.delete(claim)) return false
    if (claims.size === 0) users?.delete(claim.userId)
    if (users?.size === 0) this.waiting.delete(claim.couponId)
    this.size -= 1
    return true
  }
}

/** Settled for whoever asks, so that every claim of it is worth another look. */
function isOver(coupon: Coupon | undefined): boolean {
  if (coupon === undefined) return false
  return coupon.status === 'closed' || coupon.paused || coupon.winners.size >= coupon.quantity
}

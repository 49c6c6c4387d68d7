// A gate before the log: asks it about many claims at once, sends on what passes, and defers what
// it calls seen or full until this node's own fold has settled the matter; what is not settled soon
// goes to the log like the rest. So a gate decides how many records the log gets, and when, but
// never an answer.

import type { Coupon, CouponEvent } from '../../domain/coupons/state.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import type { Gate, GateCoupon, GateVerdict } from '../../ports/coupons.ts'
import { createBatcher } from '../batcher.ts'
import { busy, type ClaimAnswer } from './claim-answers.ts'
import type { ClaimLimits, GateObserver } from './claim-limits.ts'
import type { ClaimPath, NewClaim } from './claim-path.ts'
import type { Waiters } from './waiters.ts'

export type ClaimGateParts = {
  gate: Gate
  clock: Clock
  limits: ClaimLimits
  coupons: ReadonlyMap<string, Coupon>
  waiters: Waiters<ClaimAnswer, 'deferred'>
  observe?: GateObserver | undefined
  /** Once aborted, nothing is asked, deferred or sent any more. */
  closing: AbortSignal
  /** The gate's adapter has a bug: a gate never rejects. */
  onError(error: unknown): void
}

export function behindGate(path: ClaimPath, parts: ClaimGateParts): ClaimPath {
  const { gate, clock, limits, observe, closing } = parts
  const deferred = new DeferredClaims(path, parts)
  const judge = verdictsOf(parts)
  const unasked = createBatcher<NewClaim>({
    clock,
    perBatchMax: limits.claimsPerAskMax,
    waitingMax: limits.gatedClaimsMax,
    everyMsMin: 0,
    async send(claims) {
      if (closing.aborted) return
      const verdicts = await judge.ask(claims)
      deferred.take(claims, (n) => verdicts[n] === 'seen' || verdicts[n] === 'full')
    },
  })

  return {
    ...path,
    send(claim) {
      if (!path.trustsMemory()) return path.send(claim)
      const isFull = unasked.waiting() + deferred.size >= limits.gatedClaimsMax
      if (!closing.aborted && gate.isHere() && !isFull) return unasked.add(claim)
      observe?.bypassed()
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
        judge.created(message.couponId, `${partition}-${offset}-${appendedAt}`)
      }
      deferred.changed(message.couponId, decision.events)
    },
  }
}

/** Asks the gate, with what this node knows of each coupon. */
function verdictsOf({ gate, clock, coupons, observe, onError }: ClaimGateParts) {
  /** Where each coupon was created. */
  const epochs = new Map<string, string>()

  function gateCoupon(couponId: string): GateCoupon {
    const coupon = coupons.get(couponId)
    return {
      couponId,
      epoch: epochs.get(couponId) ?? 'unknown',
      quantity: coupon?.quantity ?? 0,
      issued: coupon?.winners.size ?? 0,
      closesAt: coupon?.closesAt ?? Number.POSITIVE_INFINITY,
    }
  }

  return {
    created: (couponId: string, epoch: string) => void epochs.set(couponId, epoch),
    async ask(claims: readonly NewClaim[]): Promise<readonly GateVerdict[]> {
      const known = new Map<string, GateCoupon>()
      const asked = claims.map(({ couponId, userId }) => {
        const coupon = known.get(couponId) ?? gateCoupon(couponId)
        known.set(couponId, coupon)
        return { userId, coupon }
      })
      const startedAt = clock.now()
      try {
        const verdicts = await gate.ask(asked)
        const counts = { pass: 0, seen: 0, full: 0 }
        for (const verdict of verdicts) counts[verdict] += 1
        observe?.asked(counts, (clock.now() - startedAt) / 1000)
        return verdicts
      } catch (error) {
        onError(error)
        return []
      }
    },
  }
}

/** Settled for whoever asks, so that every claim of it is worth another look. */
function isOver(coupon: Coupon | undefined): boolean {
  if (coupon === undefined) return false
  return coupon.status === 'closed' || coupon.paused || coupon.winners.size >= coupon.quantity
}

/** Claims that wait for this node's fold to settle them, and no longer than they may. */
class DeferredClaims {
  private readonly path: ClaimPath
  private readonly parts: ClaimGateParts
  /** By coupon, then user: what one record settles is found at once. */
  private readonly waiting = new Map<string, Map<string, Set<NewClaim>>>()
  size = 0

  constructor(path: ClaimPath, parts: ClaimGateParts) {
    this.path = path
    this.parts = parts
  }

  /** Sends on what is not to be deferred, and the rest in time. */
  take(claims: readonly NewClaim[], isDeferred: (n: number) => boolean): void {
    const { clock, limits, closing } = this.parts
    const added: NewClaim[] = []
    claims.forEach((claim, n) => {
      if (!isDeferred(n)) this.append(claim)
      else if (!this.settle(claim)) added.push(this.add(claim))
    })
    if (added.length === 0) return
    void sleep(clock, limits.deferMsMax, closing).then(() => {
      if (!closing.aborted) this.release(added)
    })
  }

  /** To be called after every record, once the fold has taken it. */
  changed(couponId: string, events: readonly CouponEvent[]): void {
    if (events.length === 0 || !this.waiting.has(couponId)) return
    for (const event of events) {
      if (event.type === 'issued') this.settleAll(this.of(couponId, event.userId))
      // There is more now than the gate knew of as it called the coupon full.
      else if (event.type === 'restocked') this.release(this.of(couponId))
    }
    // Looked at once, as it ends: what is deferred later is looked at by itself.
    if (isOver(this.parts.coupons.get(couponId))) this.settleAll(this.of(couponId))
  }

  private append(claim: NewClaim): void {
    if (!this.path.send(claim)) this.parts.waiters.answer(claim.claimId, busy)
  }

  /** Answers the claim where memory may be trusted and knows; else false. */
  private settle(claim: NewClaim): boolean {
    const answer = this.path.settled(claim)
    if (answer === null) return false
    this.parts.observe?.released('memory')
    this.parts.waiters.answer(claim.claimId, answer, 'deferred')
    return true
  }

  private settleAll(claims: readonly NewClaim[]): void {
    for (const claim of claims) if (this.settle(claim)) this.delete(claim)
  }

  /** Those of them that still wait. */
  private release(claims: readonly NewClaim[]): void {
    for (const claim of claims) {
      if (!this.delete(claim)) continue
      this.parts.observe?.released('log')
      this.append(claim)
    }
  }

  /** In the order in which their users came. */
  private of(couponId: string, userId?: string): NewClaim[] {
    const byUser = this.waiting.get(couponId) ?? new Map<string, Set<NewClaim>>()
    if (userId !== undefined) return [...(byUser.get(userId) ?? [])]
    return [...byUser.values()].flatMap((claims) => [...claims])
  }

  private add(claim: NewClaim): NewClaim {
    const { couponId, userId } = claim
    const byUser = this.waiting.get(couponId) ?? new Map<string, Set<NewClaim>>()
    this.waiting.set(couponId, byUser.set(userId, (byUser.get(userId) ?? new Set()).add(claim)))
    this.size += 1
    return claim
  }

  /** False where it does not wait any more. */
  private delete(claim: NewClaim): boolean {
    const byUser = this.waiting.get(claim.couponId)
    const claims = byUser?.get(claim.userId)
    if (!claims?.delete(claim)) return false
    this.size -= 1
    if (claims.size === 0) byUser?.delete(claim.userId)
    if (byUser?.size === 0) this.waiting.delete(claim.couponId)
    return true
  }
}

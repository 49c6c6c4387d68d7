// Between memory and the batcher, where there is a gate: gathers claims while one call of it is in
// flight, sends on what passes, and holds back what it calls seen or full until this node's own
// fold has settled the matter; what is not settled soon goes to the log like the rest. So a gate
// decides how many records the log gets, and when, but never an answer.

import type { Command, Decision } from '../../domain/coupons/decide.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import type { Clock, Instant } from '../../ports/clock.ts'
import type { Gate, GateCoupon, GateVerdict } from '../../ports/coupons.ts'

export type GatedClaim = { couponId: string; userId: string; claimId: string }

export type ClaimGateParts = {
  gate: Gate
  clock: Clock
  limits: ClaimGateLimits
  coupon(couponId: string): Coupon | undefined
  /** Answers the claim where memory may be trusted and knows; else false. */
  settle(claim: GatedClaim): boolean
  /** Sends it to the log. */
  append(claim: GatedClaim): void
  observe?: GateObserver | undefined
  /** Test-only: dies at a named point. */
  crashPoint?: ((name: string) => void) | undefined
  /** The gate's adapter has a bug: a gate never rejects. */
  onError(error: unknown): void
}
export type ClaimGateLimits = {
  /** Claims of one call of the gate: a few milliseconds of Redis. */
  claimsPerAskMax: number
  /** Claims that are gathered or held back; what comes beyond goes to the log unasked. */
  gatedClaimsMax: number
  /**
   * How long a claim is held back at most: longer than a stampede's way to the log and back, and
   * too short to be noticed, since it is what a wrong gate costs.
   */
  holdMsMax: number
}
export type GateObserver = {
  /** One call of the gate: what it said, and how long it took. */
  asked(verdicts: Readonly<Record<GateVerdict, number>>, seconds: number): void
  /** One claim that went to the log unasked: the gate is away, or too many wait already. */
  bypassed(): void
  /** One claim is held back no longer: answered from memory, or sent to the log after all. */
  released(to: 'memory' | 'log'): void
}

export type ClaimGate = {
  /** Takes the claim, unless it should go to the log unasked: then false. */
  take(claim: GatedClaim): boolean
  /** To be told of every record, after the fold has taken it. */
  onDecided(command: Command, decision: Decision): void
  /** Nothing is asked, held back or sent any more. */
  close(): void
}

export function createClaimGate(parts: ClaimGateParts): ClaimGate {
  return new GatedClaims(parts)
}

type Held = GatedClaim & { until: Instant }

class GatedClaims implements ClaimGate {
  private readonly parts: ClaimGateParts
  private gathered: GatedClaim[] = []
  private asking = false
  private closed = false
  /** By claim, in the order in which they were held back, which is that of their time limits. */
  private readonly held = new Map<string, Held>()
  /** The same claims by coupon, then user: what one record settles is found at once. */
  private readonly heldOf = new Map<string, Map<string, Set<Held>>>()
  /** Where each coupon was created. */
  private readonly epochs = new Map<string, string>()
  private cancelSweep: (() => void) | null = null

  constructor(parts: ClaimGateParts) {
    this.parts = parts
  }

  take(claim: GatedClaim): boolean {
    const { gate, limits, observe } = this.parts
    const waiting = this.gathered.length + this.held.size
    if (this.closed || !gate.isHere() || waiting >= limits.gatedClaimsMax) {
      observe?.bypassed()
      return false
    }
    this.gathered.push(claim)
    if (!this.asking) {
      this.asking = true
      void this.askAll()
    }
    return true
  }

  onDecided({ message, partition, offset, appendedAt }: Command, { events }: Decision): void {
    const { couponId } = message
    if (events[0]?.type === 'created') {
      this.epochs.set(couponId, `${partition}-${offset}-${appendedAt}`)
    }
    const held = this.heldOf.get(couponId)
    if (held === undefined) return
    for (const event of events) {
      if (event.type === 'issued') this.settleAll([...(held.get(event.userId) ?? [])])
      // There is more now than the gate knew of as it called the coupon full.
      else if (event.type === 'restocked') this.releaseAll(allOf(held))
    }
    // Looked at once, as it ends: what is held back later is looked at by itself.
    if (events.length > 0 && this.isOver(couponId)) this.settleAll(allOf(held))
  }

  close(): void {
    this.closed = true
    this.cancelSweep?.()
  }

  private async askAll(): Promise<void> {
    // One turn later, so that everything asked for in this turn goes together.
    await Promise.resolve()
    while (this.gathered.length > 0 && !this.closed) {
      const batch = this.gathered.splice(0, this.parts.limits.claimsPerAskMax)
      const verdicts = await this.ask(batch)
      batch.forEach((claim, n) => {
        if (verdicts[n] === 'seen' || verdicts[n] === 'full') this.hold(claim)
        else this.parts.append(claim)
      })
    }
    this.asking = false
  }

  private async ask(batch: readonly GatedClaim[]): Promise<readonly GateVerdict[]> {
    const { gate, clock, crashPoint, observe, onError } = this.parts
    const known = new Map<string, GateCoupon>()
    const claims = batch.map(({ couponId, userId }) => {
      const coupon = known.get(couponId) ?? this.gateCoupon(couponId)
      known.set(couponId, coupon)
      return { userId, coupon }
    })
    const startedAt = clock.now()
    try {
      const asked = gate.ask(claims)
      crashPoint?.('K3')
      const verdicts = await asked
      crashPoint?.('K4')
      observe?.asked(count(verdicts), (clock.now() - startedAt) / 1000)
      return verdicts
    } catch (error) {
      onError(error)
      return []
    }
  }

  private gateCoupon(couponId: string): GateCoupon {
    const coupon = this.parts.coupon(couponId)
    return {
      couponId,
      epoch: this.epochs.get(couponId) ?? 'unknown',
      quantity: coupon?.quantity ?? 0,
      issued: coupon?.winners.size ?? 0,
      closesAt: coupon?.closesAt ?? Number.POSITIVE_INFINITY,
    }
  }

  private hold(claim: GatedClaim): void {
    const { clock, limits } = this.parts
    if (this.settled(claim)) return
    const held: Held = { ...claim, until: clock.now() + limits.holdMsMax }
    this.held.set(claim.claimId, held)
    const ofCoupon = this.heldOf.get(claim.couponId) ?? new Map<string, Set<Held>>()
    this.heldOf.set(claim.couponId, ofCoupon)
    const ofUser = ofCoupon.get(claim.userId) ?? new Set()
    ofCoupon.set(claim.userId, ofUser.add(held))
    this.sweepLater(limits.holdMsMax)
  }

  private settled(claim: GatedClaim): boolean {
    const settled = this.parts.settle(claim)
    if (settled) this.parts.observe?.released('memory')
    return settled
  }

  private settleAll(claims: readonly Held[]): void {
    for (const claim of claims) if (this.settled(claim)) this.forget(claim)
  }

  private releaseAll(claims: readonly Held[]): void {
    for (const claim of claims.toSorted((a, b) => a.until - b.until)) {
      this.forget(claim)
      this.parts.observe?.released('log')
      this.parts.append(claim)
    }
  }

  private forget(claim: Held): void {
    const { couponId, userId } = claim
    this.held.delete(claim.claimId)
    const ofCoupon = this.heldOf.get(couponId)
    const ofUser = ofCoupon?.get(userId)
    ofUser?.delete(claim)
    if (ofUser?.size === 0) ofCoupon?.delete(userId)
    if (ofCoupon?.size === 0) this.heldOf.delete(couponId)
  }

  /** Settled for whoever asks, so that every claim of it is worth another look. */
  private isOver(couponId: string): boolean {
    const coupon = this.parts.coupon(couponId)
    if (coupon === undefined) return false
    return coupon.status === 'closed' || coupon.paused || coupon.winners.size >= coupon.quantity
  }

  /** The oldest is always the first whose time is up, so one timer serves them all. */
  private sweepLater(ms: number): void {
    this.cancelSweep ??= this.parts.clock.after(ms, () => this.sweep())
  }

  private sweep(): void {
    this.cancelSweep = null
    const now = this.parts.clock.now()
    const due: Held[] = []
    for (const claim of this.held.values()) {
      if (claim.until > now) {
        this.sweepLater(claim.until - now)
        break
      }
      due.push(claim)
    }
    this.releaseAll(due)
  }
}

function allOf(held: ReadonlyMap<string, ReadonlySet<Held>>): Held[] {
  return [...held.values()].flatMap((ofUser) => [...ofUser])
}

function count(verdicts: readonly GateVerdict[]): Record<GateVerdict, number> {
  const counts = { pass: 0, seen: 0, full: 0 }
  for (const verdict of verdicts) counts[verdict] += 1
  return counts
}

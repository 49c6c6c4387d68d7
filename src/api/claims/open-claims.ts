// Claims that this node has accepted and that may still be written to the log, or have been and
// were not read yet. Until then nobody who has one is told no from memory, for it may win.

import type { CouponClaimed } from '../../domain/coupons/messages.ts'
import type { Moment } from '../../ports/clock.ts'
import type { ClaimAnswer } from './claim-answers.ts'

/** `audience`: what the token says, where the coupon asks for it; see the record of a claim. */
export type Asked = Pick<CouponClaimed, 'couponId' | 'userId' | 'audience'>
/** `arrivedAt`: when it reached this node, where that is known. */
export type NewClaim = Asked & { claimId: string; arrivedAt?: Moment | undefined }

/** `before`: sent earlier for the same user, and not settled either. */
type Open = { claimId: string; arrivedAt: Moment | undefined; before: Open | null }

export class OpenClaims {
  /** By coupon, then by user, in the order in which they were sent. */
  private readonly coupons = new Map<string, Map<string, Open>>()

  /** Whether this is a no (null: there is none to be told) that is not settled for this user. */
  forbids(answer: ClaimAnswer | null, { couponId, userId }: Asked): boolean {
    return answer?.kind !== 'issued' && (this.coupons.get(couponId)?.has(userId) ?? false)
  }

  add({ couponId, userId, claimId, arrivedAt }: NewClaim): void {
    let users = this.coupons.get(couponId)
    if (users === undefined) {
      users = new Map()
      this.coupons.set(couponId, users)
    }
    const before = users.get(userId) ?? null
    if (before !== null) users.delete(userId)
    users.set(userId, { claimId, arrivedAt, before })
  }

  /** Certainly not written, or answered already. */
  remove({ couponId, userId, claimId }: NewClaim): void {
    const users = this.coupons.get(couponId)
    const open = users?.get(userId)
    if (users === undefined || open === undefined) return
    const left = without(open, claimId)
    if (left === null) this.delete(couponId, userId)
    else users.set(userId, left)
  }

  /**
   * Its record was read. What this node had sent earlier to the same partition was read before it,
   * or never will be: no append comes behind a later one of the same writer. Returns when the claim
   * reached this node; undefined: it did not, or that is not known.
   */
  decided({ couponId, userId, claimId }: NewClaim): Moment | undefined {
    const users = this.coupons.get(couponId)
    const open = users?.get(userId)
    if (users === undefined || open === undefined) return undefined
    if (open.claimId !== claimId) {
      const newer = behind(open, claimId)
      const arrivedAt = newer?.before?.arrivedAt
      if (newer !== null) newer.before = null
      return arrivedAt
    }
    for (const earlier of users.keys()) {
      this.delete(couponId, earlier)
      if (earlier === userId) break
    }
    return open.arrivedAt
  }

  private delete(couponId: string, userId: string): void {
    const users = this.coupons.get(couponId)
    users?.delete(userId)
    if (users?.size === 0) this.coupons.delete(couponId)
  }
}

function without(open: Open, claimId: string): Open | null {
  if (open.claimId === claimId) return open.before
  if (open.before !== null) open.before = without(open.before, claimId)
  return open
}

/** The one that was sent next after this claim. */
function behind(open: Open, claimId: string): Open | null {
  for (let newer: Open | null = open; newer !== null; newer = newer.before) {
    if (newer.before?.claimId === claimId) return newer
  }
  return null
}

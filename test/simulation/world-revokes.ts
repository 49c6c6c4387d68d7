// Revokes in a small model world of orders: appended to the claims log behind all wins, written
// by an issuer that is late and whose rows may be dropped and made anew, and known to some nodes of
// the API before that.

import type { ReplayedClaims } from '../../src/audit/orders/check-spent.ts'
import {
  type Revocation,
  type Revocations,
  revocationsOf,
  takenBy,
} from '../../src/domain/coupons/revocations.ts'
import type { Issued } from '../../src/domain/coupons/state.ts'
import type { AnyPlaced } from '../../src/domain/orders/messages.ts'
import { coupon as anyCoupon } from '../models/coupon-conditions.ts'
import type { Stores, WonRow } from '../models/orders-stores.ts'
import type { Random } from './random.ts'

/** `userId` null: of all who had won. */
export type RevokeAsked = { couponId: string; userId: string | null }
type Revoke = RevokeAsked & { offset: number; at: number }
export type ClaimsOfWorld = { won: readonly WonRow[]; revokes: Revoke[] }

/** An order whose user has won nothing names an offset below it, too. */
const winsEnd = 3

export function appendRevoke({ won, revokes }: ClaimsOfWorld, asked: RevokeAsked, at: number) {
  const first = Math.max(winsEnd, ...won.map(({ offset }) => offset + 1))
  revokes.push({ ...asked, offset: first + revokes.length, at })
}

/** One transaction of the issuer: all below `next` is written. */
export function issueUntil(stores: Stores, { revokes, won }: ClaimsOfWorld, next: number): void {
  const written = revokes.filter(({ offset }) => offset >= stores.issuerNext && offset < next)
  for (const revoke of written) {
    for (const key of keysOf(revoke, won)) {
      if (!stores.everRevoked.has(key)) stores.countedWith.set(key, reservedBy(stores, key))
      stores.revoked.add(key)
      stores.everRevoked.add(key)
    }
  }
  stores.issuerNext = next
}

/** Of what has merely reserved it a revoke counts the coupon as unspent. */
function reservedBy({ uses, couponRows }: Stores, key: string): string | null {
  const orderId = uses.get(key)
  const row = couponRows.get(orderId ?? '')
  const isReserved = row?.status === 'used' && row.reserved !== undefined
  return orderId !== undefined && isReserved ? orderId : null
}

/** What the issuer has written is dropped, to be made anew from the log. */
export function dropIssued(stores: Stores): void {
  stores.issuerWas = Math.max(stores.issuerWas, stores.issuerNext)
  stores.issuerNext = 0
  stores.revoked.clear()
}

/** As some node writes it, which may not have read the revoke yet. */
export function knownAt({ won, revokes }: ClaimsOfWorld, placed: AnyPlaced, random: Random) {
  const { coupon, userId } = placed
  if (coupon === undefined) return placed
  const key = `${coupon.couponId}/${userId}`
  const known = revokes.findLast((revoke) => keysOf(revoke, won).includes(key))
  if (known === undefined || random.chance(0.5)) return placed
  return { ...placed, coupon: { ...coupon, revoked: known.offset } }
}

export function revokedKeys({ won, revokes }: ClaimsOfWorld): string[] {
  return revokes.flatMap((revoke) => keysOf(revoke, won))
}

/** As an audit has replayed them. */
export function replayedClaims({ won, revokes }: ClaimsOfWorld): ReplayedClaims {
  const ids = new Set(won.map(({ couponId }) => couponId))
  const coupons = [...ids].map((couponId) => {
    const own = won.filter((row) => row.couponId === couponId)
    const winners = new Map(
      own.map(({ userId, offset }, n): [string, Issued] => {
        return [userId, { slot: n + 1, claimId: userId, offset, appendedAt: 0 }]
      }),
    )
    const { couponId: _, userId: __, offset: ___, ...offer } = own[0] ?? { couponId: '' }
    const terms = { ...anyCoupon().terms, ...offer }
    const done = revokes.filter((revoke) => revoke.couponId === couponId)
    const revocations = revocationsIn(done, winners)
    return [couponId, anyCoupon({ couponId, terms, winners, revocations })] as const
  })
  return { coupons: new Map(coupons), bounds: [{ start: 0, end: Number.MAX_SAFE_INTEGER }] }
}

function revocationsIn(
  revokes: readonly Revoke[],
  winners: ReadonlyMap<string, Issued>,
): Revocations {
  const done: Revocation[] = []
  for (const { userId, offset, at: appendedAt } of revokes) {
    const slot = winners.get(userId ?? '')?.slot ?? null
    const isOfNobody = userId !== null && slot === null
    const taken = isOfNobody ? null : takenBy(revocationsOf(done), { slot, winners: winners.size })
    done.push({ commandId: `${offset}`, by: 'op', reason: 'x', userId, offset, appendedAt, taken })
  }
  return revocationsOf(done)
}

function keysOf({ couponId, userId }: RevokeAsked, won: readonly WonRow[]): string[] {
  const taken = won.filter((row) => {
    return row.couponId === couponId && (userId === null || row.userId === userId)
  })
  return taken.map((row) => `${couponId}/${row.userId}`)
}

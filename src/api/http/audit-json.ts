// The SQL projection as JSON, both ways: the service writes it, the auditor reads it back. What
// is read back is only trusted to come from a service of this version.

import type { Static } from 'typebox'
import type { Terms } from '../../domain/coupons/messages.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { formatInstant, parseExactInstant } from '../../domain/time.ts'
import type { IssuedRow, ProjectionSnapshot } from '../../ports/coupons.ts'
import type { IssuedRows, Projection, StoredCoupon } from './schemas.ts'

export type ProjectionJson = Static<typeof Projection>
export type IssuedRowsJson = Static<typeof IssuedRows>
type StoredCouponJson = Static<typeof StoredCoupon>

export function projectionJson({ positions, coupons }: ProjectionSnapshot): ProjectionJson {
  return {
    positions: [...positions].map(([partition, position]) => ({ partition, ...position })),
    coupons: coupons.map(storedCouponJson),
  }
}

export function projectionFrom({ positions, coupons }: ProjectionJson): ProjectionSnapshot {
  return {
    positions: new Map(positions.map(({ partition, ...position }) => [partition, position])),
    coupons: coupons.map(storedCouponFrom),
  }
}

/** A full page names the next one. */
export function issuedRowsJson(rows: readonly IssuedRow[], limit: number): IssuedRowsJson {
  const issued = rows.map((row) => ({
    couponId: row.couponId,
    slot: row.slot,
    userId: row.userId,
    claimId: row.claimId,
    code: row.code,
    partition: row.partition,
    offset: row.offset,
    appendedAt: formatInstant(row.appendedAt),
  }))
  const last = rows.length < limit ? undefined : rows.at(-1)
  if (last === undefined) return { issued }
  return { issued, next: { afterCouponId: last.couponId, afterSlot: last.slot } }
}

export function issuedRowsFrom({ issued }: IssuedRowsJson): IssuedRow[] {
  return issued.map((row) => ({ ...row, appendedAt: instantFrom(row.appendedAt) }))
}

function storedCouponJson(coupon: Coupon): StoredCouponJson {
  const { couponId, partition, rules, status, paused, quantity } = coupon
  return {
    couponId,
    partition,
    rules,
    status,
    paused,
    quantity,
    opensAt: formatInstant(coupon.opensAt),
    closesAt: Number.isFinite(coupon.closesAt) ? formatInstant(coupon.closesAt) : null,
    terms: termsJson(coupon.terms),
    commands: [...coupon.commands].map(([commandId, add]) => ({ commandId, add })),
  }
}

function storedCouponFrom(stored: StoredCouponJson): Coupon {
  const { couponId, partition, rules, status, paused, quantity, closesAt } = stored
  return {
    status,
    couponId,
    partition,
    rules,
    terms: termsFrom(stored.terms),
    opensAt: instantFrom(stored.opensAt),
    closesAt: closesAt === null ? Number.POSITIVE_INFINITY : instantFrom(closesAt),
    quantity,
    paused,
    commands: new Map(stored.commands.map(({ commandId, add }) => [commandId, add])),
    winners: new Map(),
  }
}

function termsJson({ opensAt, closesAt, ...rest }: Terms): StoredCouponJson['terms'] {
  return {
    ...rest,
    ...(opensAt === undefined ? {} : { opensAt: formatInstant(opensAt) }),
    ...(closesAt === undefined ? {} : { closesAt: formatInstant(closesAt) }),
  }
}

function termsFrom({ opensAt, closesAt, discount, ...rest }: StoredCouponJson['terms']): Terms {
  const terms: Terms = { ...rest }
  if (opensAt !== undefined) terms.opensAt = instantFrom(opensAt)
  if (closesAt !== undefined) terms.closesAt = instantFrom(closesAt)
  if (discount !== undefined) terms.discount = discount
  return terms
}

/** Of what formatInstant wrote, which is read by the million. */
function instantFrom(text: string): number {
  const at = parseExactInstant(text)
  if (at === null) throw new Error(`no time in a stored row: ${text}`)
  return at
}

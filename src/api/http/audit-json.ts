// The SQL projection as JSON, for the auditor, who reads it back (src/client/audit-rows.ts).

import type { Static } from 'typebox'
import type { Coupon } from '../../domain/coupons/state.ts'
import { formatInstant } from '../../domain/time.ts'
import type { IssuedRow, ProjectionSnapshot } from '../../ports/coupons.ts'
import type { IssuedRows, Projection, StoredCoupon } from './schemas.ts'

export function projectionJson({
  positions,
  coupons,
}: ProjectionSnapshot): Static<typeof Projection> {
  return {
    positions: [...positions].map(([partition, position]) => ({ partition, ...position })),
    coupons: coupons.map(storedCouponJson),
  }
}

/** A full page names the next one. */
export function issuedRowsJson(
  rows: readonly IssuedRow[],
  limit: number,
): Static<typeof IssuedRows> {
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

function storedCouponJson(coupon: Coupon): Static<typeof StoredCoupon> {
  const { winners: _, terms, opensAt, closesAt, commands, ...rest } = coupon
  const { opensAt: opens, closesAt: closes, ...offer } = terms
  return {
    ...rest,
    opensAt: formatInstant(opensAt),
    closesAt: Number.isFinite(closesAt) ? formatInstant(closesAt) : null,
    terms: {
      ...offer,
      ...(opens === undefined ? {} : { opensAt: formatInstant(opens) }),
      ...(closes === undefined ? {} : { closesAt: formatInstant(closes) }),
    },
    commands: [...commands].map(([commandId, add]) => ({ commandId, add })),
  }
}

// Compares the rows of the coupons with what the log says about them at the stored positions.

import { sameTerms, type Terms } from '../../domain/coupons/messages.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import type { Findings } from '../findings.ts'

type Coupons = ReadonlyMap<string, Coupon>

/** Both as of the positions, without winners. */
export function compareCoupons(stored: readonly Coupon[], log: Coupons, findings: Findings): void {
  const missing = new Set(log.keys())
  for (const row of stored) {
    const { couponId } = row
    missing.delete(couponId)
    const coupon = log.get(couponId)
    if (coupon === undefined) {
      findings.add('I7', couponId, () => `${couponId}: there is a row, but the log never made it`)
    } else compareCoupon(row, coupon, findings)
  }
  for (const couponId of missing) {
    findings.add('I7', couponId, () => `${couponId}: the row of the coupon is missing`)
  }
}

const plainFields = [
  'status',
  'paused',
  'quantity',
  'partition',
  'rules',
  'opensAt',
  'closesAt',
] as const

function compareCoupon(row: Coupon, coupon: Coupon, findings: Findings): void {
  const { couponId } = coupon
  for (const field of plainFields) {
    if (row[field] === coupon[field]) continue
    findings.add('I7', couponId, () => {
      return `${couponId}: the row has ${field} ${row[field]}, the log gives ${coupon[field]}`
    })
  }
  if (!sameTerms(row.terms, coupon.terms)) {
    findings.add('I7', couponId, () => {
      const found = `${shown(row.terms)}, the log ${shown(coupon.terms)}`
      return `${couponId}: the row has the terms ${found}`
    })
  }
  const remembered = [...coupon.commands].every(([id, add]) => row.commands.get(id) === add)
  if (!remembered || row.commands.size !== coupon.commands.size) {
    findings.add('I7', couponId, () => `${couponId}: the row has other commands than the log`)
  }
}

function shown(terms: Terms): string {
  return JSON.stringify(terms)
}

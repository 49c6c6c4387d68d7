// The memory twin of what the coupon step keeps. What the issuer has written is filled in by the
// caller, who plays the issuer.

import type { Discount } from '../../domain/coupons/messages.ts'
import type { CouponRow } from '../../domain/orders/state.ts'
import {
  type CouponChanges,
  type CouponLoaded,
  type CouponWanted,
  couponKey,
} from '../../ports/orders.ts'
import { constraintFired, createConsumerStoreMemory, pick, writeRows } from './consumer-store.ts'

export type CouponStepTables = {
  rows: Map<string, CouponRow>
  /** The order that uses a coupon, by `couponKey`. */
  uses: Map<string, string>
  /** By `couponKey`. */
  issued: Map<string, { discount?: Discount }>
  /** By partition of the claims log. */
  issuerNext: Map<number, number>
}

export function emptyCouponTables(): CouponStepTables {
  return { rows: new Map(), uses: new Map(), issued: new Map(), issuerNext: new Map() }
}

export function createCouponStepStoreMemory(tables: CouponStepTables = emptyCouponTables()) {
  return createConsumerStoreMemory(tables, {
    load({ orderIds, coupons }: CouponWanted): CouponLoaded {
      const facts: CouponLoaded['facts'] = new Map()
      for (const coupon of coupons) {
        const key = couponKey(coupon)
        facts.set(key, {
          issuerNext: tables.issuerNext.get(coupon.partition) ?? 0,
          issued: tables.issued.get(key) ?? null,
          usedBy: tables.uses.get(key) ?? null,
        })
      }
      return { rows: pick(tables.rows, orderIds), facts }
    },
    write({ rows, effects }: CouponChanges) {
      tables.uses = usesAfter(tables.uses, effects)
      writeRows(tables.rows, rows)
    },
  })
}

/** With the constraints that SQL has. */
function usesAfter(
  before: ReadonlyMap<string, string>,
  effects: CouponChanges['effects'],
): Map<string, string> {
  const uses = new Map(before)
  for (const { kind, use } of effects) {
    const key = couponKey(use)
    if (kind === 'release') {
      if (uses.get(key) === use.orderId) uses.delete(key)
      continue
    }
    if (uses.has(key)) throw constraintFired('one_order_per_coupon', key)
    if ([...uses.values()].includes(use.orderId))
      throw constraintFired('one_coupon_per_order', use.orderId)
    uses.set(key, use.orderId)
  }
  return uses
}

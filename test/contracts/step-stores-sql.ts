// The SQL stores of the coupon step, the payment step and the wallet, for their contracts: on
// tables that are emptied, and with an issuer that writes through its own store.

import type { Database } from '../../src/adapters/database/database.ts'
import { createCouponStepStoreSql } from '../../src/adapters/stores/coupon-step.ts'
import { createCouponStoreSql } from '../../src/adapters/stores/coupon-store.ts'
import {
  createPaymentStepStoreSql,
  createWalletStoreSql,
} from '../../src/adapters/stores/payment-step.ts'
import type { Coupon } from '../../src/domain/coupons/state.ts'
import { revocation } from './coupon-store-revocations.ts'
import { coupon, row, terms } from './coupon-store-samples.ts'
import type { PaymentUnderTest } from './payment-step-store.ts'
import { type CouponStepUnderTest, type IssuedCoupon, wonAt } from './step-stores.ts'

const couponTables = ['coupons', 'issued_coupons', 'positions', 'orders', 'uses', 'revocations']
const paymentTables = ['orders', 'balances', 'commands', 'charges']

export async function openCouponStepSql(database: Database): Promise<CouponStepUnderTest> {
  await empty(database, 'coupons', couponTables)
  const issuer = createCouponStoreSql({ database })
  return {
    store: createCouponStepStoreSql(database),
    async issue(issued, next) {
      const rows = issued.map(({ couponId, userId }, n) => {
        return row({
          couponId,
          userId,
          slot: n + 1,
          partition: 2,
          offset: n,
          appendedAt: wonAt(n + 1),
        })
      })
      const coupons = couponsOf(issued)
      await issuer.apply({
        partition: 2,
        expected: 0,
        next,
        fingerprint: null,
        coupons,
        issued: rows,
      })
    },
    async revoke({ couponId, userId }, next) {
      const [winner] = userId === undefined ? [] : await issuer.heldBy(userId, { limit: 1 })
      const slots =
        winner === undefined ? { from: 1, to: 4 } : { from: winner.slot, to: winner.slot }
      const offset = next - 1
      const revoked = { offset, couponId, partition: 2, userId: userId ?? null, taken: slots }
      const coupons = couponsOf([{ couponId, userId: '' }])
      const moved = { partition: 2, expected: offset, next, fingerprint: null, issued: [] }
      await issuer.apply({ ...moved, coupons, revocations: [revocation(revoked)] })
    },
    async close() {},
  }
}

export async function openPaymentSql(database: Database): Promise<PaymentUnderTest> {
  await empty(database, 'payments', paymentTables)
  const store = createPaymentStepStoreSql(database)
  return { store, wallet: createWalletStoreSql(database), async close() {} }
}

function couponsOf(issued: readonly IssuedCoupon[]): Coupon[] {
  const byId = new Map(issued.map((it) => [it.couponId, it]))
  return [...byId.values()].map(({ couponId, ...named }) => {
    const { userId: _, ...offer } = named
    return coupon({ couponId, partition: 2, quantity: 9, terms: terms(offer) })
  })
}

async function empty(database: Database, schema: string, tables: readonly string[]) {
  const all = [...tables, 'consumer_positions'].map((table) => `${schema}.${table}`)
  await database.script(`truncate ${all.join(', ')}`)
}

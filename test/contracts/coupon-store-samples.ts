// Coupons, rows and batches for the coupon store contract, and what its tests share.

import assert from 'node:assert/strict'
import type { Session } from '../../src/adapters/database/database.ts'
import { noRevocations } from '../../src/domain/coupons/revocations.ts'
import type { Coupon } from '../../src/domain/coupons/state.ts'
import { PackedWinners } from '../../src/domain/coupons/winners.ts'
import type { CouponStore, IssueBatch, IssuedRow } from '../../src/ports/coupons.ts'
import { PortError } from '../../src/ports/port-error.ts'

/** Runs one test on an empty store. */
export type TestStore = (title: string, run: (store: CouponStore) => Promise<void>) => void

export function terms(changes: Partial<Coupon['terms']> = {}): Coupon['terms'] {
  return { name: 'Spring', quantity: 3, opensAt: 1_000, ...changes }
}

export function coupon(changes: Partial<Coupon> = {}): Coupon {
  return {
    status: 'open',
    couponId: 'spring',
    partition: 0,
    rules: 1,
    terms: terms(),
    name: 'Summer',
    opensAt: 1_000,
    closesAt: Number.POSITIVE_INFINITY,
    quantity: 3,
    paused: false,
    commands: new Map(),
    revocations: noRevocations(),
    lastAct: 3,
    winners: new PackedWinners(),
    ...changes,
  }
}

export function row(changes: Partial<IssuedRow> & { slot: number }): IssuedRow {
  const { slot } = changes
  return {
    couponId: 'spring',
    userId: `user-${slot}`,
    claimId: `claim-${slot}`,
    code: `CODE-${slot}`,
    partition: 0,
    offset: slot - 1,
    appendedAt: 1_770_000_000_000 + slot,
    ...changes,
  }
}

export function slots(
  couponId: string,
  range: { from: number; to: number; offset: number },
): IssuedRow[] {
  return Array.from({ length: range.to - range.from + 1 }, (_, n) => {
    return row({ couponId, slot: range.from + n, offset: range.offset + n })
  })
}

export function batch(changes: Partial<IssueBatch>): IssueBatch {
  const none = { partition: 0, expected: 0, next: 0, fingerprint: null, coupons: [], issued: [] }
  return { ...none, ...changes }
}

/** Two partitions; three coupons whose ids no language's collation sorts alike. */
export async function fillRows(store: CouponStore): Promise<IssuedRow[]> {
  const ids = ['a-b', 'a0', 'ab']
  const coupons = ids.map((couponId) => coupon({ couponId, quantity: 10 }))
  const first = ids.flatMap((couponId, n) => slots(couponId, { from: 1, to: 4, offset: n * 4 }))
  await store.apply(batch({ next: 12, coupons, issued: first }))
  const other = coupon({ couponId: 'aa', partition: 1, quantity: 10 })
  const second = slots('aa', { from: 1, to: 4, offset: 0 }).map((it) => ({ ...it, partition: 1 }))
  await store.apply(batch({ partition: 1, next: 4, coupons: [other], issued: second }))
  return [...first, ...second].sort((a, b) => {
    return a.couponId === b.couponId ? a.slot - b.slot : a.couponId < b.couponId ? -1 : 1
  })
}

export async function everything(store: CouponStore) {
  const { positions, coupons } = await store.snapshot()
  const rows = await store.issuedRows({ limit: 1_000 })
  const loaded = await store.load(coupons.map(({ couponId }) => couponId))
  assert.deepEqual(await store.positions(), positions)
  return { positions, coupons, rows, loaded }
}

export function brokenBy(constraint: string): (error: unknown) => true {
  return (error) => {
    assert(error instanceof PortError, String(error))
    assert.equal(error.code, 'store_broken')
    assert.equal(error.retryable, false)
    assert.match(error.message, new RegExp(`\\b${constraint}\\b`))
    return true
  }
}

export const emptyCouponTables =
  'truncate coupons.coupons, coupons.issued_coupons, coupons.positions, coupons.uses, ' +
  'coupons.revocations, coupons.ended_rehearsals'

/** As the coupon step does. Ids without quotes only. */
export function useCouponSql(database: Pick<Session, 'script'>) {
  return (of: { couponId: string; userId: string; orderId: string }): Promise<void> => {
    const values = `'${of.couponId}', '${of.userId}', '${of.orderId}'`
    return database.script(`insert into coupons.uses values (${values})`)
  }
}

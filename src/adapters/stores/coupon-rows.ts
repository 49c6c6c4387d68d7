// How coupons and issued coupons stand in SQL: the columns a statement is given, and the cells it
// returns, in the order that the .sql files name them.

import type { Discount, Terms } from '../../domain/coupons/messages.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import type { HeldCoupon, IssuedRow } from '../../ports/coupons.ts'
import type { SqlRow, SqlValue } from '../database/database.ts'
import { columnsOf } from './locked-table.ts'

/** The parameters of upsert-coupons.sql. */
export function couponColumns(coupons: readonly Coupon[]): SqlValue[] {
  return [
    ...columnsOf(coupons, 'couponId', 'partition', 'rules', 'status', 'paused'),
    ...columnsOf(coupons, 'quantity', 'opensAt'),
    coupons.map(({ closesAt }) => (Number.isFinite(closesAt) ? closesAt : null)),
    coupons.map((coupon) => JSON.stringify(coupon.terms)),
    coupons.map((coupon) => JSON.stringify([...coupon.commands])),
  ]
}

type CouponCells = readonly [
  couponId: string,
  partition: number,
  rules: number,
  status: Coupon['status'],
  paused: boolean,
  quantity: number,
  opensAt: number,
  closesAt: number | null,
  terms: string,
  commands: string,
]

/** Without its winners. */
export function couponOf(row: SqlRow): Coupon {
  const [couponId, partition, rules, status, paused, ...rest] = row as CouponCells
  const [quantity, opensAt, closesAt, terms, commands] = rest
  return {
    status,
    couponId,
    partition,
    rules,
    terms: JSON.parse(terms) as Terms,
    opensAt,
    closesAt: closesAt ?? Number.POSITIVE_INFINITY,
    quantity,
    paused,
    commands: new Map(JSON.parse(commands) as [string, number][]),
    winners: new Map(),
  }
}

/** A row of copy-issued-coupons.sql. */
export function issuedCells(row: IssuedRow): IssuedCells {
  const { couponId, slot, userId, claimId, code, partition, offset, appendedAt } = row
  return [couponId, slot, userId, claimId, code, partition, offset, appendedAt]
}

/** The parameters of insert-issued-coupons.sql, after the partition. */
export function issuedColumns(rows: readonly IssuedRow[]): SqlValue[] {
  return columnsOf(rows, 'couponId', 'slot', 'userId', 'claimId', 'code', 'offset', 'appendedAt')
}

type IssuedCells = readonly [
  couponId: string,
  slot: number,
  userId: string,
  claimId: string,
  code: string,
  partition: number,
  offset: number,
  appendedAt: number,
]

export function issuedRowOf(row: SqlRow): IssuedRow {
  const cells = row as IssuedCells
  const [couponId, slot, userId, claimId, code, partition, offset, appendedAt] = cells
  return { couponId, slot, userId, claimId, code, partition, offset, appendedAt }
}

export function heldCouponOf(row: SqlRow): HeldCoupon {
  const [name, discount, orderId] = row.slice(8) as [string, string | null, string | null]
  return {
    ...issuedRowOf(row),
    name,
    discount: discount === null ? null : (JSON.parse(discount) as Discount),
    ...(orderId === null ? {} : { orderId }),
  }
}

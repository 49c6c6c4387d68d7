// How coupons and issued coupons stand in SQL: the columns a statement is given, and the cells it
// returns, in the order that the .sql files name them.

import assert from 'node:assert/strict'
import type { Terms } from '../../domain/coupons/messages.ts'
import { type Revocation, revocationsOf } from '../../domain/coupons/revocations.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { PackedWinners } from '../../domain/coupons/winners.ts'
import {
  endedRehearsal,
  type HeldCoupon,
  type IssuedColumns,
  type IssuedRow,
  type IssuedTo,
  type RevocationRow,
  type StoredRevocation,
} from '../../ports/coupons.ts'
import { PortError } from '../../ports/port-error.ts'
import type { SqlRow, SqlScalar, SqlValue } from '../database/database.ts'
import { columnsOf, fieldsOf } from './tables/locked-table.ts'

/** Behind them stand when it closes, and its terms, commands and revocations as JSON. */
const couponFields = [
  ...([
    'couponId',
    'partition',
    'rules',
    'status',
    'paused',
    'quantity',
    'opensAt',
    'name',
    'lastAct',
  ] as const),
]
const issuedFields = [
  ...(['couponId', 'slot', 'userId', 'claimId', 'code'] as const),
  ...(['partition', 'offset', 'appendedAt'] as const),
]
const issuedColumnFields = [
  ...(['couponId', 'partition', 'firstSlot', 'lastSlot', 'rows'] as const),
  ...(['userIds', 'claimIds', 'codes', 'offsets', 'times'] as const),
]
const winnerFields = [
  ...(['couponId', 'slot', 'userId', 'claimId', 'offset', 'appendedAt'] as const),
]

/** The parameters of upsert-coupons.sql. */
export function couponColumns(coupons: readonly Coupon[]): SqlValue[] {
  return [
    ...columnsOf(coupons, ...couponFields),
    coupons.map(({ closesAt }) => (Number.isFinite(closesAt) ? closesAt : null)),
    coupons.map((coupon) => JSON.stringify(coupon.terms)),
    coupons.map((coupon) => JSON.stringify([...coupon.commands])),
  ]
}

type CouponCells = readonly [
  ...(readonly [closesAt: number | null, terms: string, commands: string]),
  revocations: string | null,
]

/** Without its winners. */
export function couponOf(row: SqlRow): Coupon {
  const behind = row.slice(couponFields.length)
  const [closesAt, terms, commands, revocations] = behind as unknown as CouponCells
  return {
    ...fieldsOf<Coupon>(row, couponFields),
    terms: JSON.parse(terms) as Terms,
    closesAt: closesAt ?? Number.POSITIVE_INFINITY,
    commands: new Map(JSON.parse(commands) as [string, number | string][]),
    revocations: revocationsOf(readRevocations(revocations)),
    winners: new PackedWinners(),
  }
}

/** A row of read-ended-rehearsals.sql. */
export function endedOf(row: SqlRow): Coupon {
  const kept = fieldsOf<Parameters<typeof endedRehearsal>[0]>(row, [
    ...(['couponId', 'partition', 'rules', 'lastAct'] as const),
  ])
  return endedRehearsal({ ...kept, terms: JSON.parse(String(row[4])) as Terms })
}

type RevocationCells = readonly [
  ...(readonly [commandId: string, offset: number, appendedAt: number]),
  ...(readonly [by: string, reason: string, userId: string | null]),
  ...(readonly [from: number | null, to: number | null]),
]

function readRevocations(text: string | null): Revocation[] {
  return text === null ? [] : (JSON.parse(text) as RevocationCells[]).map(revocationOf)
}

function revocationOf([commandId, offset, appendedAt, ...rest]: RevocationCells): Revocation {
  const [by, reason, userId, from, to] = rest
  const taken = from === null || to === null ? null : { from, to }
  return { commandId, by, reason, userId, offset, appendedAt, taken }
}

/** A row of read-revocations.sql. */
export function revocationRowOf([
  couponId,
  commandId,
  partition,
  ...rest
]: SqlRow): StoredRevocation {
  const revocation = revocationOf([commandId, ...rest] as unknown as RevocationCells)
  const unspent = Number(rest.at(-1))
  return { ...revocation, couponId: String(couponId), partition: Number(partition), unspent }
}

/** The parameters of insert-revocations.sql. */
export function revocationColumns(rows: readonly RevocationRow[]): SqlValue[] {
  return [
    ...columnsOf(rows, 'couponId', 'commandId', 'partition', 'offset', 'appendedAt'),
    ...columnsOf(rows, 'by', 'reason', 'userId'),
    rows.map(({ taken }) => taken?.from ?? null),
    rows.map(({ taken }) => taken?.to ?? null),
  ]
}

/** A row of copy-issued-coupons.sql. */
export function issuedCells(row: IssuedRow): SqlScalar[] {
  return issuedFields.map((field) => row[field])
}

/** The parameters of insert-issued-coupons.sql, after the partition. */
export function issuedColumns(rows: readonly IssuedRow[]): SqlValue[] {
  return columnsOf(rows, ...issuedFields.filter((field) => field !== 'partition'))
}

export function issuedRowOf(row: SqlRow): IssuedRow {
  return fieldsOf<IssuedRow>(row, issuedFields)
}

export function issuedColumnsOf(row: SqlRow): IssuedColumns {
  return fieldsOf<IssuedColumns>(row, issuedColumnFields)
}

export function heldCouponOf(row: SqlRow): HeldCoupon {
  const behind = row.slice(issuedFields.length)
  const [name, terms, orderId, revoked, reservedUntil] = behind as unknown as HeldCells
  return {
    ...issuedRowOf(row),
    name,
    terms: JSON.parse(terms) as Terms,
    ...(orderId === null ? {} : { orderId }),
    ...(revoked ? { revoked } : {}),
    ...(reservedUntil === null ? {} : { reservedUntil }),
  }
}
type HeldCells = readonly [
  ...(readonly [name: string, terms: string, orderId: string | null]),
  ...(readonly [revoked: true | false, reservedUntil: number | null]),
]

export type WinnerRow = Pick<IssuedRow, (typeof winnerFields)[number]>

/** A row of read-winners.sql. */
export function winnerOf(row: SqlRow): WinnerRow {
  return fieldsOf<WinnerRow>(row, winnerFields)
}

/** What read-issued-to.sql has of a winner. */
export function issuedToUserOf(cells: SqlRow): IssuedTo['issued'][number] {
  const [couponId, userId, slot, claimId, offset, appendedAt] = cells as unknown as IssuedToCells
  return { couponId, userId, issued: { slot, claimId, offset, appendedAt } }
}
type IssuedToCells = readonly [
  ...(readonly [couponId: string, userId: string, slot: number]),
  ...(readonly [claimId: string, offset: number, appendedAt: number]),
]

/** In the order of the slots. Throws store_broken where one has no row. */
export function addWinner(coupons: ReadonlyMap<string, Coupon>, row: WinnerRow): void {
  const { couponId, userId, slot, claimId, offset, appendedAt } = row
  const coupon = coupons.get(couponId)
  assert(coupon !== undefined, `winners of ${couponId} were not asked for`)
  if (slot !== coupon.winners.size + 1) throw rowMissing(coupon)
  coupon.winners.set(userId, { slot, claimId, offset, appendedAt })
}

export function rowMissing({ couponId, winners }: Coupon): PortError {
  const missing = `slot ${winners.size + 1} of coupon ${couponId} has no row, but a later one has`
  return new PortError('store_broken', `${missing}: the projection must be rebuilt`)
}

// The reading half of the SQL store: one statement for each call, so it needs no transaction and
// works over a handle into another thread.

import { setImmediate as otherWork } from 'node:timers/promises'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import type { CouponReads, IssuedTo, StoredPosition } from '../../ports/coupons.ts'
import type { Queryable, SqlRow, SqlValue, Statement } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import {
  couponOf,
  heldCouponOf,
  issuedColumnsOf,
  issuedRowOf,
  issuedToUserOf,
  revocationRowOf,
} from './coupon-rows.ts'

/** Whose positions these are: another reader of the same topic would have its own. */
export const positionOwner = ['issuer', claimsTopic] as const

export function createCouponReaderSql(database: Queryable): CouponReads {
  const statements = loadStatements([
    'count-unspent',
    'read-held-by-code',
    'read-held-coupons',
    'read-held-of-coupon',
    'read-issued-to',
    'read-positions',
    'read-revocations',
    'read-snapshot',
  ])

  return {
    async positions() {
      const { rows } = await database.query(statements['read-positions'], positionOwner)
      return new Map(rows.map((row) => positionOf(row as PositionCells)))
    },
    async heldBy(userId, { limit, after = '', couponId = null }) {
      const asked = [userId, after, limit, couponId]
      const { rows } = await database.query(statements['read-held-coupons'], asked)
      return rows.map(heldCouponOf)
    },
    async winners(couponId, { limit, after = 0 }) {
      const asked = [couponId, after, limit]
      const { rows } = await database.query(statements['read-held-of-coupon'], asked)
      return rows.map(heldCouponOf)
    },
    async byCode(codes) {
      const { rows } = await database.query(statements['read-held-by-code'], [codes])
      return rows.map(heldCouponOf)
    },
    ...issuedReads(database),
    async revocations({ partition, from, to }) {
      const asked = [partition, from, to]
      const { rows } = await database.query(statements['read-revocations'], asked)
      return rows.map(revocationRowOf)
    },
    async issuedTo(asked) {
      const ids = [asked.map(({ couponId }) => couponId), asked.map(({ userId }) => userId)]
      const values = [...ids, ...positionOwner]
      return issuedToOf((await database.query(statements['read-issued-to'], values)).rows)
    },
    async unspent({ couponId, userId = null }) {
      const { rows } = await database.query(statements['count-unspent'], [couponId, userId])
      return Number(rows[0]?.[0])
    },
    async snapshot() {
      const { rows } = await database.query(statements['read-snapshot'], positionOwner)
      const positions = new Map<number, StoredPosition>()
      const generations = new Map<number, string>()
      const coupons = []
      for (const [n, [next, published, generation, ...coupon]] of rows.entries()) {
        if (n % rowsPerTurn === rowsPerTurn - 1) await otherWork()
        if (next === null) {
          coupons.push(couponOf(coupon))
          continue
        }
        const position = positionOf([coupon[1], next, published] as unknown as PositionCells)
        positions.set(...position)
        generations.set(position[0], String(generation))
      }
      return { positions, coupons, generations }
    },
  }
}

function issuedReads(database: Queryable): Pick<CouponReads, 'issuedRows' | 'issuedColumns'> {
  const statements = loadStatements([
    'read-issued-columns',
    'read-issued-columns-of-coupon',
    'read-issued-rows',
    'read-issued-rows-of-coupon',
    'read-issued-rows-won',
  ])

  return {
    async issuedRows({ limit, couponId = null, after, won }) {
      const page = [after?.couponId ?? '', after?.slot ?? 0, limit]
      const [statement, values]: [Statement, SqlValue[]] =
        won !== undefined
          ? [statements['read-issued-rows-won'], [won.partition, won.from, won.to, couponId]]
          : couponId === null
            ? [statements['read-issued-rows'], []]
            : [statements['read-issued-rows-of-coupon'], [couponId]]
      const { rows } = await database.query(statement, [...page, ...values])
      return rows.map(issuedRowOf)
    },
    async issuedColumns({ limit, couponId = null, after }) {
      const page = [after?.couponId ?? '', after?.slot ?? 0, limit]
      const { rows } =
        couponId === null
          ? await database.query(statements['read-issued-columns'], page)
          : await database.query(statements['read-issued-columns-of-coupon'], [...page, couponId])
      return rows.map(issuedColumnsOf)
    },
  }
}

/** Of rows of read-issued-to.sql. */
function issuedToOf(rows: readonly SqlRow[]): IssuedTo {
  const next = new Map<number, number>()
  const issued: IssuedTo['issued'][number][] = []
  for (const [nextOffset, partition, ...winner] of rows) {
    if (nextOffset !== null) next.set(Number(partition), Number(nextOffset))
    else issued.push(issuedToUserOf(winner))
  }
  return { issued, next }
}

/** Read at once, before others have their turn. */
const rowsPerTurn = 500

type PositionCells = readonly [number, next: number, published: number, notified?: number]

function positionOf([partition, next, published, notified]: PositionCells): [
  number,
  StoredPosition,
] {
  return [partition, notified ? { next, published, notified } : { next, published }]
}

// The SQL projection of the claims log over any Database handle. What one batch of records means
// is stored in one transaction with the position that was read, which fences other owners.
// Rows that break a constraint are refused whole: the log and the rows cannot both be right.

import assert from 'node:assert/strict'
import type { Coupon } from '../../domain/coupons/state.ts'
import { type CouponStore, type IssueBatch, isEnding } from '../../ports/coupons.ts'
import type { LogBounds } from '../../ports/log.ts'
import type { Database, Queryable, Session, SqlValue, Statement } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { createCouponReaderSql, positionOwner } from './coupon-reader.ts'
import {
  addWinner,
  couponColumns,
  couponOf,
  endedOf,
  issuedCells,
  issuedColumns,
  revocationColumns,
  rowMissing,
  winnerOf,
} from './coupon-rows.ts'

export type CouponStoreSqlParts = {
  database: Database
  /**
   * Test-only, called by `apply`: K16 nothing is written yet; K17 position and coupons are, rows
   * are not; K18 all is, but not committed; K19 all is committed, but not answered.
   */
  crashPoint?: ((name: string) => void) | undefined
}

/** What one read brings into memory at a time; its rows take some megabytes. */
const winnersPerReadMax = 10_000
const couponsPerReadMax = 1_000

export function createCouponStoreSql({ database, crashPoint }: CouponStoreSqlParts): CouponStore {
  const statements = loadStatements([
    'advance-position',
    'copy-issued-coupons',
    'create-position',
    'end-rehearsals',
    'insert-issued-coupons',
    'insert-revocations',
    'upsert-coupons',
  ])

  async function moved(session: Queryable, batch: IssueBatch): Promise<boolean> {
    const { partition, expected, next, fingerprint } = batch
    const owner = [...positionOwner, partition]
    const advance = [...owner, expected, next, fingerprint]
    if ((await session.query(statements['advance-position'], advance)).count === 1) return true
    if (expected !== 0) return false
    return (
      (await session.query(statements['create-position'], [...owner, next, fingerprint])).count ===
      1
    )
  }

  async function insertIssued(session: Session, batch: IssueBatch): Promise<void> {
    const { partition, issued } = batch
    if (session.copy !== undefined) {
      await session.copy(statements['copy-issued-coupons'], issued.map(issuedCells))
      return
    }
    const columns = [partition, ...issuedColumns(issued)]
    await session.query(statements['insert-issued-coupons'], columns)
  }

  return {
    ...createCouponReaderSql(database),
    load: loading(database),
    async apply(batch) {
      checkBatch(batch)
      const { coupons, issued, revocations = [] } = batch
      const applied = await database.transaction(async (session) => {
        crashPoint?.('K16')
        if (!(await moved(session, batch))) return 'fenced'
        await writeAll(session, statements['upsert-coupons'], couponColumns(coupons))
        crashPoint?.('K17')
        if (issued.length > 0) await insertIssued(session, batch)
        const revoked = revocationColumns(revocations)
        await writeAll(session, statements['insert-revocations'], revoked)
        if (coupons.some(isEnding)) {
          await session.query(statements['end-rehearsals'], [...positionOwner, batch.partition])
        }
        crashPoint?.('K18')
        return 'applied'
      })
      if (applied === 'applied') crashPoint?.('K19')
      return applied
    },
    markPublished: marking(database),
  }
}

function loading(database: Database): CouponStore['load'] {
  const statements = loadStatements(['read-coupons', 'read-ended-rehearsals', 'read-winners'])
  return (couponIds) =>
    database.transaction(async (session) => {
      const { rows } = await session.query(statements['read-coupons'], [couponIds])
      const loadings = rows.map((row) => ({ coupon: couponOf(row), lastSlot: Number(row[13]) }))
      await readWinners({ session, statement: statements['read-winners'] }, loadings)
      const ended = await session.query(statements['read-ended-rehearsals'], [couponIds])
      const coupons = [...loadings.map(({ coupon }) => coupon), ...ended.rows.map(endedOf)]
      return new Map(coupons.map((coupon) => [coupon.couponId, coupon]))
    }, 'snapshot')
}

function marking(database: Database): CouponStore['markPublished'] {
  const statements = loadStatements(['end-rehearsals', 'mark-published'])
  return async (partition, next, { endsRehearsals = false } = {}) => {
    const mark = [...positionOwner, partition, next]
    if (!endsRehearsals) {
      await database.query(statements['mark-published'], mark)
      return
    }
    await database.transaction(async (session) => {
      await session.query(statements['mark-published'], mark)
      await session.query(statements['end-rehearsals'], [...positionOwner, partition])
    })
  }
}

/** Where there is a row. */
async function writeAll(
  session: Queryable,
  statement: Statement,
  columns: SqlValue[],
): Promise<void> {
  const [ids] = columns
  if (Array.isArray(ids) && ids.length > 0) await session.query(statement, columns)
}

/**
 * Drops the projection in one transaction, so that its owners derive it anew from the log. They may
 * run: the next batch of each is fenced by the position that has gone back, and they start again.
 * `bounds`: of the claims log, by partition.
 */
export async function resetProjection(
  database: Database,
  bounds: readonly LogBounds[],
): Promise<void> {
  const statements = loadStatements(['lock-positions', 'reset-positions', 'drop-rows'])
  await database.transaction(async (session) => {
    await session.query(statements['lock-positions'])
    await session.query(statements['reset-positions'], endColumns(bounds))
    await session.query(statements['drop-rows'])
  })
}

/** Before its owner starts on rows that were lost: nobody knows how far it had come. */
export async function noteLostRows(
  database: Queryable,
  bounds: readonly LogBounds[],
): Promise<void> {
  const statements = loadStatements(['note-lost-rows'])
  await database.query(statements['note-lost-rows'], endColumns(bounds))
}

function endColumns(bounds: readonly LogBounds[]): SqlValue[] {
  return [...positionOwner, bounds.map((_, partition) => partition), bounds.map(({ end }) => end)]
}

type WinnersRead = { session: Queryable; statement: Statement }
type Loading = { coupon: Coupon; lastSlot: number }

/** Page by page: of as many coupons at a time as are not read to their end. */
async function readWinners(read: WinnersRead, loadings: readonly Loading[]): Promise<void> {
  for (let waiting = loadings; ; ) {
    waiting = waiting.filter(({ coupon, lastSlot }) => coupon.winners.size < lastSlot)
    const asked = waiting.slice(0, couponsPerReadMax)
    if (asked.length === 0) return
    const page = Math.floor(winnersPerReadMax / asked.length)
    const ids = asked.map(({ coupon }) => coupon.couponId)
    const had = asked.map(({ coupon }) => coupon.winners.size)
    const { rows } = await read.session.query(read.statement, [ids, had, page])
    const byId = new Map(asked.map(({ coupon }) => [coupon.couponId, coupon]))
    for (const row of rows) addWinner(byId, winnerOf(row))
    asked.forEach(({ coupon, lastSlot }, n) => {
      if (coupon.winners.size < Math.min((had[n] ?? 0) + page, lastSlot)) throw rowMissing(coupon)
    })
  }
}

function checkBatch({ partition, expected, next, issued }: IssueBatch): void {
  assert(next >= expected, `the position of partition ${partition} would go back`)
  for (const row of issued) {
    assert(row.partition === partition, `a row of partition ${row.partition} in ${partition}`)
  }
}

// What the coupon step keeps in SQL, in the schema that it shares with the issuer: its rows, and
// which order uses a coupon. The row of a coupon that an order wants stays locked until the end
// of the transaction, so two steps, or two orders, never both find it unused; and whoever revokes
// comes before the step or after it.

import type { Terms } from '../../domain/coupons/messages.ts'
import { heldTerms } from '../../domain/coupons/validity.ts'
import type { CouponRow } from '../../domain/orders/state.ts'
import {
  type CouponChanges,
  type CouponLoaded,
  type CouponStepStore,
  type CouponWanted,
  couponKey,
} from '../../ports/orders.ts'
import type { Database, Queryable, SqlValue } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { createConsumerStoreSql, type StepRow, stepTable } from './consumer-store.ts'
import { positionOwner } from './coupon-reader.ts'
import { columnsOf } from './tables/locked-table.ts'

type Facts = CouponLoaded['facts']
type CouponFacts = Facts extends Map<string, infer One> ? One : never
type Use = CouponChanges['effects'][number]['use']

export function createCouponStepStoreSql(database: Database): CouponStepStore {
  const schema = 'coupons'
  const rowTable = stepTable<CouponRow>(database, schema)
  const statements = loadStatements([
    'delete-coupon-uses',
    'find-issued-coupons',
    'insert-coupon-uses',
    'lock-issued-coupons',
    'read-coupon-uses',
  ])

  /**
   * Each statement sees what was committed when it began. So who uses a coupon, and whether it is
   * revoked, comes after the locks, because whoever held them may have changed it.
   */
  async function factsOf(
    session: Queryable,
    wanted: CouponWanted['coupons'],
    how: 'lock' | 'find',
  ): Promise<Facts> {
    if (wanted.length === 0) return new Map()
    const names = columnsOf(wanted, 'couponId', 'userId')
    const places = [...columnsOf(wanted, 'partition'), ...positionOwner]
    const found = await session.query(statements[`${how}-issued-coupons`], [...names, ...places])
    const cellsOf = found.rows as unknown as IssuedCells[]
    const slots = cellsOf.map(([, , slot]) => slot)
    const held = [cellsOf.map(([couponId]) => couponId), cellsOf.map(([, userId]) => userId)]
    const uses = await session.query(statements['read-coupon-uses'], [...held, slots])
    const users = new Map((uses.rows as unknown as UseCells[]).map((use) => [keyOf(use), use]))
    return new Map(cellsOf.map((cells) => [keyOf(cells), factOf(cells, users.get(keyOf(cells)))]))
  }

  async function writeUses(session: Queryable, effects: CouponChanges['effects']): Promise<void> {
    const { deleted, inserted } = netUses(effects)
    if (deleted.length > 0) {
      await session.query(statements['delete-coupon-uses'], useColumns(deleted))
    }
    if (inserted.length > 0) {
      await session.query(statements['insert-coupon-uses'], useColumns(inserted))
    }
  }

  const store = createConsumerStoreSql<
    CouponWanted,
    CouponLoaded,
    CouponChanges,
    StepRow<CouponRow>
  >(
    { database, schema },
    {
      orders: rowTable.orders,
      async load(session, { coupons }, locked) {
        const rows = rowTable.rowsOf(locked)
        return { rows, facts: await factsOf(session, coupons, 'lock') }
      },
      write: (session, { effects }) => writeUses(session, effects),
    },
  )
  return {
    ...store,
    openRows: rowTable.openRows,
    facts: (coupons) => factsOf(database, coupons, 'find'),
  }
}

type Named = readonly [couponId: string, userId: string, ...rest: unknown[]]
type IssuedCells = readonly [
  ...(readonly [couponId: string, userId: string]),
  slot: number | null,
  wonAt: number | null,
  terms: string | null,
  next: number | null,
  dropped: number | null,
]
type UseCells = readonly [
  ...(readonly [couponId: string, userId: string]),
  orderId: string | null,
  isKept: boolean,
  reserved: string | null,
  isRevoked: boolean,
]

function factOf(cells: IssuedCells, use: UseCells | undefined): CouponFacts {
  const [, , , wonAt, terms, issuerNext, issuerWas] = cells
  const [, , usedBy = null, isKept = false, reservedAs = null, isRevoked = false] = use ?? []
  return {
    issuerNext: issuerNext ?? 0,
    issuerWas: issuerWas ?? 0,
    issued: wonAt === null ? null : heldTerms(JSON.parse(terms ?? '{}') as Terms, wonAt),
    isRevoked,
    usedBy,
    isKept,
    reserved: JSON.parse(reservedAs ?? 'null') as CouponFacts['reserved'],
  }
}

function keyOf([couponId, userId]: Named): string {
  return couponKey({ couponId, userId })
}

/** What one batch used and let go of again leaves nothing behind. */
function netUses(effects: CouponChanges['effects']): { deleted: Use[]; inserted: Use[] } {
  const deleted: Use[] = []
  const inserted = new Map<string, Use>()
  for (const { kind, use } of effects) {
    const key = couponKey(use)
    if (kind === 'keep') continue
    if (kind === 'use') inserted.set(key, use)
    else if (inserted.get(key)?.orderId === use.orderId) inserted.delete(key)
    else deleted.push(use)
  }
  const sorted = [...inserted].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { deleted, inserted: sorted.map(([, use]) => use) }
}

function useColumns(uses: readonly Use[]): SqlValue[] {
  return columnsOf(uses, 'couponId', 'userId', 'orderId')
}

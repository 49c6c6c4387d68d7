// What the coupon step keeps in SQL, in the schema that it shares with the issuer: its rows, and
// which order uses a coupon. The row of a coupon that an order wants stays locked until the end
// of the transaction, so two steps, or two orders, never both find it unused.

import type { Discount } from '../../domain/coupons/messages.ts'
import type { CouponRow } from '../../domain/orders/state.ts'
import {
  type CouponChanges,
  type CouponLoaded,
  type CouponStepStore,
  type CouponWanted,
  couponKey,
} from '../../ports/orders.ts'
import type { Database, Queryable, SqlRow, SqlValue } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { createConsumerStoreSql, stepTable } from './consumer-store.ts'
import { positionOwner } from './coupon-reader.ts'
import { columnsOf } from './locked-table.ts'

type Facts = CouponLoaded['facts']
type CouponFacts = Facts extends Map<string, infer One> ? One : never
type Use = CouponChanges['effects'][number]['use']

export function createCouponStepStoreSql(database: Database): CouponStepStore {
  const schema = 'coupons'
  const rowTable = stepTable<CouponRow>(database, schema)
  const statements = loadStatements([
    'delete-coupon-uses',
    'insert-coupon-uses',
    'lock-issued-coupons',
    'read-coupon-uses',
    'read-positions',
  ])

  /**
   * Each statement sees what was committed when it began. So the issuer's position comes first,
   * or a coupon written in between would seem never to come; and who uses a coupon comes after
   * the lock, because whoever held the lock may have used it.
   */
  async function loadFacts(session: Queryable, wanted: CouponWanted['coupons']): Promise<Facts> {
    if (wanted.length === 0) return new Map()
    const positions = await session.query(statements['read-positions'], positionOwner)
    const names = columnsOf(wanted, 'couponId', 'userId')
    const issued = await session.query(statements['lock-issued-coupons'], names)
    const uses = await session.query(statements['read-coupon-uses'], names)

    const next = new Map(positions.rows.map(([partition, offset]) => [partition, Number(offset)]))
    const discounts = byCoupon(issued.rows)
    const users = byCoupon(uses.rows)
    const facts = wanted.map((coupon): [string, CouponFacts] => {
      const key = couponKey(coupon)
      const issuerNext = next.get(coupon.partition) ?? 0
      const usedBy = users.get(key) ?? null
      return [key, { issuerNext, issued: issuedOf(discounts.get(key)), usedBy }]
    })
    return new Map(facts)
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

  return createConsumerStoreSql(
    { database, schema },
    {
      async load(session, { orderIds, coupons }) {
        const rows = await rowTable.load(session, orderIds)
        return { rows, facts: await loadFacts(session, coupons) }
      },
      async write(session, { effects, ...rows }) {
        await rowTable.write(session, rows)
        await writeUses(session, effects)
      },
    },
  )
}

/** What stands in the third column, by `couponKey` of the first two. */
function byCoupon(rows: readonly SqlRow[]): Map<string, string | null> {
  const cells = rows as readonly (readonly [string, string, string | null])[]
  return new Map(cells.map(([couponId, userId, it]) => [couponKey({ couponId, userId }), it]))
}

function issuedOf(discount: string | null | undefined): CouponFacts['issued'] {
  if (discount === undefined) return null
  return discount === null ? {} : { discount: JSON.parse(discount) as Discount }
}

/** What one batch used and let go of again leaves nothing behind. */
function netUses(effects: CouponChanges['effects']): { deleted: Use[]; inserted: Use[] } {
  const deleted: Use[] = []
  const inserted = new Map<string, Use>()
  for (const { kind, use } of effects) {
    const key = couponKey(use)
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

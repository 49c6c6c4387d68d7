// The memory twin of the SQL store, for simulations and tests: the same fence and the same
// constraints by the same names, and nothing shared with its callers, as over a wire.

import assert from 'node:assert/strict'
import { isRevoked, revocationsOf } from '../../domain/coupons/revocations.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { PackedWinners } from '../../domain/coupons/winners.ts'
import type { CouponRow } from '../../domain/orders/state.ts'
import {
  byCouponId,
  bySlot,
  type CouponReads,
  type CouponStore,
  endedRehearsal,
  type HeldCoupon,
  hasEnded,
  type IssueBatch,
  type IssuedRow,
  isEnding,
  type RevocationRow,
  type RowsQuery,
  revocationIn,
  type StoredPosition,
  type StoredRevocation,
} from '../../ports/coupons.ts'
import { couponKey } from '../../ports/orders.ts'
import { addWinner } from '../stores/coupon-rows.ts'
import { constraintFired } from './consumer-stores.ts'
import { columnsOfRows } from './issued-columns.ts'

export type CouponStoreMemoryParts = {
  /** Filled by the coupon step's store. */
  step?: StepTables | undefined
  /** Test-only, called by `apply` where the SQL store calls it. */
  crashPoint?: ((name: string) => void) | undefined
}

/** Without its row, an order has spent what it uses. */
type StepTables = { uses: ReadonlyMap<string, string>; rows?: ReadonlyMap<string, CouponRow> }
type CouponCells = Omit<Coupon, 'winners' | 'revocations'>
type Tables = {
  positions: Map<number, StoredPosition>
  coupons: Map<string, CouponCells>
  issued: Map<string, IssuedRow>
  /** In the order in which they were written. */
  revocations: StoredRevocation[]
  /** Rehearsals' that were closed: without rows. */
  ended: Map<string, Coupon>
  /** The keys of all unique constraints of all rows. */
  taken: Set<string>
}

export type CouponStoreMemory = CouponStore & {
  /** Puts the rows back to what they are now. */
  dump(): () => void
}

export function createCouponStoreMemory(parts: CouponStoreMemoryParts = {}): CouponStoreMemory {
  const { crashPoint, step } = parts
  const tables = noRows()
  const rowsWhere = (wanted: (row: IssuedRow) => boolean) => rowsOf(tables, wanted)

  return {
    async load(couponIds) {
      const ids = new Set(couponIds)
      const found = [...tables.coupons].filter(([couponId]) => ids.has(couponId))
      const coupons = new Map(found.map(([couponId, coupon]) => [couponId, loaded(coupon, tables)]))
      for (const row of rowsWhere(({ couponId }) => ids.has(couponId))) {
        addWinner(coupons, row)
      }
      for (const [couponId, { lastAct, ...coupon }] of tables.ended) {
        if (ids.has(couponId))
          coupons.set(couponId, endedRehearsal({ ...coupon, lastAct: lastAct ?? 0 }))
      }
      return coupons
    },
    async apply(batch) {
      const { partition, expected, next, coupons, issued } = batch
      assert(next >= expected, `the position of partition ${partition} would go back`)
      crashPoint?.('K16')
      const position = tables.positions.get(partition) ?? { next: 0, published: 0 }
      if (position.next !== expected) return 'fenced'
      crashPoint?.('K17')
      const taken = checkConstraints(tables, batch)
      crashPoint?.('K18')
      tables.positions.set(partition, { ...position, next })
      for (const coupon of coupons) {
        const { winners: _, revocations: __, ...stored } = coupon
        tables.coupons.set(coupon.couponId, structuredClone(stored))
      }
      for (const row of issued) tables.issued.set(`${row.couponId}/${row.slot}`, { ...row })
      for (const one of structuredClone(batch.revocations ?? [])) {
        const { from, to } = one.taken ?? { from: 0, to: -1 }
        const took = unspentOf(tables, step, one).filter(({ slot }) => slot >= from && slot <= to)
        tables.revocations.push({ ...one, unspent: took.length })
      }
      for (const key of taken) tables.taken.add(key)
      if (coupons.some(isEnding)) endRehearsals(tables, partition)
      crashPoint?.('K19')
      return 'applied'
    },
    async markPublished(partition, next, { endsRehearsals = false } = {}) {
      const position = tables.positions.get(partition)
      if (position === undefined) return
      if (position.published < next && next <= position.next) position.published = next
      if (endsRehearsals) endRehearsals(tables, partition)
    },
    ...readsOf(tables, step),
    dump: () => dumpOf(tables),
  }
}

function readsOf(tables: Tables, step?: StepTables): CouponReads {
  const rowsWhere = (wanted: (row: IssuedRow) => boolean) => rowsOf(tables, wanted)
  const held = (row: IssuedRow): HeldCoupon => {
    const coupon = tables.coupons.get(row.couponId)
    assert(coupon !== undefined, `the rows of ${row.couponId} have no coupon`)
    const { audience: _, ...terms } = structuredClone(coupon.terms)
    const { orderId, reservedUntil } = useOf(row, step)
    const { revocations } = loaded(coupon, tables)
    return {
      ...row,
      name: coupon.name,
      terms,
      ...(orderId === undefined ? {} : { orderId }),
      ...(reservedUntil === undefined ? {} : { reservedUntil }),
      ...(isRevoked(revocations, row.slot) ? { revoked: true } : {}),
    }
  }
  return {
    async heldBy(userId, { limit, after = '', couponId }) {
      const rows = rowsWhere((row) => {
        const isAsked = couponId === undefined || row.couponId === couponId
        return row.userId === userId && row.couponId > after && isAsked
      })
      return rows.slice(0, limit).map(held)
    },
    async winners(couponId, { limit, after = 0 }) {
      const rows = rowsWhere((row) => row.couponId === couponId && row.slot > after)
      return rows.slice(0, limit).map(held)
    },
    async byCode(codes) {
      return rowsWhere(({ code }) => codes.includes(code)).map(held)
    },
    async issuedRows(query) {
      return rowsWhere((row) => matches(row, query)).slice(0, query.limit)
    },
    async issuedColumns(query) {
      return columnsOfRows(rowsWhere((row) => matches(row, query)).slice(0, query.limit))
    },
    async revocations({ partition, from, to }) {
      const inRange = (row: RevocationRow) => row.offset >= from && row.offset < to
      const own = tables.revocations.filter((row) => row.partition === partition && inRange(row))
      return structuredClone(own).sort((a, b) => a.offset - b.offset)
    },
    async issuedTo(asked) {
      const wanted = new Set(asked.map(({ couponId, userId }) => `${couponId} ${userId}`))
      const rows = rowsWhere(({ couponId, userId }) => wanted.has(`${couponId} ${userId}`))
      const next = new Map([...tables.positions].map(([partition, one]) => [partition, one.next]))
      const issued = rows.map(({ couponId, userId, slot, claimId, offset, appendedAt }) => {
        return { couponId, userId, issued: { slot, claimId, offset, appendedAt } }
      })
      return { issued, next }
    },
    async unspent({ couponId, userId = null }) {
      return unspentOf(tables, step, { couponId, userId }).length
    },
    positions: async () => structuredClone(tables.positions),
    async snapshot() {
      const coupons = [...tables.coupons.values()].map((row) => loaded(row, tables))
      coupons.sort(byCouponId)
      const positions = structuredClone(tables.positions)
      // Its rows are never derived anew.
      const generations = new Map([...positions.keys()].map((one) => [one, 'first']))
      return { positions, coupons, generations }
    },
  }
}

type RevokedOf = { couponId: string; userId: string | null }

function unspentOf(
  tables: Tables,
  step: StepTables | undefined,
  { couponId, userId }: RevokedOf,
): IssuedRow[] {
  const own = tables.revocations.filter((one) => one.couponId === couponId)
  const revocations = revocationsOf(own)
  return rowsOf(tables, (row) => {
    const isAsked = row.couponId === couponId && (userId === null || row.userId === userId)
    const { orderId, reservedUntil } = useOf(row, step)
    const isSpent = orderId !== undefined && reservedUntil === undefined
    return isAsked && !isSpent && !isRevoked(revocations, row.slot)
  })
}

/** What a redemption has merely reserved is not spent. */
function useOf(
  row: IssuedRow,
  step: StepTables | undefined,
): { orderId?: string | undefined; reservedUntil?: number | undefined } {
  const orderId = step?.uses.get(couponKey(row))
  const use = orderId === undefined ? undefined : step?.rows?.get(orderId)
  return { orderId, reservedUntil: use && 'reserved' in use ? use.reserved?.until : undefined }
}

function endRehearsals(tables: Tables, partition: number): void {
  const position = tables.positions.get(partition) ?? { published: 0 }
  for (const [couponId, cells] of tables.coupons) {
    const rows = rowsOf(tables, (row) => row.couponId === couponId)
    const coupon = loaded(cells, tables)
    for (const row of rows) addWinner(new Map([[couponId, coupon]]), row)
    if (coupon.partition !== partition || !hasEnded(coupon, position)) continue
    tables.ended.set(couponId, loaded(cells, tables))
    tables.coupons.delete(couponId)
    tables.revocations = tables.revocations.filter((one) => one.couponId !== couponId)
    for (const { slot, userId, offset } of rows) {
      tables.issued.delete(`${couponId}/${slot}`)
      tables.taken.delete(`one_per_slot ${couponId} ${slot}`)
      tables.taken.delete(`one_per_user ${couponId} ${userId}`)
      tables.taken.delete(`one_per_record ${partition} ${offset}`)
    }
  }
}

function rowsOf({ issued }: Tables, wanted: (row: IssuedRow) => boolean): IssuedRow[] {
  const rows = [...issued.values()].filter(wanted)
  return rows.sort(bySlot).map((row) => ({ ...row }))
}

function noRows(): Tables {
  const none = { positions: new Map(), coupons: new Map(), issued: new Map(), taken: new Set() }
  return { ...none, ended: new Map(), revocations: [] } as Tables
}

function loaded(coupon: CouponCells, tables: Tables): Coupon {
  const own = tables.revocations.filter(({ couponId }) => couponId === coupon.couponId)
  const revocations = revocationsOf(structuredClone(own).map(revocationIn))
  return { ...structuredClone(coupon), revocations, winners: new PackedWinners() }
}

function dumpOf(tables: Tables): () => void {
  const dumped = structuredClone(tables)
  return () => void Object.assign(tables, structuredClone(dumped))
}

/** The unique keys of the batch: its rows may also contradict each other. */
function checkConstraints(tables: Tables, batch: IssueBatch): Set<string> {
  const { partition, issued } = batch
  const changed = new Map(batch.coupons.map((coupon) => [coupon.couponId, coupon]))
  const taken = new Set<string>()
  for (const row of issued) {
    const { couponId, slot, userId, offset } = row
    assert(row.partition === partition, `a row of partition ${row.partition} in ${partition}`)
    const what = `slot ${slot} of coupon ${couponId}, user ${userId}, offset ${offset}`
    const unique = [
      ['one_per_slot', `${couponId} ${slot}`],
      ['one_per_user', `${couponId} ${userId}`],
      ['one_per_record', `${partition} ${offset}`],
    ] as const
    if (slot < 1) throw constraintFired('slot_from_one', what)
    for (const [constraint, value] of unique) {
      const key = `${constraint} ${value}`
      if (tables.taken.has(key) || taken.has(key)) throw constraintFired(constraint, what)
      taken.add(key)
    }
    const coupon = changed.get(couponId) ?? tables.coupons.get(couponId)
    if (slot > (coupon?.quantity ?? 0)) throw constraintFired('slot_within_quantity', what)
  }
  for (const { couponId, commandId } of batch.revocations ?? []) {
    const key = `one_per_revoke ${couponId} ${commandId}`
    if (tables.taken.has(key)) throw constraintFired('one_per_revoke', key)
    taken.add(key)
  }
  return taken
}

function matches(row: IssuedRow, { couponId, after, won }: RowsQuery): boolean {
  if (couponId !== undefined && row.couponId !== couponId) return false
  if (after !== undefined && bySlot(row, after) <= 0) return false
  if (won === undefined) return true
  return row.partition === won.partition && row.offset >= won.from && row.offset < won.to
}

// Rows as the columns that SQL would make of them.

import type { IssuedColumns, IssuedRow } from '../../ports/coupons.ts'

/** Rows in (coupon id, slot) order. */
export function columnsOfRows(rows: readonly IssuedRow[]): IssuedColumns[] {
  const byPlace = Map.groupBy(rows, ({ couponId, partition }) => `${couponId} ${partition}`)
  return [...byPlace.values()].flatMap((own) => {
    const [first] = own
    const last = own.at(-1)
    if (first === undefined || last === undefined) return []
    const lines = (column: keyof IssuedRow) => own.map((row) => row[column]).join('\n')
    return {
      couponId: first.couponId,
      partition: first.partition,
      firstSlot: first.slot,
      lastSlot: last.slot,
      rows: own.length,
      userIds: lines('userId'),
      claimIds: lines('claimId'),
      codes: lines('code'),
      offsets: lines('offset'),
      times: lines('appendedAt'),
    }
  })
}

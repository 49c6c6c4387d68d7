// Reads all rows, page by page, and gives them to the comparison: as columns, of which a whole page
// is as the log gives it or not, and row by row where it is not. Two pages are asked for before one
// is compared, so that a service has always one to make.

import { quantityMax } from '../../domain/coupons/quantity.ts'
import type { CouponReads, IssuedColumns, RowsQuery } from '../../ports/coupons.ts'
import type { RowComparison } from './compare-rows.ts'

export type PagesParts = {
  source: Pick<CouponReads, 'issuedRows' | 'issuedColumns'>
  comparison: Pick<RowComparison, 'compareColumns' | 'compare'>
  couponId?: string | undefined
  /** How many rows of a coupon are to be expected. */
  expected(couponId: string): number
  /** The last slot of a coupon whose row is not read again; absent: all rows are. */
  through?: ((couponId: string) => number) | undefined
  /** How many rows there were in the next page. */
  onRows(count: number): void
}

/** Rows of one page: half a MB, and some milliseconds of the database. */
export const rowsPerPage = 5_000

type Place = NonNullable<RowsQuery['after']>

export async function comparePages(parts: PagesParts): Promise<void> {
  const { source, through, couponId } = parts
  if (through === undefined) {
    await comparePagesAfter(parts, { couponId })
    return
  }
  // From coupon to coupon, each behind the rows that are known, over several small ones at once; so
  // a coupon of which the log knows nothing is met as well.
  for (let after: Place | undefined; ; ) {
    const rows = await source.issuedRows({ limit: rowsPerLook, ...(after && { after }) })
    const row = rows.find(({ couponId: id, slot }) => slot > through(id)) ?? rows.at(-1)
    if (row === undefined) return
    const known = { couponId: row.couponId, slot: through(row.couponId) }
    if (row.slot <= known.slot) after = known
    else {
      const last = await comparePagesAfter(parts, { couponId: row.couponId, after: known })
      after = { ...known, slot: Math.max(last?.slot ?? 0, quantityMax) }
    }
  }
}

/** To pass by them takes no longer than to ask once more. */
const rowsPerLook = 100

type PagesAfter = { couponId: string | undefined; after?: Place }

/** Resolves to the place of the last row. */
async function comparePagesAfter(
  { source, comparison, expected, onRows }: PagesParts,
  { couponId, after: first }: PagesAfter,
): Promise<Place | undefined> {
  const queryAfter = (after: Place | undefined): RowsQuery => {
    const of = couponId === undefined ? {} : { couponId }
    return { limit: rowsPerPage, ...of, ...(after && { after }) }
  }
  const ask = askingAhead(expected, (after) => source.issuedColumns(queryAfter(after)))

  /** Null: these were the last. */
  async function compareRows(after: Place | undefined): Promise<Place | null> {
    const rows = await source.issuedRows(queryAfter(after))
    for (const row of rows) comparison.compare(row)
    onRows(rows.length)
    last = rows.at(-1) ?? last
    return rows.length < rowsPerPage ? null : (rows.at(-1) ?? null)
  }

  let last: Place | undefined
  let after = first
  let asked = ask(after)
  for (;;) {
    const page = await asked
    const count = page.reduce((sum, { rows }) => sum + rows, 0)
    const next = count < rowsPerPage ? null : lastOf(page)
    if (next !== null) asked = ask(next)
    let place: Place | null = next
    for (const columns of page) {
      if (!comparison.compareColumns(columns)) {
        place = await compareRows(after)
        if (place !== null) asked = ask(place)
        break
      }
      after = { couponId: columns.couponId, slot: columns.lastSlot }
      last = after
      onRows(columns.rows)
    }
    if (place === null) return last
    after = place
  }
}

type AskPage = (after: Place | undefined) => Promise<IssuedColumns[]>

/**
 * Asks for the page behind the one that is wanted as well: slots follow each other, so where it
 * begins is known, as long as it is of the same coupon. Where rows are missing it was in vain.
 */
function askingAhead(expected: PagesParts['expected'], read: AskPage): AskPage {
  let ahead: { after: Place; page: Promise<IssuedColumns[]> } | null = null
  const ask: AskPage = (after) => {
    const page = read(after)
    // Where comparing fails first, nobody waits for this page any more.
    page.catch(() => {})
    return page
  }
  return (after) => {
    const isThere = after?.couponId === ahead?.after.couponId && after?.slot === ahead?.after.slot
    const page = isThere && ahead !== null ? ahead.page : ask(after)
    const next = after && { ...after, slot: after.slot + rowsPerPage }
    const isExpected = next !== undefined && expected(next.couponId) > next.slot
    ahead = isExpected ? { after: next, page: ask(next) } : null
    return page
  }
}

function lastOf(page: readonly IssuedColumns[]): Place | null {
  const couponId = page.at(-1)?.couponId
  if (couponId === undefined) return null
  const own = page.filter((columns) => columns.couponId === couponId)
  return { couponId, slot: Math.max(...own.map(({ lastSlot }) => lastSlot)) }
}

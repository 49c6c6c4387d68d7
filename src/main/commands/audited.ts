// What an audit has come to, and whether it has compared anything: an audit of the wrong rows, or
// of none, must not say that every promise holds.

import type { AuditReport } from '../../audit/audit.ts'
import type { reasonsForNothing } from '../../audit/coupons/coupon-sentences.ts'
import { boundsOf, strangePlaces } from '../../ports/log-check.ts'
import type { AuditSource } from './audited-rows.ts'

export type Audited = {
  report: AuditReport
  /** Which rows were compared. */
  where: string
  /** What shows that the rows were made from another log than this; only where they differ. */
  strange: readonly string[]
  /** Why nothing was; null where something was, or where there is a log alone. */
  nothingCompared: string | null
  /** Where what the next audit goes on from is kept; null: it begins at the start. */
  keptIn: string | null
}

/** Who finds nothing wrong has proved nothing, unless there was something to find. */
export function whyNothing(
  { counts, orders, differences, rowsWentBack, since }: AuditReport,
  rows: AuditSource['rows'],
): (typeof reasonsForNothing)[number] | null {
  if (rowsWentBack) return 'the rows are being derived anew: ask again once that has ended'
  if (rows === 'none' || differences > 0) return null
  if (rows === 'untrusted') return 'the rows are not trusted, and will be derived anew'
  if (counts.comparedRecords > 0 || counts.rows > 0) return null
  // The log is the one that was audited, and the rows of its coupons were compared, all of them.
  if (since?.from?.claims.some((offset) => offset > 0)) return null
  if (counts.records === 0) {
    const isEmpty = (orders?.records ?? 0) === 0
    return isEmpty ? 'the log has no record, and there is no row' : null
  }
  return 'the rows have read nothing of this log: see whether they are those that were meant'
}

/** Differences of every sort follow where somebody audits the rows of another service. */
export async function signsOfAnotherLog(
  { places, openLog }: AuditSource,
  { differences }: AuditReport,
): Promise<string[]> {
  if (differences === 0 || places === undefined) return []
  const known = await places()
  const log = await openLog()
  const topics = [...new Set(known.map(({ topic }) => topic))]
  return strangePlaces(log, await boundsOf(log, topics), known)
}

// Compares the rows with the winners that the replayed log gives, slot by slot, in one pass: both
// come in slot order, so nothing is sorted. A row of a record that is newer than the
// replayed log is left alone, unless no stored position covers it either. The coupons' own rows
// are compared with the log as of the stored positions.

import type { Fold } from '../../domain/coupons/fold.ts'
import { sameTerms } from '../../domain/coupons/messages.ts'
import type { Revocation } from '../../domain/coupons/revocations.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { winnersFrom } from '../../domain/coupons/winners.ts'
import { formatInstant } from '../../domain/time.ts'
import type {
  IssuedColumns,
  IssuedRow,
  ProjectionSnapshot,
  StoredPosition,
} from '../../ports/coupons.ts'
import type { LogBounds } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { canonicalJson, compareColumns } from '../compare-columns.ts'
import { type Broken, type Differs, type Findings, recordAt } from '../findings.ts'
import type { Sentence } from '../sentences.ts'
import type { Replayed } from './replay.ts'
import type { Before } from './since/before.ts'
import { nextWinner, takeColumns, type WinnersLeft } from './take-columns.ts'
import type { WinnerCodes } from './winner-codes.ts'

type Positions = ReadonlyMap<number, StoredPosition>

export type RowComparisonParts = {
  fold: Fold
  /** Of rehearsals, those that have no rows any more. */
  ended: ReadonlySet<string>
  bounds: readonly LogBounds[]
  positions: Positions
  /** Of all winners of the fold. */
  codes: Pick<WinnerCodes, 'of'>
  findings: Findings
  /** Whose rows were compared by an earlier audit, and do not come. */
  before?: Pick<Before, 'rowsThrough'> | null | undefined
}
export type RowComparison = {
  /** Rows come in (coupon, slot) order; the coupons in any order, each in one piece. */
  compare(row: IssuedRow): void
  /**
   * The same of rows as columns, where all of it is as the log gives it. False: it is not, or
   * perhaps not, and nothing has been compared; then row by row.
   */
  compareColumns(columns: IssuedColumns): boolean
  /** After the last row. */
  end(): RowCounts
  /**
   * Rows that the positions do not cover, and those of rehearsals, which may have gone meanwhile:
   * both are read again, after the last row, if need be.
   */
  checkCovered(again: () => Promise<ProjectionSnapshot>): Promise<void>
}
export type RowCounts = {
  rows: number
  /** Rows of records that were appended after the replayed log was read. */
  newerRows: number
}

/** A row that is missing unless its coupon has lost all of them: `add` says so. */
type Gone = { couponId: string; add(): void }
type Parts = RowComparisonParts & { gone: Gone[] }
type Current = WinnersLeft & {
  lastSlot: number
  rows: number
  /** Of rows that are not as they should be: who has them, and the slots concerned. */
  wrongUsers: string[]
  wrongSlots: Set<number>
}

export function createRowComparison(given: RowComparisonParts): RowComparison {
  const { fold, findings } = given
  const begun = new Set<string>()
  /** By partition, of rows of later records, and of winners' rows. */
  const newest = new Map<number, IssuedRow>()
  const covered = new Map<number, IssuedRow>()
  const counts: RowCounts = { rows: 0, newerRows: 0 }
  const gone: Gone[] = []
  const parts = { ...given, gone }
  let current: Current | null = null

  function begin(couponId: string): Current {
    if (current !== null) endCoupon(current, parts)
    if (begun.has(couponId)) throw outOfOrder(couponId)
    begun.add(couponId)
    return beginCoupon(couponId, fold, given.before?.rowsThrough(couponId) ?? 0)
  }

  return {
    compare(row) {
      if (current?.couponId !== row.couponId) current = begin(row.couponId)
      if (row.slot <= current.lastSlot) throw outOfOrder(row.couponId)
      current.lastSlot = row.slot
      counts.rows += 1
      passMissing(current, row.slot, parts)
      if (current.winner?.issued.slot !== row.slot && mayBeNewer(row, parts)) {
        counts.newerRows += 1
        keepNewest(newest, row)
        return
      }
      const isWinners = compareRow(current, row, parts)
      if (isWinners && row.partition === current.coupon?.partition) keepNewest(covered, row)
    },
    compareColumns(columns) {
      const { couponId, rows } = columns
      if (parts.ended.has(couponId)) return false
      if (current?.couponId !== couponId) current = begin(couponId)
      const last = takeColumns(current, columns, parts.codes)
      if (last === null) return false
      current.lastSlot = last.slot
      current.rows += rows
      counts.rows += rows
      keepNewest(covered, last)
      return true
    },
    end() {
      for (const couponId of fold.coupons.keys()) {
        if (!begun.has(couponId)) current = begin(couponId)
      }
      if (current !== null) endCoupon(current, parts)
      current = null
      return counts
    },
    async checkCovered(again) {
      const isBeyond = (positions: Positions) => (row: IssuedRow) => {
        return row.offset >= nextOf(positions, row)
      }
      const all = [...newest.values(), ...covered.values()]
      if (gone.length === 0 && !all.some(isBeyond(parts.positions))) return
      const { positions, coupons } = await again()
      const there = new Set(coupons.map(({ couponId }) => couponId))
      for (const { couponId, add } of gone) if (there.has(couponId)) add()
      for (const row of newest.values().filter(isBeyond(positions))) addExtra(findings, row)
      for (const row of covered.values().filter(isBeyond(positions))) {
        addUncovered(findings, row, nextOf(positions, row))
      }
    },
  }
}

/** `through`: the slot of the last row that was compared before; each slot up to it has one. */
function beginCoupon(couponId: string, fold: Fold, through: number): Current {
  const coupon = fold.coupons.get(couponId) ?? null
  const winners = winnersFrom(coupon?.winners ?? new Map(), through + 1)
  const winner = nextWinner(winners)
  const wrong = { wrongUsers: [], wrongSlots: new Set<number>() }
  return { couponId, coupon, winners, winner, lastSlot: through, rows: through, ...wrong }
}

function endCoupon(current: Current, parts: Parts): void {
  const { findings } = parts
  passMissing(current, Number.POSITIVE_INFINITY, parts)
  const { couponId, coupon, rows } = current
  const quantity = coupon?.quantity ?? 0
  if (rows > quantity) {
    const stored = `${rows} ${rows === 1 ? 'row' : 'rows'}` as const
    findings.add('I1', { couponId }, `${stored}, but its quantity is ${quantity}`)
  }
  addDoubles(current, findings)
}

/** Passes the winners below `slot`; one that the positions cover should have had its row. */
function passMissing(current: Current, slot: number, parts: Parts): void {
  const { couponId, coupon } = current
  const hasNone = parts.ended.has(couponId)
  while (current.winner !== null && current.winner.issued.slot < slot) {
    const { userId, issued } = current.winner
    const partition = coupon?.partition ?? 0
    current.winner = nextWinner(current.winners)
    if (hasNone || issued.offset >= (parts.positions.get(partition)?.next ?? 0)) continue
    current.wrongSlots.add(issued.slot)
    const won = `${userId} won it by ${recordAt({ partition, offset: issued.offset })}` as const
    const broken = brokenRow(parts.findings, { couponId, slot: issued.slot })
    const add = () => broken('I2', `the row is missing; ${won}`)
    if (coupon?.terms.rehearsal) parts.gone.push({ couponId, add })
    else add()
  }
}

function compareRow(current: Current, row: IssuedRow, parts: Parts): boolean {
  const { winner, coupon } = current
  current.rows += 1
  if (parts.ended.has(row.couponId)) addLeft(parts.findings, row)
  if (winner?.issued.slot === row.slot) {
    current.winner = nextWinner(current.winners)
    const { userId, issued } = winner
    if (row.userId === userId && row.claimId === issued.claimId) {
      compareDetails(row, { ...issued, partition: coupon?.partition ?? 0 }, parts)
      if (row.code !== parts.codes.of(row.couponId, row.slot)) {
        brokenRow(parts.findings, row)('I7', 'the code is not the one derived for it')
      }
      return true
    }
    const found = `${row.userId} (claim ${row.claimId}), but ${userId} won it` as const
    const won = `(claim ${issued.claimId}, record ${issued.offset})` as const
    brokenRow(parts.findings, row)('I2', `the row names ${found} ${won}`)
  } else addExtra(parts.findings, row)
  current.wrongUsers.push(row.userId)
  current.wrongSlots.add(row.slot)
  return false
}

type Details = { partition: number; offset: number; appendedAt: number }

/** The winner is the right one; whether all else in the row follows from the log, too. */
function compareDetails(row: IssuedRow, won: Details, parts: RowComparisonParts): void {
  const { findings } = parts
  if (row.offset !== won.offset || row.partition !== won.partition) {
    const names = `the row names ${recordAt(row)}` as const
    brokenRow(findings, row)('I7', `${names}, but it was won by ${recordAt(won)}`)
  }
  if (row.appendedAt !== won.appendedAt) {
    const [stored, given] = [row, won].map(({ appendedAt }) => formatInstant(appendedAt))
    brokenRow(findings, row)('I7', `the row has the time ${stored}, its record ${given}`)
  }
}

/** Its record lies behind the replayed log, and no position says that the log has lost it. */
function mayBeNewer({ partition, offset }: IssuedRow, parts: RowComparisonParts): boolean {
  const end = parts.bounds[partition]?.end ?? Number.POSITIVE_INFINITY
  return offset >= end && offset >= (parts.positions.get(partition)?.next ?? 0)
}

/** Users who have two rows: only those of wrong rows can, for the winners are distinct. */
function addDoubles({ couponId, coupon, wrongUsers, wrongSlots }: Current, findings: Findings) {
  const seen = new Set<string>()
  for (const userId of wrongUsers) {
    const own = coupon?.winners.get(userId)?.slot
    const doubled = seen.has(userId) || (own !== undefined && !wrongSlots.has(own))
    seen.add(userId)
    if (!doubled) continue
    findings.add('I3', { couponId }, `${userId} has more than one row`)
  }
}

function addExtra(findings: Findings, row: IssuedRow): void {
  const named = `${row.userId} by ${recordAt(row)}` as const
  brokenRow(findings, row)('I2', `there is a row for ${named}, which did not win it`)
}

function addLeft(findings: Findings, row: IssuedRow): void {
  brokenRow(findings, row)('I7', 'there is a row, but its rehearsal has ended')
}

function keepNewest(newest: Map<number, IssuedRow>, row: IssuedRow): void {
  if (row.offset > (newest.get(row.partition)?.offset ?? -1)) newest.set(row.partition, row)
}

function nextOf(positions: Positions, { partition }: IssuedRow): number {
  return positions.get(partition)?.next ?? 0
}

/** A row is written with the position behind its record. */
function addUncovered(findings: Findings, row: IssuedRow, next: number): void {
  const won = `the row was won by ${recordAt(row)}` as const
  brokenRow(findings, row)('I2', `${won}, but the rows have read only up to offset ${next}`)
}

function brokenRow(findings: Findings, row: Pick<IssuedRow, 'couponId' | 'slot'>): Broken {
  const { couponId, slot } = row
  return (invariant, text) => {
    findings.add(invariant, { couponId, what: `slot ${slot} of ${couponId}` }, text)
  }
}

function outOfOrder(couponId: string): PortError {
  return new PortError('store_broken', `the rows of ${couponId} do not come in slot order`)
}

/** Both as of the positions, without winners. */
export function compareCoupons(
  stored: readonly Coupon[],
  { atPosition: log, ended }: Pick<Replayed, 'atPosition' | 'ended'>,
  findings: Findings,
): void {
  const missing = new Set(log.keys())
  const broken = (couponId: string, text: Sentence) => findings.add('I7', { couponId }, text)
  for (const row of stored) {
    const { couponId } = row
    missing.delete(couponId)
    const coupon = log.get(couponId)
    if (ended.has(couponId)) broken(couponId, 'there is a row, but its rehearsal has ended')
    else if (coupon === undefined) broken(couponId, 'there is a row, but the log never made it')
    else compareCoupon(row, coupon, (text) => broken(couponId, `the row has ${text}`))
  }
  for (const couponId of missing) broken(couponId, 'the row of the coupon is missing')
}

function compareCoupon(row: Coupon, coupon: Coupon, broken: Differs): void {
  const { status, paused, quantity, partition, rules, name, opensAt, closesAt } = coupon
  const columns = { status, paused, quantity, partition, rules, name, opensAt, closesAt }
  // Rows of an earlier version do not say it.
  const { lastAct } = row.lastAct === null ? row : coupon
  compareColumns(row, { ...columns, lastAct }, broken)
  if (!sameTerms(row.terms, coupon.terms)) {
    const [found, given] = [row.terms, coupon.terms].map((terms) => JSON.stringify(terms))
    broken(`the terms ${found}, the log ${given}`)
  }
  const remembered = [...coupon.commands].every(([id, add]) => row.commands.get(id) === add)
  if (!remembered || row.commands.size !== coupon.commands.size) {
    broken('other commands than the log')
  }
  compareRevocations(row, coupon, broken)
}

function compareRevocations(row: Coupon, coupon: Coupon, broken: Differs): void {
  const stored = new Map(row.revocations.commands)
  for (const [commandId, given] of coupon.revocations.commands) {
    const found = stored.get(commandId)
    stored.delete(commandId)
    const revoke = `the revoke of ${whoseOf(given)} by record ${given.offset}` as const
    if (found === undefined) broken(`nothing of ${revoke}`)
    else if (canonicalJson(found) !== canonicalJson(given)) {
      broken(`of ${revoke} ${canonicalJson(found)}, the log gives ${canonicalJson(given)}`)
    }
  }
  for (const extra of stored.values()) {
    broken(`a revoke of ${whoseOf(extra)} by record ${extra.offset}, which the log never made`)
  }
}

function whoseOf({ userId }: Revocation): string {
  return userId ?? 'all'
}

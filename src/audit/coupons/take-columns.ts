// Whether rows as columns are, all of them, those of the next winners of a coupon. Columns are
// compared as they come, as a few long texts: of a million rows no row is ever made.

import type { Coupon, Issued } from '../../domain/coupons/state.ts'
import type { IssuedColumns, IssuedRow } from '../../ports/coupons.ts'
import type { WinnerCodes } from './winner-codes.ts'

export type Winner = { userId: string; issued: Issued }
export type WinnersLeft = {
  couponId: string
  coupon: Coupon | null
  winners: Iterator<[string, Issued]>
  /** The first winner that no row has been compared with yet. */
  winner: Winner | null
}

export function nextWinner(winners: Iterator<[string, Issued]>): Winner | null {
  const { done, value } = winners.next()
  return done === true ? null : { userId: value[0], issued: value[1] }
}

/** The last of these rows, and their winners are taken; null: they differ, and none is taken. */
export function takeColumns(
  left: WinnersLeft,
  { firstSlot, lastSlot, rows, partition, ...columns }: IssuedColumns,
  codes: Pick<WinnerCodes, 'of'>,
): IssuedRow | null {
  const { couponId, coupon } = left
  const isNext = left.winner?.issued.slot === firstSlot && lastSlot - firstSlot + 1 === rows
  if (!isNext || coupon?.partition !== partition) return null
  const taken: Winner[] = []
  while (taken.length < rows && left.winner !== null) {
    taken.push(left.winner)
    left.winner = nextWinner(left.winners)
  }
  const last = taken.at(-1)
  const code = codes.of(couponId, firstSlot, lastSlot)
  if (last?.issued.slot === lastSlot && code === columns.codes && areOf(taken, columns)) {
    return { ...last.issued, couponId, userId: last.userId, partition, code }
  }
  left.winners = again(left.winner === null ? taken : [...taken, left.winner], left.winners)
  left.winner = nextWinner(left.winners)
  return null
}

type IdsAndPlaces = Pick<IssuedColumns, 'userIds' | 'claimIds' | 'offsets' | 'times'>

function areOf(winners: readonly Winner[], columns: IdsAndPlaces): boolean {
  // As columns, the ids of two such claims could look like those of two others.
  if (winners.some(({ issued: { claimId } }) => claimId.includes('\n'))) return false
  return (
    lines(winners, ({ userId }) => userId) === columns.userIds &&
    lines(winners, ({ issued }) => issued.claimId) === columns.claimIds &&
    lines(winners, ({ issued }) => issued.offset) === columns.offsets &&
    lines(winners, ({ issued }) => issued.appendedAt) === columns.times
  )
}

function lines(winners: readonly Winner[], of: (winner: Winner) => string | number): string {
  return winners.map(of).join('\n')
}

function* again(
  first: readonly Winner[],
  later: Iterator<[string, Issued]>,
): Generator<[string, Issued]> {
  for (const { userId, issued } of first) yield [userId, issued]
  for (let winner = nextWinner(later); winner !== null; winner = nextWinner(later)) {
    yield [winner.userId, winner.issued]
  }
}

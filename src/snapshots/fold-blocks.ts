// The bytes of a snapshot: first what it stands for, then coupons, their winners, and lists that
// are learned beside them. A coupon is written with whatever it has, field by field, so that none
// can be forgotten; what a field means may change, and then `format` does.

import { deserialize, serialize } from 'node:v8'
import { AwayWinners } from '../domain/coupons/away-winners.ts'
import { type Coupon } from '../domain/coupons/state.ts'
import type { Winners } from '../domain/coupons/winners.ts'
import { blocksOf, readWinners, winnersContents } from '../ports/snapshots.ts'

/** To be raised whenever a coupon gets another field, or a field or the fold another meaning. */
export const format = 4

export type Head = {
  format: number
  /** Of the program: another one may decide otherwise. */
  release: string
  /** What tells the log from another of its name; null: it has no such name. */
  log: string | null
  /** By partition, where what is in it begins: 0 of one that was made anew. */
  from: number[]
  /** By partition, the next offset, and what the record before it is known by. */
  places: SnapshotPlace[]
}
export type SnapshotPlace = { next: number; fingerprint: string | null }
export const startPlace: SnapshotPlace = { next: 0, fingerprint: null }
/** With its number of winners instead of them; where they are away, with what is known of them. */
type KeptCoupon = Omit<Coupon, 'winners'> & { winners: number | KeptAway }
type KeptAway = Pick<AwayWinners, 'size' | 'lastOffset'>
/** What was learned from the log beside the coupons, only ever added to. */
export type LearnedList = {
  readonly size: number
  slice(from: number, through: number): unknown[]
  restore(entries: readonly unknown[]): void
}
export type ListName = 'keys' | 'acts'
export type Learned = Record<ListName, LearnedList>

export type Block =
  | { kind: 'head'; head: Head }
  | { kind: 'coupon'; coupon: KeptCoupon }
  | { kind: 'winners'; couponId: string; packed: Buffer }
  | { kind: ListName; entries: readonly unknown[] }

const kinds = ['head', 'coupon', 'winners', 'keys', 'acts'] as const
const { blockOf, openBlock } = blocksOf(kinds)

export function headBlock(head: Head): Buffer {
  return blockOf('head', serialize(head))
}

export function listBlock(name: ListName, entries: readonly unknown[]): Buffer {
  return blockOf(name, serialize(entries))
}

/** As it is now; without its winners, who are never changed. */
export function couponBlock(coupon: Coupon): Buffer {
  const kept: KeptCoupon = { ...coupon, winners: keptWinners(coupon.winners) }
  return blockOf('coupon', serialize(kept))
}

function keptWinners(winners: Winners): KeptCoupon['winners'] {
  if (!(winners instanceof AwayWinners)) return winners.size
  const { size, lastOffset } = winners
  return { size, lastOffset }
}

/** Of those from slot `from` on. None of winners that are away: the rows have them. */
export function* winnersBlocks(
  { couponId, winners }: Pick<Coupon, 'couponId' | 'winners'>,
  { from, through }: { from: number; through: number },
): Iterable<Buffer> {
  if (winners instanceof AwayWinners) return
  for (const parts of winnersContents({ couponId, winners }, { from, through })) {
    yield blockOf('winners', ...parts)
  }
}

/** Of a block whose checksum was right. */
export function readBlock(block: Buffer): Block {
  const { kind, content } = openBlock(block)
  switch (kind) {
    case 'head':
      return { kind, head: deserialize(content) as Head }
    case 'coupon':
      return { kind, coupon: deserialize(content) as KeptCoupon }
    case 'keys':
    case 'acts':
      return { kind, entries: deserialize(content) as unknown[] }
    case 'winners':
      return { kind, ...readWinners(content) }
  }
}

// The bytes of what an audit keeps for the next one: first what it stands for, then each coupon
// with the audit's own ledger of it, and the winners. A coupon and a ledger are written with
// whatever they have, field by field, so that none can be forgotten; what a field means may change,
// and then `format` does.

import { deserialize, serialize } from 'node:v8'
import type { Coupon } from '../../../domain/coupons/state.ts'
import type { Winners } from '../../../domain/coupons/winners.ts'
import { blocksOf, readWinners, winnersContents } from '../../../ports/snapshots.ts'
import type { LedgerWithoutSlots } from '../promises.ts'

/** To be raised whenever coupon, ledger or what follows gets another field or meaning. */
export const format = 1

/** By partition: the next offset, and what the record before it is known by. */
export type Place = { next: number; fingerprint: string | null }
/** Of claims, as far as the rows had read them. `generation`: of those rows; null: not known. */
export type ClaimsPlace = Place & { generation: string | null; published: number }
export type Head = {
  format: number
  /** Of the program: another one may judge otherwise. */
  release: string
  /** What tells the log from another of its name; null: it has no such name. */
  log: string | null
  /** By what the secret of the codes is known. */
  secret: string
  /** RFC 3339. */
  madeAt: string
  claims: ClaimsPlace[]
  events: Place[]
}
export type KeptCoupon = {
  coupon: Omit<Coupon, 'winners'>
  /** How many there are. */
  winners: number
  ledger: Omit<LedgerWithoutSlots, 'revoked'>
  /** A rehearsal whose rows were gone. */
  hasEnded: boolean
}
/** Which events were there: of all slots up to `through`, and of a few above it. */
export type KeptEvents = { couponId: string; through: number; slots: number[]; revokes: string[] }

export type Block =
  | { kind: 'head'; head: Head }
  | { kind: 'coupon'; kept: KeptCoupon }
  | { kind: 'revoked'; revoked: { couponId: string; users: string[] } }
  | { kind: 'winners'; couponId: string; packed: Buffer }
  | { kind: 'events'; events: KeptEvents }
  | { kind: 'end'; coupons: number }

const kinds = ['head', 'coupon', 'revoked', 'winners', 'events', 'end'] as const
const { blockOf, openBlock } = blocksOf(kinds)
const usersPerBlock = 5_000

export function headBlock(head: Head): Buffer {
  return blockOf('head', serialize(head))
}

export function* couponBlocks(
  kept: KeptCoupon,
  { revoked, winners }: { revoked: ReadonlySet<string>; winners: Winners },
): Iterable<Buffer> {
  const { couponId } = kept.coupon
  yield blockOf('coupon', serialize(kept))
  const users = [...revoked]
  for (let from = 0; from < users.length; from += usersPerBlock) {
    yield blockOf(
      'revoked',
      serialize({ couponId, users: users.slice(from, from + usersPerBlock) }),
    )
  }
  for (const parts of winnersContents({ couponId, winners }, { from: 1, through: kept.winners })) {
    yield blockOf('winners', ...parts)
  }
}

export function eventsBlock(events: KeptEvents): Buffer {
  return blockOf('events', serialize(events))
}

export function endBlock(coupons: number): Buffer {
  return blockOf('end', serialize(coupons))
}

/** Of a block whose checksum was right. */
export function readBlock(block: Buffer): Block {
  const { kind, content } = openBlock(block)
  switch (kind) {
    case 'head':
      return { kind, head: deserialize(content) as Head }
    case 'coupon':
      return { kind, kept: deserialize(content) as KeptCoupon }
    case 'revoked':
      return { kind, revoked: deserialize(content) as { couponId: string; users: string[] } }
    case 'events':
      return { kind, events: deserialize(content) as KeptEvents }
    case 'end':
      return { kind, coupons: deserialize(content) as number }
    case 'winners':
      return { kind, ...readWinners(content) }
  }
}

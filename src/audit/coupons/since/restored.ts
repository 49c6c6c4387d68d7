// What an earlier audit kept, put together apart from everything else: it is used as a whole or not
// at all, and only of this log, these rows, this secret of codes and this version. It stands in for
// records that were compared before, so whatever does not fit is a reason to read them again.

import { claimsTopic, couponEventsTopic } from '../../../domain/coupons/messages.ts'
import type { Coupon } from '../../../domain/coupons/state.ts'
import { PackedWinners } from '../../../domain/coupons/winners.ts'
import type { ProjectionSnapshot } from '../../../ports/coupons.ts'
import type { LogBounds } from '../../../ports/log.ts'
import { fingerprintsAt } from '../../../ports/log-check.ts'
import { SnapshotFault, type SnapshotStore } from '../../../ports/snapshots.ts'
import type { LogReader } from '../../orders/read-log.ts'
import type { Ledger } from '../promises.ts'
import {
  format,
  type Head,
  type KeptCoupon,
  type KeptEvents,
  type Place,
  readBlock,
} from './kept-blocks.ts'
import { SlotsByUser } from './slots-by-user.ts'

/** Of what program, log and secret it must be; see Head. */
export type Origin = Pick<Head, 'release' | 'log' | 'secret'>
export type Restored = {
  head: Head
  coupons: Map<string, Coupon>
  ledgers: Ledger[]
  /** Of rehearsals, those whose rows were gone. */
  ended: ReadonlySet<string>
  events: ReadonlyMap<string, KeptEvents>
}
export type Fitting = {
  origin: Origin
  log: LogReader
  rows: ProjectionSnapshot
  store: Pick<SnapshotStore, 'blocks'>
}

/** null: nothing is kept. Rejects with a SnapshotFault where it does not fit. */
export async function restoreFitting({
  origin,
  log,
  rows,
  store,
}: Fitting): Promise<Restored | null> {
  const restored = await restore(store.blocks(), origin)
  if (restored === null) return null
  const { claims, events } = restored.head
  const bounds = await log.bounds(claimsTopic)
  const eventBounds = await log.bounds(couponEventsTopic)
  checkBounds('claims', claims, bounds)
  checkBounds('events', events, eventBounds)
  checkRows(restored.head, rows)
  await checkRecords(log, claimsTopic, claims)
  await checkRecords(log, couponEventsTopic, events)
  return restored
}

function checkBounds(of: string, places: readonly Place[], bounds: readonly LogBounds[]): void {
  if (places.length !== bounds.length) {
    throw new SnapshotFault(
      `the log has ${bounds.length} partitions of ${of}, not ${places.length}`,
    )
  }
  for (const [partition, { next }] of places.entries()) {
    const { start, end } = bounds[partition] ?? { start: 0, end: 0 }
    if (next > 0 && (start > 0 || next > end)) {
      const has = `partition ${partition} of the ${of} goes from ${start} to ${end}`
      throw new SnapshotFault(`${has}, and was audited up to ${next}`)
    }
  }
}

function checkRows({ claims }: Head, { positions, generations }: ProjectionSnapshot): void {
  for (const [partition, { next, generation }] of claims.entries()) {
    if (next === 0) continue
    const position = positions.get(partition)?.next ?? 0
    if (position < next) {
      const read = `the rows have read partition ${partition} up to ${position}`
      throw new SnapshotFault(`${read}, and were audited up to ${next}`)
    }
    if (generation === null || generations?.get(partition) !== generation) {
      throw new SnapshotFault('the rows were made anew since')
    }
  }
}

async function checkRecords(
  log: LogReader,
  topic: string,
  places: readonly Place[],
): Promise<void> {
  const positions = new Map<number, number>()
  for (const [partition, { next }] of places.entries()) {
    if (next > 0) positions.set(partition, next)
  }
  const found = await fingerprintsAt(log, topic, positions)
  for (const partition of positions.keys()) {
    const { next = 0, fingerprint = null } = places[partition] ?? {}
    if (fingerprint === null || found.get(partition) !== fingerprint) {
      const record = `record ${next - 1} of partition ${partition} of ${topic}`
      throw new SnapshotFault(`${record} is another one: it is of another log`)
    }
  }
}

type Restoring = {
  head: Head | null
  coupons: Map<string, Gathered>
  events: Map<string, KeptEvents>
  isWhole: boolean
}
type Gathered = KeptCoupon & { fold: PackedWinners; own: PackedWinners; revoked: Set<string> }

async function restore(
  blocks: AsyncIterable<readonly Buffer[]>,
  origin: Origin,
): Promise<Restored | null> {
  const read: Restoring = { head: null, coupons: new Map(), events: new Map(), isWhole: false }
  let count = 0
  for await (const some of blocks) {
    count += some.length
    for (const block of some) take(readBlock(block), read, origin)
  }
  if (count === 0) return null
  const { head, coupons, events, isWhole } = read
  if (head === null || !isWhole) throw new SnapshotFault('it is not whole')
  const restored: Restored = { head, coupons: new Map(), ledgers: [], ended: new Set(), events }
  const ended = new Set<string>()
  for (const [couponId, { coupon, winners, ledger, hasEnded, fold, own, revoked }] of coupons) {
    if (fold.size !== winners) throw new SnapshotFault(`winners of ${couponId} are missing`)
    for (const packed of [fold, own]) packed.findAgain()
    restored.coupons.set(couponId, { ...coupon, winners: fold })
    restored.ledgers.push({ ...ledger, revoked, slots: new SlotsByUser(own) })
    if (hasEnded) ended.add(couponId)
  }
  return { ...restored, ended }
}

function take(block: ReturnType<typeof readBlock>, read: Restoring, origin: Origin): void {
  const { coupons } = read
  if (read.head === null && block.kind !== 'head') throw new SnapshotFault('it has no beginning')
  const known = (couponId: string): Gathered => {
    const found = coupons.get(couponId)
    if (found === undefined) throw new SnapshotFault(`it has parts of no coupon ${couponId}`)
    return found
  }
  switch (block.kind) {
    case 'head':
      checkHead(block.head, origin)
      read.head = block.head
      return
    case 'coupon': {
      const parts = {
        fold: new PackedWinners(),
        own: new PackedWinners(),
        revoked: new Set<string>(),
      }
      coupons.set(block.kept.coupon.couponId, { ...block.kept, ...parts })
      return
    }
    case 'revoked':
      for (const userId of block.revoked.users) known(block.revoked.couponId).revoked.add(userId)
      return
    case 'winners': {
      const { fold, own } = known(block.couponId)
      fold.addPacked(block.packed)
      own.addPacked(block.packed)
      return
    }
    case 'events':
      read.events.set(block.events.couponId, block.events)
      return
    case 'end':
      read.isWhole = block.coupons === coupons.size
  }
}

function checkHead(head: Head, { release, log, secret }: Origin): void {
  if (head.format !== format || head.release !== release) {
    throw new SnapshotFault(`it is of version ${head.release}, format ${head.format}`)
  }
  if (head.log !== log) throw new SnapshotFault('it is of another log of this name')
  if (head.secret !== secret) throw new SnapshotFault('it is of another secret of codes')
}

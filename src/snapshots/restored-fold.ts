// What the blocks of a snapshot say of coupons, put together apart from the fold of whoever begins
// with it: of each part that was added all is used, or nothing.

import { AwayWinners } from '../domain/coupons/away-winners.ts'
import { claimsTopic } from '../domain/coupons/messages.ts'
import type { Coupon } from '../domain/coupons/state.ts'
import { PackedWinners } from '../domain/coupons/winners.ts'
import type { Log } from '../ports/log.ts'
import { fingerprintsAt } from '../ports/log-check.ts'
import { SnapshotFault, type SnapshotStore } from '../ports/snapshots.ts'
import {
  type Block,
  format,
  type Head,
  type ListName,
  readBlock,
  type SnapshotPlace,
  startPlace,
} from './fold-blocks.ts'

export type RestoredFold = {
  coupons: ReadonlyMap<string, Coupon>
  lists: Readonly<Record<ListName, readonly unknown[]>>
  /** By partition. */
  places: readonly SnapshotPlace[]
}

type Restoring = {
  coupons: Map<string, { coupon: Coupon; winners: PackedWinners; count: number }>
  lists: Record<ListName, unknown[]>
  places: SnapshotPlace[]
}

/** Of what program and log a snapshot is; see Head. */
export type Origin = { release: string; logId: string | null }
type Fitting = Origin & { log: Log; store: Pick<SnapshotStore, 'blocks'> }

/** By partition that is wanted, the offset that what is restored may not go beyond. */
export type UpTo = ReadonlyMap<number, number>

/**
 * What is kept of this log, of the partitions in `upTo`; of others nothing. null: nothing is kept
 * that goes no further. Rejects where it does not fit.
 */
export async function restoreFitting(
  { log, store, release, logId }: Fitting,
  upTo: UpTo,
): Promise<RestoredFold | null> {
  const partitions = log.partitionsOf(claimsTopic)
  const restored = await restoreFold(store.blocks(), { partitions, release, logId, upTo })
  if (restored === null) return null
  const places = restored.places.map((place, partition) => {
    return upTo.has(partition) ? place : startPlace
  })
  const known = [...restored.coupons].filter(([, { partition }]) => upTo.has(partition))
  await checkPlaces(log, places)
  return { ...restored, places, coupons: new Map(known) }
}

async function checkPlaces(log: Log, places: readonly SnapshotPlace[]): Promise<void> {
  const positions = new Map<number, number>()
  for (const [partition, { next }] of places.entries()) {
    if (next === 0) continue
    // Asked now: another node may have kept more than there was when this one began.
    const { start, end } = await log.partitionBounds(claimsTopic, partition)
    if (start > 0 || next > end) {
      throw new SnapshotFault(`partition ${partition} has ${end} records, not ${next}`)
    }
    positions.set(partition, next)
  }
  const found = await fingerprintsAt(log, claimsTopic, positions)
  for (const partition of positions.keys()) {
    if (found.get(partition) !== places[partition]?.fingerprint) {
      throw new SnapshotFault(`partition ${partition} is that of another log`)
    }
  }
}

type Restored = Origin & { partitions: number; upTo?: UpTo }

/** null: nothing is kept. Rejects where it is damaged, of another version, or not complete. */
export async function restoreFold(
  blocks: AsyncIterable<readonly Buffer[]>,
  { partitions, upTo = new Map(), ...origin }: Restored,
): Promise<RestoredFold | null> {
  const places = Array.from({ length: partitions }, () => startPlace)
  const restoring: Restoring = { coupons: new Map(), lists: { keys: [], acts: [] }, places }
  if ((await takeParts(blocks, { restoring, origin, upTo })) === 0) return null
  const coupons = new Map<string, Coupon>()
  for (const [couponId, { coupon, winners, count }] of restoring.coupons) {
    if (winners.size !== count) throw new SnapshotFault(`winners of ${couponId} are missing`)
    winners.findAgain()
    coupons.set(couponId, coupon)
  }
  return { ...restoring, coupons }
}

type Taking = { restoring: Restoring; origin: Origin; upTo: UpTo }

/** How many of the parts, which each begin with a head. */
async function takeParts(
  blocks: AsyncIterable<readonly Buffer[]>,
  taking: Taking,
): Promise<number> {
  let parts = 0
  for await (const some of blocks) {
    for (const one of some) {
      const block = readBlock(one)
      if (block.kind !== 'head') take(block, taking.restoring)
      else if (goesOn(block.head, taking)) parts += 1
      else return parts
    }
  }
  return parts
}

/** Those behind it go further still. */
function goesOn(head: Head, taking: Taking): boolean {
  checkHead(head, taking)
  const { restoring, upTo } = taking
  const isBeyond = [...upTo].some(([at, most]) => (head.places[at]?.next ?? 0) > most)
  if (!isBeyond) restoring.places = head.places
  return !isBeyond
}

function take(block: Exclude<Block, { kind: 'head' }>, { coupons, lists }: Restoring): void {
  switch (block.kind) {
    case 'coupon': {
      const { winners: count, ...kept } = block.coupon
      const { couponId } = kept
      const isAway = typeof count !== 'number'
      // Of those that were kept before they went away, none is needed.
      const before = isAway ? undefined : coupons.get(couponId)?.winners
      const winners = before ?? new PackedWinners()
      const coupon = { ...kept, winners: isAway ? new AwayWinners(count) : winners }
      coupons.set(couponId, { coupon, winners, count: isAway ? 0 : count })
      return
    }
    case 'winners': {
      const found = coupons.get(block.couponId)
      if (found === undefined) throw new SnapshotFault(`winners of no coupon ${block.couponId}`)
      found.winners.addPacked(block.packed)
      return
    }
    case 'keys':
    case 'acts':
      lists[block.kind].push(...block.entries)
  }
}

function checkHead(head: Head, { restoring, origin }: Taking): void {
  if (head.format !== format || head.release !== origin.release) {
    throw new SnapshotFault(`it is of version ${head.release}, format ${head.format}`)
  }
  if (head.log !== origin.logId) throw new SnapshotFault('it is of another log of this name')
  const known = restoring.places.map(({ next }) => next)
  const isNext = known.length === head.from.length && known.every((at, n) => at === head.from[n])
  if (!isNext) throw new SnapshotFault('its parts do not follow each other')
}

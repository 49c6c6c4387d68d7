// What the blocks of a snapshot say of coupons, put together apart from the fold: it is used as a
// whole or not at all.

import { AwayWinners } from '../../../domain/coupons/away-winners.ts'
import { claimsTopic } from '../../../domain/coupons/messages.ts'
import type { Coupon } from '../../../domain/coupons/state.ts'
import { PackedWinners } from '../../../domain/coupons/winners.ts'
import type { Log } from '../../../ports/log.ts'
import { fingerprintsAt } from '../../../ports/log-check.ts'
import { SnapshotFault, type SnapshotStore } from '../../../ports/snapshots.ts'
import {
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
type Fitting = Origin & { log: Log; store: SnapshotStore }

/**
 * What is kept of this log, but for the partitions that cannot be compared now, which are read from
 * their start. null: nothing is kept. Rejects where it does not fit.
 */
export async function restoreFitting(
  { log, store, release, logId }: Fitting,
  away: ReadonlySet<number>,
): Promise<RestoredFold | null> {
  const partitions = log.partitionsOf(claimsTopic)
  const restored = await restoreFold(store.blocks(), { partitions, release, logId })
  if (restored === null) return null
  const places = restored.places.map((place, partition) => {
    return away.has(partition) ? startPlace : place
  })
  const known = [...restored.coupons].filter(([, { partition }]) => !away.has(partition))
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

/** null: nothing is kept. Rejects where it is damaged, of another version, or not complete. */
export async function restoreFold(
  blocks: AsyncIterable<readonly Buffer[]>,
  { partitions, ...origin }: Origin & { partitions: number },
): Promise<RestoredFold | null> {
  const places = Array.from({ length: partitions }, () => startPlace)
  const restoring: Restoring = { coupons: new Map(), lists: { keys: [], acts: [] }, places }
  let heads = 0
  for await (const some of blocks) {
    for (const block of some) heads += take(readBlock(block), { restoring, origin })
  }
  if (heads === 0) return null
  const coupons = new Map<string, Coupon>()
  for (const [couponId, { coupon, winners, count }] of restoring.coupons) {
    if (winners.size !== count) throw new SnapshotFault(`winners of ${couponId} are missing`)
    winners.findAgain()
    coupons.set(couponId, coupon)
  }
  return { ...restoring, coupons }
}

type Taking = { restoring: Restoring; origin: Origin }

/** How many snapshots begin with it. */
function take(block: ReturnType<typeof readBlock>, { restoring, origin }: Taking): number {
  const { coupons } = restoring
  switch (block.kind) {
    case 'head':
      checkHead(block.head, { restoring, origin })
      restoring.places = block.head.places
      return 1
    case 'coupon': {
      const { winners: count, ...kept } = block.coupon
      const { couponId } = kept
      const isAway = typeof count !== 'number'
      // Of those that were kept before they went away, none is needed.
      const before = isAway ? undefined : coupons.get(couponId)?.winners
      const winners = before ?? new PackedWinners()
      const coupon = { ...kept, winners: isAway ? new AwayWinners(count) : winners }
      coupons.set(couponId, { coupon, winners, count: isAway ? 0 : count })
      return 0
    }
    case 'winners': {
      const found = coupons.get(block.couponId)
      if (found === undefined) throw new SnapshotFault(`winners of no coupon ${block.couponId}`)
      found.winners.addPacked(block.packed)
      return 0
    }
    case 'keys':
    case 'acts':
      restoring.lists[block.kind].push(...block.entries)
      return 0
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

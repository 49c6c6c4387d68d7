// What the blocks of a snapshot say of coupons, put together apart from the fold: it is used as a
// whole or not at all.

import type { Coupon } from '../../../domain/coupons/state.ts'
import { PackedWinners } from '../../../domain/coupons/winners.ts'
import { SnapshotFault } from '../../../ports/snapshots.ts'
import { format, type Head, type ListName, readBlock, type SnapshotPlace } from './fold-blocks.ts'

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

/** null: nothing is kept. Rejects where it is damaged, of another version, or not complete. */
export async function restoreFold(
  blocks: AsyncIterable<readonly Buffer[]>,
  { partitions, release }: { partitions: number; release: string },
): Promise<RestoredFold | null> {
  const places = Array.from({ length: partitions }, () => ({ next: 0, fingerprint: null }))
  const restoring: Restoring = { coupons: new Map(), lists: { keys: [], acts: [] }, places }
  let heads = 0
  for await (const some of blocks) {
    for (const block of some) heads += take(readBlock(block), { restoring, release })
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

type Taking = { restoring: Restoring; release: string }

/** How many snapshots begin with it. */
function take(block: ReturnType<typeof readBlock>, { restoring, release }: Taking): number {
  const { coupons } = restoring
  switch (block.kind) {
    case 'head':
      checkHead(block.head, { restoring, release })
      restoring.places = block.head.places
      return 1
    case 'coupon': {
      const { winners: count, ...kept } = block.coupon
      const winners = coupons.get(kept.couponId)?.winners ?? new PackedWinners()
      coupons.set(kept.couponId, { coupon: { ...kept, winners }, winners, count })
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

function checkHead(head: Head, { restoring, release }: Taking): void {
  if (head.format !== format || head.release !== release) {
    throw new SnapshotFault(`it is of version ${head.release}, format ${head.format}`)
  }
  const known = restoring.places.map(({ next }) => next)
  const isNext = known.length === head.from.length && known.every((at, n) => at === head.from[n])
  if (!isNext) throw new SnapshotFault('its parts do not follow each other')
}

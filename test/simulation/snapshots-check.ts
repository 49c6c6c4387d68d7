// What the nodes of a simulated sale have kept, after every batch and while they went on: it is the
// fold of the log up to there, and of nothing else.

import assert from 'node:assert/strict'
import { applyCommand, createFold, readRecord } from '../../src/domain/coupons/fold.ts'
import type { Coupon } from '../../src/domain/coupons/state.ts'
import type { LogRecord } from '../../src/ports/log.ts'
import type { SnapshotStore } from '../../src/ports/snapshots.ts'
import { restoreFold } from '../../src/snapshots/restored-fold.ts'

export const origin = { release: 'simulated', logId: null }

/** How many snapshots there are. */
export async function checkSnapshots(
  records: readonly (readonly LogRecord[])[],
  stores: readonly SnapshotStore[],
): Promise<number> {
  let kept = 0
  for (const store of stores) {
    const partitions = records.length
    const restored = await restoreFold(store.blocks(), { partitions, ...origin })
    if (restored === null) continue
    kept += store.count()
    const replayed = createFold(partitions)
    for (const [partition, { next }] of restored.places.entries()) {
      for (const record of records[partition]?.slice(0, next) ?? []) {
        const read = readRecord(replayed, record)
        if (read.kind === 'message') applyCommand(replayed, read.message)
      }
    }
    assert.deepEqual(plain(restored.coupons), plain(replayed.coupons))
  }
  return kept
}

function plain(coupons: ReadonlyMap<string, Coupon>) {
  const all = [...coupons.values()].map((one) => ({ ...one, winners: [...one.winners] }))
  return new Map(all.map((coupon) => [coupon.couponId, coupon]))
}

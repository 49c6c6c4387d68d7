// What the snapshots of a data directory say of a coupon: as the next start would find it.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { openSnapshotFiles } from '../../../src/adapters/snapshots/snapshot-files.ts'
import { restoreFold } from '../../../src/api/claims/snapshots/restored-fold.ts'
import { AwayWinners } from '../../../src/domain/coupons/away-winners.ts'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { packageVersion } from '../../../src/main/package-version.ts'
import { embeddedTopics } from '../../../src/main/roles/topics.ts'

const waitMsMax = 30_000

/** Whether its winners are not in them. */
export async function isKeptAway(data: string, couponId: string): Promise<boolean> {
  const { blocks } = openSnapshotFiles(join(data, 'snapshots', 'claims'))
  const origin = { release: packageVersion(), logId: null }
  const partitions = embeddedTopics[claimsTopic]
  const restored = await restoreFold(blocks(), { partitions, ...origin })
  return restored?.coupons.get(couponId)?.winners instanceof AwayWinners
}

/** `another`: makes another coupon, as one is only kept with what is read after it has changed. */
export async function untilKeptAway(
  data: string,
  couponId: string,
  another: (n: number) => Promise<void>,
): Promise<void> {
  const until = performance.now() + waitMsMax
  for (let n = 0; !(await isKeptAway(data, couponId)); n++) {
    assert.ok(performance.now() < until, 'the winners left memory')
    await another(n)
  }
}

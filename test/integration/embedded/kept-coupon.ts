// What the snapshots of a data directory say of a coupon: as the next start would find it.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { openSnapshotFiles } from '../../../src/adapters/snapshots/snapshot-files.ts'
import { AwayWinners } from '../../../src/domain/coupons/away-winners.ts'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { packageVersion } from '../../../src/main/package-version.ts'
import { embeddedTopics } from '../../../src/main/roles/topics.ts'
import { restoreFold } from '../../../src/snapshots/restored-fold.ts'

const waitMsMax = 30_000

/** Whether its winners are not in them. Of a service that has ended. */
export async function isKeptAway(data: string, couponId: string): Promise<boolean> {
  const { blocks } = openSnapshotFiles(join(data, 'snapshots', 'claims'))
  const origin = { release: packageVersion(), logId: null }
  const partitions = embeddedTopics[claimsTopic]
  const restored = await restoreFold(blocks(), { partitions, ...origin })
  return restored?.coupons.get(couponId)?.winners instanceof AwayWinners
}

/**
 * Of one that runs. `another`: makes another coupon, as one is only kept with what is read after
 * it has changed.
 */
export async function untilKeptAway(
  data: string,
  couponId: string,
  another: (n: number) => Promise<void>,
): Promise<void> {
  const until = performance.now() + waitMsMax
  const isAway = () => isKeptAway(data, couponId).catch(goneMeanwhile)
  for (let n = 0; !(await isAway()); n++) {
    assert.ok(performance.now() < until, 'the winners left memory')
    await another(n)
  }
}

/** All of it was written anew, and a part taken away between its name and its bytes. */
function goneMeanwhile(error: unknown): false {
  if ((error as { code?: unknown }).code === 'ENOENT') return false
  throw error
}

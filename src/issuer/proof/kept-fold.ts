// Where the fold of the proof begins: with what an API node keeps of the log, as far as the trees
// go. What goes further than they do would know of records whose leaves are still to be made.

import type { AwayWinners } from '../../domain/coupons/away-winners.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import type { Winners } from '../../domain/coupons/winners.ts'
import type { CouponReads } from '../../ports/coupons.ts'
import type { Log } from '../../ports/log.ts'
import { messageOf, PortError } from '../../ports/port-error.ts'
import type { SnapshotStore } from '../../ports/snapshots.ts'
import {
  type Origin,
  type RestoredFold,
  restoreFitting,
  type UpTo,
} from '../../snapshots/restored-fold.ts'
import { winnersInLog } from '../../snapshots/winners-in-log.ts'
import { winnersInRows } from '../../snapshots/winners-in-rows.ts'

export type KeptFold = Origin & {
  store: Pick<SnapshotStore, 'blocks'>
  /** Of coupons that were closed long ago it has no winners. */
  rows: Pick<CouponReads, 'issuedRows'>
  /** What is kept does not fit, and the log is read from its start. */
  onPutAside(reason: string): void
}
type From = { log: Log; kept: KeptFold }

/** Whoever keeps it may put something else in its place while it is read. */
const triesMax = 2

/** null: there is none to begin with. */
export async function restoreKept({ log, kept }: From, upTo: UpTo): Promise<RestoredFold | null> {
  for (let tries = 1; ; tries++) {
    try {
      return await restoreFitting({ ...kept, log }, upTo)
    } catch (error) {
      if (tries < triesMax) continue
      kept.onPutAside(messageOf(error))
      return null
    }
  }
}

/** Those who were not kept, as they were. */
export async function winnersAgain(
  { log, kept: { rows } }: From,
  { couponId, partition }: Coupon,
  { size, lastOffset }: AwayWinners,
): Promise<Winners> {
  const wanted = { couponId, partition, size, lastOffset }
  const inRows = await winnersInRows(() => rows, wanted).catch((error: unknown) => {
    if (!(error instanceof PortError)) throw error
    return null
  })
  return inRows ?? winnersInLog(log, wanted)
}

// Where the partitions of a session end, before it reads them. One whose leader is away is left to
// a later session, and keeps no other waiting for longer than a change of leaders takes.

import { type Clock, within } from '../ports/clock.ts'
import type { Log, LogBounds } from '../ports/log.ts'
import { retrying } from '../ports/retry.ts'
import type { Share } from './shared-partitions.ts'

export type PresentEndsParts = {
  log: Pick<Log, 'partitionBounds'>
  clock: Clock
  share: Pick<Share, 'partitions' | 'retry' | 'restart' | 'fail'>
}

/** A change of leaders is over by then; a broker that is away may stay so. */
export const leaderWaitMsMax = 3_000

/** By partition. Another session starts as soon as one of the others says where it ends. */
export async function presentEnds(
  { log, clock, share }: PresentEndsParts,
  topic: string,
): Promise<Map<number, LogBounds>> {
  const found = new Map<number, LogBounds>()
  const asked = share.partitions.map(async (partition) => {
    const answer = retrying(share.retry, () => log.partitionBounds(topic, partition))
    const known = await within({ clock, ms: leaderWaitMsMax, late: () => null }, answer)
    if (known === null) answer.then(share.restart, share.fail)
    else found.set(partition, known)
  })
  await Promise.all(asked)
  return found
}

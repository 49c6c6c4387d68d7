// A log some of whose partitions had no leader when the role started, and so were not compared with
// the rows. Each is compared as soon as it has one; until then it does not say where it ends, and
// nobody reads a partition or answers from it before that is known.

import { type Clock, sleep } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { type PartitionName, placeName } from '../../ports/log-check.ts'
import { PortError } from '../../ports/port-error.ts'
import { retrying } from '../../ports/retry.ts'

export type LatePartitions = {
  log: Log
  away: readonly PartitionName[]
  clock: Clock
  /** Rejects where it is not the partition that the rows were made from. */
  check(at: PartitionName): Promise<void>
  signal: AbortSignal
  onFatal(error: unknown): void
}

/** As long as other questions about a partition may take before they are tried again. */
const answerWaitMsMax = 2_000

/** `over`: aborted once it has ended; `damage`: what it rejected with. */
type Comparison = { over: AbortController; damage: unknown }

export function checkedLater(late: LatePartitions): Log {
  const { log, away, clock } = late
  const unchecked = new Map<string, Comparison>()
  for (const at of away) {
    const name = placeName(at)
    const comparison = compareOnceThere(late, at, () => unchecked.delete(name))
    unchecked.set(name, comparison)
  }

  /** Who asks in vain leaves nothing behind at a comparison that may take hours. */
  async function checked(at: PartitionName): Promise<void> {
    const name = placeName(at)
    const comparison = unchecked.get(name)
    if (comparison === undefined) return
    await sleep(clock, answerWaitMsMax, comparison.over.signal)
    if (comparison.damage !== null) throw comparison.damage
    if (!unchecked.has(name)) return
    const reason = `${name} has no leader, and was not compared with the rows`
    throw new PortError('log_unavailable', reason, { retryable: true })
  }

  return {
    ...log,
    async bounds(topic) {
      await Promise.all(away.filter((at) => at.topic === topic).map(checked))
      return log.bounds(topic)
    },
    async partitionBounds(topic, partition) {
      await checked({ topic, partition })
      return log.partitionBounds(topic, partition)
    },
  }
}

function compareOnceThere(
  { clock, signal, check, onFatal }: LatePartitions,
  at: PartitionName,
  onCompared: () => void,
): Comparison {
  const comparison: Comparison = { over: new AbortController(), damage: null }
  retrying({ clock, signal }, () => check(at)).then(
    () => {
      onCompared()
      comparison.over.abort()
    },
    (error: unknown) => {
      // The role ends, and nobody may believe that it was compared.
      if (signal.aborted) return
      comparison.damage = error
      comparison.over.abort()
      onFatal(error)
    },
  )
  return comparison
}

// A log some of whose partitions had no leader when the role started, and so were not compared with
// the rows. Each is compared as soon as it has one; until then it does not say where it ends, and
// nobody reads a partition or answers from it before that is known.

import { type Clock, within } from '../../ports/clock.ts'
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

export function checkedLater(late: LatePartitions): Log {
  const { log, away, clock } = late
  const unchecked = new Map<string, Promise<void>>()
  for (const at of away) {
    const check = checkOnceThere(late, at)
    unchecked.set(placeName(at), check)
    check.then(() => unchecked.delete(placeName(at)), late.onFatal)
  }

  async function checked(at: PartitionName): Promise<void> {
    const lateAnswer = (): never => {
      const reason = `${placeName(at)} has no leader, and was not compared with the rows`
      throw new PortError('log_unavailable', reason, { retryable: true })
    }
    const check = unchecked.get(placeName(at))
    if (check !== undefined) await within({ clock, ms: answerWaitMsMax, late: lateAnswer }, check)
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

function checkOnceThere(
  { clock, signal, check }: LatePartitions,
  at: PartitionName,
): Promise<void> {
  return retrying({ clock, signal }, () => check(at)).catch((error: unknown) => {
    // The role ends, and nobody may believe that it was compared.
    if (signal.aborted) return new Promise(() => {})
    throw error
  })
}

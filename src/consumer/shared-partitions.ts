// A member of a group of readers: it runs one session with the partitions that are its share, and
// starts another whenever the share changes or the session has found out that it owns them no
// longer. Only one session runs at a time.

import type { Clock } from '../ports/clock.ts'
import type { Log, Membership } from '../ports/coupons.ts'

export type Session = {
  /** Resolves when nothing of it runs any more. */
  close(): Promise<void>
}
export type Share = {
  partitions: readonly number[]
  membership: Membership
  /** Somebody else has moved a position: the session is over, and another is to start. */
  onFenced(): void
}
export type SharedPartitionsParts<Own extends Session> = {
  log: Log
  clock: Clock
  topic: string
  group: string
  startSession(share: Share): Own
  onError(error: unknown): void
}
export type SharedPartitions<Own extends Session> = {
  /** Null while there is none. */
  session(): Own | null
  /** Drops all it knows and starts again from what is stored. */
  restart(): void
  close(): Promise<void>
}

/**
 * After a fence: longer than a member that was asleep takes to hear that its partitions are gone.
 * Else it would fetch the new position and go on beside their new owner, right but in its way.
 */
export const fencedWaitMs = 500

export async function sharePartitions<Own extends Session>(
  parts: SharedPartitionsParts<Own>,
): Promise<SharedPartitions<Own>> {
  const membership = Promise.withResolvers<Membership>()
  let partitions: readonly number[] = []
  let session: Own | null = null
  let closed = false
  let changing: Promise<void> = Promise.resolve()

  /** Ends the running session and starts one with the share of the moment. */
  function restart(): void {
    changing = changing.then(async () => {
      await session?.close()
      session = null
      if (closed || partitions.length === 0) return
      session = parts.startSession({
        partitions,
        membership: await membership.promise,
        onFenced: () => void parts.clock.after(fencedWaitMs, restart),
      })
    })
  }

  membership.resolve(
    await parts.log.join({
      topic: parts.topic,
      group: parts.group,
      onAssigned(share) {
        partitions = share
        restart()
      },
      onError: parts.onError,
    }),
  )
  return {
    session: () => session,
    restart,
    async close() {
      closed = true
      restart()
      await changing
      await (await membership.promise).leave()
    },
  }
}

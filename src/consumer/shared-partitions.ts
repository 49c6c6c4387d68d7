// A member of a group of readers: it runs one session with the partitions that are its share, and
// starts another whenever the share changes or the session has found out that it owns them no
// longer. Only one session runs at a time.

import type { Clock } from '../ports/clock.ts'
import type { Log, Membership } from '../ports/log.ts'
import type { PortError } from '../ports/port-error.ts'
import type { Retry } from '../ports/retry.ts'

export type Session = {
  /** What it rejects with ends the session, as `Share.fail` does. */
  begin(): Promise<void>
  /** Called once, after the signal; `failed`: by itself. Resolves when nothing of it runs. */
  close(failed: boolean): Promise<void>
}
export type Share = {
  partitions: readonly number[]
  membership: Membership
  /** Aborted when the session is over. */
  signal: AbortSignal
  /** For calls to the world, as long as the session runs. */
  retry: Retry
  /** The session cannot go on; where it was fenced, another one is to start. */
  fail(error: unknown): void
  /** Another session is to start, with what this one had to leave out. */
  restart(): void
}
/** Somebody else has moved a position. */
export class Fenced extends Error {}

export type SharedPartitionsParts<Own extends Session> = {
  log: Log
  clock: Clock
  topic: string
  group: string
  createSession(share: Share): Own
  /** Called for every attempt that failed and is made again. */
  onRetry?: ((error: PortError) => void) | undefined
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
  const { log, clock, topic, group, onError } = parts
  const membership = Promise.withResolvers<Membership>()
  let partitions: readonly number[] = []
  let running: { session: Own; end(): Promise<void> } | null = null
  let closed = false
  let changing: Promise<void> = Promise.resolve()

  /** Ends the running session and starts one with the share of the moment. */
  function restart(): void {
    changing = changing.then(async () => {
      await running?.end()
      running = null
      if (!closed && partitions.length > 0) running = start(await membership.promise)
    })
  }

  function start(member: Membership) {
    const ending = new AbortController()
    const { signal } = ending
    function fail(error: unknown): void {
      if (signal.aborted) return
      ending.abort()
      if (error instanceof Fenced) clock.after(fencedWaitMs, restart)
      else onError(error)
    }
    const retry: Retry = { clock, signal, onFailed: parts.onRetry }
    const again = () => {
      if (!signal.aborted) restart()
    }
    const own = { partitions, membership: member, signal, retry, fail, restart: again }
    const session = parts.createSession(own)
    const begun = session.begin().catch(fail)
    async function end(): Promise<void> {
      const failed = signal.aborted
      ending.abort()
      await begun
      await session.close(failed)
    }
    return { session, end }
  }

  function onAssigned(share: readonly number[]): void {
    partitions = share
    restart()
  }
  membership.resolve(await log.join({ topic, group, onAssigned, onError }))
  return {
    session: () => running?.session ?? null,
    restart,
    async close() {
      closed = true
      restart()
      await changing
      await (await membership.promise).leave()
    },
  }
}

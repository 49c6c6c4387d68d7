// Waits until this node has read all that a topic holds now. Only where others append too: a
// coupon that was made through another node a moment ago is not unknown, only not read yet. Many
// callers share one look at the log's end, so that a flood of made-up ids costs next to nothing.

import { partitionFor } from '../../domain/partitioner.ts'
import { type Clock, within } from '../../ports/clock.ts'
import type { LogBounds } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { type Batcher, createBatcher, createPace } from '../batcher.ts'

export type FoldFreshnessParts = {
  clock: Clock
  /** Of the topic. */
  partitions: number
  bounds(partition: number): Promise<LogBounds>
  /** By partition, the next offset that this node will read. */
  positions(): readonly number[]
  /** How long to wait for the log's end, and then for this node to pass it. */
  waitMsMax: number
}
export type FoldFreshness = {
  /**
   * Resolves to true once this node has read what the partition of this key held when it was
   * called; to false where the log or the reading took too long.
   */
  reached(key: string): Promise<boolean>
  /** To be called whenever more has been read. */
  advanced(): void
}

/** So many callers share one look under a flood that it asks Kafka 100 times a second at most. */
const looksApartMsMin = 10

type Waiting = { partition: number; end: number; resolve(): void }

export function createFoldFreshness(parts: FoldFreshnessParts): FoldFreshness {
  const { clock, waitMsMax: ms } = parts
  const waiting = new Set<Waiting>()
  const pace = createPace()
  const looks: Batcher<PromiseWithResolvers<boolean>>[] = []

  /** Each partition is looked at by itself: one without a leader keeps no other waiting. */
  function createLooks(partition: number): Batcher<PromiseWithResolvers<boolean>> {
    // A look that has begun may miss what has just been appended, so callers join the next one.
    return createBatcher({
      clock,
      pace,
      // No bound of its own: a server lets in only so many requests.
      perBatchMax: Number.POSITIVE_INFINITY,
      waitingMax: Number.POSITIVE_INFINITY,
      everyMsMin: looksApartMsMin,
      async send(asked) {
        try {
          const { end } = await within({ clock, ms, late }, parts.bounds(partition))
          const passed = passes(partition, end)
          for (const { resolve } of asked) resolve(passed)
        } catch (error) {
          for (const { resolve, reject } of asked) {
            if (error instanceof PortError) resolve(false)
            else reject(error)
          }
        }
      },
    })
  }

  function hasPassed({ partition, end }: Omit<Waiting, 'resolve'>): boolean {
    return (parts.positions()[partition] ?? 0) >= end
  }

  async function passes(partition: number, end: number): Promise<boolean> {
    if (hasPassed({ partition, end })) return true
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter = { partition, end, resolve }
    waiting.add(waiter)
    await within({ clock, ms, late: () => {} }, promise)
    waiting.delete(waiter)
    return hasPassed(waiter)
  }

  return {
    reached(key) {
      const partition = partitionFor(key, parts.partitions)
      const asked = Promise.withResolvers<boolean>()
      looks[partition] ??= createLooks(partition)
      looks[partition].add(asked)
      return asked.promise
    },
    advanced() {
      for (const waiter of waiting) if (hasPassed(waiter)) waiter.resolve()
    },
  }
}

function late(): never {
  throw new PortError('log_unavailable', 'the log does not say where it ends')
}

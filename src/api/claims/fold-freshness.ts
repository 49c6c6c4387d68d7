// Waits until this node's fold has read all that the log holds now. Only where others append too: a
// coupon that was made through another node a moment ago is not unknown, only not read yet. Many
// callers share one look at the log's end, so that a flood of made-up ids costs next to nothing.

import { partitionFor } from '../../domain/partitioner.ts'
import type { Clock } from '../../ports/clock.ts'
import { type LogBounds, PortError } from '../../ports/coupons.ts'

export type FoldFreshnessParts = {
  clock: Clock
  /** Of the claims log. */
  bounds(): Promise<LogBounds[]>
  /** By partition, the next offset that the fold will read. */
  positions(): readonly number[]
  /** How long to wait for the log's end, and then for the fold to pass it. */
  waitMsMax: number
}
export type FoldFreshness = {
  /**
   * Resolves to true once the fold has read what the partition of this coupon held when it was
   * called; to false where the log or the fold took too long.
   */
  reached(couponId: string): Promise<boolean>
  /** To be called whenever the fold has read further. */
  advanced(): void
}

/** So many callers share one look under a flood that it asks Kafka 100 times a second at most. */
const looksApartMsMin = 10

type Look = { ends: readonly number[]; passed: Map<number, Promise<boolean>> }
type Waiting = { partition: number; end: number; resolve(passed: boolean): void }

export function createFoldFreshness(parts: FoldFreshnessParts): FoldFreshness {
  const { clock, waitMsMax, positions } = parts
  const waiting = new Set<Waiting>()
  let queued: Promise<Look | null> | null = null
  let underWay: Promise<Look | null> = Promise.resolve(null)
  let lookedAt = Number.NEGATIVE_INFINITY

  /** A look that has begun may miss what has just been appended, so callers join the next one. */
  function nextLook(): Promise<Look | null> {
    queued ??= underWay.then(async () => {
      const early = lookedAt + looksApartMsMin - clock.now()
      if (early > 0) await new Promise<void>((go) => clock.after(early, go))
      queued = null
      lookedAt = clock.now()
      underWay = look()
      return underWay
    })
    return queued
  }

  /** null: the log did not say in time where it ends. */
  async function look(): Promise<Look | null> {
    const late = Promise.withResolvers<null>()
    const cancel = clock.after(waitMsMax, () => late.resolve(null))
    try {
      const bounds = await Promise.race([parts.bounds(), late.promise])
      return bounds && { ends: bounds.map(({ end }) => end), passed: new Map() }
    } catch (error) {
      if (error instanceof PortError) return null
      throw error
    } finally {
      cancel()
    }
  }

  function passes(partition: number, end: number): Promise<boolean> {
    if ((positions()[partition] ?? 0) >= end) return Promise.resolve(true)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const waiter = { partition, end, resolve }
    waiting.add(waiter)
    const cancel = clock.after(waitMsMax, () => resolve(false))
    return promise.finally(() => {
      cancel()
      waiting.delete(waiter)
    })
  }

  return {
    async reached(couponId) {
      const seen = await nextLook()
      if (seen === null) return false
      const { ends, passed } = seen
      const partition = partitionFor(couponId, ends.length)
      const known = passed.get(partition) ?? passes(partition, ends[partition] ?? 0)
      passed.set(partition, known)
      return known
    },
    advanced() {
      if (waiting.size === 0) return
      const next = positions()
      for (const { partition, end, resolve } of waiting) {
        if ((next[partition] ?? 0) >= end) resolve(true)
      }
    },
  }
}

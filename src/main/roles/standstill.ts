// Whether a role that reads a log stands still: something lies before it, and it has not moved for
// longer than any batch takes. Whatever the reason is, it does not do its work, and is not ready.

import type { Clock, Moment } from '../../ports/clock.ts'
import type { LogEnds } from '../../ports/log-ends.ts'

/** Where a reader is in a partition. */
export type Place = { reader: string; topic: string; partition: number; next: number }

export type StandstillParts = {
  clock: Pick<Clock, 'monotonic'>
  places(): readonly Place[]
  ends: Pick<LogEnds, 'of'>
}

/** A slow transaction, a change of owners or of leaders is over by then. */
export const standstillMsMax = 30_000

/** Says which reader stands still; null: none. To be asked now and then, as probes do. */
export function createStandstill({ clock, places, ends }: StandstillParts): () => string | null {
  let seen = new Map<string, { next: number; since: Moment }>()

  return () => {
    const now = clock.monotonic()
    const before = seen
    seen = new Map()
    let found: string | null = null
    for (const { reader, topic, partition, next } of places()) {
      const end = ends.of(topic)[partition]?.end ?? 0
      if (next >= end) continue
      const name = `${reader} ${topic} ${partition}`
      const known = before.get(name)
      const one = known?.next === next ? known : { next, since: now }
      seen.set(name, one)
      if (now - one.since <= standstillMsMax) continue
      found ??= `${reader} stands still at ${next} of ${end} in partition ${partition} of ${topic}`
    }
    return found
  }
}

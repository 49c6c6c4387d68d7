// Where topics of the log end, asked for again and again beside whoever wants to know: a probe or a
// scrape never waits for the log, however long it is away. What it said last is kept, with its age.
// Each partition is asked for by itself: one without a leader keeps no other unknown. But all are
// asked for in one turn, so that the log can ask its brokers for all of them at once.

import { type Clock, every, type Moment } from './clock.ts'
import type { Log, LogBounds } from './log.ts'

export type LogEnds = {
  /** By partition, as the log last said; none of what it has not said yet. */
  of(topic: string): readonly LogBounds[]
  /** How long ago the log last said anything of it, in milliseconds. */
  silentMs(): number
  /** Waits for no answer. */
  close(): void
}
export type LogEndsParts = {
  log: Pick<Log, 'partitionsOf' | 'partitionBounds'>
  topics: readonly string[]
  clock: Clock
}

export const askEveryMs = 1_000
/** Longer than a change of leaders takes: then the log is away. */
export const silenceMsMax = 8_000

export function watchLogEnds({ log, topics, clock }: LogEndsParts): LogEnds {
  const known = new Map(topics.map((topic): [string, LogBounds[]] => [topic, []]))
  let answeredAt: Moment = clock.monotonic()
  const places = topics.flatMap((topic) => {
    return Array.from({ length: log.partitionsOf(topic) }, (_, partition) => {
      return { topic, partition, isAsked: false }
    })
  })

  async function ask(place: (typeof places)[number]): Promise<void> {
    const { topic, partition } = place
    place.isAsked = true
    const bounds = await log.partitionBounds(topic, partition).catch(() => null)
    place.isAsked = false
    if (bounds === null) return
    const found = known.get(topic)
    if (found !== undefined) found[partition] = bounds
    answeredAt = clock.monotonic()
  }

  function askAll(): void {
    for (const place of places) if (!place.isAsked) void ask(place)
  }

  askAll()
  const stopAsking = every(clock, askEveryMs, askAll)
  return {
    of: (topic) => known.get(topic) ?? [],
    silentMs: () => clock.monotonic() - answeredAt,
    close: stopAsking,
  }
}

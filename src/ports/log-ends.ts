// Where topics of the log end, asked for again and again beside whoever wants to know: a probe or a
// scrape never waits for the log, however long it is away. What it said last is kept, with its age.
// Each partition is asked for by itself: one without a leader keeps no other unknown.

import { type Clock, type Moment, sleep } from './clock.ts'
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
  const closing = new AbortController()
  const known = new Map<string, LogBounds[]>()
  let answeredAt: Moment = clock.monotonic()

  async function watch(topic: string, partition: number, found: LogBounds[]): Promise<void> {
    while (!closing.signal.aborted) {
      const bounds = await log.partitionBounds(topic, partition).catch(() => null)
      if (bounds !== null) {
        found[partition] = bounds
        answeredAt = clock.monotonic()
      }
      await sleep(clock, askEveryMs, closing.signal)
    }
  }

  for (const topic of topics) {
    const found: LogBounds[] = []
    known.set(topic, found)
    for (let n = 0; n < log.partitionsOf(topic); n++) void watch(topic, n, found)
  }
  return {
    of: (topic) => known.get(topic) ?? [],
    silentMs: () => clock.monotonic() - answeredAt,
    close: () => closing.abort(),
  }
}

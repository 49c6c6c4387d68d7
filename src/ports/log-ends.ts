// Where topics of the log end, asked for again and again beside whoever wants to know: a probe or a
// scrape never waits for the log, however long it is away. What it said last is kept, with its age.

import { type Clock, type Moment, sleep } from './clock.ts'
import type { Log, LogBounds } from './log.ts'

export type LogEnds = {
  /** As the log last said; empty before. */
  of(topic: string): readonly LogBounds[]
  /** How long ago the log last said where all of them end, in milliseconds. */
  silentMs(): number
  /** Waits for no answer. */
  close(): void
}
export type LogEndsParts = {
  log: Pick<Log, 'bounds'>
  topics: readonly string[]
  clock: Clock
}

export const askEveryMs = 1_000
/** Longer than a change of leaders takes: then the log is away. */
export const silenceMsMax = 8_000

export function watchLogEnds({ log, topics, clock }: LogEndsParts): LogEnds {
  const closing = new AbortController()
  const known = new Map<string, readonly LogBounds[]>()
  let answeredAt: Moment = clock.monotonic()

  async function ask(): Promise<void> {
    const asked = topics.map(async (topic) => known.set(topic, await log.bounds(topic)))
    const answers = await Promise.allSettled(asked)
    if (answers.every(({ status }) => status === 'fulfilled')) answeredAt = clock.monotonic()
  }

  async function watch(): Promise<void> {
    while (!closing.signal.aborted) {
      await ask()
      await sleep(clock, askEveryMs, closing.signal)
    }
  }

  void watch()
  return {
    of: (topic) => known.get(topic) ?? [],
    silentMs: () => clock.monotonic() - answeredAt,
    close: () => closing.abort(),
  }
}

// Looks at rows again and again, for what others may have done to them while nothing else would
// show it.

import { type Clock, sleep } from './clock.ts'
import { PortError } from './port-error.ts'

export type WatchParts = {
  clock: Clock
  /** After a look has ended, before the next. */
  everyMs: number
  look(): Promise<void>
  onError(error: unknown): void
}

/** The first look is after `everyMs`. */
export function startWatch({ clock, everyMs, look, onError }: WatchParts): {
  close(): Promise<void>
} {
  const closing = new AbortController()

  async function watch(): Promise<void> {
    for (;;) {
      await sleep(clock, everyMs, closing.signal)
      if (closing.signal.aborted) return
      await look().catch((error: unknown) => {
        // While the database is away there is nothing to see.
        if (!(error instanceof PortError) || !error.retryable) onError(error)
      })
    }
  }

  const watching = watch()
  return {
    async close() {
      closing.abort()
      await watching
    },
  }
}

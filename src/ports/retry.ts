// The one place where a call to the world is tried again: only errors that say they may pass, in
// order, for as long as it takes, unless the caller has stopped.

import { backOff, type Clock, sleep } from './clock.ts'
import { PortError } from './port-error.ts'

export type Retry = {
  clock: Clock
  signal: AbortSignal
  onFailed?: ((error: PortError) => void) | undefined
}

/** The first wait; doubled after each failure. */
const retryWaitMsMin = 50
/** Short enough that work resumes soon after the database is back. */
const retryWaitMsMax = 1_000

export async function retrying<T>(retry: Retry, call: () => Promise<T>): Promise<T> {
  const waits = backOff(retryWaitMsMin, retryWaitMsMax)
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof PortError) || !error.retryable || retry.signal.aborted) throw error
      retry.onFailed?.(error)
      await sleep(retry.clock, waits.next(), retry.signal)
      if (retry.signal.aborted) throw error
    }
  }
}

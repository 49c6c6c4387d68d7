// The one place where a call to the world is tried again: only errors that say it can help, in
// order, for as long as it takes, unless the caller has stopped.

import { type Clock, PortError } from '../ports/coupons.ts'

export type Retry = {
  clock: Clock
  signal: AbortSignal
  onFailed?(error: PortError): void
}

/** The first wait; doubled after each failure. */
const retryWaitMsMin = 50
/** Short enough that work resumes soon after the database is back. */
const retryWaitMsMax = 1_000

export async function retrying<T>(retry: Retry, call: () => Promise<T>): Promise<T> {
  for (let waitMs = retryWaitMsMin; ; waitMs = Math.min(2 * waitMs, retryWaitMsMax)) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof PortError) || !error.retryable || retry.signal.aborted) throw error
      retry.onFailed?.(error)
      await pause(retry, waitMs)
      if (retry.signal.aborted) throw error
    }
  }
}

/** Ends early where the caller has stopped. */
export function pause({ clock, signal }: Retry, ms: number): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const cancel = clock.after(ms, done)
    signal.addEventListener('abort', done)
    function done(): void {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

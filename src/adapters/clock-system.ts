// The wall clock and the event loop's timers.

import type { Clock } from '../ports/clock.ts'

export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, run) {
      if (ms <= 0) {
        // A timer would take a millisecond at least.
        const turn = setImmediate(run)
        return () => clearImmediate(turn)
      }
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
  }
}

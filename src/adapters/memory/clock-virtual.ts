// A clock that stands still but for `runUntil`: timers fire in the order of their times
// (ties in the order they were set), and everything a timer started has settled before the next.

import type { Clock, Instant } from '../../ports/clock.ts'

export type VirtualClock = Clock & {
  /** Fires timers until none is due before `until`, as the wall clock stands when it is called. */
  runUntil(until: Instant): Promise<void>
  /** Sets the wall clock ahead, or back where `ms` is negative. */
  leap(ms: number): void
}

type Timer = { at: Instant; order: number; run: () => void }

export function virtualClock(start: Instant): VirtualClock {
  let now = start
  let leaptMs = 0
  let order = 0
  let timers: Timer[] = []

  function next(until: Instant): Timer | undefined {
    const due = timers.filter((timer) => timer.at <= until)
    return due.toSorted((a, b) => a.at - b.at || a.order - b.order)[0]
  }

  return {
    now: () => now + leaptMs,
    monotonic: () => now - start,
    leap(ms) {
      leaptMs += ms
    },
    after(ms, run) {
      const timer = { at: now + Math.max(0, ms), order: order++, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    async runUntil(wall) {
      const until = wall - leaptMs
      await settle()
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        const fired = timer
        timers = timers.filter((other) => other !== fired)
        now = Math.max(now, fired.at)
        fired.run()
        await settle()
      }
      now = Math.max(now, until)
    },
  }
}

/** The wall clock of another machine, which leaps by itself; time goes by as on `clock`. */
export function leapingClock(clock: Clock): Clock & Pick<VirtualClock, 'leap'> {
  let leaptMs = 0
  return {
    ...clock,
    now: () => clock.now() + leaptMs,
    leap(ms) {
      leaptMs += ms
    },
  }
}

/** One turn of the event loop: every promise that could settle by itself has settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

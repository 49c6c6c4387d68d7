// A clock that stands still but for `runUntil`: timers fire in the order of their times
// (ties in the order they were set), and everything a timer started has settled before the next.

import type { Clock, Instant } from '../../ports/clock.ts'

export type VirtualClock = Clock & {
  /** Fires timers until none is due before `until`, as the wall clock stands when it is called. */
  runUntil(until: Instant): Promise<void>
  /** Sets the wall clock ahead, or back where `ms` is negative. */
  leap(ms: number): void
}

/** `run` is null once it is cancelled: it is passed over at its time. */
type Timer = { at: Instant; run: (() => void) | null }

export function virtualClock(start: Instant): VirtualClock {
  let now = start
  let leaptMs = 0
  /** In the order in which they fire. */
  const timers: Timer[] = []

  function next(until: Instant): Timer | undefined {
    for (let first = timers[0]; first !== undefined && first.at <= until; first = timers[0]) {
      timers.shift()
      if (first.run !== null) return first
    }
    return undefined
  }

  return {
    now: () => now + leaptMs,
    monotonic: () => now - start,
    leap(ms) {
      leaptMs += ms
    },
    after(ms, run) {
      const timer: Timer = { at: now + Math.max(0, ms), run }
      timers.splice(placeOf(timer.at, timers), 0, timer)
      return () => {
        timer.run = null
      }
    },
    async runUntil(wall) {
      const until = wall - leaptMs
      await settle()
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        now = Math.max(now, timer.at)
        timer.run?.()
        await settle()
      }
      now = Math.max(now, until)
    },
  }
}

/** Behind those of the same time. */
function placeOf(at: Instant, timers: readonly Timer[]): number {
  let from = 0
  let to = timers.length
  while (from < to) {
    const middle = (from + to) >> 1
    if ((timers[middle]?.at ?? 0) <= at) from = middle + 1
    else to = middle
  }
  return from
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

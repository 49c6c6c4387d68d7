// What time an embedded log writes into its records (docs/decisions/0032). It follows the wall
// clock, but not everywhere: set back, time goes on as if nothing had happened; set far ahead, it
// is believed only after it has stayed there; a day ahead, only by the word of an operator.

import { formatInstant } from '../domain/time.ts'
import type { Clock, Instant } from '../ports/clock.ts'

export type AppendClockParts = {
  clock: Clock
  /** Something about the wall clock that people should know, once each. */
  onWarning(message: string): void
}
export type AppendClock = {
  /** Never goes back. */
  time(): Instant
  /** Nothing is to be appended before this. */
  beginBehind(last: Instant): void
}

/** A wall clock that differs by less is believed: time keeping mends as much without a word. */
export const clockLeapMsMax = 5 * 60_000
/** How long one that has leapt ahead must stay there. */
export const clockStaysMsMin = 60_000
/** One that is further ahead is never believed by itself. */
export const clockAheadMsMax = 24 * 60 * 60_000

type Leap = { aheadMs: number; since: number }

export function createAppendClock({ clock, onWarning }: AppendClockParts): AppendClock {
  /** What is to be added to the monotonic clock. */
  let base = clock.now() - clock.monotonic()
  let leap: Leap | null = null

  function leapt(aheadMs: number): Leap {
    const seconds = Math.round(aheadMs / 1000)
    const until =
      aheadMs > clockAheadMsMax
        ? 'until the clock is mended, or the service is started with --accept-clock'
        : `until it has stayed there for ${clockStaysMsMin / 1000} s`
    onWarning(`the clock has leapt ahead by ${seconds} s; append times do not follow it ${until}`)
    return { aheadMs, since: clock.monotonic() }
  }

  function believes(aheadMs: number): boolean {
    if (aheadMs <= clockLeapMsMax) return true
    if (leap === null || Math.abs(aheadMs - leap.aheadMs) > clockLeapMsMax) leap = leapt(aheadMs)
    if (aheadMs > clockAheadMsMax || clock.monotonic() - leap.since < clockStaysMsMin) return false
    onWarning(`the clock has stayed ahead: append times follow it now`)
    return true
  }

  return {
    time() {
      const aheadMs = clock.now() - clock.monotonic() - base
      // Behind, it is waited for, and time goes on meanwhile.
      if (aheadMs > 0 && believes(aheadMs)) base += aheadMs
      if (aheadMs <= clockLeapMsMax) leap = null
      // Sums of such size are exact to a fraction of a microsecond only.
      return Math.floor(clock.monotonic() + base + 0.001)
    },
    beginBehind(last) {
      base = Math.max(base, last - clock.monotonic())
    },
  }
}

/** In words: the wall clock is so far behind the log that time cannot just go on; else null. */
export function clockFault(clock: Clock, last: Instant): string | null {
  if (last - clock.now() <= clockLeapMsMax) return null
  const [there, here] = [last, clock.now()].map(formatInstant)
  return (
    `the log was last written at ${there}, but the clock of this machine says ${here}. Mend the ` +
    'clock, or wait until it is past that; where the log was written while the clock was wrong, ' +
    'start once with --accept-clock, and time goes on from the clock as it is'
  )
}

// Machines whose wall clocks are set now and then, in both directions, while time goes by as on a
// virtual clock: by a hiccup, a correction, a wrong zone, a wrong day, a wrong year.

import { leapingClock, type VirtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Random } from './random.ts'

export type LeapsParts = {
  clock: VirtualClock
  random: Random
  /** How long from now on it may be set. */
  withinMs: number
  onLeap?(): void
}

const leapsMs = [3, 4_000, 3_600_000, 90_000_000, 5 * 365 * 86_400_000]

export function machineThatLeaps({ clock, random, withinMs, onLeap }: LeapsParts): Clock {
  const leaping = leapingClock(clock)
  for (let n = 0; n < random.int(0, 2); n++) {
    const ms = (leapsMs[random.int(0, leapsMs.length - 1)] ?? 0) * (random.chance(0.5) ? 1 : -1)
    clock.after(random.int(0, withinMs), () => {
      onLeap?.()
      leaping.leap(ms)
    })
  }
  return leaping
}

// Runs the clock contract on every adapter of the port.

import { systemClock } from '../../src/adapters/clock-system.ts'
import { virtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import { clockContract } from './clock.ts'

clockContract('system', () => ({
  clock: systemClock(),
  advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}))

clockContract('virtual', () => {
  const clock = virtualClock(Date.parse('2026-01-01T00:00:00Z'))
  return { clock, advance: (ms) => clock.runUntil(clock.now() + ms) }
})

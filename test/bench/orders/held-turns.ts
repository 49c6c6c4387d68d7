// What held-turns-main.ts has written of a service that has ended.

import { readFileSync } from 'node:fs'
import type { HeldTurn } from './held-turns-main.ts'

/** As its turns are told: milliseconds since the epoch. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now()
}

export function heldTurns(path: string) {
  const turns = JSON.parse(readFileSync(path, 'utf8')) as HeldTurn[]
  return {
    /** Ms of the processor; 0: none was long enough to be told. */
    longest(from: number, to: number): number {
      const during = turns.filter(({ at }) => at >= from && at <= to)
      return Math.max(0, ...during.map(({ ms }) => ms))
    },
  }
}

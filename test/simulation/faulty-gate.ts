// A gate with every fault that a Redis can have: slow, wiped, away, and plainly wrong. Shared by
// the nodes of a simulated sale; what goes wrong, and when, comes from the seed.

import { createGateMemory } from '../../src/adapters/memory/gate.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Gate, GateVerdict } from '../../src/ports/gate.ts'
import type { Random } from './random.ts'

export type GateFaults = { wiped: number; lied: number; absent: number }

/** As long as the real one makes a claim wait at most. */
const deadlineMs = 25
const verdicts: readonly GateVerdict[] = ['pass', 'seen', 'full']

export function createFaultyGate(clock: Clock, random: Random, faults: GateFaults): Gate {
  const gate = createGateMemory({ clock })
  // In some sales it is honest, in some it only lies.
  const lies = random.chance(0.3) ? 0 : random.next()
  return {
    ...gate,
    async ask(claims) {
      if (random.chance(0.1)) {
        faults.wiped++
        gate.wipe()
      }
      const takesMs = random.int(0, deadlineMs)
      if (takesMs > 0) await new Promise<void>((resolve) => clock.after(takesMs, resolve))
      return (await gate.ask(claims)).map((verdict) => {
        if (!random.chance(lies)) return verdict
        faults.lied++
        return verdicts[random.int(0, 2)] ?? 'pass'
      })
    },
    isHere() {
      const here = random.chance(0.9)
      if (!here) faults.absent++
      return here
    },
  }
}

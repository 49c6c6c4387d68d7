// Runs the gate contract on every adapter of the port.

import { after } from 'node:test'
import { systemClock } from '../../src/adapters/clock-system.ts'
import { virtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import { createGateMemory } from '../../src/adapters/memory/gate.ts'
import { startRedisGate } from '../../src/adapters/redis/gate.ts'
import type { Gate } from '../../src/ports/gate.ts'
import { redisForTests } from '../services/redis.ts'
import { waitFor } from '../services/server-process.ts'
import { gateContract } from './gate.ts'

gateContract('memory', false, async (limits) => {
  const clock = virtualClock(Date.parse('2026-01-01T00:00:00Z'))
  const gate = createGateMemory({ clock, limits })
  return {
    gate,
    beside: async () => ({ ...gate, close: () => Promise.resolve() }),
    advance: (ms) => clock.runUntil(clock.now() + ms),
    close: gate.close,
  }
})

const redis = await redisForTests()
const skip = typeof redis === 'string' ? redis : false
const url = typeof redis === 'string' ? '' : redis.url
after(async () => {
  if (typeof redis !== 'string') await redis.close()
})

gateContract('Redis', skip, async (limits) => {
  async function start(): Promise<Gate> {
    // What is tested here is the judging, also on a machine that is busy.
    const gate = startRedisGate({
      url,
      clock: systemClock(),
      limits: { ...limits, deadlineMs: 5_000 },
    })
    await waitFor('the gate to be here', gate.isHere)
    return gate
  }
  const gate = await start()
  return {
    gate,
    beside: start,
    advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    close: gate.close,
  }
})

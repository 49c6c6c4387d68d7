import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import type { LogBounds } from './log.ts'
import { askEveryMs, silenceMsMax, watchLogEnds } from './log-ends.ts'

function createWorld(hasLeader = true) {
  const clock = virtualClock(0)
  const never = new Promise<LogBounds>(() => {})
  const world = {
    ends: 3,
    hasLeader,
    state: 'there' as 'there' | 'away' | 'hanging',
    asked: 0,
    partitionsOf: (topic: string) => (topic === 'b' ? 2 : 1),
    partitionBounds(topic: string, partition: number): Promise<LogBounds> {
      world.asked++
      if (partition === 1 && !world.hasLeader) return never
      if (world.state === 'hanging') return never
      if (world.state === 'away') return Promise.reject(new Error('away'))
      return Promise.resolve({ start: 0, end: topic === 'b' ? 9 + partition : world.ends })
    },
  }
  const ends = watchLogEnds({ log: world, topics: ['a', 'b'], clock })
  return { clock, world, ends }
}

describe('where the log ends', () => {
  it('is asked for again and again, and known in between', async () => {
    const { clock, world, ends } = createWorld()
    assert.deepEqual(ends.of('a'), [])
    await clock.runUntil(0)
    assert.deepEqual(ends.of('a'), [{ start: 0, end: 3 }])
    assert.deepEqual(ends.of('b'), [
      { start: 0, end: 9 },
      { start: 0, end: 10 },
    ])
    world.ends = 4
    await clock.runUntil(askEveryMs)
    assert.deepEqual(ends.of('a'), [{ start: 0, end: 4 }])
    assert.equal(ends.silentMs(), 0)
    ends.close()
  })

  for (const state of ['away', 'hanging'] as const) {
    it(`is as the log last said while it is ${state}, with its age`, async () => {
      const { clock, world, ends } = createWorld()
      await clock.runUntil(0)
      world.state = state
      await clock.runUntil(silenceMsMax + 5)
      assert.deepEqual(ends.of('a'), [{ start: 0, end: 3 }])
      assert.equal(ends.silentMs(), silenceMsMax + 5)
      assert.ok(ends.silentMs() > silenceMsMax)
      ends.close()
    })
  }

  it('is known of all partitions but the one without a leader', async () => {
    const { clock, ends } = createWorld(false)
    await clock.runUntil(10 * silenceMsMax)
    assert.equal(ends.silentMs(), 0)
    assert.deepEqual(ends.of('b'), [{ start: 0, end: 9 }])
    ends.close()
  })

  it('is known again as soon as the log is back', async () => {
    const { clock, world, ends } = createWorld()
    world.state = 'away'
    await clock.runUntil(5 * askEveryMs)
    world.state = 'there'
    await clock.runUntil(6 * askEveryMs)
    assert.equal(ends.silentMs(), 0)
    ends.close()
  })

  it('is not asked for once nobody wants to know', async () => {
    const { clock, world, ends } = createWorld()
    await clock.runUntil(0)
    ends.close()
    const { asked } = world
    await clock.runUntil(10 * askEveryMs)
    assert.equal(world.asked, asked)
  })
})

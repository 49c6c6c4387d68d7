import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import type { LogBounds } from '../ports/log.ts'
import { PortError } from '../ports/port-error.ts'
import { leaderWaitMsMax, presentEnds } from './present-ends.ts'

const topic = 'some-topic'
const endOf = (partition: number) => ({ start: 0, end: 10 + partition })

function createWorld(answers: ReadonlyMap<number, Promise<LogBounds>>) {
  const clock = virtualClock(0)
  const seen: unknown[] = []
  const over = new AbortController()
  const log = {
    partitionBounds: async (_: string, partition: number) => {
      return answers.get(partition) ?? endOf(partition)
    },
  }
  const share = {
    partitions: [0, 1, 2],
    retry: { clock, signal: over.signal },
    restart: () => seen.push('restart'),
    fail: (error: unknown) => seen.push(error),
  }
  return { clock, seen, over, ends: presentEnds({ log, clock, share }, topic) }
}

describe('the ends of the partitions that are there', () => {
  it('are known at once where all have a leader', async () => {
    const { ends, seen } = createWorld(new Map())
    assert.deepEqual([...(await ends).keys()].toSorted(), [0, 1, 2])
    assert.deepEqual(seen, [])
  })

  it('are waited for while leaders change, and then no longer', async () => {
    const back = Promise.withResolvers<LogBounds>()
    const { clock, ends, seen } = createWorld(new Map([[1, back.promise]]))
    let known: ReadonlyMap<number, LogBounds> | null = null
    void ends.then((found) => (known = found))
    await clock.runUntil(leaderWaitMsMax - 1)
    assert.equal(known, null)
    await clock.runUntil(leaderWaitMsMax)
    const without = [0, 2].map((partition) => [partition, endOf(partition)] as const)
    assert.deepEqual(known, new Map(without))
    assert.deepEqual(seen, [])
    back.resolve(endOf(1))
    await clock.runUntil(leaderWaitMsMax + 1)
    assert.deepEqual(seen, ['restart'])
  })

  it('end the session where the log says late that it is damaged', async () => {
    const late = Promise.withResolvers<LogBounds>()
    const { clock, ends, seen } = createWorld(new Map([[0, late.promise]]))
    await clock.runUntil(leaderWaitMsMax)
    await ends
    const damaged = new PortError('log_damaged', 'another topic')
    late.reject(damaged)
    await clock.runUntil(leaderWaitMsMax + 1)
    assert.deepEqual(seen, [damaged])
  })

  it('reject where the log says in time that it is damaged', async () => {
    const damaged = new PortError('log_damaged', 'another topic')
    const { ends } = createWorld(new Map([[2, Promise.reject(damaged)]]))
    await assert.rejects(ends, damaged)
  })
})

import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { backOff, RecentLoad, sleep, within } from './clock.ts'

describe('waiting on the clock', () => {
  it('sleeps for as long as it is asked to', async () => {
    const clock = virtualClock(0)
    let awake = false
    void sleep(clock, 100).then(() => (awake = true))
    await clock.runUntil(99)
    assert.equal(awake, false)
    await clock.runUntil(100)
    assert.equal(awake, true)
  })

  it('wakes at once when it is aborted, also before it began', async () => {
    const clock = virtualClock(0)
    const stop = new AbortController()
    const asleep = sleep(clock, 1_000_000, stop.signal)
    stop.abort()
    await asleep
    await sleep(clock, 1_000_000, stop.signal)
  })

  it('gives the answer that came in time, and else what the deadline says', async () => {
    const clock = virtualClock(0)
    const inTime = within({ clock, ms: 10, late: () => 'late' }, Promise.resolve('answer'))
    assert.equal(await inTime, 'answer')
    const never = new Promise<string>(() => {})
    const late = within({ clock, ms: 10, late: () => 'late' }, never)
    await clock.runUntil(10)
    assert.equal(await late, 'late')
  })

  it('rejects with what the deadline throws, and with what the answer does', async () => {
    const clock = virtualClock(0)
    const refuse = (): never => {
      throw new Error('too late')
    }
    const never = new Promise<string>(() => {})
    const late = assert.rejects(within({ clock, ms: 10, late: refuse }, never), /too late/)
    await clock.runUntil(10)
    await late
    const failed = Promise.reject(new Error('failed'))
    await assert.rejects(within({ clock, ms: 10, late: refuse }, failed), /failed/)
  })

  it('doubles its waits up to the longest, and starts again after a reset', () => {
    const waits = backOff(50, 300)
    assert.deepEqual([waits.next(), waits.next(), waits.next(), waits.next()], [50, 100, 200, 300])
    waits.reset()
    assert.equal(waits.next(), 50)
  })
})

/** Whether it is high after each of these, which come so many milliseconds apart. */
function highAfter(counts: readonly number[], everyMs: number): boolean[] {
  let now = 0
  const load = new RecentLoad({ monotonic: () => now })
  return counts.map((count) => {
    now += everyMs
    load.took(count)
    return load.isHigh()
  })
}

test('a few records are no load, and many are, also one by one', () => {
  assert.deepEqual(highAfter([3, 1, 1], 10), [false, false, false])
  assert.deepEqual(highAfter([9], 10), [true])
  const oneByOne = highAfter(
    Array.from({ length: 30 }, () => 1),
    5,
  )
  assert.deepEqual([oneByOne[0], oneByOne.at(-1)], [false, true])
})

test('load passes as soon as little comes', () => {
  assert.deepEqual(highAfter([1_000, 0, 0, 0, 0, 0], 100).at(-1), false)
  assert.equal(highAfter([20, 0], 50).at(-1), true)
})

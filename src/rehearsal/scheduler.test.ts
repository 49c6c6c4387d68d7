// When asks start, in virtual time: both loops, their bounds and their ends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import type { Clock } from '../ports/clock.ts'
import { inFlightMax, type Run, runClosedLoop, runOpenLoop } from './scheduler.ts'

test('a closed loop runs every ask once and never more than so many at once', async () => {
  const clock = virtualClock(0)
  const started: number[] = []
  let running = 0
  let runningMax = 0
  const done = runClosedLoop(clock, { asks: 10, concurrency: 3 }, (index) => {
    started.push(index)
    running += 1
    runningMax = Math.max(runningMax, running)
    return new Promise((resolve) => {
      clock.after(10 + index, () => {
        running -= 1
        resolve()
      })
    })
  })
  await clock.runUntil(1000)
  assert.deepEqual(await done, { behindMsMax: 0 })
  assert.deepEqual(started, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.equal(runningMax, 3)
})

test('an open loop starts asks on schedule, however slow the answers are', async () => {
  const clock = virtualClock(0)
  const intended: number[] = []
  const done = runOpenLoop(clock, { asks: 5, ratePerSecond: 100 }, (_, intendedAt) => {
    intended.push(intendedAt)
    return new Promise((resolve) => {
      clock.after(10_000, resolve)
    })
  })
  await clock.runUntil(100)
  assert.deepEqual(intended, [0, 10, 20, 30, 40])
  await clock.runUntil(20_000)
  assert.deepEqual(await done, { behindMsMax: 0 })
})

test('an open loop that was held up says by how much, and keeps the times that were meant', async () => {
  const clock = virtualClock(0)
  const held = { monotonic: () => clock.monotonic() + (clock.monotonic() > 20 ? 150 : 0) }
  const intended: number[] = []
  const loop = { asks: 5, ratePerSecond: 100 }
  const done = runOpenLoop({ ...clock, ...held }, loop, (_, intendedAt) => {
    intended.push(intendedAt)
    return Promise.resolve()
  })
  await clock.runUntil(1000)
  assert.deepEqual(await done, { behindMsMax: 141 })
  assert.deepEqual(intended, [0, 10, 20, 30, 40])
})

test('an open loop holds no more asks than it may; those that waited count as late', async () => {
  const clock = virtualClock(0)
  const answers = Promise.withResolvers<void>()
  let started = 0
  const loop = { asks: inFlightMax + 1, ratePerSecond: Number.POSITIVE_INFINITY }
  const done = runOpenLoop(clock, loop, () => {
    started += 1
    return answers.promise
  })
  await clock.runUntil(20)
  assert.equal(started, inFlightMax)
  answers.resolve()
  await clock.runUntil(40)
  const { behindMsMax } = await done
  assert.equal(started, inFlightMax + 1)
  assert.ok(behindMsMax >= 20, `${behindMsMax} ms`)
})

const loops = {
  closed: (clock: Clock, asks: number, run: Run) =>
    runClosedLoop(clock, { asks, concurrency: 2 }, run),
  open: (clock: Clock, asks: number, run: Run) =>
    runOpenLoop(clock, { asks, ratePerSecond: 100 }, run),
}

for (const [kind, start] of Object.entries(loops)) {
  test(`a loop (${kind}) ends with the first error and starts nothing more`, async () => {
    const clock = virtualClock(0)
    let started = 0
    const done = start(clock, 100, async () => {
      started += 1
      if (started === 3) throw new Error('the service is gone')
      await Promise.resolve()
    })
    const rejected = assert.rejects(done, /the service is gone/)
    await clock.runUntil(1000)
    await rejected
    assert.ok(started <= 4, `${started} started`)
  })

  test(`a loop (${kind}) of nothing ends at once`, async () => {
    const nothing = () => Promise.reject(new Error('started'))
    assert.deepEqual(await start(virtualClock(0), 0, nothing), { behindMsMax: 0 })
  })
}

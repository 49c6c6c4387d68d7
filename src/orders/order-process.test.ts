import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { LogTime } from './order-process.ts'

test('The log’s time is whole milliseconds, which rows can hold, whatever a clock counts in', () => {
  let monotonic = 0.25
  const time = new LogTime({ ...virtualClock(1_000), monotonic: () => monotonic })
  time.saw(5_000)
  for (const [passed, expected] of [
    [0, 5_000],
    [0.9, 5_000],
    [1.7, 5_001],
    [1_640.87, 6_640],
  ] as const) {
    monotonic = 0.25 + passed
    assert.equal(time.now(), expected, `after ${passed} ms`)
  }
})

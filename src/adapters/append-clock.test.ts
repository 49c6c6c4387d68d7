import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { clockAheadMsMax, clockFault, clockLeapMsMax, createAppendClock } from './append-clock.ts'
import { virtualClock } from './memory/clock-virtual.ts'

const start = Date.parse('2026-05-01T09:00:00Z')
const second = 1_000
const hour = 3_600 * second

function begin(last = 0) {
  const clock = virtualClock(start)
  const warnings: string[] = []
  const onWarning = (message: string) => warnings.push(message)
  const appends = createAppendClock({ clock, onWarning })
  appends.beginBehind(last)
  return { clock, appends, warnings, pass: (ms: number) => clock.runUntil(clock.now() + ms) }
}

describe('append times', () => {
  it('are those of the wall clock, also where time keeping mends it a little', async () => {
    const { clock, appends, warnings, pass } = begin()
    for (const leapMs of [0, 20, clockLeapMsMax]) {
      clock.leap(leapMs)
      await pass(second)
      assert.equal(appends.time(), clock.now())
    }
    assert.deepEqual(warnings, [])
  })

  it('go on as before where the wall clock is set back, until it is past them', async () => {
    for (const leapMs of [-1, -30 * second, -5 * 365 * 24 * hour]) {
      const { clock, appends, pass } = begin()
      clock.leap(leapMs)
      await pass(10 * second)
      assert.equal(appends.time(), start + 10 * second)
    }
    const { clock, appends, pass } = begin()
    clock.leap(-30 * second)
    await pass(40 * second)
    clock.leap(35 * second)
    assert.equal(appends.time(), clock.now())
  })

  it('follow a leap ahead once it has stayed there for a minute, and say so', async () => {
    const { clock, appends, warnings, pass } = begin()
    clock.leap(hour)
    assert.equal(appends.time(), start)
    await pass(59 * second)
    assert.equal(appends.time(), start + 59 * second)
    await pass(second)
    assert.equal(appends.time(), clock.now())
    assert.match(warnings.join('\n'), /ahead by 3600 s.*60 s\nthe clock has stayed ahead/)
  })

  it('do not follow a leap that is taken back, nor count its time for the next', async () => {
    const { clock, appends, warnings, pass } = begin()
    clock.leap(hour)
    appends.time()
    await pass(50 * second)
    clock.leap(-hour)
    appends.time()
    await pass(50 * second)
    clock.leap(2 * hour)
    assert.equal(appends.time(), start + 100 * second)
    await pass(50 * second)
    assert.equal(appends.time(), start + 150 * second)
    assert.equal(warnings.length, 2)
  })

  it('never follow a clock that is ahead by more than a day', async () => {
    const { clock, appends, warnings, pass } = begin()
    clock.leap(clockAheadMsMax + second)
    for (let minutes = 1; minutes <= 20; minutes++) {
      assert.equal(appends.time(), start + (minutes - 1) * 60 * second)
      await pass(60 * second)
    }
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /--accept-clock/)
  })

  it('begin behind the last record of the log, and rise however the clock leaps', async () => {
    const leaps = fc.array(
      fc.record({ leapMs: fc.integer({ min: -hour, max: hour }), passMs: fc.nat(90_000) }),
    )
    const property = fc.asyncProperty(leaps, fc.nat(clockLeapMsMax), async (all, aheadMs) => {
      const { clock, appends, pass } = begin(start + aheadMs)
      let before = start + aheadMs
      let highest = before
      for (const { leapMs, passMs } of all) {
        clock.leap(leapMs)
        await pass(passMs)
        highest = Math.max(highest + passMs, clock.now())
        const at = appends.time()
        assert.ok(at >= before)
        assert.ok(at <= highest)
        before = at
      }
    })
    await fc.assert(property, { numRuns: 50 })
  })
})

describe('a start', () => {
  it('is refused where the clock is far behind the log, naming both', () => {
    const clock = virtualClock(start)
    assert.equal(clockFault(clock, start + clockLeapMsMax), null)
    const fault = clockFault(clock, start + clockLeapMsMax + 1) ?? ''
    assert.match(fault, /at 2026-05-01T09:05:00.001Z, but .* says 2026-05-01T09:00:00.000Z.*--acc/)
  })
})

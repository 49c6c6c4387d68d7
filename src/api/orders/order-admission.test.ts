import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { OrderAdmission } from './order-admission.ts'
import { orderLimits } from './order-limits.ts'
import { lineMin, OrderPace } from './order-pace.ts'

const tickMs = 10
const { answerWaitMsMax } = orderLimits

/** One server after the other, behind a door: orders come, are taken or not, and end. */
function shop() {
  const clock = virtualClock(1_000)
  const pace = new OrderPace(clock, 100_000)
  const door = new OrderAdmission({ pace, limits: orderLimits, timeLimitMs: 30_000 })
  const queue: { id: string; at: number }[] = []
  const tookMs: number[] = []
  let [asked, owed] = [0, 0]

  function ask(): boolean {
    const id = `order-${asked++}`
    if (door.refusal() !== null) return false
    pace.placed(id)
    queue.push({ id, at: clock.monotonic() })
    return true
  }
  async function run(load: { ms: number; perSecond: number; capacity: number }): Promise<number> {
    const before = asked
    let taken = 0
    for (let ms = tickMs; ms <= load.ms; ms += tickMs) {
      while (asked - before < (load.perSecond * ms) / 1_000) if (ask()) taken += 1
      await clock.runUntil(clock.now() + tickMs)
      owed = queue.length === 0 ? 0 : owed + (load.capacity * tickMs) / 1_000
      for (; owed >= 1; owed--) {
        const next = queue.shift()
        if (next === undefined) break
        tookMs.push(clock.monotonic() - next.at)
        pace.confirmed(next.id)
      }
    }
    return taken
  }
  return { clock, pace, door, queue, tookMs, ask, run }
}

describe('the door of orders', () => {
  for (const times of [2, 5, 10]) {
    it(`keeps the goodput at ${times} times the load, and serves in time whom it takes`, async () => {
      const { run, tookMs, door, queue } = shop()
      const capacity = 400
      await run({ ms: 5_000, perSecond: capacity * 0.9, capacity })
      assert.equal(door.state().turnedAway, 0)
      tookMs.length = 0
      await run({ ms: 30_000, perSecond: capacity * times, capacity })
      const inTime = tookMs.filter((ms) => ms <= answerWaitMsMax).length
      // What came before anybody could know may take longer.
      assert.ok(inTime >= 0.9 * 30 * capacity - times * capacity, `${inTime} in time`)
      tookMs.length = 0
      await run({ ms: 10_000, perSecond: capacity * times, capacity })
      assert.ok(tookMs.every((ms) => ms <= answerWaitMsMax))
      assert.ok(tookMs.length >= 0.9 * 10 * capacity)
      // The load is gone: nobody is refused any more, and all that was taken ends.
      await run({ ms: 5_000, perSecond: capacity / 2, capacity })
      assert.equal(await run({ ms: 5_000, perSecond: capacity / 2, capacity }), 5 * (capacity / 2))
      await run({ ms: 2_000, perSecond: 0, capacity })
      assert.equal(queue.length, 0)
    })
  }

  it('follows a service that becomes slower or faster', async () => {
    const { run, tookMs } = shop()
    await run({ ms: 10_000, perSecond: 800, capacity: 400 })
    await run({ ms: 20_000, perSecond: 800, capacity: 200 })
    tookMs.length = 0
    await run({ ms: 10_000, perSecond: 800, capacity: 200 })
    assert.ok(tookMs.every((ms) => ms <= answerWaitMsMax))
    await run({ ms: 10_000, perSecond: 800, capacity: 1_000 })
    assert.equal(await run({ ms: 5_000, perSecond: 800, capacity: 1_000 }), 4_000)
  })

  it('is open to a burst on a service that is cold, and on one that was idle', async () => {
    const { run, ask } = shop()
    for (let n = 0; n < 2; n++) {
      for (let burst = 0; burst < 1_000; burst++) assert.ok(ask())
      await run({ ms: 5_000, perSecond: 10, capacity: 400 })
      await run({ ms: 60_000, perSecond: 1, capacity: 400 })
    }
  })

  it('is open while few are under way, however long they take', async () => {
    const { run, clock, ask, door } = shop()
    for (let n = 0; n < lineMin; n++) assert.ok(ask())
    await clock.runUntil(clock.now() + 3_600_000)
    assert.ok(ask())
    await run({ ms: 5_000, perSecond: 0, capacity: 100 })
    assert.equal(door.state().turnedAway, 0)
  })

  it('is open however many wait for something of their own, while others pass them', async () => {
    const { run, pace, door } = shop()
    for (let n = 0; n < 5_000; n++) pace.placed(`waits-${n}`)
    await run({ ms: 60_000, perSecond: 10, capacity: 400 })
    assert.equal(door.state().turnedAway, 0)
    for (let n = 0; n < 5_000; n++) pace.cancelled(`waits-${n}`)
  })

  it('shuts where nothing moves, and opens by itself when it does', async () => {
    const { run, queue, door } = shop()
    const taken = await run({ ms: 60_000, perSecond: 50, capacity: 0 })
    assert.ok(taken <= lineMin + 60, `${taken} taken`)
    assert.equal(door.state().expectedMs, Number.POSITIVE_INFINITY)
    const refusal = { kind: 'unavailable', reason: 'orders_slow', retryAfterSeconds: 10 }
    assert.deepEqual(door.refusal(), refusal)
    await run({ ms: 2_000, perSecond: 50, capacity: 400 })
    assert.equal(await run({ ms: 5_000, perSecond: 50, capacity: 400 }), 250)
    assert.ok(queue.length <= 5)
  })

  it('is open while many are refused at once, and not by them when others queue', async () => {
    const { run, pace, door } = shop()
    for (let n = 0; n < 100; n++) {
      pace.placed(`poor-${n}`)
      pace.cancelled(`poor-${n}`)
      await run({ ms: 100, perSecond: 800, capacity: 400 })
    }
    assert.ok(door.state().turnedAway > 0)
  })

  it('tells how long to wait by how late it would be, within a bound', () => {
    for (const [expectedMs, seconds] of [
      [4_000, null],
      [4_001, 1],
      [8_500, 5],
      [90_000, 10],
    ] as const) {
      const pace = { expectedMs: () => expectedMs }
      const door = new OrderAdmission({ pace, limits: orderLimits, timeLimitMs: 30_000 })
      assert.equal(door.refusal()?.retryAfterSeconds ?? null, seconds)
    }
    const hasty = { pace: { expectedMs: () => 1_500 }, limits: orderLimits, timeLimitMs: 1_000 }
    assert.equal(new OrderAdmission(hasty).refusal()?.retryAfterSeconds, 1)
  })
})

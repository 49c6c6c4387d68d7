import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { initialState } from '../domain/orders/process.ts'
import type { OrderState } from '../domain/orders/state.ts'
import type { OrderChange, OrderStore } from '../ports/orders.ts'
import { createOrderProcess, LogTime } from './order-process.ts'

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

test('The log’s time goes on from the latest record, and neither back nor by a wall clock', async () => {
  const clock = virtualClock(1_000)
  const time = new LogTime(clock)
  assert.equal(time.now(), 1_000)
  time.saw(5_000)
  await clock.runUntil(1_100)
  time.saw(4_000)
  assert.equal(time.now(), 5_100)
  time.begin()
  assert.equal(time.now(), 5_100, 'a session that begins later')
  time.saw(6_000)
  assert.equal(time.now(), 6_000)
})

const placed = {
  type: 'order.placed',
  orderId: 'o',
  userId: 'ann',
  lines: [{ productId: 'tea', quantity: 1 }],
  timeLimitMs: 500,
} as const

/** An order process whose store has this one order. */
function startProcess() {
  const clock = virtualClock(1_000)
  const published: unknown[] = []
  const kept: { state: OrderState; unannounced: boolean } = {
    state: initialState(),
    unannounced: false,
  }
  const keep = (changes: readonly OrderChange[]) => {
    for (const { state, unannounced = false } of changes)
      Object.assign(kept, { state, unannounced })
  }
  const states = () =>
    new Map<string, OrderState>(kept.state.status === 'absent' ? [] : [['o', kept.state]])
  const store = {
    async nextDeadlines() {
      const { state } = kept
      return state.status === 'placed' ? [{ orderId: 'o', deadline: state.deadline }] : []
    },
    unannounced: async () => (kept.unannounced ? [kept.state] : []),
    async markAnnounced() {
      kept.unannounced = false
    },
    async transact(
      _: unknown,
      decide: (states: Map<string, OrderState>) => { changes: OrderChange[]; result: unknown },
    ) {
      const { changes, result } = decide(states())
      keep(changes)
      return result
    },
  }
  const work = createOrderProcess({ store: store as unknown as OrderStore, clock })
  const take = (message: Parameters<typeof work.decide>[0][number]['message'], more = {}) => {
    const item = { message, topic: 'topic', partition: 0, at: 1_000, ...more }
    const { changes, results } = work.decide([item], states())
    keep(changes)
    work.stored?.(changes)
    return results[0]
  }
  const task = work.task?.start({
    partitions: [0],
    checks: () => [],
    partitionOf: () => 0,
    publish: async (records) => void published.push(...records),
    wake() {},
    fenced: () => assert.fail('fenced'),
  })
  assert.ok(task !== undefined)
  return { clock, kept, published, take, task }
}

describe('the order process', () => {
  test('ends an order at its deadline, and stores first that this is not published yet', async () => {
    const { clock, kept, published, take, task } = startProcess()
    assert.equal(take(placed)?.kind, 'applied')
    await task()
    await clock.runUntil(1_499)
    await task()
    assert.equal(kept.state.status, 'placed')
    await clock.runUntil(1_500)
    await task()
    assert.equal(kept.state.status, 'cancelled')
    assert.deepEqual([published.length, kept.unannounced], [1, false])
    await task()
    assert.equal(published.length, 1)
  })

  test('puts aside what contradicts what was decided', () => {
    const { take } = startProcess()
    take(placed)
    assert.throws(() => take({ type: 'order.confirmed', orderId: 'o' }), {
      message: /order.confirmed contradicts what was said/,
    })
  })

  test('takes no record that is read again, or tried again, for the time it is', async () => {
    for (const more of [{ isRepeated: true }, { source: { attempts: 1 } }]) {
      const { clock, kept, take, task } = startProcess()
      take(placed)
      take({ type: 'stock.sold', orderId: 'o' }, { at: 99_999, ...more })
      await clock.runUntil(1_400)
      await task()
      assert.notEqual(kept.state.status, 'cancelled')
    }
  })
})

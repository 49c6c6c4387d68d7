import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type VirtualClock, virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { type MemoryLog, openLogMemory } from '../../adapters/memory/log.ts'
import { type OrderMessage, ordersTopic } from '../../domain/orders/messages.ts'
import { entryOf } from '../../domain/orders/records.ts'
import type { Log } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { OrdersWatch, type OrdersWatchParts } from './orders-watch.ts'

const placed = (orderId: string, productId = 'tea'): OrderMessage => ({
  type: 'order.placed',
  orderId,
  userId: 'ann',
  lines: [{ productId, quantity: 1 }],
  timeLimitMs: 30_000,
})
const confirmed = (orderId: string): OrderMessage => ({ type: 'order.confirmed', orderId })
const cancelled = (orderId: string): OrderMessage => {
  return { type: 'order.cancelled', orderId, reason: 'timed_out' }
}

type World = {
  clock: VirtualClock
  log: MemoryLog
  applied: Map<number, number>
  errors: unknown[]
  say(...messages: OrderMessage[]): Promise<void>
  watch(parts?: Partial<OrdersWatchParts>): Promise<OrdersWatch>
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const clock = virtualClock(5_000)
  const log = openLogMemory({ topics: { [ordersTopic]: 1 }, clock })
  const applied = new Map<number, number>()
  const watches: OrdersWatch[] = []
  const errors: unknown[] = []
  const go = (ms: number) => clock.runUntil(clock.now() + ms)
  await run({
    clock,
    log,
    applied,
    errors,
    async say(...messages) {
      await log.append(ordersTopic, messages.map(entryOf))
      await go(10)
    },
    async watch(parts = {}) {
      const watch = new OrdersWatch({
        log,
        clock,
        reader: () => ({ ordersApplied: async () => new Map(applied) }),
        liveOrdersMax: 100,
        onAdvanced: () => {},
        onTransientError: (error) => errors.push(error),
        ...parts,
      })
      watches.push(watch)
      await go(10)
      return watch
    },
  })
  await Promise.all(watches.map((watch) => watch.close()))
}

describe('the watch of orders', () => {
  it('knows what was placed and has not ended, with its first content', () =>
    inWorld(async ({ say, watch }) => {
      const orders = await watch()
      await say(placed('a'), placed('b'), placed('c'), placed('a', 'milk'))
      await say(confirmed('b'), cancelled('c'))
      assert.deepEqual(orders.live('a')?.lines, [{ productId: 'tea', quantity: 1 }])
      const { placedAt = 0, deadline = 0 } = orders.live('a') ?? {}
      assert.equal(deadline - placedAt, 30_000)
      assert.equal(orders.live('b') ?? orders.live('c'), undefined)
      assert.deepEqual(orders.positions(), [6])
    }))

  it('begins where the order process has applied the topic, and where it cannot, within it', () =>
    inWorld(async ({ say, watch, applied }) => {
      await say(placed('a'), placed('b'))
      applied.set(0, 1)
      const orders = await watch()
      assert.deepEqual([orders.live('a'), orders.live('b')?.orderId], [undefined, 'b'])
      applied.set(0, 17)
      const ahead = await watch()
      await say(placed('c'))
      assert.deepEqual([ahead.live('b'), ahead.live('c')?.orderId], [undefined, 'c'])
    }))

  it('wakes whoever listens for the end of an order, seen placed or not', () =>
    inWorld(async ({ say, watch }) => {
      const orders = await watch()
      const woken: string[] = []
      for (const id of ['a', 'a', 'b', 'c']) {
        void orders.listen(id).ended.then(() => woken.push(id))
      }
      const gone = orders.listen('a')
      void gone.ended.then(() => woken.push('gone'))
      gone.close()
      await say(placed('a'), confirmed('a'), cancelled('b'))
      assert.deepEqual(woken, ['a', 'a', 'b'])
    }))

  it('passes over what it cannot read', () =>
    inWorld(async ({ say, watch, log, errors }) => {
      const orders = await watch()
      await log.append(ordersTopic, [{ key: 'x', value: Buffer.from('{') }])
      await say(placed('a'))
      assert.equal(orders.live('a')?.orderId, 'a')
      assert.deepEqual([errors, orders.haltedBy()], [[], null])
    }))

  it('is halted by what a newer version wrote, and says where that is', () =>
    inWorld(async ({ say, watch, log }) => {
      const orders = await watch()
      const value = Buffer.from('{"type":"order.newer","v":2}')
      await log.append(ordersTopic, [{ key: 'x', value }])
      await say(placed('a'))
      assert.equal(orders.follows(), false)
      assert.match(orders.haltedBy() ?? '', /offset 0 of partition 0 of firstcome\.orders/)
    }))

  it('forgets what SQL has when it is crowded, then the oldest', () =>
    inWorld(async ({ say, watch, applied, clock }) => {
      const orders = await watch({ liveOrdersMax: 4 })
      await say(placed('a'), placed('b'))
      assert.equal(orders.isCrowded(), false)
      await say(placed('c'), placed('d'), placed('e'))
      assert.equal(orders.live('a'), undefined)
      assert.equal(orders.live('b')?.orderId, 'b')
      assert.equal(orders.isCrowded(), true)
      applied.set(0, 4)
      await clock.runUntil(clock.now() + 2_000)
      orders.isCrowded()
      await clock.runUntil(clock.now() + 10)
      assert.equal(orders.isCrowded(), false)
      assert.deepEqual([orders.live('d'), orders.live('e')?.orderId], [undefined, 'e'])
    }))

  it('starts when SQL is up, and again when it could not go on', () =>
    inWorld(async ({ say, watch, log, clock, errors }) => {
      const sql: { state: 'starting' | 'away' | 'up' } = { state: 'starting' }
      const away = new PortError('store_unavailable', 'away', { retryable: true })
      let breakTail: (error: unknown) => void = () => {}
      const tail: Log['tail'] = (options) => {
        breakTail = options.onError
        return log.tail(options)
      }
      const orders = await watch({
        log: { ...log, tail },
        reader() {
          if (sql.state === 'starting') return null
          const up = sql.state === 'up'
          return { ordersApplied: () => (up ? Promise.resolve(new Map()) : Promise.reject(away)) }
        },
      })
      await say(placed('a'))
      const after = async (ms: number) => {
        await clock.runUntil(clock.now() + ms)
        return orders.follows()
      }
      assert.equal(await after(1_000), false)
      assert.deepEqual(errors, [])
      sql.state = 'away'
      assert.equal(await after(1_000), false)
      assert.equal(errors[0], away)
      sql.state = 'up'
      assert.equal(await after(2_000), true)
      assert.equal(orders.live('a')?.orderId, 'a')
      const broken = new PortError('log_damaged', 'damaged')
      breakTail(broken)
      assert.equal(await after(1), false)
      assert.equal(errors.at(-1), broken)
      await say(placed('b'))
      assert.equal(await after(2_000), true)
      assert.deepEqual([orders.live('a')?.orderId, orders.live('b')?.orderId], ['a', 'b'])
    }))
})

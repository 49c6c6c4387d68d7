import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import type { Order } from '../../domain/orders/state.ts'
import { PortError } from '../../ports/port-error.ts'
import { orderLimits } from './order-limits.ts'
import { createOrderReads } from './order-reads.ts'

const limits = { ...orderLimits, ordersPerReadMax: 3, readsWaitingMax: 5, readWaitMsMax: 100 }
const orderOf = (orderId: string) => ({ orderId }) as Order

/** `takesMs`: of each query; Infinity: it never answers. */
function start(takesMs = 1, stored: readonly string[] = ['a', 'b', 'c', 'd', 'e']) {
  const clock = virtualClock(0)
  const queries: string[][] = []
  const state = { up: true }
  const reader = {
    orders(ids: readonly string[]): Promise<Order[]> {
      queries.push([...ids])
      const { promise, resolve } = Promise.withResolvers<Order[]>()
      const found = stored.filter((id) => ids.includes(id)).map(orderOf)
      if (Number.isFinite(takesMs)) clock.after(takesMs, () => resolve(found))
      return promise
    },
  }
  const reads = createOrderReads({ clock, limits, reader: () => (state.up ? reader : null) })
  return { clock, queries, reads, state }
}

const isAway = (error: unknown) => error instanceof PortError && error.code === 'store_unavailable'

describe('reads of orders', () => {
  it('that are asked for together are one query, each id once', async () => {
    const { clock, queries, reads } = start()
    const answers = Promise.all(['b', 'a', 'no-such', 'b'].map((id) => reads.read(id)))
    await clock.runUntil(50)
    assert.deepEqual(await answers, [orderOf('b'), orderOf('a'), null, orderOf('b')])
    assert.deepEqual(queries, [['b', 'a', 'no-such']])
  })

  it('that come while one is under way go in the next, as the limit allows', async () => {
    const { clock, queries, reads } = start(10)
    const first = reads.read('a')
    await clock.runUntil(5)
    const others = ['a', 'b', 'c', 'd'].map((id) => reads.read(id))
    await clock.runUntil(60)
    assert.deepEqual(await Promise.all([first, ...others]), ['a', 'a', 'b', 'c', 'd'].map(orderOf))
    assert.deepEqual(queries, [['a'], ['a', 'b', 'c'], ['d']])
  })

  it('are refused where too many wait, or SQL is not up, or takes too long', async () => {
    const { clock, reads, state } = start(Number.POSITIVE_INFINITY)
    const waiting = ['a', 'b', 'c', 'd', 'e'].map((id) => assert.rejects(reads.read(id), isAway))
    await assert.rejects(reads.read('f'), isAway)
    await clock.runUntil(150)
    state.up = false
    await clock.runUntil(400)
    await Promise.all(waiting)
    const starting = assert.rejects(reads.read('a'), isAway)
    await clock.runUntil(500)
    await starting
  })
})

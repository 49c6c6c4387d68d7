import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import type { StoredPosition } from '../ports/coupons.ts'
import { PortError } from '../ports/port-error.ts'
import { startPositionWatch, watchEveryMs } from './position-watch.ts'

function createWorld() {
  const clock = virtualClock(0)
  const stored = new Map<number, StoredPosition>([[0, { next: 5, published: 5 }]])
  const own = new Map([[0, 5]])
  const seen: unknown[] = []
  const world = { answer: async () => stored }
  const watch = startPositionWatch({
    store: { positions: () => world.answer() },
    clock,
    own: () => own,
    onMovedBack: () => seen.push('moved back'),
    onError: (error) => seen.push(error),
  })
  return { clock, stored, own, seen, watch, world }
}

describe('the watch over positions', () => {
  it('is quiet while they are where the issuer left them, or further on', async () => {
    const { clock, stored, seen, watch } = createWorld()
    await clock.runUntil(watchEveryMs)
    stored.set(0, { next: 9, published: 9 })
    stored.set(1, { next: 0, published: 0 })
    await clock.runUntil(2 * watchEveryMs)
    assert.deepEqual(seen, [])
    await watch.close()
  })

  it('reports one that lies behind, and one that is gone', async () => {
    const { clock, stored, seen, watch } = createWorld()
    stored.set(0, { next: 0, published: 0 })
    await clock.runUntil(watchEveryMs)
    assert.deepEqual(seen, ['moved back'])
    stored.clear()
    await clock.runUntil(2 * watchEveryMs)
    assert.deepEqual(seen, ['moved back', 'moved back'])
    await watch.close()
  })

  it('says nothing of a partition that was lost while it looked', async () => {
    const { clock, own, seen, watch, world } = createWorld()
    world.answer = async () => {
      own.delete(0)
      return new Map()
    }
    await clock.runUntil(watchEveryMs)
    assert.deepEqual(seen, [])
    await watch.close()
  })

  it('waits while the database is away, and passes on any other failure', async () => {
    const { clock, seen, watch, world } = createWorld()
    world.answer = () => Promise.reject(new PortError('store_unavailable', '', { retryable: true }))
    await clock.runUntil(watchEveryMs)
    assert.deepEqual(seen, [])
    const broken = new PortError('store_broken', 'no such table')
    world.answer = () => Promise.reject(broken)
    await clock.runUntil(2 * watchEveryMs)
    assert.deepEqual(seen, [broken])
    await watch.close()
  })
})

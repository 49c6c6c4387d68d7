// Who waits for a redemption is told by the consumers of its own process, and else looks.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import type { Order } from '../../domain/orders/state.ts'
import { sleep } from '../../ports/clock.ts'
import { lookOften } from './growing-looks.ts'
import { ToldRedemptions } from './told-redemptions.ts'

const orderOf = (orderId: string, status: Order['status']) => ({ orderId, status }) as Order
const isOver = ({ status }: Order) => status !== 'placed'

describe('who waits for a redemption', () => {
  test('is told the first state of it that will do, and of no other', async () => {
    const told = new ToldRedemptions()
    const one = told.once('r-1', isOver)
    const other = told.once('r-2', isOver)
    const orders = [orderOf('r-1', 'placed'), orderOf('r-2', 'placed')]
    told.tell({ orders, spent: [] })
    told.tell({ orders: [orderOf('r-1', 'confirmed')], spent: [] })
    told.tell({ orders: [orderOf('r-1', 'cancelled')], spent: [] })
    assert.equal((await one.told).status, 'confirmed')
    one.close()
    other.close()
    told.tell({ orders: [orderOf('r-2', 'confirmed')], spent: [] })
    const late = Promise.race([other.told, Promise.resolve('nothing')])
    assert.equal(await late, 'nothing')
  })
})

describe('looking', () => {
  test('becomes rarer, ends in time, and comes at once upon a hint', async () => {
    const clock = virtualClock(0)
    const looks: number[] = []
    const hint = Promise.withResolvers<void>()
    const look = async () => {
      looks.push(Math.round(clock.monotonic()))
      return null
    }
    clock.after(40, hint.resolve)
    const found = lookOften({ clock, msMax: 500, look, hint: hint.promise })
    await clock.runUntil(1_000)
    assert.equal(await found, null)
    assert.deepEqual(looks.slice(0, 4), [10, 25, 40, 74])
    assert.equal(looks.at(-1), 500)
    assert.ok(looks.length < 10, `${looks.length} looks`)
  })

  test('comes at once again upon a hint that came while it looked, and takes what was told', async () => {
    const clock = virtualClock(0)
    const looks: number[] = []
    const look = async () => {
      looks.push(clock.monotonic())
      await sleep(clock, 30)
      return null
    }
    const [hint, told] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()]
    clock.after(20, hint.resolve)
    clock.after(50, () => told.resolve('told'))
    const looking = { clock, msMax: 500, look, hint: hint.promise, told: told.promise }
    let foundAt = 0
    const found = lookOften(looking).finally(() => {
      foundAt = clock.monotonic()
    })
    await clock.runUntil(1_000)
    assert.equal(await found, 'told')
    assert.deepEqual([looks, foundAt], [[10, 40], 70])
  })
})

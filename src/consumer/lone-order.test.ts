// What an order alone costs: it is taken in few transactions, and nothing is asked while nothing
// happens. Only a count can say so: what is done too often is done all the same.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createOrdersSystem, type OrdersSystem } from '../../test/models/orders-consumers.ts'
import { type OrderPlaced, ordersTopic } from '../domain/orders/messages.ts'
import { partitionFor } from '../domain/partitioner.ts'
import { settleAfterMs } from './message-loop.ts'

const by = 'op'
const orderMs = 10_000
/** In the partition of the first, which is `o`. */
const second = orderIds().find((id) => partitionFor(id, 4) === partitionFor('o', 4)) ?? ''

function orderIds(): string[] {
  return Array.from({ length: 100 }, (_, n) => `o-${n}`)
}

/** From now on: by store, how often it is asked for what. */
function counting(system: OrdersSystem): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of ['orders', 'coupons', 'stock', 'payment', 'wallet'] as const) {
    const store = system.stores[name] as unknown as Record<string, unknown>
    for (const [call, run] of Object.entries(store)) {
      if (typeof run !== 'function' || call === 'taken') continue
      store[call] = (...args: unknown[]) => {
        const key = `${name} ${call}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
        return run.apply(store, args)
      }
    }
  }
  return counts
}

function placed(orderId: string): OrderPlaced {
  const lines = [{ productId: 'tea', quantity: 1 }]
  return { type: 'order.placed', orderId, userId: 'ann', lines, timeLimitMs: orderMs }
}

async function started() {
  const system = createOrdersSystem()
  const counts = counting(system)
  const process = await system.run()
  const tea = { productId: 'tea', name: 'Tea', price: 100, stock: 10 }
  await system.append({ type: 'product.created', ...tea, by, commandId: 'tea' })
  await system.append({ type: 'wallet.topped_up', userId: 'ann', amount: 900, by, commandId: 'up' })
  await system.pass(1_000)
  // The first one marks that its partitions are being worked at.
  await system.append(placed('o'))
  await system.pass(2 * settleAfterMs)
  counts.clear()
  return { system, counts, process }
}

test('a session marks once that it is at work, and its clean end takes that away', async () => {
  const { system, counts, process } = await started()
  const triesOf = async () => {
    const positions = await system.stores.stock.positions()
    return positions.filter(({ topic }) => topic === ordersTopic).map(({ tries }) => tries)
  }
  assert.deepEqual(await triesOf(), [1, 1, 1, 1])
  const other = orderIds().find((id) => partitionFor(id, 4) !== partitionFor('o', 4)) ?? ''
  await system.append(placed(other))
  await system.pass(2 * settleAfterMs)
  assert.equal(counts.get('stock transact'), 2)
  await process.close()
  assert.deepEqual(await triesOf(), [0, 0, 0, 0])
})

describe('an order alone', () => {
  test('is taken in few transactions, and nothing else is asked for it', async () => {
    const { system, counts, process } = await started()
    await system.append(placed(second))
    await system.pass(2 * settleAfterMs)
    assert.equal(system.stores.orders.kept.get(second)?.state.status, 'confirmed')
    assert.deepEqual(Object.fromEntries(counts), {
      'coupons transact': 1,
      'stock transact': 2,
      // That it has said what followed the end.
      'stock settle': 1,
      'payment transact': 2,
      'orders transact': 3,
    })
    await process.close()
  })

  test('leaves to be stored with others what nobody waits for', async () => {
    const { system, process } = await started()
    const noted: string[] = []
    for (const name of ['orders', 'coupons', 'stock', 'payment'] as const) {
      const store = system.stores[name] as { transact: (batch: object, decide: never) => unknown }
      const { transact } = store
      store.transact = (batch: { isPatient?: boolean }, decide) => {
        noted.push(`${name} ${batch.isPatient === true ? 'later' : 'at once'}`)
        return transact(batch, decide)
      }
    }
    await system.append(placed(second))
    await system.pass(2 * settleAfterMs)
    assert.deepEqual(noted.filter((one) => one.endsWith('at once')).toSorted(), [
      'orders at once',
      'orders at once',
      'payment at once',
      'stock at once',
    ])
    assert.deepEqual(noted.filter((one) => one.endsWith('later')).toSorted(), [
      'coupons later',
      'orders later',
      'payment later',
      'stock later',
    ])
    await process.close()
  })

  test('is confirmed without a wait for company', async () => {
    const { system, process } = await started()
    await system.append(placed(second))
    // Nothing here takes time but a wait.
    await system.pass(1)
    assert.equal(system.stores.orders.kept.get(second)?.state.status, 'confirmed')
    await process.close()
  })

  test('is ended by its time, which is asked for a few times', async () => {
    const { system, counts, process } = await started()
    // The issuer never comes to it.
    const coupon = { couponId: 'spring', partition: 0, offset: 5 }
    await system.append({ ...placed(second), coupon })
    await system.pass(orderMs + 300)
    const state = system.stores.orders.kept.get(second)?.state
    assert.deepEqual(state?.status === 'cancelled' && state.reason, 'timed_out')
    await system.pass(9_000)
    const asked = counts.get('orders nextDeadlines') ?? 0
    assert.ok(asked <= 3, `${asked} times`)
    await process.close()
  })
})

test('nothing is asked while nothing happens', async () => {
  const { system, counts, process } = await started()
  await system.pass(orderMs + settleAfterMs)
  counts.clear()
  await system.pass(600_000)
  assert.deepEqual(Object.fromEntries(counts), {})
  await process.close()
})

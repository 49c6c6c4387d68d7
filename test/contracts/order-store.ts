// What every store of the order process must do, beside what all stores of consumers do.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Answers, AwaitedOrder, Order, StepNote } from '../../src/domain/orders/state.ts'
import type { OrderChange, OrderStore } from '../../src/ports/orders.ts'
import { testOpened } from './opened.ts'

export type OrderStoreUnderTest = { store: OrderStore; close(): Promise<void> }
type Test = (title: string, run: (store: OrderStore) => Promise<void>) => void

const unanswered: Answers = { coupon: null, stock: null, payment: null, notes: [] }
const sums = { subtotal: 300, discount: 100, total: 200 }

export function orderStoreContract(name: string, open: () => Promise<OrderStoreUnderTest>): void {
  const testEach = testOpened(open)
  const test: Test = (title, run) => testEach(title, ({ store }) => run(store))
  describe(`the order process's store: ${name}`, () => {
    test('knows no order at first', async (store) => {
      assert.deepEqual(await load(store, ['a']), {})
      assert.deepEqual(await load(store, []), {})
      const query = { partitions: [0, 1], limit: 10 }
      assert.deepEqual(await store.nextDeadlines(query), [])
      assert.deepEqual(await store.unannounced(query), [])
    })

    const asked = { by: 'ann', commandId: 'c', reason: 'broken', at: 9 }
    test('keeps orders, whatever their status, and what becomes of them', async (store) => {
      const awaited: AwaitedOrder = { status: 'awaited', orderId: 'W', heard: heard(1) }
      const states = [
        awaited,
        placed('a', { coupon: { couponId: 'spring', partition: 1, offset: 2 } }),
        { ...placed('b'), status: 'due', sums } as const,
        { ...placed('c'), status: 'confirmed', sums } as const,
        { ...placed('-'), status: 'cancelled', reason: 'timed_out', sums: null } as const,
        { ...placed('r'), status: 'returning', sums, confirmedAt: 7, asked } as const,
        { ...placed('R'), status: 'returned', sums, confirmedAt: 7, asked } as const,
      ]
      await change(store, states)
      const known = await load(store, ['W', 'a', 'b', 'c', '-', 'r', 'R', 'x'])
      assert.deepEqual(known, byId(states))
      const later = [
        placed('W', { heard: heard(2) }),
        { ...placed('a'), status: 'due', sums } as const,
      ]
      await change(store, later)
      assert.deepEqual(await load(store, ['W', 'a', 'c']), byId([...later, ...states.slice(3, 4)]))
    })

    timeTests(test)
    announcementTests(test)

    test('adds up what several say, in whatever order they name orders', async (store) => {
      const orderIds = ['a', 'b', 'c']
      await change(
        store,
        orderIds.map((orderId) => placed(orderId)),
      )
      const noting = Array.from({ length: 12 }, (_, n) => {
        // In both orders, so that whoever locked as asked would meet another halfway.
        const wanted = { orderIds: n % 2 === 0 ? orderIds : orderIds.toReversed() }
        return store.transact({ checks: [], wanted }, (states) => {
          const known = [...states.values()] as Order[]
          const changes = known.map((order): OrderChange => {
            return { state: { ...order, heard: heard(order.heard.notes.length + 1) }, partition: 0 }
          })
          return { changes, moves: [], result: known.length }
        })
      })
      assert.deepEqual(
        await Promise.all(noting),
        Array.from({ length: 12 }, () => 3),
      )
      const states = (await load(store, orderIds)) as Record<string, Order>
      assert.deepEqual(
        Object.values(states).map((order) => order.heard.notes.length),
        [12, 12, 12],
      )
    })
  })
}

function timeTests(test: Test): void {
  test('finds the orders that time ends first', async (store) => {
    await change(store, [
      placed('on-time', { deadline: 101 }),
      placed('last', { deadline: 100 }),
      { ...placed('first', { deadline: 98 }), status: 'due', sums },
      placed('second', { deadline: 99 }),
      { ...placed('done', { deadline: 1 }), status: 'confirmed', sums },
      { ...placed('over', { deadline: 1 }), status: 'cancelled', reason: 'timed_out', sums: null },
      { status: 'awaited', orderId: 'unmet', heard: unanswered },
    ])
    await change(store, [placed('elsewhere', { deadline: 2 })], { partition: 3 })
    const of = async (some: object) => {
      const found = await store.nextDeadlines({ partitions: [0, 1], limit: 9, ...some })
      return found.map(({ orderId, deadline }) => `${orderId} ${deadline}`)
    }
    assert.deepEqual(await of({}), ['first 98', 'second 99', 'last 100', 'on-time 101'])
    assert.deepEqual(await of({ limit: 2 }), ['first 98', 'second 99'])
    assert.deepEqual(await of({ partitions: [3] }), ['elsewhere 2'])
    assert.deepEqual(await of({ partitions: [] }), [])
  })

  test('finds a redemption no more once the log says that its time is over', async (store) => {
    const query = { partitions: [0], limit: 9 }
    const redemption = { reference: 'cart-7', subtotal: 5 }
    await change(store, [placed('a', { deadline: 50, redemption })])
    assert.deepEqual(await store.nextDeadlines(query), [{ orderId: 'a', deadline: 50 }])
    await change(store, [
      placed('a', { deadline: 50, redemption: { ...redemption, isOver: true } }),
    ])
    assert.deepEqual(await store.nextDeadlines(query), [])
  })

  test('finds an order no more once it has ended', async (store) => {
    const query = { partitions: [0], limit: 9 }
    await change(store, [placed('a', { deadline: 50 })])
    assert.deepEqual(await store.nextDeadlines(query), [{ orderId: 'a', deadline: 50 }])
    await change(store, [{ ...placed('a', { deadline: 50 }), status: 'confirmed', sums }])
    assert.deepEqual(await store.nextDeadlines(query), [])
  })
}

function announcementTests(test: Test): void {
  const ended = (orderId: string): Order => {
    return { ...placed(orderId), status: 'cancelled', reason: 'timed_out', sums: null }
  }
  const waiting = async (store: OrderStore, partitions = [0]) => {
    const found = await store.unannounced({ partitions, limit: 9 })
    return byId(found)
  }

  test('remembers ends that may not be published until they are', async (store) => {
    await change(store, [ended('a'), ended('b')], { unannounced: true })
    await change(store, [ended('c')])
    await change(store, [ended('d')], { unannounced: true, partition: 2 })
    assert.deepEqual(await waiting(store), byId([ended('a'), ended('b')]))
    assert.deepEqual(await waiting(store, [2]), byId([ended('d')]))
    assert.equal((await store.unannounced({ partitions: [0, 2], limit: 2 })).length, 2)
    await store.markAnnounced(['a', 'c', 'nobody'])
    assert.deepEqual(await waiting(store), byId([ended('b')]))
    await store.markAnnounced([])
    await store.markAnnounced(['b', 'd'])
    assert.deepEqual(await waiting(store, [0, 2]), {})
  })

  test('remembers them although the order changes once more', async (store) => {
    await change(store, [ended('a')], { unannounced: true })
    const more = { ...ended('a'), heard: heard(1) }
    await change(store, [more])
    assert.deepEqual(await waiting(store), byId([more]))
    await store.markAnnounced(['a'])
    await change(store, [ended('a')])
    assert.deepEqual(await waiting(store), {})
  })
}

async function load(store: OrderStore, orderIds: string[]): Promise<Record<string, unknown>> {
  const states = await store.transact({ checks: [], wanted: { orderIds } }, (found) => {
    return { changes: [], moves: [], result: found }
  })
  assert.ok(states !== 'fenced')
  return Object.fromEntries(states)
}

/** As the process does: loads what it writes, in the same transaction. */
async function change(
  store: OrderStore,
  states: readonly OrderChange['state'][],
  some: Partial<Omit<OrderChange, 'state'>> = {},
): Promise<void> {
  const changes = states.map((state) => ({ state, partition: 0, ...some }))
  const wanted = { orderIds: states.map(({ orderId }) => orderId) }
  await store.transact({ checks: [], wanted }, () => ({ changes, moves: [], result: null }))
}

function placed(orderId: string, some: Partial<Order> = {}): Order & { status: 'placed' } {
  const lines = [{ productId: 'tea', quantity: 2 }]
  const times = { placedAt: 10, deadline: 1_000 }
  const content = { orderId, userId: 'ann', lines, coupon: null, ...times, heard: unanswered }
  return { ...content, ...some, status: 'placed' }
}

function heard(count: number): Answers {
  const note: StepNote = { step: 'stock', outcome: 'held', at: 11 }
  return { ...unanswered, notes: Array.from({ length: count }, () => note) }
}

function byId(states: readonly OrderChange['state'][]): Record<string, unknown> {
  return Object.fromEntries(states.map((state) => [state.orderId, state]))
}

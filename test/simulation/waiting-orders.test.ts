// Orders that a step can answer neither with yes nor with no for now, with the real consumers over
// memory stores and a virtual clock: they wait in the step's rows, and are answered when what they
// wait for is free, or gone. A failure prints its seed.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { leapingClock } from '../../src/adapters/memory/clock-virtual.ts'
import {
  type OrderPlaced,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from '../../src/domain/orders/messages.ts'
import { auditWorld } from '../models/orders-audit.ts'
import { createOrdersSystem, type OrdersSystem } from '../models/orders-consumers.ts'
import { auditedSystem } from '../models/orders-system-audit.ts'
import { seededRandom } from './random.ts'

const seed = Number(process.env['SEED'] ?? 1)
const rounds = Number(process.env['ROUNDS'] ?? 8)

function placed(orderId: string, quantity = 1, timeLimitMs = 30_000): OrderPlaced {
  const lines = [{ productId: 'tea', quantity }]
  return { type: 'order.placed', orderId, userId: `user-${orderId}`, lines, timeLimitMs }
}

async function stock(system: OrdersSystem, pieces: number, commandId = 'c'): Promise<void> {
  const by = { by: 'op', commandId }
  const product = { productId: 'tea', name: 'Tea', price: 100, stock: pieces, ...by }
  await system.append({ type: 'product.created', ...product })
}

async function pay(system: OrdersSystem, orderIds: readonly string[]): Promise<void> {
  for (const orderId of orderIds) {
    const topUp = { userId: `user-${orderId}`, amount: 1_000, by: 'op', commandId: orderId }
    await system.append({ type: 'wallet.topped_up', ...topUp })
  }
}

function endsOf({ stores }: OrdersSystem): Map<string, string> {
  const ends = [...stores.orders.kept.values()].map(({ state }): [string, string] => {
    return [state.orderId, state.status === 'cancelled' ? state.reason : state.status]
  })
  return new Map(ends)
}

function checkQuiet(system: OrdersSystem): void {
  assert.deepEqual(system.errors, [])
  assert.equal(system.stores.letters.tables.letters.size, 0)
}

describe('pieces that are merely held', () => {
  it('are sold to those who can pay, however many cannot', async () => {
    for (let round = 0; round < rounds; round++) {
      const random = seededRandom(seed + round)
      const system = createOrdersSystem()
      const rich = Array.from({ length: 40 }, (_, n) => `rich-${n}`)
      const poor = Array.from({ length: 60 }, (_, n) => `poor-${n}`)
      await stock(system, 20)
      await pay(system, rich)
      const process = await system.run()
      await system.pass(1_000)
      const all = [...rich, ...poor].sort(() => random.next() - 0.5)
      await system.append(...all.map((orderId) => placed(orderId)))
      await system.pass(20_000)
      const counts = Object.groupBy([...endsOf(system).values()], (end) => end)
      const product = system.stores.stock.tables.products.get('tea')
      assert.deepEqual([product?.sold, product?.held], [20, 0], `seed ${seed + round}`)
      assert.equal(counts['confirmed']?.length, 20)
      assert.equal(counts['timed_out'], undefined)
      checkQuiet(system)
      await process.close()
    }
  })

  it('are waited for until the deadline, and given to the first who waited', async () => {
    const system = createOrdersSystem()
    await stock(system, 1)
    await pay(system, ['c'])
    // Nobody answers about payments, so the first keeps the piece until its time is over.
    const names = ['order-process', 'stock-step', 'dead-letters'] as const
    const first = await system.run({ names })
    await system.pass(1_000)
    await system.append(placed('a', 1, 5_000))
    await system.pass(1_000)
    await system.append(placed('b', 1, 3_000), placed('c'), placed('d'))
    await system.pass(1_000)
    assert.deepEqual(
      [...endsOf(system)].map(([, end]) => end),
      ['due', 'placed', 'placed', 'placed'],
    )
    await first.kill()
    const second = await system.run()
    await system.pass(10_000)
    const ends = Object.fromEntries(endsOf(system))
    // The payment step has come, and a has no money: the piece goes on to b, then to c.
    assert.deepEqual([ends['a'], ends['b']], ['insufficient_funds', 'insufficient_funds'])
    assert.deepEqual([ends['c'], ends['d']], ['confirmed', 'out_of_stock'])
    checkQuiet(system)
    await second.close()
  })

  it('are answered by a restock, and the answer is said whenever a process dies', async () => {
    for (const point of ['K26', 'K27']) {
      const system = createOrdersSystem()
      await stock(system, 1)
      const held = ['order-process', 'stock-step'] as const
      const first = await system.run({ names: held })
      await system.pass(1_000)
      await system.append(placed('a'), placed('b'))
      await system.pass(1_000)
      await first.close()
      let dies = true
      const second = await system.run({ names: held, dies: (one) => dies && one === point })
      await system.append({
        type: 'stock.added',
        productId: 'tea',
        add: 1,
        by: 'op',
        commandId: 'm',
      })
      await system.pass(2_000)
      dies = false
      await second.kill()
      const third = await system.run({ names: held })
      await system.pass(2_000)
      assert.deepEqual([...endsOf(system).values()], ['due', 'due'], point)
      assert.deepEqual(await system.stores.stock.openRows({ after: '', limit: 9 }), [])
      await third.close()
    }
  })
})

describe('a product whose record is read late', () => {
  function of(orderId: string, ...productIds: readonly string[]): OrderPlaced {
    const lines = productIds.map((productId) => ({ productId, quantity: 1 }))
    return { ...placed(orderId, 1, 60_000), lines }
  }

  it('is unknown to nobody who orders after it, and holds up nobody else', async () => {
    for (let round = 0; round < rounds; round++) {
      const random = seededRandom(seed + round)
      const system = createOrdersSystem(1_000_000 + round, random)
      const names = Array.from({ length: 5 }, (_, n) => `new-${n}`)
      const others = names.map((name) => `other-${name}`)
      await stock(system, 100)
      await pay(system, [...names, ...others])
      let isLate = false
      const readsLate = (topic: string) => isLate && topic === productsTopic
      const processes = [await system.run({ readsLate }), await system.run({ readsLate })]
      await system.pass(1_000)
      isLate = true
      const products = names.map((productId) => ({ productId, name: 'x', price: 1, stock: 1 }))
      for (const product of products) {
        const by = { by: 'op', commandId: product.productId }
        await system.append({ type: 'product.created', ...product, ...by })
      }
      await system.pass(random.int(1, 10))
      await system.append(...names.map((name) => of(name, 'tea', name)), of('no', 'tea', 'none'))
      await system.append(...others.map((name) => of(name, 'tea')))
      await system.pass(5_000)
      const [dead] = random.chance(0.5) ? processes.splice(0, 1) : []
      await dead?.kill()
      await system.pass(random.int(1, 5_000))
      const early = endsOf(system)
      for (const name of names) assert.equal(early.get(name), 'placed', `seed ${seed + round}`)
      for (const name of others) assert.equal(early.get(name), 'confirmed')
      isLate = false
      await system.pass(10_000)
      const ends = endsOf(system)
      for (const name of names) assert.equal(ends.get(name), 'confirmed', `seed ${seed + round}`)
      assert.equal(ends.get('no'), 'unknown_product')
      checkQuiet(system)
      for (const one of processes) await one.close()
      const { found } = await auditWorld(await auditedSystem(system), { now: null })
      assert.deepEqual(found, [])
    }
  })
})

describe('a top-up whose record is read late', () => {
  it('pays for whoever orders after it, and holds up nobody else', async () => {
    for (let round = 0; round < rounds; round++) {
      const random = seededRandom(seed + round)
      const system = createOrdersSystem(1_000_000 + round, random)
      const late = Array.from({ length: 5 }, (_, n) => `late-${n}`)
      const rich = Array.from({ length: 5 }, (_, n) => `rich-${n}`)
      await stock(system, 100)
      await pay(system, rich)
      let isLate = false
      const readsLate = (topic: string) => isLate && topic === walletsTopic
      const processes = [await system.run({ readsLate }), await system.run({ readsLate })]
      await system.pass(1_000)
      isLate = true
      await pay(system, late)
      await system.pass(random.int(1, 10))
      await system.append(...[...late, 'poor', ...rich].map((name) => placed(name, 1, 60_000)))
      await system.pass(5_000)
      const [dead] = random.chance(0.5) ? processes.splice(0, 1) : []
      await dead?.kill()
      await system.pass(random.int(1, 5_000))
      const early = endsOf(system)
      for (const name of late) assert.equal(early.get(name), 'due', `seed ${seed + round}`)
      for (const name of rich) assert.equal(early.get(name), 'confirmed')
      isLate = false
      await system.pass(10_000)
      const ends = endsOf(system)
      for (const name of late) assert.equal(ends.get(name), 'confirmed', `seed ${seed + round}`)
      assert.equal(ends.get('poor'), 'insufficient_funds')
      checkQuiet(system)
      for (const one of processes) await one.close()
      const { found } = await auditWorld(await auditedSystem(system), { now: null })
      assert.deepEqual(found, [])
    }
  })
})

describe('an order', () => {
  it('without money is told so in no time', async () => {
    const system = createOrdersSystem()
    await stock(system, 1)
    const process = await system.run()
    await system.pass(1_000)
    await system.append(placed('a'))
    await system.pass(50)
    assert.equal(endsOf(system).get('a'), 'insufficient_funds')
    checkQuiet(system)
    await process.close()
  })

  it('of a product that does not exist is told so in no time', async () => {
    const system = createOrdersSystem()
    await stock(system, 1)
    const process = await system.run()
    await system.pass(1_000)
    await system.append({ ...placed('a'), lines: [{ productId: 'none', quantity: 1 }] })
    await system.pass(100)
    assert.equal(endsOf(system).get('a'), 'unknown_product')
    checkQuiet(system)
    await process.close()
  })
})

describe('a coupon', () => {
  function withCoupon(orderId: string, quantity = 1): OrderPlaced {
    const coupon = { couponId: 'spring', partition: 0, offset: 0 }
    return { ...placed(orderId, quantity), userId: 'ann', coupon }
  }

  async function world(pieces = 10): Promise<OrdersSystem> {
    const system = createOrdersSystem()
    await stock(system, pieces)
    system.issued(new Map([['spring ann', {}]]))
    system.stores.coupons.tables.issuerNext.set(0, 1)
    return system
  }

  it('is free for the next order as soon as one is told cancelled, at any process', async () => {
    const system = await world()
    const processes = [await system.run(), await system.run()]
    await system.pass(1_000)
    for (let n = 0; n < 50; n++) {
      // Nobody has money: each order is cancelled, and the next is placed once it is stored so.
      await system.append(withCoupon(`order-${n}`))
      for (let ms = 0; !endsOf(system).get(`order-${n}`)?.includes('funds'); ms++) {
        assert.ok(ms < 5_000, `order ${n} is ${endsOf(system).get(`order-${n}`)}`)
        await system.pass(1)
      }
    }
    checkQuiet(system)
    for (const one of processes) await one.close()
  })

  it('goes to one of several orders at once, and the others are told when it is spent', async () => {
    const system = await world()
    const process = await system.run()
    await system.pass(1_000)
    await system.append({
      type: 'wallet.topped_up',
      userId: 'ann',
      amount: 150,
      by: 'op',
      commandId: 't',
    })
    await system.pass(1_000)
    // The first two cost more than she has.
    await system.append(withCoupon('a', 2), withCoupon('b', 2), withCoupon('c'), withCoupon('d'))
    await system.pass(5_000)
    const ends = [...endsOf(system).values()].sort()
    const poor = 'insufficient_funds'
    assert.deepEqual(ends, ['confirmed', 'coupon_already_used', poor, poor])
    checkQuiet(system)
    await process.close()
  })
})

describe('the deadline of an order', () => {
  it('is neither hastened nor delayed by a wall clock that is wrong or leaps', async () => {
    for (let round = 0; round < rounds; round++) {
      const random = seededRandom(seed + round)
      const system = createOrdersSystem()
      await stock(system, 100)
      const wallClock = leapingClock(system.clock)
      const leap = () => wallClock.leap(random.int(-7_200_000, 7_200_000))
      leap()
      // Nobody answers about payments: each order lives until its time is over.
      const process = await system.run({ names: ['order-process', 'stock-step'], wallClock })
      await system.pass(1_000)
      for (let n = 0; n < 10; n++) {
        await system.append(placed(`order-${n}`, 1, 10_000))
        leap()
        await system.pass(900)
      }
      const early = [...endsOf(system).values()].filter((end) => end === 'timed_out')
      assert.equal(early.length, 0, `seed ${seed + round}`)
      for (let n = 0; n < 10; n++) {
        leap()
        await system.pass(1_200)
      }
      const ends = [...endsOf(system).values()]
      assert.ok(
        ends.every((end) => end === 'timed_out'),
        `seed ${seed + round}: ${ends.join(' ')}`,
      )
      checkQuiet(system)
      await process.close()
    }
  })
})

describe('a record that a newer version wrote', () => {
  it('halts its readers, which name its place, and is buried by none', async () => {
    const system = createOrdersSystem()
    await stock(system, 1)
    const first = await system.run()
    await system.pass(1_000)
    const newer = { type: 'order.placed', v: 2, orderId: 'a' }
    await system.log.append(ordersTopic, [{ key: 'a', value: Buffer.from(JSON.stringify(newer)) }])
    await system.pass(5_000)
    const told = system.errors.map((error) => (error instanceof Error ? error.message : ''))
    assert.equal(told.length, 4)
    for (const text of told) {
      assert.match(text, /cannot read the record at offset 0 of partition \d+ of firstcome\.orders/)
      assert.match(text, /A newer version wrote it/)
    }
    assert.equal(system.stores.letters.tables.letters.size, 0)
    await first.kill()
  })
})

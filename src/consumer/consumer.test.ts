import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createOrdersSystem, type OrdersSystem } from '../../test/models/orders-consumers.ts'
import {
  type OrderPlaced,
  type OrdersRecord,
  orderStepsTopic,
  ordersTopic,
} from '../domain/orders/messages.ts'
import { entryOf } from '../domain/orders/records.ts'
import { deadLettersTopic, retryTopics } from '../domain/orders/retries.ts'
import { partitionFor } from '../domain/partitioner.ts'
import { createWallet } from '../orders/wallet.ts'
import type { Payments } from '../ports/payments.ts'
import { PortError } from '../ports/port-error.ts'
import { settleAfterMs } from './message-loop.ts'

const by = 'op'

function placed(orderId: string, more: Partial<OrderPlaced> = {}): OrderPlaced {
  const lines = [{ productId: 'tea', quantity: 1 }]
  return { type: 'order.placed', orderId, userId: 'ann', lines, timeLimitMs: 30_000, ...more }
}

function supplies(stock = 10, money = 10_000): OrdersRecord[] {
  const tea = { productId: 'tea', name: 'Tea', price: 100, stock }
  return [
    { type: 'product.created', ...tea, by, commandId: 'tea' },
    { type: 'wallet.topped_up', userId: 'ann', amount: money, by, commandId: 'top' },
  ]
}

function statusOf(system: OrdersSystem, orderId: string): string {
  const state = system.stores.orders.kept.get(orderId)?.state
  if (state === undefined) return 'unknown'
  return state.status === 'cancelled' ? `cancelled: ${state.reason}` : state.status
}

function countsOf(system: OrdersSystem, topic: string): number {
  return system.log.records(topic).reduce((sum, records) => sum + records.length, 0)
}

async function supplied(): Promise<OrdersSystem> {
  const system = createOrdersSystem()
  await system.append(...supplies())
  const process = await system.run({ names: ['stock-step', 'payment-step'] })
  await system.pass(50)
  await process.close()
  return system
}

describe('the consumers of orders', () => {
  test('confirm an order that has everything, and cancel one that has not', async () => {
    const system = await supplied()
    const process = await system.run()
    await system.append(
      placed('good'),
      placed('short', { lines: [{ productId: 'tea', quantity: 11 }] }),
    )
    await system.append(placed('strange', { lines: [{ productId: 'ghost', quantity: 1 }] }))
    await system.append(placed('poor', { userId: 'bob' }))
    await system.pass(600)
    assert.equal(statusOf(system, 'good'), 'confirmed')
    assert.equal(statusOf(system, 'short'), 'cancelled: out_of_stock')
    assert.equal(statusOf(system, 'strange'), 'cancelled: unknown_product')
    assert.equal(statusOf(system, 'poor'), 'cancelled: insufficient_funds')
    const { products } = system.stores.stock.tables
    assert.deepEqual(pickCounts(products.get('tea')), { available: 9, held: 0, sold: 1 })
    assert.equal(system.stores.payment.tables.balances.get('ann'), 9_900)
    await process.close()
    assert.deepEqual(system.errors, [])
  })

  test('cancel an order whose time is over, and a late step changes nothing', async () => {
    const system = await supplied()
    const some = await system.run({ names: ['order-process', 'coupon-step', 'stock-step'] })
    await system.append(placed('slow', { timeLimitMs: 1_000 }))
    await system.pass(2_000)
    assert.equal(statusOf(system, 'slow'), 'cancelled: timed_out')
    const late = await system.run({ names: ['payment-step'] })
    await system.pass(1_000)
    assert.equal(system.stores.payment.tables.balances.get('ann'), 10_000)
    const { products } = system.stores.stock.tables
    assert.deepEqual(pickCounts(products.get('tea')), { available: 10, held: 0, sold: 0 })
    await some.close()
    await late.close()
  })

  test('publish again after a death between the commit and the reply, and pay once', async () => {
    for (const point of ['K26', 'K27']) {
      for (const nth of [1, 2, 3, 4, 5]) {
        const system = await supplied()
        let passed = 0
        const doomed = await system.run({
          dies(at) {
            if (at === point) passed += 1
            return at === point && passed === nth
          },
        })
        await system.append(placed('good'))
        await system.pass(500)
        assert.ok(doomed.isDead(), `${point} was not passed ${nth} times`)
        await doomed.close()
        const next = await system.run()
        await system.pass(2_000)
        assert.equal(statusOf(system, 'good'), 'confirmed', `${point} ${nth}`)
        assert.equal(system.stores.payment.tables.balances.get('ann'), 9_900)
        const { products } = system.stores.stock.tables
        assert.deepEqual(pickCounts(products.get('tea')), { available: 9, held: 0, sold: 1 })
        await next.close()
      }
    }
  })

  test('make bytes that are no record a dead letter at once, and go on behind them', async () => {
    const system = await supplied()
    const process = await system.run()
    await system.log.append(ordersTopic, [{ key: 'x', value: Buffer.from('what?') }])
    await system.append(placed('good'))
    await system.pass(100)
    assert.equal(statusOf(system, 'good'), 'confirmed')
    const found = [...system.stores.letters.tables.letters.values()]
    assert.deepEqual(
      found.map(({ consumer, redrivable, reason }) => [consumer, redrivable, reason]).toSorted(),
      ['coupon-step', 'order-process', 'payment-step', 'stock-step'].map((consumer) => [
        consumer,
        false,
        'not JSON',
      ]),
    )
    assert.equal(countsOf(system, retryTopics[0]), 0)
    await process.close()
  })
})

describe('a record that cannot be handled now', () => {
  test('is tried again after 1 s and 2 s, and is then a dead letter that can be re-driven', async () => {
    const system = await supplied()
    const wallet = createWallet(system.stores.wallet)
    let isDown = true
    const askedAt: number[] = []
    const payments: Payments = {
      ...wallet,
      async ask(questions, withinMs) {
        askedAt.push(system.clock.now())
        if (!isDown) return wallet.ask(questions, withinMs)
        return questions.map(() => ({ kind: 'failed', reason: 'the provider is down' }))
      },
    }
    const process = await system.run({ payments })
    const startedAt = system.clock.now()
    await system.append(placed('unlucky'))
    await system.append(
      placed('free', { lines: [{ productId: 'tea', quantity: 1 }], userId: 'bob' }),
    )
    await system.pass(5_000)
    const waits = askedAt.map((at) => Math.round((at - startedAt) / 100) / 10)
    assert.deepEqual([...new Set(waits)], [0, 1, 3])
    const letters = [...system.stores.letters.tables.letters.values()]
    assert.deepEqual(
      letters.map(({ consumer, attempts, reason, status }) => [consumer, attempts, reason, status]),
      Array.from({ length: 2 }, () => ['payment-step', 3, 'the provider is down', 'waiting']),
    )
    assert.equal(statusOf(system, 'unlucky'), 'due')
    isDown = false
    const letter = letters.find(({ key }) => key === 'unlucky')
    assert.ok(letter !== undefined)
    for (const commandId of ['a', 'b']) {
      const command = {
        type: 'dead_letter.redriven',
        deadLetterId: letter.id,
        by,
        commandId,
      } as const
      await system.log.append(deadLettersTopic, [entryOf(command)])
    }
    await system.pass(2_000)
    assert.equal(statusOf(system, 'unlucky'), 'confirmed')
    assert.equal(system.stores.payment.tables.balances.get('ann'), 9_900)
    await process.close()
    assert.deepEqual(system.errors, [])
  })

  test('waits for the issuer for as long as its order lives, and is no dead letter', async () => {
    const system = await supplied()
    const process = await system.run()
    const coupon = { couponId: 'spring', partition: 2, offset: 7 }
    await system.append(placed('early', { coupon }))
    await system.append(placed('too-early', { coupon: { ...coupon, offset: 8 }, userId: 'bob' }))
    await system.pass(20_000)
    assert.equal(statusOf(system, 'early'), 'placed')
    const { tables } = system.stores.coupons
    tables.issued.set('spring ann', { discount: { kind: 'percent', value: 10 } })
    tables.issuerNext.set(2, 8)
    await system.pass(3_000)
    assert.equal(statusOf(system, 'early'), 'confirmed')
    assert.equal(system.stores.payment.tables.balances.get('ann'), 9_910)
    await system.pass(15_000)
    assert.equal(statusOf(system, 'too-early'), 'cancelled: timed_out')
    const tried = countsOf(system, retryTopics[1])
    await system.pass(10_000)
    assert.equal(countsOf(system, retryTopics[1]), tried)
    assert.equal(system.stores.letters.tables.letters.size, 0)
    await process.close()
  })

  test('waits in its place while the database of the wallets is away, and loses no attempt', async () => {
    const system = await supplied()
    const { wallet } = system.stores
    let refusals = 0
    const away = createWallet({
      async charge(wanted, decide) {
        refusals += 1
        if (refusals > 3) return wallet.charge(wanted, decide)
        throw new PortError('store_unavailable', 'away', { retryable: true })
      },
    })
    const process = await system.run({ payments: away })
    await system.append(placed('good'))
    await system.pass(1_000)
    assert.equal(statusOf(system, 'good'), 'confirmed')
    assert.equal(refusals, 4)
    assert.equal(countsOf(system, retryTopics[0]), 0)
    await process.close()
    assert.deepEqual(system.errors, [])
  })

  test('keeps its attempts when the process dies while it waits', async () => {
    const system = await supplied()
    let asked = 0
    const payments: Payments = {
      ...createWallet(system.stores.wallet),
      async ask(questions) {
        asked += questions.length
        return questions.map(() => ({ kind: 'failed', reason: 'down' }))
      },
    }
    const others = await system.run({ names: ['order-process', 'stock-step', 'dead-letters'] })
    const names = ['payment-step'] as const
    for (let lives = 0; lives < 4; lives += 1) {
      const process = await system.run({ names, payments })
      if (lives === 0) await system.append(placed('unlucky'))
      await system.pass(900)
      await process.kill()
    }
    const process = await system.run({ names, payments })
    await system.pass(5_000)
    assert.equal(asked, 3)
    assert.equal(system.stores.letters.tables.letters.size, 1)
    await process.close()
    await others.close()
  })

  test('is not given up because its process was killed from outside, however often', async () => {
    const system = await supplied()
    const ids = ['first', ...samePartition('first')]
    await system.append(...ids.map((orderId) => placed(orderId)))
    // Every life ends while some record is tried, and never twice in a row at the same.
    for (let lives = 1; lives <= 4; lives += 1) {
      let passed = 0
      const process = await system.run({
        names: ['stock-step'],
        dies(point) {
          if (point.startsWith('record ')) passed += 1
          return passed === 2
        },
      })
      await system.pass(500)
      assert.ok(process.isDead())
      await process.close()
    }
    const process = await system.run()
    await system.pass(3_000)
    assert.equal(system.stores.letters.tables.letters.size, 0)
    for (const orderId of ids) assert.equal(statusOf(system, orderId), 'confirmed')
    await process.close()
  })

  test('that kills the process is given up after three deaths, and the others pass it', async () => {
    const system = await supplied()
    const innocent = samePartition('evil')
    let deaths = 0
    const dies = (point: string) => {
      if (point !== 'record evil') return false
      deaths += 1
      return true
    }
    await system.append(placed('evil'), ...innocent.map((orderId) => placed(orderId)))
    for (let lives = 0; lives < 10; lives += 1) {
      const process = await system.run({ names: ['stock-step'], dies })
      await system.pass(500)
      await process.close()
      if (!process.isDead()) break
    }
    assert.equal(deaths, 3)
    const process = await system.run()
    await system.pass(500)
    const { letters } = system.stores.letters.tables
    assert.deepEqual(
      [...letters.values()].map(({ key, reason }) => [key, reason]),
      [['evil', 'processes died of it, the last two while they tried it alone']],
    )
    for (const orderId of innocent) assert.equal(statusOf(system, orderId), 'confirmed')
    await process.close()
  })
})

describe('a consumer', () => {
  test('publishes nothing again that it published a while before it died', async () => {
    const system = await supplied()
    const process = await system.run()
    await system.append(placed('good'))
    await system.pass(settleAfterMs + 2_000)
    await process.kill()
    const next = await system.run()
    await system.pass(1_000)
    assert.equal(countsOf(system, orderStepsTopic), 3)
    await next.close()
  })

  test('stores at its rest what it published, also where a start read it again late', async () => {
    const system = await supplied()
    const process = await system.run()
    const topUp = { type: 'wallet.topped_up', userId: 'bob', amount: 5, by } as const
    await system.append(placed('good'), { ...topUp, commandId: 'bob' })
    // Dead before its first rest: nothing says yet that all was published.
    await system.pass(300)
    await process.kill()
    let isLate = true
    const late = await system.run({ readsLate: () => isLate })
    await system.append(placed('other'))
    await system.pass(3_000)
    isLate = false
    await system.pass(settleAfterMs + 5_000)
    const { coupons, stock, payment, orders } = system.stores
    for (const store of [coupons, stock, payment, orders]) {
      for (const { topic, next, published } of await store.positions()) {
        assert.equal(published, next, topic)
      }
    }
    await late.close()
  })

  test('writes nothing once another has moved its positions', async () => {
    const system = await supplied()
    const first = await system.run({ names: ['stock-step'] })
    await system.append(placed('one'))
    await system.pass(100)
    const { stock } = system.stores
    const partition = partitionFor('one', 4)
    const taken = stock.taken(ordersTopic, partition)
    // Another owner has taken the next record.
    await system.append(placed(samePartition('one')[0] ?? ''))
    const move = { topic: ordersTopic, partition, next: 2, published: 2, tries: 0 }
    await stock.transact(
      { checks: [], wanted: { orderIds: [], productIds: [], commands: [] } },
      () => ({
        changes: { rows: [], products: [], commands: [] },
        moves: [{ ...move, taken: { ...taken, applied: 1, dropped: 0 } }],
        result: 'moved',
      }),
    )
    await system.pass(2_000)
    assert.equal(stock.tables.rows.size, 1)
    assert.equal(countsOf(system, orderStepsTopic), 1)
    assert.deepEqual(system.errors, [])
    await first.close()
  })

  test('accounts for every record, and tells lag tools nothing that is not so', async () => {
    const system = await supplied()
    const process = await system.run()
    for (let n = 0; n < 30; n += 1) await system.append(placed(`order-${n}`))
    await system.pass(1_000)
    const { coupons, stock, payment, orders } = system.stores
    for (const store of [coupons, stock, payment, orders]) {
      system.log.records(ordersTopic).forEach((records, partition) => {
        const taken = Object.values(store.taken(ordersTopic, partition))
        assert.equal(
          taken.reduce((sum, count) => sum + count, 0),
          records.length,
        )
      })
    }
    await process.close()
  })
})

/** Order ids in the partition of `orderId`. */
function samePartition(orderId: string): string[] {
  const partition = partitionFor(orderId, 4)
  const ids = Array.from({ length: 40 }, (_, n) => `other-${n}`)
  return ids.filter((id) => partitionFor(id, 4) === partition).slice(0, 5)
}

function pickCounts(product: { available: number; held: number; sold: number } | undefined) {
  assert.ok(product !== undefined)
  const { available, held, sold } = product
  return { available, held, sold }
}

// The coupon step and the payment step as consumers, over the memory log and a clock of the
// test's own: what waits goes through the retry topics, others pass it, and everything ends.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type VirtualClock, virtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import { createCouponStepStoreMemory } from '../../src/adapters/memory/consumer-stores.ts'
import { type MemoryLog, openLogMemory } from '../../src/adapters/memory/log.ts'
import {
  createPaymentStepStoreMemory,
  createWalletStoreMemory,
} from '../../src/adapters/memory/payment-stores.ts'
import { type Consumer, startConsumer } from '../../src/consumer/consumer.ts'
import {
  type OrderMessage,
  orderStepsTopic,
  ordersTopic,
  productsTopic,
  type WalletMessage,
  walletsTopic,
} from '../../src/domain/orders/messages.ts'
import { entryOf, topicOf } from '../../src/domain/orders/records.ts'
import { deadLettersTopic, readRetryNote, retryTopics } from '../../src/domain/orders/retries.ts'
import { createCouponStep } from '../../src/orders/coupon-step.ts'
import { createPaymentStep } from '../../src/orders/payment-step.ts'
import { createWallet } from '../../src/orders/wallet.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Payments } from '../../src/ports/payments.ts'
import { machineThatLeaps } from './leaps.ts'
import { seededRandom } from './random.ts'

const partitions = 2
const [retriesTopic] = retryTopics
const topics = Object.fromEntries(
  [ordersTopic, orderStepsTopic, productsTopic, walletsTopic, deadLettersTopic, ...retryTopics].map(
    (topic) => [topic, partitions],
  ),
)

type World = {
  clock: VirtualClock
  /** A wall clock that is set now and then. */
  machine(): Clock
  log: MemoryLog
  say(...messages: (OrderMessage | WalletMessage)[]): Promise<void>
  /** In the order in which they were said, and without repetitions. */
  replies(): string[]
  letters(): { orderId: string; reason: string; attempts: number }[]
  countOf(topic: string): number
}

function createWorld(): World {
  const clock = virtualClock(1_000)
  const random = seededRandom(Number(process.env['SEED'] ?? 1))
  const machine = () => machineThatLeaps({ clock, random, withinMs: 10_000 })
  const log = openLogMemory({ topics, clock: machine() })
  const recordsOf = (topic: string) => log.records(topic).flat()
  return {
    clock,
    machine,
    log,
    async say(...messages) {
      for (const message of messages) await log.append(topicOf(message), [entryOf(message)])
    },
    replies() {
      const records = recordsOf(orderStepsTopic)
      return [...new Set(records.map(({ headers }) => headers?.ce_id ?? ''))]
    },
    letters() {
      return recordsOf(deadLettersTopic).map(({ value }) => {
        const letter = JSON.parse(value.toString())
        const { key: orderId, reason, attempts } = letter
        return { orderId, reason, attempts }
      })
    },
    countOf: (topic) => recordsOf(topic).length,
  }
}

function failing(error: unknown): void {
  throw error
}

async function close(clock: VirtualClock, consumer: Consumer): Promise<void> {
  const closing = consumer.close()
  await clock.runUntil(clock.now() + 5_000)
  await closing
}

describe('The coupon step, where the issuer is behind', () => {
  function placed(orderId: string, userId: string): OrderMessage {
    const lines = [{ productId: 'tea', quantity: 1 }]
    const coupon = { couponId: 'spring', partition: 0, offset: 0 }
    return { type: 'order.placed', orderId, userId, lines, coupon, timeLimitMs: 60_000 }
  }

  it('waits for as long as it takes, without an attempt, and lets the others pass', async () => {
    const { clock, machine, log, say, replies, letters, countOf } = createWorld()
    const store = createCouponStepStoreMemory()
    const { issued, issuerNext } = store.tables
    const work = createCouponStep(store)
    const consumer = await startConsumer({ work, log, clock: machine(), onError: failing })
    issued.set('spring bob', {})
    await say(placed('a', 'ann'), placed('b', 'bob'), placed('c', 'cat'))
    await clock.runUntil(1_900)
    assert.deepEqual(replies(), ['coupon.used/b'])
    issued.set('spring ann', {})
    await clock.runUntil(1_950)
    assert.deepEqual(replies(), ['coupon.used/b', 'coupon.used/a'])
    await clock.runUntil(30_000)
    assert.deepEqual(letters(), [])
    assert.deepEqual(replies(), ['coupon.used/b', 'coupon.used/a'])
    issuerNext.set(0, 1)
    await clock.runUntil(30_100)
    assert.equal(replies().at(-1), 'coupon.refused/c')
    assert.equal(countOf(retriesTopic), 0)
    await close(clock, consumer)
  })
})

describe('The payment step', () => {
  const orderIds = Array.from({ length: 40 }, (_, n) => `order-${n}`)

  function due(orderId: string, total = 10): OrderMessage {
    const sums = { subtotal: total, discount: 0, total }
    return { type: 'order.payment_due', orderId, userId: 'ann', ...sums }
  }
  function cancelled(orderId: string): OrderMessage {
    return { type: 'order.cancelled', orderId, reason: 'timed_out' }
  }
  const topUp: WalletMessage = {
    type: 'wallet.topped_up',
    userId: 'ann',
    amount: 1_000,
    by: 'op',
    commandId: 'one',
  }

  /** The built-in wallet behind a provider that is down until it is told to be up. */
  async function startStep(world: World) {
    const { clock, machine, log } = world
    const store = createPaymentStepStoreMemory()
    const wallet = createWallet(createWalletStoreMemory(store.tables))
    let isUp = true
    const payments: Payments = {
      async ask(questions, withinMs) {
        if (isUp) return wallet.ask(questions, withinMs)
        await new Promise<void>((resolve) => clock.after(withinMs, resolve))
        return questions.map(() => ({ kind: 'failed', reason: 'the provider is down' }))
      },
      limits: { questionsPerCallMax: 1, callsAtOnceMax: 64, answerMsMax: 4_000 },
      async close() {},
    }
    const work = createPaymentStep(store, payments)
    const consumer = await startConsumer({ work, log, clock: machine(), onError: failing })
    const setUp = (up: boolean) => void (isUp = up)
    return { store, setUp, close: () => close(clock, consumer) }
  }

  it('lets orders wait in the retry topics while the provider is down, and all end', async () => {
    const world = createWorld()
    const { clock, say, replies, letters, countOf } = world
    const { store, setUp, close: stop } = await startStep(world)
    await say(topUp)
    await clock.runUntil(1_100)
    setUp(false)
    await say(...orderIds.map((orderId) => due(orderId)))
    await clock.runUntil(5_500)
    // Nothing is asked for these, and those that wait hold them up no longer.
    await say(due('free', 0), cancelled('gone'))
    await clock.runUntil(5_501)
    assert.deepEqual(replies(), ['payment.captured/free'])
    assert.equal(countOf(retriesTopic), orderIds.length)
    await say(...orderIds.slice(0, 10).map(cancelled))
    setUp(true)
    await clock.runUntil(30_000)
    const captured = orderIds.slice(10).map((orderId) => `payment.captured/${orderId}`)
    assert.deepEqual(replies().slice(1).sort(), captured.sort())
    assert.deepEqual(letters(), [])
    assert.equal(store.tables.balances.get('ann'), 1_000 - 300)
    const statuses = [...store.tables.rows.values()].map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 'cancelled').length, 11)
    assert.equal(statuses.filter((status) => status === 'captured').length, 31)
    await stop()
  })

  it('gives up what a provider that stays down was asked, and counts every record', async () => {
    const world = createWorld()
    const { clock, log, say, replies, letters } = world
    const { store, setUp, close: stop } = await startStep(world)
    await say(topUp)
    await clock.runUntil(1_100)
    setUp(false)
    await say(...orderIds.map((orderId) => due(orderId)))
    await clock.runUntil(40_000)
    assert.deepEqual(replies(), [])
    const buried = letters()
    assert.deepEqual(buried.map(({ orderId }) => orderId).sort(), orderIds.toSorted())
    assert.ok(buried.every(({ reason }) => reason === 'the provider is down'))
    setUp(true)
    await say(...orderIds.slice(0, 20).map((orderId) => due(orderId)))
    await say(...orderIds.slice(20).map(cancelled))
    await clock.runUntil(50_000)
    assert.equal(replies().length, 20)
    assert.equal(store.tables.balances.get('ann'), 1_000 - 200)
    for (const topic of [ordersTopic, walletsTopic, ...retryTopics]) {
      log.records(topic).forEach((records, partition) => {
        const taken = store.taken(topic, partition)
        const sum = Object.values(taken).reduce((total, count) => total + count, 0)
        assert.equal(sum, records.length, `${topic} ${partition}`)
      })
    }
    for (const { headers } of log.records(retriesTopic).flat()) {
      assert.equal(readRetryNote(headers ?? {})?.consumer, 'payment-step')
    }
    await stop()
  })
})

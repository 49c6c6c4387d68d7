// The real consumers of orders on the memory log and memory stores, which outlive them: they may be
// killed at a crash point, after which nothing of theirs reaches the log or a store any more, and
// started again. Time is virtual; the wall clocks of the log and of each process are set now and
// then, in both directions.

import { virtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import {
  type CouponStepTables,
  createCouponStepStoreMemory,
  createDeadLetterStoreMemory,
  createOrderStoreMemory,
  createStockStepStoreMemory,
} from '../../src/adapters/memory/consumer-stores.ts'
import { type MemoryLog, openLogMemory } from '../../src/adapters/memory/log.ts'
import {
  createPaymentStepStoreMemory,
  createWalletStoreMemory,
} from '../../src/adapters/memory/payment-stores.ts'
import { type Consumer, startConsumer } from '../../src/consumer/consumer.ts'
import type { AnyWork } from '../../src/consumer/consumer-work.ts'
import type { OrdersRecord } from '../../src/domain/orders/messages.ts'
import { entryOf, topicOf } from '../../src/domain/orders/records.ts'
import { crashingConsumer, crashingPayments } from '../../src/main/roles/crash-points.ts'
import { embeddedTopics } from '../../src/main/roles/topics.ts'
import { createCouponStep } from '../../src/orders/coupon-step.ts'
import { createDeadLetterWork } from '../../src/orders/dead-letters.ts'
import { createOrderProcess } from '../../src/orders/order-process.ts'
import { createPaymentStep } from '../../src/orders/payment-step.ts'
import { createStockStep } from '../../src/orders/stock-step.ts'
import { createWallet } from '../../src/orders/wallet.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Log, Membership, Tail, TailOptions } from '../../src/ports/log.ts'
import { type ConsumerName, consumerNames } from '../../src/ports/orders.ts'
import type { Payments } from '../../src/ports/payments.ts'
import { machineThatLeaps } from '../simulation/leaps.ts'
import { seededRandom } from '../simulation/random.ts'

export type OrdersSystem = ReturnType<typeof createOrdersSystem>
export type RunOptions = {
  names?: readonly ConsumerName[]
  /** Called at every crash point that is passed; true: the process dies there. */
  dies?: (point: string) => boolean
  payments?: Payments
  /** Absent: one of its own, which is set now and then. */
  wallClock?: Clock
  /** While it says so nothing is read of the partition. */
  readsLate?: ReadsLate
}
type ReadsLate = (topic: string, partition: number) => boolean
export type Process = {
  isDead(): boolean
  /** At this moment, wherever it is. */
  kill(): Promise<void>
  /** A clean stop, unless it is dead. */
  close(): Promise<void>
}

/** Within which a wall clock is set: most worlds are at rest by then. */
const leapsWithinMs = 20_000

export function createOrdersSystem(start = 1_000_000, random = seededRandom(start)) {
  const clock = virtualClock(start)
  const machine = () => machineThatLeaps({ clock, random, withinMs: leapsWithinMs })
  const log = openLogMemory({ topics: embeddedTopics, clock: machine() })
  const coupons = createCouponStepStoreMemory()
  const stock = createStockStepStoreMemory()
  const payment = createPaymentStepStoreMemory()
  const orders = createOrderStoreMemory()
  const letters = createDeadLetterStoreMemory()
  const wallet = createWalletStoreMemory(payment.tables)
  const stores = { coupons, stock, payment, orders, letters, wallet }
  const errors: unknown[] = []

  /** Each partition by itself, so that one that is late holds up no other. */
  function tailLate(tailing: TailOptions, readsLate: ReadsLate): Tail {
    const tails = [...tailing.from].map(([partition, offset]): [number, Tail] => {
      const isLate = () => readsLate(tailing.topic, partition)
      const tail = log.tail({
        ...tailing,
        from: new Map([[partition, offset]]),
        async onBatch(batch) {
          while (isLate()) await new Promise<void>((resolve) => clock.after(100, resolve))
          return tailing.onBatch(batch)
        },
      })
      return [partition, tail]
    })
    const byPartition = new Map(tails)
    return {
      lastReadAt: (partition) => byPartition.get(partition)?.lastReadAt(partition) ?? 0,
      async close() {
        await Promise.all(tails.map(([, tail]) => tail.close()))
      },
    }
  }

  async function run(options: RunOptions = {}): Promise<Process> {
    const { names = consumerNames, dies, payments, readsLate } = options
    const own = options.wallClock ?? machine()
    const life = createLife(dies)
    const alive = <Store extends object>(store: Store) => life.mortal(store)
    const memberships: Membership[] = []
    const joining: Log = {
      ...log,
      tail: readsLate === undefined ? log.tail : (tailing) => tailLate(tailing, readsLate),
      async join(joined) {
        const membership = await log.join(joined)
        memberships.push(membership)
        return membership
      },
    }
    const mortalLog = life.mortal(joining)
    const topUps = { log: mortalLog, store: alive(payment) }
    const built = payments ?? createWallet(alive(wallet), topUps)
    const provider = crashingPayments(built, life.crashPoint)
    const onError = (error: unknown) => void errors.push(error)
    const works: Record<ConsumerName, () => AnyWork> = {
      'order-process': () => createOrderProcess({ clock: own, store: alive(orders) }),
      'coupon-step': () => createCouponStep(alive(coupons)),
      'stock-step': () => createStockStep({ store: alive(stock), log: mortalLog }),
      'payment-step': () => {
        const capturesItself = payments === undefined
        return createPaymentStep(alive(payment), provider, { capturesItself })
      },
      'dead-letters': () => createDeadLetterWork(alive(letters)),
    }
    const startOne = (name: ConsumerName) => {
      const parts = crashingConsumer({ work: works[name](), log: mortalLog }, life.crashPoint)
      return startConsumer({ ...parts, clock: own, onError })
    }
    const running: Consumer[] = []
    for (const name of names) running.push(await startOne(name))
    async function kill(): Promise<void> {
      life.end()
      // The group notices that a member is dead.
      await Promise.all(memberships.map((membership) => membership.leave()))
    }
    return {
      isDead: life.isOver,
      kill,
      async close() {
        if (!life.isOver()) await Promise.all(running.map((consumer) => consumer.close()))
        await kill()
      },
    }
  }

  return {
    clock,
    log,
    stores,
    errors,
    run,
    /** As the API or a step would. */
    append: (...messages: readonly OrdersRecord[]) => appendAll(log, messages),
    pass: (ms: number) => clock.runUntil(clock.now() + ms),
    /** What the issuer has written. */
    issued: (of: CouponStepTables['issued']) => Object.assign(coupons.tables, { issued: of }),
  }
}

export async function appendAll(log: MemoryLog, messages: readonly OrdersRecord[]): Promise<void> {
  for (const message of messages) await log.append(topicOf(message), [entryOf(message)])
}

/** After its end every call stands still for ever, as those of a killed process do. */
function createLife(dies: ((point: string) => boolean) | undefined) {
  let over = false
  const never = new Promise<never>(() => {})

  class Death extends Error {}

  function mortal<Parts extends object>(parts: Parts): Parts {
    return new Proxy(parts, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          if (over) return never
          const mine = given.map((one) => (typeof one === 'function' ? guarded(one) : one))
          return (value as (...args: unknown[]) => unknown).apply(target, mine.map(guardOptions))
        }
      },
    })
  }

  /** What is called back after the end is not called. */
  function guarded(call: unknown) {
    return (...given: unknown[]) => {
      if (over) return never
      return (call as (...args: unknown[]) => unknown)(...given)
    }
  }

  function guardOptions(given: unknown): unknown {
    if (typeof given !== 'object' || given === null || !('onBatch' in given)) return given
    return { ...given, onBatch: guarded(given.onBatch) }
  }

  return {
    mortal,
    isOver: () => over,
    end: () => {
      over = true
    },
    crashPoint(point: string): void {
      if (over || dies?.(point) !== true) return
      over = true
      throw new Death(`killed at ${point}`)
    },
  }
}

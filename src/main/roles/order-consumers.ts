// The consumers of orders on whatever log and database they are given. Both profiles start them
// here, so that both take the same paths. And their rows, restored from the log: at each start of
// the embedded profile, where SQL is never synced and may be dropped, and by `firstcome rebuild`.
// Never while they run.

import type { Database } from '../../adapters/database/database.ts'
import { withJointTransactions } from '../../adapters/database/joint-transactions.ts'
import { withJointAppends } from '../../adapters/joint-appends.ts'
import { createCouponStepStoreSql } from '../../adapters/stores/coupon-step.ts'
import { createDeadLetterStoreSql } from '../../adapters/stores/dead-letters.ts'
import { createOrderStoreSql } from '../../adapters/stores/order-process.ts'
import {
  createPaymentStepStoreSql,
  createWalletStoreSql,
} from '../../adapters/stores/payment-step.ts'
import { createStockStepStoreSql } from '../../adapters/stores/stock-step.ts'
import type { PaymentSettings } from '../../config/settings.ts'
import { type Consumer, startConsumer } from '../../consumer/consumer.ts'
import { type ConsumerMetrics, createConsumerMetrics } from '../../consumer/consumer-metrics.ts'
import type { AnyWork } from '../../consumer/consumer-work.ts'
import { isLive } from '../../domain/orders/process.ts'
import { createCouponStep } from '../../orders/coupon-step.ts'
import { createDeadLetterWork } from '../../orders/dead-letters.ts'
import { createOrderProcess } from '../../orders/order-process.ts'
import { createPaymentStep } from '../../orders/payment-step.ts'
import { type RestoredOrders, restoreOrders } from '../../orders/restore/restore-orders.ts'
import { createStockStep } from '../../orders/stock-step.ts'
import { createWallet } from '../../orders/wallet.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { LogEnds } from '../../ports/log-ends.ts'
import {
  type ConsumerName,
  type CouponChanges,
  consumerNames,
  type OrderChange,
  type StoredRedemptions,
} from '../../ports/orders.ts'
import type { Payments } from '../../ports/payments.ts'
import { crashingConsumer, crashingOrderStore, crashingPayments } from './crash-points.ts'
import type { Stops } from './stops.ts'
import type { Faults } from './test-faults.ts'

export type OrderConsumersParts = {
  log: Log
  database: Database
  clock: Clock
  /** Absent: the built-in wallet. */
  payment?: PaymentSettings | undefined
  /** Absent: all of them. */
  only?: ConsumerName | undefined
  crashPoint: Faults['crashPoint']
  metrics: ConsumerMetrics
  /** Where those that run are kept, for the metrics. */
  running: Map<ConsumerName, Consumer>
  /** To be told of redemptions, and of ends of orders, as soon as they are committed. */
  onStored?: ((stored: StoredRedemptions) => void) | undefined
  onError(error: unknown): void
}

export async function startOrderConsumers(given: OrderConsumersParts, stops: Stops): Promise<void> {
  const { clock } = given
  const database = withJointTransactions(given.database, clock)
  const parts = { ...given, database, log: withJointAppends(given.log, clock) }
  for (const name of namesOf(parts.only)) {
    const consumer = await startOne(name, parts, stops)
    parts.running.set(name, consumer)
    stops.defer(() => consumer.close())
  }
}

function namesOf(only: ConsumerName | undefined): readonly ConsumerName[] {
  return only === undefined ? consumerNames : [only]
}

/** What each of them keeps in SQL. */
export function createOrderStores(database: Database) {
  return {
    orders: createOrderStoreSql(database),
    coupons: createCouponStepStoreSql(database),
    stock: createStockStepStoreSql(database),
    payments: createPaymentStepStoreSql(database),
    letters: createDeadLetterStoreSql(database),
  }
}

/** Of consumers that are still to be started. */
export function newConsumerMetrics(
  ends: () => LogEnds | null,
  only?: ConsumerName,
): Pick<OrderConsumersParts, 'metrics' | 'running'> {
  const running = new Map<ConsumerName, Consumer>()
  const names = namesOf(only)
  return { metrics: createConsumerMetrics({ names, consumers: () => running, ends }), running }
}

async function startOne(
  name: ConsumerName,
  parts: OrderConsumersParts,
  stops: Stops,
): Promise<Consumer> {
  const { log, clock, crashPoint, metrics, onError } = parts
  const work = telling(await workOf(name, parts, stops), parts.onStored)
  const common = { clock, observe: metrics.observer(name), onError }
  if (crashPoint === undefined) return startConsumer({ ...common, work, log })
  return startConsumer({ ...common, ...crashingConsumer({ work, log }, crashPoint) })
}

async function workOf(
  name: ConsumerName,
  parts: OrderConsumersParts,
  stops: Stops,
): Promise<AnyWork> {
  const { database, log, clock, crashPoint } = parts
  const stores = createOrderStores(database)
  switch (name) {
    case 'order-process': {
      const crashing = crashPoint && crashingOrderStore(stores.orders, crashPoint)
      return createOrderProcess({ store: crashing ?? stores.orders, clock })
    }
    case 'coupon-step':
      return createCouponStep(stores.coupons)
    case 'stock-step':
      return createStockStep({ store: stores.stock, log })
    case 'payment-step': {
      const payments = await openPayments(parts)
      stops.defer(() => payments.close())
      const crashing = crashPoint && crashingPayments(payments, crashPoint)
      const capturesItself = parts.payment === undefined
      return createPaymentStep(stores.payments, crashing ?? payments, { capturesItself })
    }
    case 'dead-letters':
      return createDeadLetterWork(stores.letters)
  }
}

/** Of what the order process and the coupon step have committed; all others say nothing of it. */
function telling(work: AnyWork, tell: OrderConsumersParts['onStored']): AnyWork {
  const storedOf = work.name === 'order-process' ? storedByProcess : storedByCouponStep
  if (tell === undefined || !['order-process', 'coupon-step'].includes(work.name)) return work
  return {
    ...work,
    stored(changes) {
      work.stored?.(changes)
      const stored = storedOf(changes as OrderChange[] & CouponChanges)
      if (stored.orders.length + stored.spent.length > 0) tell(stored)
    },
  }
}

function storedByProcess(changes: readonly OrderChange[]): StoredRedemptions {
  const orders = changes.flatMap(({ state }) => {
    if (state.status === 'awaited') return []
    return state.redemption !== undefined || !isLive(state) ? [state] : []
  })
  return { orders, spent: [] }
}

function storedByCouponStep({ effects }: Pick<CouponChanges, 'effects'>): StoredRedemptions {
  const spent = effects.flatMap(({ kind, use }) => (kind === 'keep' ? [use.orderId] : []))
  return { orders: [], spent }
}

async function openPayments(parts: OrderConsumersParts): Promise<Payments> {
  const { payment, database, clock, log } = parts
  if (payment === undefined) {
    const topUps = { log, store: createPaymentStepStoreSql(database) }
    return createWallet(createWalletStoreSql(database), topUps)
  }
  // Its HTTP client is loaded where it is used: it takes a tenth of a second.
  const { createPaymentsHttp } = await import('../../adapters/payments-http.ts')
  return createPaymentsHttp({ ...payment, clock })
}

/** Without `payment` the built-in wallet is restored as well. */
type RestoreParts = Pick<OrderConsumersParts, 'log' | 'database' | 'payment'>

/** Null where nothing was lost. */
export function restoreOrderRows(parts: RestoreParts): Promise<RestoredOrders | null> {
  const { log, database, payment } = parts
  const wallet = payment === undefined ? createWalletStoreSql(database) : null
  return restoreOrders({ log, stores: { ...createOrderStores(database), wallet } })
}

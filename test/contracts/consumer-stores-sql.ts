// Runs the contracts of all SQL stores of the consumers of orders, and of the reader that the API
// has of them, on tables that are emptied for each test.

import type { Database } from '../../src/adapters/database/database.ts'
import { createCouponStepStoreSql } from '../../src/adapters/stores/coupon-step.ts'
import { createDeadLetterStoreSql } from '../../src/adapters/stores/dead-letters.ts'
import { createOrderStoreSql } from '../../src/adapters/stores/order-process.ts'
import { createOrdersReaderSql } from '../../src/adapters/stores/orders-reader.ts'
import { createPaymentStepStoreSql } from '../../src/adapters/stores/payment-step.ts'
import { createStockStepStoreSql } from '../../src/adapters/stores/stock-step.ts'
import type { Taken } from '../../src/ports/orders.ts'
import { consumerStoreContract } from './consumer-store.ts'
import { deadLetterStoreContract } from './dead-letter-store.ts'
import { orderStoreContract } from './order-store.ts'
import { emptyOrderTables, fillOrders, ordersReaderContract } from './orders-reader.ts'
import { paymentContract } from './payment-step-store.ts'
import { couponStepContract } from './step-stores.ts'
import { openCouponStepSql, openPaymentSql } from './step-stores-sql.ts'
import { stockConstraints, stockStepContract } from './stock-step-store.ts'

const close = async () => {}
/** Transactions about nothing but positions. */
export const noStock = {
  wanted: { orderIds: [], productIds: [], commands: [] },
  changes: { rows: [], products: [], commands: [] },
}
export const noOrders = { wanted: { orderIds: [] }, changes: [] }

export function consumerStoreContractsSql(name: string, on: () => Database): void {
  const emptied = async (schema: string, tables: readonly string[]) => {
    const all = ['consumer_positions', ...tables].map((table) => `${schema}.${table}`)
    await on().script(`truncate ${all.join(', ')}`)
    return { database: on(), taken: takenIn(on(), schema), close }
  }
  const stock = async () => {
    const { database, ...rest } = await emptied('stock', ['orders', 'products', 'commands'])
    return { store: createStockStepStoreSql(database), ...noStock, ...rest }
  }
  const orders = async () => {
    const { database, ...rest } = await emptied('orders', ['orders'])
    return { store: createOrderStoreSql(database), ...noOrders, ...rest }
  }
  consumerStoreContract(`the stock step's, ${name}`, stock)
  consumerStoreContract(`the order process's, ${name}`, orders)
  consumerStoreContract(`the coupon step's, ${name}`, async () => {
    const { database, ...rest } = await emptied('coupons', [])
    const nothing = { wanted: { orderIds: [], coupons: [] }, changes: { rows: [], effects: [] } }
    return { store: createCouponStepStoreSql(database), ...nothing, ...rest }
  })
  consumerStoreContract(`the payment step's, ${name}`, async () => {
    const { database, ...rest } = await emptied('payments', [])
    const wanted = { orderIds: [], userIds: [], commands: [] }
    const changes = { rows: [], balances: new Map<string, number>(), commands: [] }
    return { store: createPaymentStepStoreSql(database), wanted, changes, ...rest }
  })
  consumerStoreContract(`the dead letters', ${name}`, async () => {
    const { database, ...rest } = await emptied('dead_letters', [])
    const nothing = { wanted: { ids: [], commands: [] }, changes: { letters: [], commands: [] } }
    return { store: createDeadLetterStoreSql(database), ...nothing, ...rest }
  })
  stockStepContract(name, stock)
  stockConstraints(name, stock)
  orderStoreContract(name, orders)
  couponStepContract(name, () => openCouponStepSql(on()))
  paymentContract(name, () => openPaymentSql(on()))
  deadLetterStoreContract(name, async () => {
    const { database } = await emptied('dead_letters', ['letters', 'commands'])
    return createDeadLetterStoreSql(database)
  })
  ordersReaderContract(name, async () => {
    await on().script(emptyOrderTables)
    await fillOrders(on())
    return createOrdersReaderSql(on())
  })
}

function takenIn(database: Database, schema: string) {
  return async (topic: string, partition: number): Promise<Taken> => {
    const text =
      'select applied, dropped, postponed, buried, passed_by ' +
      `from ${schema}.consumer_positions where topic = $1 and partition = $2`
    const { rows } = await database.query({ name: `${schema}.taken`, text }, [topic, partition])
    const [applied, dropped, postponed, buried, passedBy] = (rows[0] ?? []).map(Number)
    return { applied, dropped, postponed, buried, passedBy } as Taken
  }
}

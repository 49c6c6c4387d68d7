// Restores the rows of orders from the log: at each start of the embedded profile, where SQL is
// never synced and may be dropped, and by `firstcome rebuild`. Never while their consumers run.

import type { Database } from '../../adapters/database/database.ts'
import { createCouponStepStoreSql } from '../../adapters/stores/coupon-step.ts'
import { createDeadLetterStoreSql } from '../../adapters/stores/dead-letters.ts'
import { createOrderStoreSql } from '../../adapters/stores/order-process.ts'
import { createPaymentStepStoreSql } from '../../adapters/stores/payment-step.ts'
import { createStockStepStoreSql } from '../../adapters/stores/stock-step.ts'
import { createWalletStoreSql } from '../../adapters/stores/wallet.ts'
import type { PaymentSettings } from '../../config/settings.ts'
import { orderStepsTopic } from '../../domain/orders/messages.ts'
import { type RestoredOrders, restoreOrders } from '../../orders/restore/restore-orders.ts'
import type { Log } from '../../ports/log.ts'

export type OrderRestoreParts = {
  log: Log
  database: Database
  /** Absent: the built-in wallet, which is restored as well. */
  payment?: PaymentSettings | undefined
}

/** Null where nothing was lost. */
export function restoreOrderRows(parts: OrderRestoreParts): Promise<RestoredOrders | null> {
  const { log, database, payment } = parts
  const stores = {
    orders: createOrderStoreSql(database),
    coupons: createCouponStepStoreSql(database),
    stock: createStockStepStoreSql(database),
    payments: createPaymentStepStoreSql(database),
    letters: createDeadLetterStoreSql(database),
    wallet: payment === undefined ? createWalletStoreSql(database) : null,
  }
  return restoreOrders({ log, stores })
}

/**
 * Whether orders have gone through the log and no consumer has a row of its own: SQL is another one
 * or was emptied. Consumers that start now would decide anew what has been decided.
 */
export async function areOrderRowsLost({ log, database }: OrderRestoreParts): Promise<boolean> {
  const bounds = await log.bounds(orderStepsTopic)
  if (bounds.every(({ start, end }) => start === end)) return false
  for (const createStore of [
    createOrderStoreSql,
    createCouponStepStoreSql,
    createStockStepStoreSql,
    createPaymentStepStoreSql,
  ]) {
    if ((await createStore(database).positions()).length > 0) return false
  }
  return true
}

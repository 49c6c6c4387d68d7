// Restores the rows of orders from the log in the embedded profile, where SQL is never synced and
// may be dropped. To be called before the consumers of orders start. The distributed profile has no
// use for it: PostgreSQL keeps what it has committed.

import { createCouponStepStoreSql } from '../adapters/coupon-step-store-sql.ts'
import type { Database } from '../adapters/database.ts'
import { createDeadLetterStoreSql } from '../adapters/dead-letter-store-sql.ts'
import { createOrderStoreSql } from '../adapters/order-store-sql.ts'
import { createPaymentStepStoreSql } from '../adapters/payment-step-store-sql.ts'
import { createStockStepStoreSql } from '../adapters/stock-step-store-sql.ts'
import { createWalletStoreSql } from '../adapters/wallet-store-sql.ts'
import type { PaymentSettings } from '../config.ts'
import type { Log } from '../ports.ts'
import { type RestoredOrders, restoreOrders } from '../services/orders/restore.ts'

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

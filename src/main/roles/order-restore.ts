// Restores the rows of orders from the log: at each start of the embedded profile, where SQL is
// never synced and may be dropped, and by `firstcome rebuild`. Never while their consumers run.

import type { Database } from '../../adapters/database/database.ts'
import { createWalletStoreSql } from '../../adapters/stores/wallet.ts'
import type { PaymentSettings } from '../../config/settings.ts'
import { orderStepsTopic } from '../../domain/orders/messages.ts'
import { type RestoredOrders, restoreOrders } from '../../orders/restore/restore-orders.ts'
import type { Log } from '../../ports/log.ts'
import { createOrderStores } from './order-consumers.ts'

type OrderRestoreParts = {
  log: Log
  database: Database
  /** Absent: the built-in wallet, which is restored as well. */
  payment?: PaymentSettings | undefined
}

/** Null where nothing was lost. */
export function restoreOrderRows(parts: OrderRestoreParts): Promise<RestoredOrders | null> {
  const { log, database, payment } = parts
  const wallet = payment === undefined ? createWalletStoreSql(database) : null
  return restoreOrders({ log, stores: { ...createOrderStores(database), wallet } })
}

/**
 * Whether orders have gone through the log and no consumer has a row of its own: SQL is another one
 * or was emptied. Consumers that start now would decide anew what has been decided.
 */
export async function areOrderRowsLost({ log, database }: OrderRestoreParts): Promise<boolean> {
  const bounds = await log.bounds(orderStepsTopic)
  if (bounds.every(({ start, end }) => start === end)) return false
  const { orders, coupons, stock, payments } = createOrderStores(database)
  for (const store of [orders, coupons, stock, payments]) {
    if ((await store.positions()).length > 0) return false
  }
  return true
}

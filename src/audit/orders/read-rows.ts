// The rows of the consumers of orders, read page by page into memory: some hundred bytes for each
// order. They are read before the log is, so that it says all that they were made from.

import type { CouponRow, PaymentRow, Product, StockRow } from '../../domain/orders/state.ts'
import {
  type AuditedPosition,
  type AuditedRows,
  type AuditedStepRow,
  type AuditedTable,
  type AuditKey,
  commandKey,
  type DoneCommand,
  type OrdersAuditReader,
  type OrdersAuditSource,
} from '../../ports/orders.ts'

export type OrdersRows = {
  oneMoment: boolean
  positions: AuditedPosition[]
  orders: Map<string, AuditedRows['orders']>
  couponRows: Map<string, AuditedStepRow<CouponRow>>
  stockRows: Map<string, AuditedStepRow<StockRow>>
  paymentRows: Map<string, AuditedStepRow<PaymentRow>>
  /** By order. */
  uses: Map<string, AuditedRows['uses']>
  products: Map<string, Product>
  balances: Map<string, number>
  /** By order. */
  charges: Map<string, AuditedRows['charges']>
  /** By `commandKey`. */
  stockCommands: Map<string, DoneCommand>
  paymentCommands: Map<string, DoneCommand>
  letters: Map<string, AuditedRows['letters']>
}

/** A service answers a page in a few MB: a row with 50 lines is some 5 kB, most are 300 bytes. */
export const ordersRowsPerPage = 2_000

export function readOrdersRows(source: OrdersAuditSource): Promise<OrdersRows> {
  return source.read(async (reader): Promise<OrdersRows> => {
    // First: whatever is committed from here on can only make a row newer than they say.
    const positions = await reader.positions()
    return {
      oneMoment: source.oneMoment,
      positions,
      orders: await all(reader, 'orders', ({ state }) => state.orderId),
      couponRows: await all(reader, 'coupon-rows', byOrder),
      stockRows: await all(reader, 'stock-rows', byOrder),
      paymentRows: await all(reader, 'payment-rows', byOrder),
      uses: await all(reader, 'uses', byOrder),
      products: await all(reader, 'products', ({ productId }) => productId),
      balances: await balances(reader),
      charges: await all(reader, 'charges', byOrder),
      stockCommands: await all(reader, 'stock-commands', commandKey),
      paymentCommands: await all(reader, 'payment-commands', commandKey),
      letters: await all(reader, 'letters', ({ id }) => id),
    }
  })
}

/** Where the next page of a table begins. */
export function keyOfRow<Table extends AuditedTable>(
  table: Table,
  row: AuditedRows[Table],
): AuditKey {
  const any = row as Partial<AuditedRows['orders'] & AuditedRows['uses']> &
    Partial<Product & DoneCommand> & { id?: string }
  switch (table) {
    case 'orders':
      return [any.state?.orderId ?? '', '']
    case 'uses':
      return [any.userId ?? '', any.couponId ?? '']
    case 'products':
      return [any.productId ?? '', '']
    case 'balances':
      return [any.userId ?? '', '']
    case 'stock-commands':
    case 'payment-commands':
      return [any.key ?? '', any.commandId ?? '']
    case 'letters':
      return [any.id ?? '', '']
    default:
      return [any.orderId ?? '', '']
  }
}

async function all<Table extends AuditedTable>(
  reader: OrdersAuditReader,
  table: Table,
  keyOf: (row: AuditedRows[Table]) => string,
): Promise<Map<string, AuditedRows[Table]>> {
  const rows = new Map<string, AuditedRows[Table]>()
  let after: AuditKey = ['', '']
  for (;;) {
    const page = await reader.page({ table, limit: ordersRowsPerPage, after })
    for (const row of page) rows.set(keyOf(row), row)
    const last = page.at(-1)
    if (last === undefined || page.length < ordersRowsPerPage) return rows
    after = keyOfRow(table, last)
  }
}

async function balances(reader: OrdersAuditReader): Promise<Map<string, number>> {
  const rows = await all(reader, 'balances', ({ userId }) => userId)
  return new Map([...rows.values()].map(({ userId, balance }) => [userId, balance]))
}

function byOrder({ orderId }: { orderId: string }): string {
  return orderId
}

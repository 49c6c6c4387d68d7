// The rows of the consumers of orders, read page by page into memory: some hundred bytes for each
// order. They are read before the log is, so that it says all that they were made from.

import { commandKey } from '../../ports/orders.ts'
import {
  type AuditedPosition,
  type AuditedRows,
  type AuditedTable,
  type AuditKey,
  type AuditPage,
  auditedTables,
  type OrdersAuditReader,
  type OrdersAuditSource,
} from '../../ports/orders-audit.ts'

type Tables = { [Table in AuditedTable]: Map<string, AuditedRows[Table]> }
export type OrdersRows = Tables & { oneMoment: boolean; positions: AuditedPosition[] }

/** A service answers a page in a few MB: a row with 50 lines is some 5 kB, most are 300 bytes. */
export const ordersRowsPerPage = 2_000

export function readOrdersRows({ read, oneMoment }: OrdersAuditSource): Promise<OrdersRows> {
  return read(async (reader): Promise<OrdersRows> => {
    // First: whatever is committed from here on can only make a row newer than they say.
    const positions = await reader.positions()
    const tables: Partial<Record<AuditedTable, unknown>> = {}
    for (const table of auditedTables) tables[table] = await readTable(reader, table)
    return { oneMoment, positions, ...(tables as Tables) }
  })
}

async function readTable<Table extends AuditedTable>(
  reader: OrdersAuditReader,
  table: Table,
): Promise<Map<string, AuditedRows[Table]>> {
  const found = new Map<string, AuditedRows[Table]>()
  let after: AuditKey | undefined = ['', '']
  while (after !== undefined) {
    const page: AuditPage<Table> = await reader.page({ table, limit: ordersRowsPerPage, after })
    for (const row of page.rows) found.set(keysOf[table](row), row)
    after = page.next
  }
  return found
}

/** By what the comparisons look for a row. */
const keysOf: { [Table in AuditedTable]: (row: AuditedRows[Table]) => string } = {
  orders: ({ state }) => state.orderId,
  'coupon-rows': byOrder,
  'stock-rows': byOrder,
  'payment-rows': byOrder,
  uses: byOrder,
  products: ({ productId }) => productId,
  balances: ({ userId }) => userId,
  charges: byOrder,
  'stock-commands': commandKey,
  'payment-commands': commandKey,
  letters: ({ columns }) => columns.id,
  'letter-commands': commandKey,
}

function byOrder({ orderId }: { orderId: string }): string {
  return orderId
}

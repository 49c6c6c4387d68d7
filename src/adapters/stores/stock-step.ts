// What the stock step keeps in SQL: its rows, the products, and what became of operators'
// commands. Products are locked in the order of their ids, so that two steps never wait for each
// other in a circle.

import type { Product, StockRow } from '../../domain/orders/state.ts'
import type { StockStepStore } from '../../ports/orders.ts'
import type { Database, SqlRow } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { commandTable, createConsumerStoreSql, stepRows } from './consumer-store.ts'
import { columnsOf, fieldsOf, lockedTable } from './locked-table.ts'

export function createStockStepStoreSql(database: Database): StockStepStore {
  const schema = 'stock'
  const rowTable = stepRows<StockRow>(schema)
  const commandRows = commandTable(schema)
  const productRows = lockedTable({
    name: 'products',
    statements: loadStatements(['lock-products', 'insert-products', 'upsert-products']),
    idOf: ({ productId }) => productId,
    rowOf: productOf,
    columns: (products) => columnsOf(products, ...productFields),
  })
  return createConsumerStoreSql(
    { database, schema },
    {
      async load(session, wanted) {
        const rows = await rowTable.load(session, wanted.orderIds)
        const productIds = new Set(wanted.productIds)
        for (const row of rows.values()) {
          if ('lines' in row) for (const { productId } of row.lines) productIds.add(productId)
        }
        const products = await productRows.load(session, [...productIds])
        return { rows, products, commands: await commandRows.load(session, wanted.commands) }
      },
      async write(session, { rows, products, commands }) {
        await rowTable.write(session, rows)
        await productRows.write(session, products)
        await commandRows.write(session, commands)
      },
    },
  )
}

/** In the order of the statements' columns. */
const productFields = [
  ...(['productId', 'name', 'price', 'initial', 'supplied'] as const),
  ...(['available', 'held', 'sold'] as const),
]

export function productOf(cells: SqlRow): Product {
  return { ...fieldsOf<Product>(cells, productFields), status: 'stocked' }
}

// What the stock step keeps in SQL: its rows, the products, and what became of operators'
// commands. Products are locked in the order of their ids, so that two steps never wait for each
// other in a circle.

import type { Product, StockRow } from '../../domain/orders/state.ts'
import type { StockChanges, StockLoaded, StockStepStore, StockWanted } from '../../ports/orders.ts'
import type { Database, SqlRow } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { commandTable, createConsumerStoreSql, type StepRow, stepTable } from './consumer-store.ts'
import { columnsOf, fieldsOf, lockedTable } from './tables/locked-table.ts'

export function createStockStepStoreSql(database: Database): StockStepStore {
  const schema = 'stock'
  const rowTable = stepTable<StockRow>(database, schema)
  const commandRows = commandTable(schema)
  const productRows = lockedTable({
    name: 'products',
    statements: loadStatements(['lock-products', 'insert-products', 'upsert-products']),
    idOf: ({ productId }) => productId,
    rowOf: productOf,
    columns: (products) => columnsOf(products, ...productFields),
  })
  const find = loadStatements(['find-products'])['find-products']
  const store = createConsumerStoreSql<StockWanted, StockLoaded, StockChanges, StepRow<StockRow>>(
    { database, schema },
    {
      orders: rowTable.orders,
      async load(session, wanted, locked) {
        const rows = rowTable.rowsOf(locked)
        const productIds = new Set(wanted.productIds)
        for (const row of rows.values()) {
          if ('lines' in row) for (const { productId } of row.lines) productIds.add(productId)
        }
        const products = await productRows.load(session, [...productIds])
        return { rows, products, commands: await commandRows.load(session, wanted.commands) }
      },
      async write(session, { products, commands }) {
        await productRows.write(session, products)
        await commandRows.write(session, commands)
      },
    },
  )
  return {
    ...store,
    openRows: rowTable.openRows,
    async products(productIds) {
      const { rows } = await database.query(find, [productIds])
      return new Map(rows.map(productOf).map((product) => [product.productId, product]))
    },
  }
}

/** In the order of the statements' columns. */
const productFields = [
  ...(['productId', 'name', 'price', 'initial', 'supplied'] as const),
  ...(['available', 'held', 'sold'] as const),
]

export function productOf(cells: SqlRow): Product {
  return { ...fieldsOf<Product>(cells, productFields), status: 'stocked' }
}

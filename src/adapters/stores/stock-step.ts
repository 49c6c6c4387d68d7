// What the stock step keeps in SQL: its rows, the products, and what became of operators'
// commands. Products are locked in the order of their ids, so that two steps never wait for each
// other in a circle.

import type { Product, StockRow } from '../../domain/orders/state.ts'
import type { StockStepStore } from '../../ports/orders.ts'
import type { Database, Queryable, SqlValue } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { createConsumerStoreSql } from './consumer-store.ts'
import { commandTable, stepRows } from './consumer-tables.ts'
import { productOf } from './product.ts'
import { createRowsNotFound, writeRows } from './rows-not-found.ts'

export function createStockStepStoreSql(database: Database): StockStepStore {
  const schema = 'stock'
  const rowTable = stepRows<StockRow>(schema)
  const commands = commandTable(schema)
  const statements = loadStatements(['insert-products', 'lock-products', 'upsert-products'])
  const notFound = createRowsNotFound()

  async function loadProducts(session: Queryable, ids: readonly string[]) {
    if (ids.length === 0) return new Map<string, Product>()
    const { rows } = await session.query(statements['lock-products'], [ids])
    const products = rows.map(productOf)
    const found = new Map(products.map((product) => [product.productId, product]))
    notFound.note(session, ids, found)
    return found
  }

  function writeProducts(session: Queryable, products: readonly Product[]): Promise<void> {
    return writeRows(session, products, {
      notFound,
      insert: statements['insert-products'],
      upsert: statements['upsert-products'],
      idOf: ({ productId }) => productId,
      columns: productColumns,
    })
  }

  return createConsumerStoreSql(
    { database, schema },
    {
      async load(session, wanted) {
        const rows = await rowTable.load(session, wanted.orderIds)
        const productIds = new Set(wanted.productIds)
        for (const row of rows.values()) {
          if ('lines' in row) for (const { productId } of row.lines) productIds.add(productId)
        }
        const products = await loadProducts(session, [...productIds])
        return { rows, products, commands: await commands.load(session, wanted.commands) }
      },
      async write(session, changes) {
        await rowTable.write(session, changes.rows)
        await writeProducts(session, changes.products)
        await commands.write(session, changes.commands)
      },
    },
  )
}

function productColumns(products: readonly Product[]): SqlValue[] {
  return [
    products.map(({ productId }) => productId),
    products.map(({ name }) => name),
    ...(['price', 'initial', 'supplied', 'available', 'held', 'sold'] as const).map((column) =>
      products.map((product) => product[column]),
    ),
  ]
}

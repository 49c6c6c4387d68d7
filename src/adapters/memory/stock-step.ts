// The memory twin of what the stock step keeps.

import type { Product, StockRow } from '../../domain/orders/state.ts'
import {
  commandKey,
  type DoneCommand,
  type StockChanges,
  type StockLoaded,
  type StockWanted,
} from '../../ports/orders.ts'
import { createConsumerStoreMemory, pick, writeCommands, writeRows } from './consumer-store.ts'

export type StockTables = {
  rows: Map<string, StockRow>
  products: Map<string, Product>
  commands: Map<string, DoneCommand>
}

export function createStockStepStoreMemory(
  tables: StockTables = { rows: new Map(), products: new Map(), commands: new Map() },
) {
  return createConsumerStoreMemory(tables, {
    load(wanted: StockWanted): StockLoaded {
      const rows = pick(tables.rows, wanted.orderIds)
      const productIds = [...wanted.productIds]
      for (const row of rows.values()) {
        if ('lines' in row) productIds.push(...row.lines.map(({ productId }) => productId))
      }
      const products = pick(tables.products, productIds)
      return { rows, products, commands: pick(tables.commands, wanted.commands.map(commandKey)) }
    },
    write({ rows, products, commands }: StockChanges) {
      writeRows(tables.rows, rows)
      for (const product of products) tables.products.set(product.productId, product)
      writeCommands(tables.commands, commands)
    },
  })
}

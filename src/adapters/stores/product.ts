// A row of stock.products, as its statements give it.

import type { Product } from '../../domain/orders/state.ts'
import type { SqlRow } from '../database/database.ts'

type ProductCells = readonly [
  productId: string,
  name: string,
  price: number,
  initial: number,
  supplied: number,
  available: number,
  held: number,
  sold: number,
]

export function productOf(row: SqlRow): Product {
  const [productId, name, price, initial, supplied, ...now] = row as ProductCells
  const [available, held, sold] = now
  return { status: 'stocked', productId, name, price, initial, supplied, available, held, sold }
}

// What the rows of all orders come to: what is held and sold of each product, and what each user
// has paid from the built-in wallet. With what operators supplied that gives the stock and the
// balances, however the records were interleaved when they were taken first.

import type { Line } from '../../domain/orders/messages.ts'
import type { Charge, PaymentRow, Product, StockRow } from '../../domain/orders/state.ts'
import { PortError } from '../../ports/coupons.ts'

export type Tally = {
  held: Map<string, number>
  sold: Map<string, number>
  /** By user id. */
  paid: Map<string, number>
}

export function createTally(): Tally {
  return { held: new Map(), sold: new Map(), paid: new Map() }
}

export function countStock({ held, sold }: Tally, row: StockRow): void {
  if (row.status === 'held') addLines(held, row.lines)
  if (row.status === 'sold') addLines(sold, row.lines)
}

/** What the wallet did about an order; null: it was never asked, or was asked to undo nothing. */
export function chargeOf(row: PaymentRow): Charge | null {
  switch (row.status) {
    case 'captured':
      return row.amount > 0 ? { status: 'captured', amount: row.amount } : null
    case 'refused':
      return { status: 'refused', reason: row.reason }
    case 'refunded':
      return { status: 'undone', refunded: row.amount }
    case 'absent':
    case 'asked':
    case 'undoing':
    case 'cancelled':
      return null
  }
}

export function countPayment({ paid }: Tally, row: PaymentRow): void {
  if (row.status === 'captured' && row.amount > 0) add(paid, row.userId, row.amount)
}

/** The product as it was supplied, with what orders took of it. */
export function stockedProduct(supplied: Product, tally: Tally): Product {
  const held = tally.held.get(supplied.productId) ?? 0
  const sold = tally.sold.get(supplied.productId) ?? 0
  const available = supplied.supplied - held - sold
  if (available < 0) throw doesNotAddUp(`${-available} more of product ${supplied.productId}`)
  return { ...supplied, available, held, sold }
}

/** Of products that orders hold and nobody created. */
export function checkKnown({ held, sold }: Tally, products: ReadonlyMap<string, Product>): void {
  for (const productId of [...held.keys(), ...sold.keys()]) {
    if (!products.has(productId)) throw doesNotAddUp(`product ${productId}, which is unknown,`)
  }
}

export function checkBalance(userId: string, balance: number): void {
  if (balance < 0) throw doesNotAddUp(`${-balance} more of the money of user ${userId}`)
}

function addLines(counts: Map<string, number>, lines: readonly Line[]): void {
  for (const { productId, quantity } of lines) add(counts, productId, quantity)
}

function add(counts: Map<string, number>, key: string, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount)
}

function doesNotAddUp(what: string): PortError {
  return new PortError('log_damaged', `the log says that orders took ${what} than was supplied`)
}

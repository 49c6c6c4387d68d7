// One product in stock: what operators give it, and what orders do to it. Every change keeps
// available + held + sold = supplied, and none of the three below 0.

import { type ProductCreated, type ProductMessage, type StockAdded, stockMax } from './messages.ts'
import type { Product, ProductState } from './state.ts'
import type { StockEffect } from './stock-step.ts'

/** `before`: what the same command added earlier, if it did; the caller looks it up by its id. */
export type ProductCommand = { message: ProductMessage; before: number | null }
export type ProductOutcome =
  | 'done' // also where the same command was done before; then without an event
  | 'unchanged' // created again with the same content
  | 'conflict' // the id, or the command id, is taken by other content
  | 'unknown_product'
  | 'stock_limit' // refused: more than stockMax in all
export type ProductEvent =
  | { type: 'created'; created: ProductCreated }
  | { type: 'added'; add: number }
  | { type: 'held' | 'released' | 'sold' | 'returned'; quantity: number }
export type ProductDecision = { outcome: ProductOutcome; event: ProductEvent | null }

export function decideProduct(
  { message, before }: ProductCommand,
  state: ProductState,
): ProductDecision {
  return message.type === 'product.created'
    ? decideCreated(message, state)
    : decideAdded(message, before, state)
}

export function evolveProduct(state: ProductState, event: ProductEvent): Product {
  if (event.type === 'created') return newProduct(event.created)
  if (state.status === 'absent') throw new Error(`${event.type} before created`)
  switch (event.type) {
    case 'added':
      return {
        ...state,
        supplied: state.supplied + event.add,
        available: state.available + event.add,
      }
    case 'held':
      return moved(state, { available: -event.quantity, held: event.quantity, sold: 0 })
    case 'released':
      return moved(state, { available: event.quantity, held: -event.quantity, sold: 0 })
    case 'sold':
      return moved(state, { available: 0, held: -event.quantity, sold: event.quantity })
    case 'returned':
      return moved(state, { available: event.quantity, held: 0, sold: -event.quantity })
  }
}

const effectEvents = {
  hold: 'held',
  release: 'released',
  sell: 'sold',
  return: 'returned',
} as const

/** What the stock step's effect does to each product, by id. */
export function eventsOf({ kind, lines }: StockEffect): Map<string, ProductEvent> {
  const type = effectEvents[kind]
  return new Map(lines.map(({ productId, quantity }) => [productId, { type, quantity }]))
}

function decideCreated(created: ProductCreated, state: ProductState): ProductDecision {
  if (state.status === 'absent') return { outcome: 'done', event: { type: 'created', created } }
  const { name, price, stock } = created
  const same = state.name === name && state.price === price && state.initial === stock
  return { outcome: same ? 'unchanged' : 'conflict', event: null }
}

function decideAdded(
  { add }: StockAdded,
  before: number | null,
  state: ProductState,
): ProductDecision {
  if (state.status === 'absent') return { outcome: 'unknown_product', event: null }
  if (before !== null) return { outcome: before === add ? 'done' : 'conflict', event: null }
  if (state.supplied + add > stockMax) return { outcome: 'stock_limit', event: null }
  return { outcome: 'done', event: { type: 'added', add } }
}

function newProduct({ productId, name, price, stock }: ProductCreated): Product {
  const quantities = { initial: stock, supplied: stock, available: stock, held: 0, sold: 0 }
  return { status: 'stocked', productId, name, price, ...quantities }
}

function moved(product: Product, by: { available: number; held: number; sold: number }): Product {
  const available = product.available + by.available
  const held = product.held + by.held
  const sold = product.sold + by.sold
  if (available < 0 || held < 0 || sold < 0) throw new Error(`product ${product.productId} below 0`)
  return { ...product, available, held, sold }
}

// The stock step's row of one order: it holds every line or none, lets go of them once if the
// order is cancelled and sells them once if it is confirmed. It reads orders from the orders topic
// only. What is in stock is for the caller to look up and lock, in product id order, in the
// transaction that stores the decision.

import type {
  Line,
  OrderMessage,
  OrderPlaced,
  PricedLine,
  StepMessage,
  StockRefusal,
} from './messages.ts'
import type { StockHold, StockRow } from './state.ts'
import { applied, contradiction, ignored, repeated, type StepDecision } from './step.ts'

/** The products of an order's lines, by id, as of the transaction; unknown ones are missing. */
export type StockFacts = ReadonlyMap<string, { price: number; available: number }>
/** `products` may be empty where the record is not an order.placed. */
export type StockCommand = { message: OrderMessage; products: StockFacts }
export type StockRowEvent =
  | { type: 'held'; hold: StockHold }
  | { type: 'refused'; orderId: string; reason: StockRefusal; productId: string }
  | { type: 'released' }
  | { type: 'sold' }
  | { type: 'cancelled'; orderId: string }
/** `lines` in product id order, in which their rows are locked. */
export type StockEffect = { kind: 'hold' | 'release' | 'sell'; lines: readonly Line[] }
export type StockDecision = StepDecision<StockRowEvent, StockEffect>

export function decideStock({ message, products }: StockCommand, row: StockRow): StockDecision {
  switch (message.type) {
    case 'order.placed':
      return row.status === 'absent' ? decideHold(message, products) : repeatAnswer(row)
    case 'order.payment_due':
      return ignored
    case 'order.confirmed':
      return decideConfirmed(message.orderId, row)
    case 'order.cancelled':
      return decideCancelled(message.orderId, row)
  }
}

export function evolveStock(row: StockRow, event: StockRowEvent): StockRow {
  switch (event.type) {
    case 'held':
      if (row.status !== 'absent') break
      return { status: 'held', ...event.hold }
    case 'refused': {
      if (row.status !== 'absent') break
      const { orderId, reason, productId } = event
      return { status: 'refused', orderId, reason, productId }
    }
    case 'cancelled':
      if (row.status !== 'absent') break
      return { status: 'cancelled', orderId: event.orderId }
    case 'released':
    case 'sold':
      if (row.status !== 'held') break
      return { ...row, status: event.type }
  }
  throw new Error(`${event.type} of a stock row that is ${row.status}`)
}

/** Every line or none. The first line that stands in the way is named, unknown ones first. */
function decideHold({ orderId, lines }: OrderPlaced, products: StockFacts): StockDecision {
  const unknown = lines.find(({ productId }) => !products.has(productId))
  if (unknown !== undefined) return refuse(orderId, 'unknown_product', unknown)
  const held: PricedLine[] = []
  for (const line of lines) {
    const { productId, quantity } = line
    const product = products.get(productId)
    if (product === undefined || product.available < quantity) {
      return refuse(orderId, 'out_of_stock', line)
    }
    held.push({ productId, quantity, unitPrice: product.price })
  }
  const hold: StockHold = { orderId, lines: held }
  return applied({ type: 'held', hold }, [effect('hold', hold)], [heldReply(hold)])
}

function refuse(orderId: string, reason: StockRefusal, { productId }: Line): StockDecision {
  const reply = { type: 'stock.refused', orderId, reason, productId } as const
  return applied({ type: 'refused', orderId, reason, productId }, [], [reply])
}

function repeatAnswer(row: StockRow): StockDecision {
  switch (row.status) {
    case 'absent':
    case 'cancelled':
      return ignored
    case 'held':
    case 'released':
    case 'sold':
      return repeated(heldReply(row))
    case 'refused': {
      const { orderId, reason, productId } = row
      return repeated({ type: 'stock.refused', orderId, reason, productId })
    }
  }
}

function decideCancelled(orderId: string, row: StockRow): StockDecision {
  const reply = { type: 'stock.released', orderId } as const
  switch (row.status) {
    case 'absent':
      return applied({ type: 'cancelled', orderId }, [], [])
    case 'held':
      return applied({ type: 'released' }, [effect('release', row)], [reply])
    case 'released':
      return repeated(reply)
    case 'refused':
    case 'cancelled':
      return ignored
    case 'sold':
      return contradiction
  }
}

function decideConfirmed(orderId: string, row: StockRow): StockDecision {
  const reply = { type: 'stock.sold', orderId } as const
  switch (row.status) {
    case 'held':
      return applied({ type: 'sold' }, [effect('sell', row)], [reply])
    case 'sold':
      return repeated(reply)
    case 'absent':
    case 'refused':
    case 'released':
    case 'cancelled':
      return contradiction
  }
}

function effect(kind: StockEffect['kind'], { lines }: StockHold): StockEffect {
  const bare = lines.map(({ productId, quantity }) => ({ productId, quantity }))
  return { kind, lines: bare.sort((a, b) => (a.productId < b.productId ? -1 : 1)) }
}

function heldReply({ orderId, lines }: StockHold): StepMessage {
  return { type: 'stock.held', orderId, lines }
}

// The stock step's row of one order: it holds every line or none, lets go of them once if the
// order is cancelled and sells them once if it is confirmed. It reads orders from the orders topic
// only. Where pieces are merely held by other orders, or a product may exist that the rows do not
// have yet, it says neither yes nor no: the order waits in its row, and its record is decided again
// when that changes. What is in stock is for the caller to look up and lock, in product id order,
// in the transaction that stores the decision.

import { sameLines } from './content.ts'
import {
  isOfRedemption,
  type Line,
  type OrderMessage,
  type OrderPlaced,
  type PricedLine,
  type StepMessage,
  type StockRefusal,
} from './messages.ts'
import type { Product, StockHold, StockRow } from './state.ts'
import { applied, contradiction, ignored, repeated, type StepDecision } from './step.ts'

/** The products of an order's lines, by id, as of the transaction; unknown ones are missing. */
export type StockFacts = ReadonlyMap<string, Pick<Product, 'price' | 'available' | 'held'>>
/** `products` may be empty where the record is not an order.placed. */
export type StockCommand = {
  message: OrderMessage
  /** When it was appended, ms UTC. */
  at: number
  products: StockFacts
  /** Others wait for the same pieces already, and come first. */
  isQueued?: boolean
  /** Of a product that is missing: a record that nobody has read yet may have created it. */
  mayExist?: MayExist
}
export type MayExist = (productId: string) => boolean
export type StockRowEvent =
  | { type: 'waits'; placed: OrderPlaced; at: number }
  | { type: 'held'; hold: StockHold }
  | { type: 'refused'; orderId: string; reason: StockRefusal; productId: string }
  | { type: 'released' }
  | { type: 'sold' | 'returned' }
  | { type: 'cancelled'; orderId: string }
/** `lines` in product id order, in which their rows are locked. */
export type StockEffect = { kind: 'hold' | 'release' | 'sell' | 'return'; lines: readonly Line[] }
export type StockDecision = StepDecision<StockRowEvent, StockEffect>

export function decideStock(command: StockCommand, row: StockRow): StockDecision {
  const { message } = command
  if (isOfRedemption(message)) return ignored
  switch (message.type) {
    case 'order.placed':
      return decidePlaced({ ...command, message }, row)
    case 'order.payment_due':
    case 'order.return_asked':
    case 'order.returned':
      return ignored
    case 'order.confirmed':
      return decideConfirmed(message.orderId, row)
    case 'order.return_due':
      return decideReturnDue(message.orderId, row)
    case 'order.cancelled':
      return decideCancelled(message.orderId, row)
  }
}

/** What can be said of lines: the first that stands in the way is named, unknown ones first. */
export function standingOf(
  lines: readonly Line[],
  products: StockFacts,
  mayExist: MayExist = () => false,
): Standing {
  let isFree = true
  let short: Line | null = null
  for (const line of lines) {
    const product = products.get(line.productId)
    if (product === undefined) {
      if (!mayExist(line.productId)) return { kind: 'refused', reason: 'unknown_product', line }
      isFree = false
      continue
    }
    if (product.available >= line.quantity) continue
    isFree = false
    // Held pieces come back where an order is cancelled: only what is sold is gone.
    if (product.available + product.held < line.quantity) short ??= line
  }
  if (short !== null) return { kind: 'refused', reason: 'out_of_stock', line: short }
  return isFree ? free : notNow
}
export type Standing =
  | { kind: 'free' | 'not_now' }
  | { kind: 'refused'; reason: StockRefusal; line: Line }
const free = { kind: 'free' } as const
const notNow = { kind: 'not_now' } as const

export function evolveStock(row: StockRow, event: StockRowEvent): StockRow {
  const isOpen = row.status === 'absent' || row.status === 'waiting'
  switch (event.type) {
    case 'waits': {
      if (row.status !== 'absent') break
      const { placed, at: since } = event
      return { status: 'waiting', orderId: placed.orderId, placed, since }
    }
    case 'held':
      if (!isOpen) break
      return { status: 'held', ...event.hold }
    case 'refused': {
      if (!isOpen) break
      const { orderId, reason, productId } = event
      return { status: 'refused', orderId, reason, productId }
    }
    case 'cancelled':
      if (!isOpen) break
      return { status: 'cancelled', orderId: event.orderId }
    case 'released':
    case 'sold':
      if (row.status !== 'held') break
      return { ...row, status: event.type }
    case 'returned':
      if (row.status !== 'sold') break
      return { ...row, status: 'returned' }
  }
  throw new Error(`${event.type} of a stock row that is ${row.status}`)
}

function decidePlaced(
  { message, at, products, mayExist, isQueued = false }: StockCommand & { message: OrderPlaced },
  row: StockRow,
): StockDecision {
  if (row.status !== 'absent' && row.status !== 'waiting') return repeatAnswer(row)
  const { orderId, lines } = message
  // Of other content under its id the first counts, which waits.
  if (row.status === 'waiting' && !sameLines(row.placed.lines, lines)) return ignored
  const standing = standingOf(lines, products, mayExist)
  if (standing.kind === 'refused') return refuse(orderId, standing.reason, standing.line)
  const isNew = row.status === 'absent'
  if (standing.kind === 'free' && !(isNew && isQueued)) return hold(message, products)
  return isNew ? applied({ type: 'waits', placed: message, at }, [], []) : ignored
}

function hold({ orderId, lines }: OrderPlaced, products: StockFacts): StockDecision {
  const priced = lines.map(({ productId, quantity }): PricedLine => {
    return { productId, quantity, unitPrice: products.get(productId)?.price ?? 0 }
  })
  const held: StockHold = { orderId, lines: priced }
  return applied({ type: 'held', hold: held }, [effect('hold', held)], [heldReply(held)])
}

function refuse(orderId: string, reason: StockRefusal, { productId }: Line): StockDecision {
  const reply = { type: 'stock.refused', orderId, reason, productId } as const
  return applied({ type: 'refused', orderId, reason, productId }, [], [reply])
}

/** What the row has said already. */
export function repeatAnswer(row: StockRow): StockDecision {
  switch (row.status) {
    case 'absent':
    case 'waiting':
    case 'cancelled':
      return ignored
    case 'held':
    case 'released':
    case 'sold':
    case 'returned':
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
    case 'waiting':
      return applied({ type: 'cancelled', orderId }, [], [])
    case 'held':
      return applied({ type: 'released' }, [effect('release', row)], [reply])
    case 'released':
      return repeated(reply)
    case 'refused':
    case 'cancelled':
      return ignored
    case 'sold':
    case 'returned':
      return contradiction
  }
}

function decideConfirmed(orderId: string, row: StockRow): StockDecision {
  const reply = { type: 'stock.sold', orderId } as const
  switch (row.status) {
    case 'held':
      return applied({ type: 'sold' }, [effect('sell', row)], [reply])
    case 'sold':
    // The confirmation comes late, by way of a retry.
    case 'returned':
      return repeated(reply)
    case 'absent':
    case 'waiting':
    case 'refused':
    case 'released':
    case 'cancelled':
      return contradiction
  }
}

function decideReturnDue(orderId: string, row: StockRow): StockDecision {
  const reply = { type: 'stock.released', orderId } as const
  switch (row.status) {
    case 'held': {
      // Its confirmation is being retried; a return never comes without one.
      const sold = decideConfirmed(orderId, row)
      return {
        outcome: 'applied',
        events: [...sold.events, { type: 'returned' }],
        effects: [...sold.effects, effect('return', row)],
        replies: [...sold.replies, reply],
      }
    }
    case 'sold':
      return applied({ type: 'returned' }, [effect('return', row)], [reply])
    case 'returned':
      return repeated(reply)
    case 'absent':
    case 'waiting':
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

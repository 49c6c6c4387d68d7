// Who is to order what in a rehearsal of orders, and what each was answered. Pure data.

import type { Line } from '../../domain/orders/messages.ts'
import { addOne, type Entry } from '../ledger.ts'

/** What an order is tried for. */
export type Wish = 'plain' | 'no_money' | 'scarce' | 'double_click' | 'race' | 'not_held'

/** An order to place. The same user and key is the same order, however often it is placed. */
export type Intent = {
  user: number
  key: string
  wish: Wish
  lines: readonly Line[]
  couponId?: string
}
/** What the service says an order is; sums only once payment was due. */
export type OrderSeen = {
  orderId: string
  status: string
  reason: string | null
  lines: readonly { productId: string; quantity: number; unitPrice: number | null }[]
  couponId: string | null
  sums: { subtotal: number; discount: number; total: number } | null
}
export type OrderAnswer =
  | { kind: 'ended'; order: OrderSeen }
  /** The problem that it was refused with; nothing was placed. */
  | { kind: 'refused'; problem: string }

/** One placing of an intent. */
export type OrderEntry = Entry<OrderAnswer> & { intent: Intent }

export type OrderCounts = {
  confirmed: number
  /** By reason. */
  cancelled: Map<string, number>
  /** By problem. */
  refused: Map<string, number>
  pending: number
  unknown: number
}

export function countAnswers(entries: Iterable<OrderEntry>): OrderCounts {
  const counts = { confirmed: 0, cancelled: new Map(), refused: new Map(), pending: 0, unknown: 0 }
  for (const { answer } of entries) {
    const { kind } = answer
    if (kind === 'pending' || kind === 'unknown') counts[kind] += 1
    else if (kind === 'refused') addOne(counts.refused, answer.problem)
    else if (answer.order.status === 'confirmed') counts.confirmed += 1
    else addOne(counts.cancelled, answer.order.reason ?? 'no reason')
  }
  return counts
}

// How an order looks to its user: `GET /orders/{orderId}`.

import { formatInstant } from '../time.ts'
import type { Line, PricedLine, Sums } from './messages.ts'
import type { EndReason, Order, StepNote } from './state.ts'

/** Times are RFC 3339 in UTC with milliseconds; money is whole minor units. */
export type OrderView = {
  orderId: string
  status: 'pending' | 'confirmed' | 'cancelled' | 'returning' | 'returned'
  reason?: EndReason
  /** Who wanted it returned, why and when; from then on. */
  return?: { by: string; reason?: string; askedAt: string }
  /** With unit prices once they are held. */
  lines: readonly (Line | PricedLine)[]
  couponId?: string
  steps: readonly StepView[]
  placedAt: string
} & Partial<Sums> // once payment is due
export type StepView = Omit<StepNote, 'at'> & { at: string }

export function orderView(order: Order): OrderView {
  const { orderId, coupon, heard, placedAt } = order
  const view: OrderView = {
    orderId,
    status: order.status === 'placed' || order.status === 'due' ? 'pending' : order.status,
    lines: linesOf(order),
    steps: heard.notes.map((note) => ({ ...note, at: formatInstant(note.at) })),
    placedAt: formatInstant(placedAt),
  }
  if (order.status === 'cancelled') view.reason = order.reason
  if ('asked' in order) {
    const { by, reason, at } = order.asked
    const why = reason === undefined ? {} : { reason }
    view.return = { by, ...why, askedAt: formatInstant(at) }
  }
  if (coupon !== null) view.couponId = coupon.couponId
  if (order.status !== 'placed' && order.sums !== null) Object.assign(view, order.sums)
  return view
}

/** What was held is this order's own, unless the order was mixed up with another. */
function linesOf({ lines, heard }: Order): OrderView['lines'] {
  const held = heard.stock?.type === 'stock.held' ? heard.stock.lines : []
  const prices = new Map(held.map(({ productId, unitPrice }) => [productId, unitPrice]))
  return lines.map(({ productId, quantity }) => {
    const unitPrice = prices.get(productId)
    return unitPrice === undefined ? { productId, quantity } : { productId, quantity, unitPrice }
  })
}

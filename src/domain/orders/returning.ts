// What a return depends on: that the order is confirmed, since when by the log's clock, and that
// every step has given back what the order had.

import type { ConfirmedOrder, OrderState, ReturningOrder } from './state.ts'

/** By the log's clock, ms UTC; null: the record of it has not been met. */
export function confirmedAt(order: ConfirmedOrder | ReturningOrder): number | null {
  if (order.confirmedAt !== undefined) return order.confirmedAt
  return order.heard.notes.find(({ outcome }) => outcome === 'captured')?.at ?? null
}

/** Whether every step has said that it gave back what the order had. */
export function hasGivenBack({ coupon, sums, heard: { notes } }: ReturningOrder): boolean {
  const said = new Set(notes.map(({ step, outcome }) => `${step} ${outcome}`))
  if (!said.has('stock released')) return false
  if (coupon !== null && !said.has('coupon released')) return false
  return sums.total === 0 || said.has('payment refunded')
}

export function isReturning(state: OrderState): state is ReturningOrder {
  return state.status === 'returning' || state.status === 'returned'
}

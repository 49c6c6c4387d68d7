// What an order costs. Whole minor units all the way: the limits of messages.ts keep every
// product and sum exact.

import type { Discount } from '../coupons/messages.ts'
import type { PricedLine, Sums } from './messages.ts'

/** Held prices × quantities − discount; the discount is never more than the subtotal. */
export function sumsOf(lines: readonly PricedLine[], discount: Discount | undefined): Sums {
  const subtotal = lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0)
  const off = discount === undefined ? 0 : Math.min(amountOff(subtotal, discount), subtotal)
  return { subtotal, discount: off, total: subtotal - off }
}

function amountOff(subtotal: number, { kind, value }: Discount): number {
  if (kind === 'amount') return value
  // subtotal × value could pass 2^53, so hundreds and the rest are counted apart. Rounded down.
  const rest = subtotal % 100
  return ((subtotal - rest) / 100) * value + Math.floor((rest * value) / 100)
}

// What a coupon takes off a subtotal, exactly, for whoever spends one. Whole minor units.

import type { Discount, Terms } from './messages.ts'

export type OfferTerms = Pick<Terms, 'discount' | 'minimum'>
/** `total` is what is left to pay, and never below 0. */
export type Offer = { discount: number; total: number } | { refused: 'minimum_not_met' }

export function offerOf({ discount, minimum = 0 }: OfferTerms, subtotal: number): Offer {
  if (subtotal < minimum) return { refused: 'minimum_not_met' }
  const off = discount === undefined ? 0 : Math.min(amountOff(subtotal, discount), subtotal)
  return { discount: off, total: subtotal - off }
}

function amountOff(subtotal: number, discount: Discount): number {
  if (discount.kind === 'amount') return discount.value
  const { value, max = Number.POSITIVE_INFINITY } = discount
  // subtotal × value could pass 2^53, so hundreds and the rest are counted apart. Rounded down.
  const rest = subtotal % 100
  return Math.min(((subtotal - rest) / 100) * value + Math.floor((rest * value) / 100), max)
}

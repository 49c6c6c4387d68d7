// Orders and redemptions of one user as the order process keeps them, for whoever looks them up.

import type { Order, StepNote } from '../../../src/domain/orders/state.ts'
import { startedAt } from './fixture.ts'

const heard = { coupon: null, stock: null, payment: null, notes: [] }
const noted = (notes: readonly StepNote[]) => ({ ...heard, notes })

/** The oldest first; all of `user` but the last one. */
export function sampleOrders(user: string): Order[] {
  const shared = {
    userId: user,
    lines: [{ productId: 'tea', quantity: 1_200 }],
    coupon: { couponId: 'tea', partition: 0, offset: 0 },
    deadline: startedAt + 30_000,
  }
  const sums = { subtotal: 2_400_000, discount: 1_000, total: 2_399_000 }
  const notes: StepNote[] = [
    { step: 'coupon', outcome: 'used', at: startedAt + 5 },
    { step: 'stock', outcome: 'held', at: startedAt + 6 },
    { step: 'payment', outcome: 'captured', at: startedAt + 1_000 },
  ]
  const confirmed = { ...shared, heard: noted(notes), placedAt: startedAt, orderId: 'order-1' }
  const asked = { by: 'operator-kim', commandId: 'c', reason: 'broken', at: startedAt + 2_000 }
  const used = {
    type: 'coupon.used',
    orderId: 'redeemed-1',
    couponId: 'tea',
    userId: user,
  } as const
  return [
    { ...confirmed, status: 'confirmed', sums },
    { ...confirmed, status: 'returned', sums, asked, orderId: 'order-2', placedAt: startedAt + 1 },
    {
      ...shared,
      status: 'placed',
      orderId: 'redeemed-1',
      lines: [],
      placedAt: startedAt + 2,
      heard: { ...noted(notes.slice(0, 1)), coupon: used },
      redemption: { reference: 'cart 7', subtotal: 9_000 },
    },
    {
      ...shared,
      status: 'cancelled',
      reason: 'out_of_stock',
      orderId: 'order-9',
      userId: `${user} too`,
      sums: null,
      placedAt: startedAt + 3,
      heard: noted([{ step: 'stock', outcome: 'refused', reason: 'out_of_stock', at: startedAt }]),
    },
  ]
}

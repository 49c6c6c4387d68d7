// Everything known of the orders when all is answered and read back, and the one reading of it that
// all checks share. Pure.

import type { Discount } from '../../domain/coupons/messages.ts'
import type { Intent, OrderEntry, OrderSeen } from './order-ledger.ts'
import type { Shop } from './plan.ts'
import type { ShopSeen } from './read-shop.ts'

export type OrderEvidence = {
  users: readonly string[]
  shop: Shop
  discount: Discount
  /** By index of the user, as is `won`. */
  topUps: readonly number[]
  won: readonly boolean[]
  entries: readonly OrderEntry[]
  seen: ShopSeen
}
/** The evidence, read: what each check gets. Every order once, as it was first
 * answered. */
export type OrderCase = {
  evidence: OrderEvidence
  ended: readonly OrderSeen[]
  confirmed: readonly { order: OrderSeen; intent: Intent }[]
}

export function orderCase(evidence: OrderEvidence): OrderCase {
  const byId = new Map<string, { order: OrderSeen; intent: Intent }>()
  for (const { answer, intent } of evidence.entries) {
    if (answer.kind !== 'ended' || byId.has(answer.order.orderId)) continue
    byId.set(answer.order.orderId, { order: answer.order, intent })
  }
  const all = [...byId.values()]
  return {
    evidence,
    ended: all.map(({ order }) => order),
    confirmed: all.filter(({ order }) => order.status === 'confirmed'),
  }
}

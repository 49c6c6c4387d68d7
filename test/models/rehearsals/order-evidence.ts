// What a service that keeps its promises leaves as evidence of a rehearsal of orders, to be changed
// by tests one thing at a time.

import assert from 'node:assert/strict'
import type {
  Intent,
  OrderEvidence,
  ShopSeen,
} from '../../../src/rehearsal/orders/order-evidence.ts'
import { type OrderPromise, reconcileOrders } from '../../../src/rehearsal/orders/order-promises.ts'
import {
  discountOfRehearsal,
  errandsOf,
  shopOf,
  topUpsOf,
} from '../../../src/rehearsal/orders/plan.ts'
import type { Seen } from '../../../src/rehearsal/rehearsal.ts'
import type {
  CouponHeld,
  OrderAnswer,
  OrderSeen,
  ProductSeen,
} from '../../../src/rehearsal/service.ts'

export const plan = { runId: 'test', users: 40, products: 4, stock: 3, withoutMoney: 5 }
const shop = shopOf(plan)
/** Half of them win. */
export const won = Array.from({ length: plan.users }, (_, user) => user < plan.users / 2)
export const users = won.map((_, user) => `user-${user}`)
export type Evidence = OrderEvidence & { seen: ShopSeen }

/** What a service that keeps its promises tells everyone, one order after the other. */
export function honest(): Evidence {
  const topUps = topUpsOf(plan)
  const balances = [...topUps]
  const products = shop.products.map(({ productId, price, stock }) => {
    return { productId, price, available: stock, held: 0, sold: 0 }
  })
  const used = new Map<number, string>()
  const orders = new Map<string, OrderSeen>()
  const entries = errandsOf(plan, won)
    .flat()
    .map((intent) => {
      const orderId = `${intent.user}-${intent.key}`
      const known = orders.get(orderId)
      const answer: OrderAnswer =
        known === undefined
          ? serve({ intent, orderId, products, balances, used })
          : { kind: 'ended', order: known }
      if (answer.kind === 'ended') orders.set(orderId, answer.order)
      return { intent, firstSentAt: 0, sentAt: 0, endedAt: 1, retries: 0, polls: 0, answer }
    })
  const seenUsers = users.map((_, user) => {
    const { couponId } = shop
    const orderId = used.get(user) ?? null
    const terms = { name: 'Rehearsal test', discount: discountOfRehearsal }
    const status = orderId === null ? 'unused' : 'used'
    const coupon = { couponId, ...terms, slot: user + 1, code: `code-${user}`, status, orderId }
    return {
      balance: { value: balances[user] ?? 0 },
      coupons: { value: won[user] === true ? [coupon] : [] },
    }
  })
  const seen = {
    users: seenUsers,
    products: products.map((value) => ({ value })),
    orders: new Map([...orders].map(([id, order]) => [id, { value: structuredClone(order) }])),
    letters: { value: [] },
  }
  return { users, shop, payments: 'wallets', topUps, won, entries, seen }
}

type Serving = {
  intent: Intent
  orderId: string
  products: ProductSeen[]
  balances: number[]
  used: Map<number, string>
}

function serve({ intent, orderId, products, balances, used }: Serving): OrderAnswer {
  const { user, couponId = null } = intent
  const order = { orderId, lines: intent.lines.map((line) => ({ ...line, unitPrice: null })) }
  if (couponId !== null && won[user] !== true)
    return { kind: 'refused', problem: 'coupon-not-held' }
  const cancelled = (reason: string): OrderAnswer => {
    return { kind: 'ended', order: { ...order, status: 'cancelled', reason, couponId, sums: null } }
  }
  if (couponId !== null && used.has(user)) return cancelled('coupon_already_used')
  const lines = intent.lines.map((line) => {
    const product = products.find(({ productId }) => productId === line.productId)
    assert.ok(product)
    return { ...line, unitPrice: product.price, product }
  })
  if (lines.some(({ product, quantity }) => product.available < quantity)) {
    return cancelled('out_of_stock')
  }
  const subtotal = lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0)
  const discount = couponId === null ? 0 : Math.floor((subtotal * 15) / 100)
  const total = subtotal - discount
  const balance = balances[user] ?? 0
  if (balance < total) return cancelled('insufficient_funds')
  balances[user] = balance - total
  if (couponId !== null) used.set(user, orderId)
  for (const { product, quantity } of lines) {
    product.available -= quantity
    product.sold += quantity
  }
  const priced = lines.map(({ productId, quantity, unitPrice }) => {
    return { productId, quantity, unitPrice }
  })
  const sums = { subtotal, discount, total }
  const confirmed = { status: 'confirmed', reason: null, couponId, sums }
  return { kind: 'ended', order: { ...order, lines: priced, ...confirmed } }
}

export function broken(evidence: Evidence): OrderPromise[] {
  const verdicts = reconcileOrders(evidence)
  return verdicts.filter(({ kept }) => kept === false).map(({ promise }) => promise)
}

/** The first placing of this wish that ended so. */
export function entryOf(evidence: Evidence, wish: string, status = 'confirmed') {
  const found = evidence.entries.find(({ intent, answer }) => {
    return intent.wish === wish && answer.kind === 'ended' && answer.order.status === status
  })
  assert.ok(found?.answer.kind === 'ended')
  return { entry: found, order: found.answer.order, user: found.intent.user }
}

export function valueOf<Value>(seen: Seen<Value> | undefined): Value {
  assert.ok(seen !== undefined && 'value' in seen)
  return seen.value
}

export function scarce(evidence: Evidence): ProductSeen {
  return valueOf(evidence.seen.products.at(-1))
}

export function couponOf(evidence: Evidence, user: number): CouponHeld {
  const [coupon] = valueOf(evidence.seen.users[user]?.coupons)
  assert.ok(coupon)
  return coupon
}

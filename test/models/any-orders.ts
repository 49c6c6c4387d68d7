// Any small world of orders: few users, products, coupons and little money, so that orders race for
// the last item, one coupon and one balance. For property tests.

import * as fc from 'fast-check'
import { amountMax } from '../../src/domain/coupons/messages.ts'
import type { OfferTerms } from '../../src/domain/coupons/offer.ts'
import type {
  OrderMessage,
  OrderPlaced,
  ProductMessage,
  RedemptionPlaced,
  WalletMessage,
} from '../../src/domain/orders/messages.ts'
import type { Scenario } from './orders-world.ts'

export const users = ['ann', 'bob', 'cat'] as const
export const prices = { tea: 150, cup: 999, gift: 0 } as const
export const offers: Readonly<Record<string, OfferTerms>> = {
  spring: { discount: { kind: 'percent', value: 33, max: 400 } },
  autumn: { discount: { kind: 'amount', value: 200 }, minimum: 300 },
  gold: { discount: { kind: 'amount', value: amountMax } },
  plain: {},
}

/** `limits`: how long an order may take, ms; any of them. */
export function scenarios(...limits: number[]): fc.Arbitrary<Scenario> {
  const timeLimits = limits.length > 0 ? limits : [30, 300, 3_000]
  const wins = fc.subarray(
    users.flatMap((userId) => Object.keys(offers).map((couponId) => ({ couponId, userId }))),
    { minLength: 4 },
  )
  const stocks = fc.tuple(fc.nat(9), fc.nat(6), fc.integer({ min: 2, max: 20 }))
  const money = fc.tuple(fc.nat(2_500), fc.nat(5_000), fc.nat(20_000))
  return fc
    .record({
      seed: fc.nat(2 ** 31),
      wins,
      stocks,
      money,
      orders: anyOrders(timeLimits),
      redemptions: anyRedemptions(timeLimits),
    })
    .map(({ seed, wins: pairs, stocks: counts, money: amounts, orders, redemptions: asked }) => {
      const won = pairs.map((pair, offset) => {
        return { ...pair, offset, ...offers[pair.couponId] }
      })
      const wonAs = (couponId: string, user: string) => {
        const row = won.find((it) => it.userId === user && it.couponId === couponId)
        return { couponId, partition: 0, offset: row?.offset ?? 2 }
      }
      const placed = orders.map(({ coupon, ...order }): OrderPlaced => {
        if (coupon === undefined) return order
        return { ...order, coupon: wonAs(coupon.couponId, order.userId) }
      })
      const redemptions = asked.map((one): RedemptionPlaced => {
        return { ...one, coupon: wonAs(one.coupon.couponId, one.userId) }
      })
      return { seed, won, supplies: suppliesOf(counts, amounts), orders: placed, redemptions }
    })
}

/** With returns of some of the orders, in time, late, or asked for more than once; and revokes. */
export function returnScenarios(...limits: number[]): fc.Arbitrary<Scenario> {
  const ask = fc.record({
    nth: fc.nat(9),
    by: fc.constantFrom('op', ...users),
    commandId: fc.constantFrom('c', 'd'),
    withinMs: fc.constantFrom(undefined, 1, 1_000_000),
  })
  const asks = fc.array(ask, { maxLength: 6 })
  const revoke = fc.record({
    couponId: fc.constantFrom(...Object.keys(offers)),
    userId: fc.constantFrom(null, ...users),
  })
  const revokes = fc.array(revoke, { maxLength: 3 })
  return fc.tuple(scenarios(...limits), asks, revokes).map(([scenario, wishes, revoked]) => {
    const returns = wishes.map(({ nth, by, commandId, withinMs }): ReturnAsked => {
      const { orderId = '-' } = scenario.orders[nth % scenario.orders.length] ?? {}
      const asked = { type: 'order.return_asked', orderId, by, commandId } as const
      return withinMs === undefined ? asked : { ...asked, withinMs }
    })
    return { ...scenario, returns, revokes: revoked }
  })
}
type ReturnAsked = OrderMessage<'order.return_asked'>

function anyOrders(limits: readonly number[]): fc.Arbitrary<OrderPlaced[]> {
  const quantity = fc.integer({ min: 1, max: 3 })
  const line = fc.record({ productId: fc.constantFrom('tea', 'tea', 'cup', 'gift'), quantity })
  const stray = fc.record({ productId: fc.constant('ghost'), quantity })
  const anyLine = fc.oneof({ weight: 12, arbitrary: line }, { weight: 1, arbitrary: stray })
  const couponId = fc.constantFrom(...Object.keys(offers), undefined, undefined)
  const order = fc
    .record({
      // The user is part of what an order id is made from.
      orderId: fc.tuple(fc.constantFrom(...users), fc.nat(4)).map((parts) => parts.join('-')),
      lines: fc.uniqueArray(anyLine, {
        selector: ({ productId }) => productId,
        minLength: 1,
        maxLength: 3,
      }),
      couponId,
      timeLimitMs: fc.constantFrom(...limits),
    })
    .map(({ orderId, lines, couponId: id, timeLimitMs }): OrderPlaced => {
      const userId = orderId.split('-')[0] ?? ''
      const placed: OrderPlaced = { type: 'order.placed', orderId, userId, lines, timeLimitMs }
      return id === undefined
        ? placed
        : { ...placed, coupon: { couponId: id, partition: 0, offset: 0 } }
    })
  return fc.array(order, { minLength: 1, maxLength: 10 })
}

function anyRedemptions(limits: readonly number[]): fc.Arbitrary<RedemptionPlaced[]> {
  const redemption = fc
    .record({
      orderId: fc.tuple(fc.constantFrom(...users), fc.nat(3)).map((parts) => parts.join('-r')),
      couponId: fc.constantFrom(...Object.keys(offers)),
      reference: fc.constantFrom('R-1', 'R-2'),
      subtotal: fc.constantFrom(0, 299, 300, 2_001, Number.MAX_SAFE_INTEGER),
      isOneShot: fc.nat(3).map((n) => n === 0),
      timeLimitMs: fc.constantFrom(...limits),
    })
    .map(({ couponId, isOneShot, ...rest }): RedemptionPlaced => {
      const userId = rest.orderId.split('-')[0] ?? ''
      const coupon = { couponId, partition: 0, offset: 0 }
      const placed = { type: 'redemption.placed', userId, coupon, by: 'shop', ...rest } as const
      return isOneShot ? { ...placed, use: true } : placed
    })
  return fc.array(redemption, { maxLength: 6 })
}

function suppliesOf(
  stocks: readonly [number, number, number],
  money: readonly [number, number, number],
): Scenario['supplies'] {
  const by = 'op'
  const supplies: (ProductMessage | WalletMessage)[] = []
  for (const [n, productId] of (['tea', 'cup', 'gift'] as const).entries()) {
    const supply = { productId, by, commandId: `create-${productId}` }
    const price = prices[productId]
    supplies.push({ type: 'product.created', ...supply, name: 'x', price, stock: stocks[n] ?? 0 })
  }
  for (const [n, userId] of users.entries()) {
    const amount = Math.max(1, money[n] ?? 1)
    supplies.push({ type: 'wallet.topped_up', userId, amount, by, commandId: `first-${userId}` })
  }
  supplies.push({ type: 'stock.added', productId: 'tea', add: 2, by, commandId: 'more-tea' })
  supplies.push({ type: 'wallet.topped_up', userId: 'ann', amount: 500, by, commandId: 'more' })
  return supplies
}

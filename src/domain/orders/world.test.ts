// I10 to I13, and what orders promise, over small worlds full of faults (test/models). A failure
// prints the seed of the scenarios and the scenario, which carries the seed of its faults.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { offers, prices, returnScenarios, users } from '../../../test/models/any-orders.ts'
import type { Stores } from '../../../test/models/orders-stores.ts'
import {
  readStored,
  runWorld,
  type Scenario,
  type World,
} from '../../../test/models/orders-world.ts'
import { type OrderMessage, type OrderPlaced, orderTimeLimitMsMax } from './messages.ts'
import { decide, evolve, initialState } from './process.ts'
import type { CancelledOrder, ConfirmedOrder, Order, OrderState, ReturningOrder } from './state.ts'

describe('a world of orders', () => {
  test('always comes to rest, with every order ended and everything added up', () => {
    fc.assert(
      fc.property(returnScenarios(), (scenario) => {
        checkWorld(runWorld(scenario), scenario)
      }),
      { numRuns: 300 },
    )
  })

  test('ends each order by its answers alone, when there is time for all of them', () => {
    fc.assert(
      fc.property(returnScenarios(orderTimeLimitMsMax), (any) => {
        // Two contents under one id may wait for a step that has answered to the other.
        const byId = new Map(any.orders.map((order) => [order.orderId, order]))
        // And of two orders for one coupon each may hold what the other waits for.
        const byCoupon = new Map(
          [...byId.values()].map((order) => [
            order.coupon ? couponOf(order) : order.orderId,
            order,
          ]),
        )
        const scenario = { ...any, orders: [...byCoupon.values()] }
        const world = runWorld(scenario)
        checkWorld(world, scenario)
        for (const order of endedOrders(world.stores)) {
          if (order.redemption !== undefined) continue
          assert.ok(!('reason' in order) || order.reason !== 'timed_out')
        }
      }),
      { numRuns: 200 },
    )
  })

  test('ends each order as the orders topic says, when it is read again from nothing', () => {
    fc.assert(
      fc.property(returnScenarios(), (scenario) => {
        checkRebuild(runWorld(scenario))
      }),
      { numRuns: 100 },
    )
  })

  test('has met every ending and every kind of fault in these few hundred scenarios', () => {
    const seen = new Set<string>()
    for (const scenario of fc.sample(returnScenarios(), { seed: 2, numRuns: 300 })) {
      const { stores } = runWorld(scenario)
      for (const order of endedOrders(stores)) {
        seen.add(order.status === 'cancelled' ? order.reason : order.status)
        if (order.status === 'confirmed' && order.sums.total === 0) seen.add('free')
        for (const { step, outcome } of order.heard.notes) seen.add(`${step} ${outcome}`)
      }
      for (const outcome of stores.outcomes.keys()) seen.add(outcome)
      for (const row of rowsOf(stores)) seen.add(`row ${row.status}`)
    }
    const missing = expectedSights.filter((sight) => !seen.has(sight))
    assert.deepEqual(missing, [])
  })
})

const expectedSights = [
  'confirmed free coupon_not_held coupon_already_used unknown_product out_of_stock',
  'insufficient_funds timed_out mixed_up returned coupon_revoked',
]
  .flatMap((words) => words.split(' '))
  .concat(
    ['coupon used', 'coupon refused', 'coupon released', 'stock held', 'stock refused'],
    ['stock released', 'stock sold', 'payment captured', 'payment refused', 'payment refunded'],
    ['process repeated', 'process conflict', 'coupon waits', 'coupon repeated'],
    ['payment not now', 'process refused', 'row returned'],
    ['coupon keep of a revoked one', 'coupon release of a revoked one'],
    ['coupon revoked after a use at once'],
    ['stock repeated', 'payment repeated', 'payment ignored', 'row cancelled', 'row refunded'],
  )

function checkWorld(world: World, scenario: Scenario): void {
  const { stores } = world
  const asked = [...scenario.orders, ...(scenario.redemptions ?? [])]
  const placed = new Set(asked.map(({ orderId }) => orderId))
  const orders = endedOrders(stores)
  assert.equal(orders.length, placed.size, 'I10: every order ends')
  for (const outcome of stores.outcomes.keys()) assert.doesNotMatch(outcome, /contradiction/)
  for (const [effect, times] of stores.effects) assert.equal(times, 1, `once: ${effect}`)
  for (const order of orders) {
    if (order.redemption !== undefined) checkRedeemed(order, stores)
    else if (order.status === 'confirmed') checkConfirmed(order, stores)
    else if (order.status === 'returned') checkReturned(order, stores)
    else checkNothingLeft(order, stores)
  }
  const confirmed = orders.filter((order) => order.status === 'confirmed')
  checkStock(confirmed, world, scenario)
  checkMoney(confirmed, stores, scenario)
  const uses = confirmed.flatMap(({ coupon, userId, orderId }) => {
    return coupon === null ? [] : [[`${coupon.couponId}/${userId}`, orderId] as const]
  })
  assert.deepEqual(sorted(stores.uses), sorted(uses), 'I13: one confirmed order for each use')
  checkReplay(stores)
}

function checkConfirmed(order: ConfirmedOrder, stores: Stores): void {
  const { orderId, coupon, sums } = order
  assert.equal(coupon?.revoked, undefined, 'I15: its node knew of the revoke')
  checkSums(order)
  assert.equal(stores.stockRows.get(orderId)?.status, 'sold')
  assert.equal(stores.paymentRows.get(orderId)?.status, 'captured')
  // Without a coupon the step may have met other content under this id, and let go of it since.
  const couponStatus = stores.couponRows.get(orderId)?.status ?? ''
  assert.match(couponStatus, coupon === null ? /^(unneeded|refused|released)$/ : /^used$/)
  const { effects } = stores
  assert.equal(effects.get(`payment capture ${orderId}`) ?? 0, sums.total > 0 ? 1 : 0, 'paid once')
  for (const undone of ['stock release', 'stock return', 'payment undo']) {
    assert.ok(!effects.has(`${undone} ${orderId}`), 'nothing undone')
  }
}

/** It was sold and paid, once, and all of that was given back, once. */
function checkReturned(order: ReturningOrder, { effects, ...stores }: Stores): void {
  const { orderId, coupon, sums } = order
  checkSums(order)
  assert.equal(stores.stockRows.get(orderId)?.status, 'returned')
  const paid = sums.total > 0
  assert.equal(stores.paymentRows.get(orderId)?.status, paid ? 'refunded' : 'captured')
  const couponStatus = stores.couponRows.get(orderId)?.status ?? ''
  assert.match(couponStatus, coupon === null ? /^(unneeded|refused|released)$/ : /^released$/)
  const times = (what: string) => effects.get(`${what} ${orderId}`) ?? 0
  for (const what of ['stock hold', 'stock sell', 'stock return']) assert.equal(times(what), 1)
  for (const what of ['payment capture', 'payment undo']) assert.equal(times(what), paid ? 1 : 0)
  assert.equal(times('coupon release'), times('coupon use'))
  assert.equal(times('stock release'), 0)
}

function checkSums({ lines, coupon, sums }: ConfirmedOrder | ReturningOrder): void {
  const subtotal = lines.reduce((sum, { productId, quantity }) => {
    return sum + prices[productId as keyof typeof prices] * quantity
  }, 0)
  const { discount, minimum = 0 } = offers[coupon?.couponId ?? ''] ?? {}
  assert.ok(subtotal >= minimum, 'the minimum is met')
  const percent = discount?.kind === 'percent'
  const share = percent ? Math.floor((subtotal * discount.value) / 100) : 0
  const off = percent ? Math.min(share, discount.max ?? share) : (discount?.value ?? 0)
  const total = Math.max(0, subtotal - off)
  assert.deepEqual(sums, { subtotal, discount: subtotal - total, total }, 'the discount is off')
}

/** Used for good with exactly what its coupon gives, or nothing is left of it. */
function checkRedeemed(order: Order, { effects, couponRows }: Stores): void {
  const { orderId, coupon, redemption } = order
  const used = effects.get(`coupon use ${orderId}`) ?? 0
  const left = used - (effects.get(`coupon release ${orderId}`) ?? 0)
  assert.equal(left, order.status === 'confirmed' ? 1 : 0, 'let go of, unless it is used')
  const row = couponRows.get(orderId)?.status ?? ''
  if (order.status !== 'confirmed') return assert.match(row, /^(refused|released|cancelled)$/)
  assert.equal(row, 'used')
  assert.equal(coupon?.revoked, undefined, 'I15: its node knew of the revoke')
  const { subtotal = 0 } = redemption ?? {}
  const { discount, minimum = 0 } = offers[coupon?.couponId ?? ''] ?? {}
  assert.ok(subtotal >= minimum, 'the minimum is met')
  const share =
    discount?.kind === 'percent'
      ? (BigInt(subtotal) * BigInt(discount.value)) / 100n
      : BigInt(discount?.value ?? 0)
  const max = discount?.kind === 'percent' ? discount.max : undefined
  const capped = max !== undefined && share > max ? BigInt(max) : share
  const off = Number(capped > subtotal ? BigInt(subtotal) : capped)
  assert.deepEqual(order.sums, { subtotal, discount: off, total: subtotal - off })
}

function couponOf({ userId, coupon }: OrderPlaced): string {
  return `${userId} ${coupon?.couponId}`
}

/** What was done for a cancelled order is undone; a short item holds nothing at all. */
function checkNothingLeft(order: Order, { effects, ...stores }: Stores): void {
  assert.ok(order.status === 'cancelled')
  const { orderId, reason } = order
  assert.match(stores.stockRows.get(orderId)?.status ?? '', /^(refused|released|cancelled)$/)
  const couponStatus = stores.couponRows.get(orderId)?.status ?? ''
  assert.match(couponStatus, /^(unneeded|refused|released|cancelled)$/)
  assert.match(stores.paymentRows.get(orderId)?.status ?? '', /^(refused|refunded|cancelled)$/)
  assert.ok(!effects.has(`stock sell ${orderId}`))
  const pairs = [
    ['coupon use', 'coupon release'],
    ['stock hold', 'stock release'],
    ['payment capture', 'payment undo'],
  ]
  for (const [did, undid] of pairs) {
    assert.equal(effects.get(`${did} ${orderId}`), effects.get(`${undid} ${orderId}`), undid)
  }
  if (reason === 'out_of_stock' || reason === 'unknown_product') {
    assert.ok(!effects.has(`stock hold ${orderId}`))
    assert.ok(!effects.has(`payment capture ${orderId}`))
  }
}

function checkStock(confirmed: readonly Order[], world: World, scenario: Scenario): void {
  const supplied = scenario.supplies.flatMap((it) => {
    if (it.type === 'wallet.topped_up') return []
    return [[it.productId, it.type === 'product.created' ? it.stock : it.add] as const]
  })
  const sold = confirmed.flatMap(({ lines }) => {
    return lines.map(({ productId, quantity }) => [productId, quantity] as const)
  })
  for (const product of world.stores.products.values()) {
    const { productId } = product
    assert.equal(product.supplied, sumOf(supplied, productId), 'I11: supplied once')
    assert.equal(product.held, 0, 'I11: no live order holds anything')
    assert.equal(product.sold, sumOf(sold, productId), 'I11: sold to confirmed orders')
    assert.equal(product.available + product.sold, product.supplied, 'I11')
  }
}

function checkMoney(confirmed: readonly Order[], stores: Stores, { supplies }: Scenario): void {
  const toppedUp = supplies.flatMap((it) => {
    return it.type === 'wallet.topped_up' ? [[it.userId, it.amount] as const] : []
  })
  const paid = confirmed.flatMap((order) => {
    const isPaid = order.status === 'confirmed' && order.redemption === undefined
    return isPaid ? [[order.userId, order.sums.total] as const] : []
  })
  for (const userId of users) {
    const balance = stores.balances.get(userId) ?? 0
    assert.ok(balance >= 0)
    assert.equal(balance + sumOf(paid, userId), sumOf(toppedUp, userId), `I12: ${userId}'s money`)
  }
}

function checkReplay({ orders, commands }: Stores): void {
  for (const [orderId, given] of commands) {
    let state = initialState()
    for (const command of given) state = decide(command, state).events.reduce(evolve, state)
    const known = orders.get(orderId) ?? initialState()
    assert.deepEqual(state, known, 'the same commands give the same state')
  }
}

/** Orders first, then what the steps said: no new decision, and every order as it ended. */
function checkRebuild({ topics, stores }: World): void {
  const rebuilt = new Map<string, ReturnType<typeof initialState>>()
  const written = new Set(
    topics.orders.flat().map((stored) => {
      return decisionText(readStored('orders', stored).message as OrderMessage)
    }),
  )
  for (const topic of ['orders', 'steps'] as const) {
    for (const stored of topics[topic].flat()) {
      const { message, at } = readStored(topic, stored)
      const state = rebuilt.get(message.orderId) ?? initialState()
      const { outcome, events, publish } = decide({ kind: 'record', message, at }, state)
      assert.notEqual(outcome, 'contradiction')
      for (const again of publish) assert.ok(written.has(decisionText(again)), 'nothing new')
      rebuilt.set(message.orderId, events.reduce(evolve, state))
    }
  }
  for (const order of endedOrders(stores)) {
    assert.deepEqual(endOf(rebuilt.get(order.orderId)), endOf(order))
  }
}

function endOf(state: OrderState | undefined): object {
  assert.ok(state !== undefined && isEnded(state))
  const { status, orderId, userId, lines, coupon, placedAt, deadline, sums } = state
  const content = { orderId, userId, lines, coupon, placedAt, deadline }
  // What was due, but never published because the time was over first, is not in the topic.
  if (status === 'cancelled') return { status, ...content, reason: state.reason }
  const asked = 'asked' in state ? state.asked : null
  return { status, ...content, sums, asked, confirmedAt: state.confirmedAt }
}

function decisionText(message: OrderMessage): string {
  return JSON.stringify(message)
}

type EndedOrder = ConfirmedOrder | CancelledOrder | ReturningOrder
function endedOrders({ orders }: Stores): EndedOrder[] {
  return [...orders.values()].filter(isEnded)
}

function isEnded(state: OrderState): state is EndedOrder {
  const { status } = state
  return status === 'confirmed' || status === 'cancelled' || status === 'returned'
}

function rowsOf({ couponRows, stockRows, paymentRows }: Stores): { status: string }[] {
  return [...couponRows.values(), ...stockRows.values(), ...paymentRows.values()]
}

function sumOf(entries: readonly (readonly [string, number])[], key: string): number {
  return entries.reduce((sum, [its, amount]) => (its === key ? sum + amount : sum), 0)
}

function sorted(entries: Iterable<readonly [string, string]>): string[] {
  return [...entries].map((entry) => entry.join(' ')).sort()
}

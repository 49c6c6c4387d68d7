// An honest rehearsal of orders adds up; every difference that is planted in what was told, or in
// what the service says, breaks the promise it belongs to.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Seen } from '../rehearsal.ts'
import type { CouponHeld, OrderAnswer, OrderSeen, ProductSeen } from '../service.ts'
import type { Intent, OrderEvidence } from './order-evidence.ts'
import { isSettled, type OrderPromise, reconcileOrders } from './order-promises.ts'
import { errandsOf, isPoor, shopOf, topUpsOf } from './plan.ts'

const plan = { runId: 'test', users: 40, products: 4, stock: 3, withoutMoney: 5 }
const shop = shopOf(plan)
/** Half of them win. */
const won = Array.from({ length: plan.users }, (_, user) => user < plan.users / 2)
const users = won.map((_, user) => `user-${user}`)

/** What a service that keeps its promises tells everyone, one order after the other. */
function honest(): OrderEvidence {
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
    const coupon = { couponId: shop.couponId, orderId: used.get(user) ?? null }
    return {
      balance: { value: balances[user] ?? 0 },
      coupons: { value: won[user] === true ? [coupon] : [] },
    }
  })
  const seen = {
    users: seenUsers,
    products: products.map((value) => ({ value })),
    orders: new Map([...orders].map(([id, order]) => [id, { value: structuredClone(order) }])),
  }
  return { users, shop, topUps, won, entries, seen }
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

function broken(evidence: OrderEvidence): OrderPromise[] {
  const verdicts = reconcileOrders(evidence)
  return verdicts.filter(({ kept }) => !kept).map(({ promise }) => promise)
}

/** The first placing of this wish that ended so. */
function entryOf(evidence: OrderEvidence, wish: string, status = 'confirmed') {
  const found = evidence.entries.find(({ intent, answer }) => {
    return intent.wish === wish && answer.kind === 'ended' && answer.order.status === status
  })
  assert.ok(found?.answer.kind === 'ended')
  return { entry: found, order: found.answer.order, user: found.intent.user }
}

function valueOf<Value>(seen: Seen<Value> | undefined): Value {
  assert.ok(seen !== undefined && 'value' in seen)
  return seen.value
}

function scarce(evidence: OrderEvidence): ProductSeen {
  return valueOf(evidence.seen.products.at(-1))
}

function couponOf(evidence: OrderEvidence, user: number): CouponHeld {
  const [coupon] = valueOf(evidence.seen.users[user]?.coupons)
  assert.ok(coupon)
  return coupon
}

test('what an honest service says adds up, and every kind of order is among it', () => {
  const evidence = honest()
  const verdicts = reconcileOrders(evidence)
  assert.deepEqual(broken(evidence), [], JSON.stringify(verdicts, null, 1))
  const details = new Map(verdicts.map(({ promise, detail }) => [promise, detail]))
  assert.equal(details.get('scarce'), '3 of 3 sold, 5 told out of stock')
  assert.equal(details.get('one_coupon'), '3 races of two orders for one coupon, one won each')
  assert.equal(details.get('once'), '3 users clicked twice')
  const ends = new Set(
    evidence.entries.map(({ answer }) => {
      if (answer.kind === 'refused') return answer.problem
      return answer.kind === 'ended' ? (answer.order.reason ?? answer.order.status) : answer.kind
    }),
  )
  assert.deepEqual([...ends].toSorted(), [
    'confirmed',
    'coupon-not-held',
    'coupon_already_used',
    'insufficient_funds',
    'out_of_stock',
  ])
})

test('some of those without money have won, and some of them have no wallet', () => {
  const poor = users.flatMap((_, user) => (isPoor(plan, user) ? [user] : []))
  assert.equal(poor.length, plan.withoutMoney)
  assert.ok(poor.some((user) => won[user]))
  assert.deepEqual(
    poor.map((user) => topUpsOf(plan)[user]),
    [100, 0, 100, 0, 100],
  )
})

type Plant = (evidence: OrderEvidence) => void
const planted: [what: string, promises: OrderPromise[], plant: Plant][] = [
  [
    'an order without an end',
    ['ended', 'stock', 'money'],
    (evidence) => {
      const { entry } = entryOf(evidence, 'plain')
      entry.answer = { kind: 'pending' }
    },
  ],
  [
    'an order that nobody answered',
    ['ended'],
    (evidence) => {
      const { entry } = entryOf(evidence, 'no_money', 'cancelled')
      entry.answer = { kind: 'unknown', reason: 'timed out' }
    },
  ],
  [
    'someone without money who was confirmed',
    ['expected', 'told', 'discount', 'coupons', 'stock'],
    (evidence) => {
      const { order } = entryOf(evidence, 'no_money', 'cancelled')
      Object.assign(order, { status: 'confirmed', reason: null })
      order.sums = { subtotal: 0, discount: 0, total: 0 }
    },
  ],
  [
    'a cancelled order that shows confirmed afterwards',
    ['told'],
    (evidence) => {
      const { order } = entryOf(evidence, 'scarce', 'cancelled')
      valueOf(evidence.seen.orders.get(order.orderId)).status = 'confirmed'
    },
  ],
  [
    'an order that cannot be found afterwards',
    ['told'],
    (evidence) => {
      const { order } = entryOf(evidence, 'plain')
      evidence.seen.orders.set(order.orderId, { missing: 'status 404 unknown-order' })
    },
  ],
  [
    'a double click that made two orders',
    ['told', 'once', 'coupons', 'stock', 'money'],
    (evidence) => {
      const { order, user } = entryOf(evidence, 'double_click')
      const second = evidence.entries.findLast(({ intent }) => intent.user === user)
      assert.ok(second)
      second.answer = { kind: 'ended', order: { ...order, orderId: 'another' } }
    },
  ],
  [
    'two orders that both won one coupon',
    ['told', 'one_coupon', 'coupons', 'stock', 'money'],
    (evidence) => {
      const { order, user } = entryOf(evidence, 'race')
      const rival = evidence.entries.findLast(({ intent }) => intent.user === user)
      assert.ok(rival?.answer.kind === 'ended')
      rival.answer.order = { ...order, orderId: rival.answer.order.orderId }
    },
  ],
  [
    'a race that nobody won',
    ['told', 'one_coupon', 'coupons', 'stock', 'money'],
    (evidence) => {
      const { order } = entryOf(evidence, 'race')
      Object.assign(order, { status: 'cancelled', reason: 'coupon_already_used' })
    },
  ],
  [
    'one piece more sold than there was',
    ['scarce', 'stock'],
    (evidence) => {
      Object.assign(scarce(evidence), { available: -1, sold: 4 })
    },
  ],
  [
    'people told out of stock while a piece is left',
    ['scarce', 'stock'],
    (evidence) => {
      Object.assign(scarce(evidence), { available: 1, sold: 2 })
    },
  ],
  [
    'stock that was never given back',
    ['stock'],
    (evidence) => {
      const [product] = evidence.seen.products
      const seen = valueOf(product)
      seen.available -= 1
      seen.held += 1
    },
  ],
  [
    'stock that got lost',
    ['stock'],
    (evidence) => {
      const [product] = evidence.seen.products
      valueOf(product).available -= 1
    },
  ],
  [
    'a discount that was not subtracted',
    ['told', 'discount', 'money'],
    (evidence) => {
      const { order } = entryOf(evidence, 'double_click')
      assert.ok(order.sums)
      order.sums = { ...order.sums, total: order.sums.subtotal }
    },
  ],
  [
    'another price than the product has',
    ['told', 'discount'],
    (evidence) => {
      const { order } = entryOf(evidence, 'plain')
      order.lines = order.lines.map((line) => ({ ...line, unitPrice: (line.unitPrice ?? 0) + 1 }))
    },
  ],
  [
    'an order paid twice',
    ['money'],
    (evidence) => {
      const { user, order } = entryOf(evidence, 'plain')
      const wallet = evidence.seen.users[user]
      assert.ok(wallet)
      wallet.balance = { value: valueOf(wallet.balance) - (order.sums?.total ?? 0) }
    },
  ],
  [
    'a wallet that cannot be read',
    ['money'],
    (evidence) => {
      const [wallet] = evidence.seen.users
      assert.ok(wallet)
      wallet.balance = { missing: 'status 500' }
    },
  ],
  [
    'a coupon used without a confirmed order',
    ['coupons'],
    (evidence) => {
      const { user, order } = entryOf(evidence, 'no_money', 'cancelled')
      couponOf(evidence, user).orderId = order.orderId
    },
  ],
  [
    'a coupon left unused by a confirmed order',
    ['coupons'],
    (evidence) => {
      couponOf(evidence, entryOf(evidence, 'race').user).orderId = null
    },
  ],
  [
    'a coupon that its winner has lost',
    ['coupons'],
    (evidence) => {
      const seen = evidence.seen.users[entryOf(evidence, 'race').user]
      assert.ok(seen)
      seen.coupons = { value: [] }
    },
  ],
]

for (const [what, promises, plant] of planted) {
  test(`${what} breaks: ${promises.join(', ')}`, () => {
    const evidence = honest()
    plant(evidence)
    const verdicts = reconcileOrders(evidence)
    assert.deepEqual(broken(evidence), promises, JSON.stringify(verdicts, null, 1))
  })
}

test('an order that ran out of time is none that went wrong, and is counted', () => {
  const evidence = honest()
  for (const { answer } of evidence.entries) {
    if (answer.kind !== 'ended' || answer.order.reason !== 'insufficient_funds') continue
    answer.order.reason = 'timed_out'
    valueOf(evidence.seen.orders.get(answer.order.orderId)).reason = 'timed_out'
  }
  const [, expected] = reconcileOrders(evidence)
  assert.deepEqual(broken(evidence), [])
  assert.match(expected?.detail ?? '', /, 5 ran out of time$/)
})

test('a cancelled order whose prices are heard only after its end is the same', () => {
  const evidence = honest()
  const { order } = entryOf(evidence, 'race', 'cancelled')
  const now = valueOf(evidence.seen.orders.get(order.orderId))
  now.lines = now.lines.map((line) => ({ ...line, unitPrice: 7 }))
  assert.deepEqual(broken(evidence), [])
  now.lines = now.lines.map((line) => ({ ...line, quantity: 7 }))
  assert.deepEqual(broken(evidence), ['told'])
})

test('only what may yet be undone is worth reading again', () => {
  const open = honest()
  couponOf(open, entryOf(open, 'race').user).orderId = null
  assert.equal(isSettled(reconcileOrders(open)), false)
  const lost = honest()
  const { entry } = entryOf(lost, 'no_money', 'cancelled')
  entry.answer = { kind: 'unknown', reason: 'timed out' }
  assert.equal(isSettled(reconcileOrders(lost)), true)
})

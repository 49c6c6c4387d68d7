// An honest rehearsal of orders adds up; every difference that is planted in what was told, or in
// what the service says, breaks the promise it belongs to.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  broken,
  couponOf,
  type Evidence,
  entryOf,
  honest,
  plan,
  scarce,
  users,
  valueOf,
  won,
} from '../../../test/models/rehearsals/order-evidence.ts'
import { isSettled, type OrderPromise, reconcileOrders } from './order-promises.ts'
import { isPoor, topUpsOf } from './plan.ts'

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

type Plant = (evidence: Evidence) => void
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
    ['expected', 'told', 'discount', 'coupons', 'stock', 'money'],
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
    ['told', 'discount'],
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
    'a total that is wrong by one, everywhere',
    ['discount', 'money'],
    (evidence) => {
      const { order, user } = entryOf(evidence, 'plain')
      const now = valueOf(evidence.seen.orders.get(order.orderId))
      const wallet = evidence.seen.users[user]
      assert.ok(order.sums && wallet)
      order.sums = { ...order.sums, total: order.sums.total + 1 }
      now.sums = order.sums
      wallet.balance = { value: valueOf(wallet.balance) - 1 }
    },
  ],
  [
    'a product at another price than was asked for',
    ['stock'],
    (evidence) => {
      valueOf(evidence.seen.products[0]).price += 1
    },
  ],
  [
    'a new dead letter',
    ['letters'],
    ({ seen }) => {
      const letter = { deadLetterId: 'd', consumer: 'stock-step', key: 'o', reason: 'away' }
      seen.letters = { value: [letter] }
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

test('whoever ran out of time was not served, though everything adds up', () => {
  const evidence = honest()
  for (const { answer } of evidence.entries) {
    if (answer.kind !== 'ended' || answer.order.reason !== 'insufficient_funds') continue
    answer.order.reason = 'timed_out'
    valueOf(evidence.seen.orders.get(answer.order.orderId)).reason = 'timed_out'
  }
  assert.deepEqual(broken(evidence), ['expected'])
})

test('a service that confirms nothing keeps no promise, whatever adds up', () => {
  const evidence = honest()
  const none = evidence.entries.filter(({ intent }) => intent.wish === 'plain')
  for (const { answer } of none) {
    assert.ok(answer.kind === 'ended')
    Object.assign(answer.order, { status: 'cancelled', reason: 'timed_out', sums: null })
  }
  const verdicts = reconcileOrders({ ...evidence, entries: none })
  const confirmed = verdicts.find(({ promise }) => promise === 'confirmed')
  assert.deepEqual(confirmed?.breaches, [`none of ${none.length} orders was confirmed`])
})

test('where a payment service takes the payments, wallets say nothing', () => {
  const evidence = honest()
  const [wallet] = evidence.seen.users
  assert.ok(wallet)
  wallet.balance = { value: 0 }
  const verdicts = reconcileOrders({ ...evidence, payments: 'service' })
  const money = verdicts.find(({ promise }) => promise === 'money')
  assert.equal(money?.kept, null)
})

test('of orders that were cut short only what was told is judged', () => {
  const evidence = { ...honest(), seen: null }
  const judged = reconcileOrders(evidence).flatMap(({ promise, kept }) => {
    return kept === true ? [promise] : []
  })
  assert.deepEqual(judged, ['expected', 'confirmed', 'once', 'one_coupon', 'discount'])
  const { order } = entryOf(honest(), 'plain')
  assert.ok(order.sums)
  order.sums.total += 1
  const wrong = { ...entryOf(honest(), 'plain').entry, answer: { kind: 'ended', order } as const }
  const verdicts = reconcileOrders({ ...evidence, entries: [wrong] })
  const discount = verdicts.find(({ promise }) => promise === 'discount')
  assert.equal(discount?.kept, false)
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

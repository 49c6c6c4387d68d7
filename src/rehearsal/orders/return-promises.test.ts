// What is returned is given back, to the last of money, pieces and coupon; every difference that is
// planted in what was told, or in what there is afterwards, is found.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  couponOf,
  type Evidence,
  honest,
  valueOf,
} from '../../../test/models/rehearsals/order-evidence.ts'
import type { OrderAnswer } from '../service.ts'
import { reconcileReturns, returnsOf, type ToldReturn } from './return-promises.ts'

type Returned = { known: Evidence; told: (ToldReturn & { answers: OrderAnswer[] })[] }

/** What a service tells that keeps its promises, and what is left there. */
function honestReturns(): Returned {
  const known = honest()
  const told = returnsOf(known).map((plan) => {
    const { order, intent } = plan
    const answers = plan.asks.map(({ key }, index): OrderAnswer => {
      if (order.status !== 'confirmed') return { kind: 'refused', problem: 'order-not-confirmed' }
      const isSecond = index > 0 && (plan.wish === 'two_callers' || key === 'other')
      if (isSecond) return { kind: 'refused', problem: 'order-already-returned' }
      return { kind: 'ended', order: { ...order, status: 'returned' } }
    })
    if (order.status !== 'confirmed') return { ...plan, answers }
    valueOf(known.seen.orders.get(order.orderId)).status = 'returned'
    const user = known.seen.users[intent.user]
    assert.ok(user && order.sums)
    user.balance = { value: valueOf(user.balance) + order.sums.total }
    for (const { productId, quantity } of order.lines) {
      const product = known.seen.products.find((one) => valueOf(one).productId === productId)
      const { available, sold } = valueOf(product)
      Object.assign(valueOf(product), { available: available + quantity, sold: sold - quantity })
    }
    if (order.couponId !== null) {
      Object.assign(couponOf(known, intent.user), { orderId: null, status: 'unused' })
    }
    return { ...plan, answers }
  })
  return { known, told }
}

function judged({ known, told }: Returned, brokenBefore: string[] = []) {
  return reconcileReturns({ known, told, brokenBefore })
}

function toldOf({ told }: Returned, wish: string) {
  const found = told.find((one) => one.wish === wish)
  assert.ok(found)
  return found
}

test('what was returned is given back, and every way to return is among it', () => {
  const returned = honestReturns()
  const { kept, detail, breaches } = judged(returned)
  assert.deepEqual(breaches, [])
  assert.equal(kept, true)
  assert.match(detail, /^\d+ of \d+ orders$/)
  const wishes = new Set(returned.told.map(({ wish }) => wish))
  assert.equal(wishes.size, 6)
  assert.ok(returned.told.some(({ order }) => order.couponId !== null))
})

const plants: [what: string, plant: (returned: Returned) => void][] = [
  [
    'an order that is returned twice',
    (returned) => {
      const { answers } = toldOf(returned, 'two_callers')
      answers[1] = answers[0] as OrderAnswer
    },
  ],
  [
    'a return that is refused',
    (returned) => {
      toldOf(returned, 'own').answers[0] = { kind: 'refused', problem: 'return-too-late' }
    },
  ],
  [
    'a cancelled order that is returned',
    (returned) => {
      const one = toldOf(returned, 'not_confirmed')
      one.answers[0] = { kind: 'ended', order: { ...one.order, status: 'returned' } }
    },
  ],
  [
    'another sum than was paid',
    (returned) => {
      const [answer] = toldOf(returned, 'own').answers
      assert.ok(answer?.kind === 'ended' && answer.order.sums)
      answer.order.sums = { ...answer.order.sums, total: answer.order.sums.total - 1 }
    },
  ],
  [
    'a return without the money',
    (returned) => {
      const user = returned.known.seen.users[toldOf(returned, 'own').intent.user]
      assert.ok(user)
      user.balance = { value: valueOf(user.balance) - 1 }
    },
  ],
  [
    'a return without a piece',
    ({ known }) => {
      const product = valueOf(known.seen.products[0])
      product.available -= 1
      product.sold += 1
    },
  ],
  [
    'a return without the coupon',
    ({ known, told }) => {
      const one = told.find(({ order }) => order.couponId !== null)
      assert.ok(one)
      const { orderId } = one.order
      Object.assign(couponOf(known, one.intent.user), { orderId, status: 'used' })
    },
  ],
  [
    'a returned order that shows confirmed afterwards',
    (returned) => {
      const { orderId } = toldOf(returned, 'own').order
      valueOf(returned.known.seen.orders.get(orderId)).status = 'confirmed'
    },
  ],
]
for (const [what, plant] of plants) {
  test(`${what} is a breach`, () => {
    const returned = honestReturns()
    plant(returned)
    assert.equal(judged(returned).kept, false)
  })
}

test('what was broken before is not broken by returns', () => {
  const returned = honestReturns()
  const user = returned.known.seen.users[0]
  assert.ok(user)
  user.balance = { value: valueOf(user.balance) - 1 }
  assert.equal(judged(returned, ['money']).kept, true)
})

test('where a payment service takes the payments nothing is judged', () => {
  const { known } = honestReturns()
  const evidence = { known: { ...known, payments: 'service' as const }, told: [] }
  assert.equal(reconcileReturns({ ...evidence, brokenBefore: [] }).kept, null)
})

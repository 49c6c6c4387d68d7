import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { enter, historyOf, type OrderHistory } from '../../domain/orders/history.ts'
import type { OrderMessage, OrderPlaced, StepMessage } from '../../domain/orders/messages.ts'
import { chargeOf, restoreCoupon, restorePayment, restoreStock } from './restore-steps.ts'
import { createTally } from './restore-supplies.ts'

const orderId = 'o'
const lines = [{ productId: 'tea', quantity: 2, unitPrice: 150 }]
const bare: OrderPlaced = {
  type: 'order.placed',
  orderId,
  userId: 'ann',
  lines: [{ productId: 'tea', quantity: 2 }],
  timeLimitMs: 9,
}
const placed: OrderPlaced = { ...bare, coupon: { couponId: 'spring', partition: 0, offset: 7 } }
const due: OrderMessage = {
  type: 'order.payment_due',
  orderId,
  userId: 'ann',
  subtotal: 300,
  discount: 100,
  total: 200,
}
const free: OrderMessage = { ...due, discount: 300, total: 0 }
const confirmed: OrderMessage = { type: 'order.confirmed', orderId, couponId: 'spring' }
const cancelled: OrderMessage = { type: 'order.cancelled', orderId, reason: 'timed_out' }
const said = {
  used: { type: 'coupon.used', orderId, couponId: 'spring' },
  notHeld: { type: 'coupon.refused', orderId, reason: 'coupon_not_held' },
  couponReleased: { type: 'coupon.released', orderId, couponId: 'spring' },
  held: { type: 'stock.held', orderId, lines },
  outOfStock: { type: 'stock.refused', orderId, reason: 'out_of_stock', productId: 'tea' },
  stockReleased: { type: 'stock.released', orderId },
  sold: { type: 'stock.sold', orderId },
  captured: { type: 'payment.captured', orderId, amount: 200 },
  declined: { type: 'payment.refused', orderId, reason: 'insufficient_funds' },
  refunded: { type: 'payment.refunded', orderId, amount: 200 },
} satisfies Record<string, StepMessage>

/** What the topics say of one order: the orders topic first. */
function historyFrom(...messages: (OrderMessage | StepMessage)[]): OrderHistory {
  const orders = new Map<string, OrderHistory>()
  let history: OrderHistory | null = null
  for (const [offset, message] of messages.entries()) {
    const logged = { message, origin: { topic: 't', partition: 0, offset, appendedAt: 1 } }
    history = historyOf(orders, logged)
    enter(history, logged)
  }
  assert.ok(history !== null)
  return history
}

/** The row that is restored, and the record that the step takes again. */
type Expected = `${string} ${'placed' | 'due' | 'confirmed' | 'cancelled' | '-'}`
type Case = readonly [string, readonly (OrderMessage | StepMessage)[], Expected]

function shown({
  row,
  again,
}: {
  row: { status: string }
  again: { message: OrderMessage } | null
}): string {
  const type = again?.message.type.split('.')[1] ?? '-'
  return `${row.status} ${type === 'payment_due' ? 'due' : type}`
}

const coupons: readonly Case[] = [
  ['that nobody has answered', [placed], 'absent placed'],
  ['that needs none', [bare], 'unneeded -'],
  ['that uses it', [placed, said.used], 'used -'],
  ['that was refused it', [placed, said.notHeld], 'refused -'],
  ['that has spent it', [placed, due, confirmed, said.used], 'used -'],
  ['whose end is to be undone', [placed, cancelled, said.used], 'released cancelled'],
  ['that has let go of it', [placed, cancelled, said.used, said.couponReleased], 'released -'],
  ['that was cancelled before', [placed, cancelled], 'cancelled -'],
]
const stocks: readonly Case[] = [
  ['that nobody has answered', [placed], 'absent placed'],
  ['that holds its pieces', [placed, said.held], 'held -'],
  ['that was refused', [placed, said.outOfStock], 'refused -'],
  ['whose pieces are to be sold', [placed, due, confirmed, said.held], 'sold confirmed'],
  ['whose pieces are sold', [placed, due, confirmed, said.held, said.sold], 'sold -'],
  ['whose pieces are to be let go of', [placed, cancelled, said.held], 'released cancelled'],
  ['that let go of them', [placed, cancelled, said.held, said.stockReleased], 'released -'],
  ['that was cancelled before', [placed, cancelled], 'cancelled -'],
]
const wallets: readonly Case[] = [
  ['that owes nothing yet', [placed], 'absent -'],
  ['that owes, and nobody has answered', [placed, due], 'absent due'],
  ['that has paid', [placed, due, said.captured], 'captured -'],
  ['that could not', [placed, due, said.declined], 'refused -'],
  ['that was confirmed', [placed, due, confirmed, said.captured], 'captured -'],
  ['that is to be given back', [placed, due, cancelled, said.captured], 'refunded cancelled'],
  ['that was given back', [placed, due, cancelled, said.captured, said.refunded], 'refunded -'],
  ['that was given back unsaid', [placed, due, cancelled, said.refunded], 'refunded -'],
  ['that was cancelled before', [placed, due, cancelled], 'cancelled -'],
]
const providers: readonly Case[] = [
  ['that may have been captured', [placed, due], 'asked due'],
  ['that may have been captured, and is over', [placed, due, cancelled], 'undoing cancelled'],
  ['that is to be given back', [placed, due, cancelled, said.captured], 'undoing cancelled'],
  ['that has paid', [placed, due, said.captured], 'captured -'],
  ['that costs nothing, unanswered', [placed, free], 'absent due'],
]

describe('restored from what was said', () => {
  for (const [what, messages, expected] of coupons) {
    test(`the coupon of an order ${what} is ${expected}`, () => {
      assert.equal(shown(restoreCoupon(historyFrom(...messages))), expected)
    })
  }
  for (const [what, messages, expected] of stocks) {
    test(`the stock of an order ${what} is ${expected}`, () => {
      assert.equal(shown(restoreStock(historyFrom(...messages))), expected)
    })
  }
  for (const [isWallet, cases] of [
    [true, wallets],
    [false, providers],
  ] as const) {
    for (const [what, messages, expected] of cases) {
      test(`the payment of an order ${what}, by ${isWallet ? 'wallet' : 'provider'}, is ${expected}`, () => {
        assert.equal(shown(restorePayment(historyFrom(...messages), isWallet)), expected)
      })
    }
  }

  test('a coupon that was spent is kept, with whose it is', () => {
    const { row } = restoreCoupon(historyFrom(placed, due, confirmed, said.used))
    const use = { orderId, couponId: 'spring', userId: 'ann' }
    assert.deepEqual(row, { status: 'used', ...use, kept: true })
  })

  test('a redemption that uses a coupon at once has spent it, before anybody said so', () => {
    const { coupon } = placed
    assert.ok(coupon)
    const cart = { reference: 'cart', subtotal: 100, by: 'shop', timeLimitMs: 9 }
    const whose = { orderId, userId: 'ann', coupon }
    const reserving: OrderMessage = { type: 'redemption.placed', ...whose, ...cart }
    const use = { orderId, couponId: 'spring', userId: 'ann', minimum: 100 }
    const reserved = { reference: 'cart', until: 10 }
    const rowOf = (message: OrderMessage) => {
      return restoreCoupon(historyFrom(message, { ...said.used, minimum: 100 })).row
    }
    assert.deepEqual(rowOf({ ...reserving, use: true }), { status: 'used', ...use, kept: true })
    const open = { status: 'used', ...use, reserved }
    assert.deepEqual(rowOf(reserving), open)
    assert.deepEqual(rowOf({ ...reserving, use: true, subtotal: 99 }), open)
  })

  test('a wallet has charged what was captured, and nothing where nothing was to be paid', () => {
    const payment = { orderId, userId: 'ann', amount: 200 }
    const lives = historyFrom(due)
    const ended = historyFrom(due, confirmed)
    const captured = { status: 'captured', ...payment } as const
    assert.deepEqual(chargeOf(captured, lives), {
      status: 'captured',
      amount: 200,
      unsettled: true,
    })
    assert.deepEqual(chargeOf(captured, ended), { status: 'captured', amount: 200 })
    assert.equal(chargeOf({ ...captured, amount: 0 }, lives), null)
    assert.deepEqual(chargeOf({ status: 'refunded', ...payment }, ended), {
      status: 'undone',
      refunded: 200,
    })
    const reason = 'insufficient_funds'
    assert.deepEqual(chargeOf({ status: 'refused', orderId, reason }, ended), {
      status: 'refused',
      reason,
    })
    for (const status of ['asked', 'undoing'] as const) {
      assert.equal(chargeOf({ status, ...payment }, lives), null)
    }
  })

  test('what orders hold, bought and paid is summed up, and nothing that they let go of', () => {
    const tally = createTally()
    for (const status of ['held', 'held', 'sold', 'released'] as const) {
      tally.addStock({ status, orderId, lines })
    }
    for (const status of ['captured', 'captured', 'refunded', 'asked'] as const) {
      tally.addPayment({ status, orderId, userId: 'ann', amount: 200 })
    }
    assert.deepEqual([...tally.held], [['tea', 4]])
    assert.deepEqual([...tally.sold], [['tea', 2]])
    assert.deepEqual([...tally.paid], [['ann', 400]])
  })
})

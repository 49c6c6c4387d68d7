import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noRevocations } from '../../domain/coupons/revocations.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { enter, historyOf, type OrderHistory } from '../../domain/orders/history.ts'
import type { CancelReason, OrderMessage, StepMessage } from '../../domain/orders/messages.ts'
import { createFindings } from '../findings.ts'
import { checkHistories } from './check-histories.ts'
import { checkRecord } from './check-record.ts'
import { checkSpendings } from './check-spent.ts'

type Message = OrderMessage | StepMessage
/** Of a type, other fields; null: there is none. */
type Changes = { [Type in Message['type']]?: Partial<Extract<Message, { type: Type }>> | null }

const orderId = 'o'
const lines = [{ productId: 'tea', quantity: 3 }]
const sums = { subtotal: 999, discount: 99, total: 900 }
const coupon = { couponId: 'spring', partition: 0, offset: 7 }
const tenPercent = { kind: 'percent', value: 10 } as const
const records: { [Type in Message['type']]?: Extract<Message, { type: Type }> } = {
  'order.placed': {
    type: 'order.placed',
    orderId,
    userId: 'ann',
    lines,
    coupon,
    timeLimitMs: 60_000,
  },
  'coupon.used': { type: 'coupon.used', orderId, couponId: 'spring', discount: tenPercent },
  'stock.held': {
    type: 'stock.held',
    orderId,
    lines: [{ productId: 'tea', quantity: 3, unitPrice: 333 }],
  },
  'order.payment_due': { type: 'order.payment_due', orderId, userId: 'ann', ...sums },
  'payment.captured': { type: 'payment.captured', orderId, amount: 900 },
  'order.confirmed': { type: 'order.confirmed', orderId, couponId: 'spring' },
  'stock.sold': { type: 'stock.sold', orderId },
}
const confirmed = { 'order.confirmed': {} } as const
/** Instead of the end, and what is sold then. */
const ended = (reason: CancelReason): Changes => ({
  'order.confirmed': null,
  'stock.sold': null,
  'order.cancelled': { orderId, reason },
})

/** What is found in the records of one order with these changes; each at its own moment. */
function found(changes: Changes, { endedAt = 7_000, now = 10_000, terms = {} } = {}): string[] {
  const findings = createFindings()
  const orders = new Map<string, OrderHistory>()
  const types = new Set([...Object.keys(records), ...Object.keys(changes)] as Message['type'][])
  let offset = 0
  for (const type of types) {
    const change = changes[type]
    if (change === null) continue
    const message = { ...records[type], type, ...change } as Message
    const isEnd = type === 'order.cancelled'
    offset += 1
    const appendedAt = isEnd ? endedAt : 1_000 + offset
    const logged = { message, origin: { topic: 't', partition: 0, offset, appendedAt } }
    const history = historyOf(orders, logged)
    checkRecord(history, logged, findings)
    enter(history, logged)
  }
  const winners = new Map([['ann', { slot: 1, claimId: 'c', offset: 7, appendedAt: 1 }]])
  const revocations = noRevocations()
  const won = { partition: 0, winners, revocations, terms: { discount: tenPercent, ...terms } }
  const claims = {
    coupons: new Map([['spring', won as unknown as Coupon]]),
    bounds: [{ start: 0, end: 9 }],
  }
  const parts = { findings, now, isStopped: true }
  checkHistories({ ...parts, orders, prices: new Map([['tea', new Set([333])]]) })
  checkSpendings({ ...parts, histories: [...orders.values()], claims })
  return findings.first().map(({ invariant, text }) => `${invariant} ${text}`)
}

const nothingWrong: Readonly<Record<string, Changes>> = {
  'an order that was confirmed': confirmed,
  'one that timed out after it had paid': {
    ...ended('timed_out'),
    'payment.refunded': { orderId, amount: 900 },
    'stock.released': { orderId },
  },
  'one that was refused for its money': {
    ...ended('insufficient_funds'),
    'payment.captured': null,
    'payment.refused': { orderId, reason: 'insufficient_funds' },
  },
  'one that was below the minimum of its coupon': {
    ...ended('minimum_not_met'),
    'coupon.used': { discount: tenPercent, minimum: 1_000 },
    'order.payment_due': null,
    'payment.captured': null,
  },
}
const capped = { ...tenPercent, max: 98 }
/** Each with the terms of the coupon. */
const wrongByTerms: readonly (readonly [string, object, Changes, RegExp])[] = [
  [
    'a coupon spent that its record says was revoked',
    {},
    { 'order.placed': { coupon: { couponId: 'spring', partition: 0, offset: 7, revoked: 8 } } },
    /I15 .*it was placed after coupon spring had been revoked, which it has spent/,
  ],
  [
    'a coupon spent below its minimum',
    { minimum: 1_000 },
    { 'coupon.used': { minimum: 1_000 } },
    /I15 .*spent on 999, below its minimum of 1000/,
  ],
  [
    'more taken off than the cap',
    { discount: capped },
    { 'coupon.used': { discount: capped } },
    /I12 .*900 of 999 was due, but .* are 901 of 999/,
  ],
  ['a cap that was left out', { discount: capped }, {}, /I12 .*another discount was taken off/],
  ['a minimum that was left out', { minimum: 5 }, {}, /I12 .*another discount was taken off/],
  [
    'a coupon spent a millisecond too late',
    { validUntil: 1_000 },
    {},
    /I15 .*it was placed 1 ms after coupon spring had expired, which it has spent/,
  ],
]
const rightByTerms: readonly (readonly [string, object])[] = [
  ['at its last valid moment', { validUntil: 1_001 }],
  ['within its days', { validDays: 1 }],
]
const wrong: readonly (readonly [string, Changes, RegExp])[] = [
  [
    'a minimum that was met',
    {
      ...ended('minimum_not_met'),
      'coupon.used': { discount: tenPercent, minimum: 999 },
      'order.payment_due': null,
      'payment.captured': null,
    },
    /I10 .*cancelled for 999 below the minimum of 999/,
  ],
  [
    'payment that is due of another user',
    { 'order.payment_due': { userId: 'bob' } },
    /I12 .*payment is due of bob, but ann placed it/,
  ],
  [
    'a total that is one too high',
    { 'order.payment_due': { total: 901 }, 'payment.captured': { amount: 901 } },
    /I12 .*901 of 999 was due, but .* are 900 of 999/,
  ],
  ['more captured than was due', { 'payment.captured': { amount: 901 } }, /I12 .*901 was captured/],
  ['less captured than was due', { 'payment.captured': { amount: 899 } }, /I12 .*899 was captured/],
  ['nothing captured', { 'payment.captured': null }, /I12 .*but nothing was captured/],
  ['a refund of what was confirmed', { 'payment.refunded': { orderId, amount: 900 } }, /I12/],
  [
    'stock that was let go of though confirmed',
    { 'stock.sold': null, 'stock.released': { orderId } },
    /I11 .*but its stock was released/,
  ],
  [
    'a coupon that was let go of though confirmed',
    { 'coupon.released': { orderId, couponId: 'spring' } },
    /I13 .*its coupon spring was released/,
  ],
  [
    'a confirmation with another coupon',
    { 'order.confirmed': { couponId: 'autumn' } },
    /I13 .*confirmed with coupon autumn, placed with another/,
  ],
  [
    'another coupon used than was placed',
    { 'coupon.used': { couponId: 'autumn' } },
    /I13 .*for coupon spring, but used autumn/,
  ],
  [
    'another discount than the coupon has',
    {
      'coupon.used': { discount: { kind: 'percent', value: 20 } },
      'order.payment_due': { discount: 199, total: 800 },
      'payment.captured': { amount: 800 },
    },
    /I12 .*another discount was taken off/,
  ],
  [
    'another price than the product has',
    {
      'stock.held': { lines: [{ productId: 'tea', quantity: 3, unitPrice: 300 }] },
      'order.payment_due': { subtotal: 900, discount: 90, total: 810 },
      'payment.captured': { amount: 810 },
    },
    /I12 .*tea was held for 300, but costs 333/,
  ],
  [
    'other lines held than were placed',
    { 'stock.held': { lines: [{ productId: 'tea', quantity: 2, unitPrice: 333 }] } },
    /I11 .*other lines were held than were placed/,
  ],
  [
    'stock that was sold though cancelled',
    { ...ended('timed_out'), 'stock.sold': {}, 'payment.refunded': { orderId, amount: 900 } },
    /I11 .*it was cancelled, but its stock was sold/,
  ],
  ...[899, 901].map((amount) => {
    const refund: Changes = { ...ended('timed_out'), 'payment.refunded': { orderId, amount } }
    const text = `I12 .*900 was captured, but ${amount} refunded`
    return [`${amount} given back of 900`, refund, new RegExp(text)] as const
  }),
  [
    'a reason that no step has given',
    {
      ...ended('out_of_stock'),
      'payment.captured': null,
      'payment.refused': { orderId, reason: 'insufficient_funds' },
    },
    /I10 .*cancelled for out_of_stock, which no step has said/,
  ],
]

describe('the histories of orders', () => {
  for (const [what, changes] of Object.entries(nothingWrong)) {
    test(`have nothing against ${what}`, () => {
      assert.deepEqual(found(changes, { endedAt: 61_001 }), [])
    })
  }

  for (const [what, terms] of rightByTerms) {
    test(`have nothing against a coupon that was spent ${what}`, () => {
      assert.deepEqual(found(confirmed, { terms }), [])
    })
  }

  for (const [what, terms, changes, expected] of wrongByTerms) {
    test(`find ${what}`, () => {
      const { 'coupon.used': used = {}, ...rest } = changes
      const answered = { 'coupon.used': { discount: tenPercent, ...used }, ...rest }
      const texts = found(answered, { terms })
      assert.equal(texts.length, 1, texts.join('\n'))
      assert.match(texts[0] ?? '', expected)
    })
  }

  for (const [what, changes, expected] of wrong) {
    test(`find ${what}`, () => {
      const texts = found(changes, { endedAt: 61_001 })
      assert.ok(
        texts.some((text) => expected.test(text)),
        texts.join('\n'),
      )
    })
  }

  test('find an order that timed out early, but for what clocks may differ by', () => {
    const early = ended('timed_out')
    assert.deepEqual(found(early, { endedAt: 61_001 - 5_000 }), [])
    assert.match(found(early, { endedAt: 61_000 - 5_000 })[0] ?? '', /I10 .*5001 ms before/)
  })

  test('find an order that lives too long, but for a minute', () => {
    const living: Changes = { 'order.confirmed': null, 'stock.sold': null }
    assert.deepEqual(found(living, { now: 61_001 + 60_000 }), [])
    assert.match(
      found(living, { now: 61_002 + 60_000 })[0] ?? '',
      /I10 .*it has no end, 60 s after/,
    )
  })
})

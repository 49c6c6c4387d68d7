import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type CouponFacts, decideCoupon, evolveCoupon, isAnswerable } from './coupon-step.ts'
import type { OrderMessage, OrderPlaced, RedemptionPlaced } from './messages.ts'
import { absent, type CouponRow, type WaitingForCoupon } from './state.ts'

const orderId = 'r-1'
const at = 1_000
const coupon = { couponId: 'spring', partition: 0, offset: 7 }
const placed: RedemptionPlaced = {
  type: 'redemption.placed',
  orderId,
  userId: 'ann',
  coupon,
  reference: 'cart-7',
  subtotal: 500,
  by: 'till',
  timeLimitMs: 500,
}
const order: OrderPlaced = {
  type: 'order.placed',
  orderId,
  userId: 'ann',
  coupon,
  lines: [{ productId: 'tea', quantity: 1 }],
  timeLimitMs: 9,
}
const word = { orderId, by: 'till', commandId: 'c' }
const messages = {
  placed,
  use: { type: 'redemption.use', ...word },
  release: { type: 'redemption.release', ...word },
  expired: { type: 'redemption.expired', orderId },
  used: {
    type: 'redemption.used',
    orderId,
    couponId: 'spring',
    subtotal: 500,
    discount: 0,
    total: 500,
  },
  released: { type: 'redemption.released', orderId, reason: 'released' },
} satisfies Record<string, OrderMessage>

const reserved = { reference: 'cart-7', until: 1_500 }
const use = { orderId, couponId: 'spring', userId: 'ann', reserved }
const waiting: WaitingForCoupon = { status: 'waiting', orderId, placed, since: at }
const rows = {
  absent,
  waiting,
  wanting: { ...waiting, wants: 'r-0' },
  used: { status: 'used', ...use },
  kept: { status: 'used', ...use, kept: true },
  released: { status: 'released', ...use },
  refused: { status: 'refused', orderId, reason: 'coupon_not_held' },
  tombstone: { status: 'cancelled', orderId },
} satisfies Record<string, CouponRow>
const free: CouponFacts = {
  issuerNext: 8,
  issued: {},
  issuerWas: 0,
  isRevoked: false,
  usedBy: null,
  isKept: false,
  reserved: null,
}

/** What the row answers: outcome, its status after, effects and replies. */
const table: Readonly<Record<keyof typeof rows, Readonly<Record<keyof typeof messages, string>>>> =
  {
    absent: {
      placed: 'applied used use +coupon.used',
      use: 'ignored',
      release: 'applied refused +coupon.refused redemption_over',
      expired: 'applied refused +coupon.refused redemption_over',
      used: 'contradiction',
      released: 'applied cancelled',
    },
    waiting: {
      placed: 'applied used use +coupon.used',
      use: 'ignored',
      release: 'applied refused +coupon.refused redemption_over',
      expired: 'applied refused +coupon.refused redemption_over',
      used: 'contradiction',
      released: 'applied cancelled',
    },
    wanting: {
      placed: 'applied used use +coupon.used',
      use: 'ignored',
      release: 'applied refused +coupon.refused redemption_over',
      expired: 'applied refused +coupon.refused redemption_over',
      used: 'contradiction',
      released: 'applied cancelled',
    },
    used: {
      placed: 'repeated +coupon.used',
      use: 'ignored',
      release: 'ignored',
      expired: 'ignored',
      used: 'applied used keep',
      released: 'applied released release +coupon.released',
    },
    kept: {
      placed: 'repeated +coupon.used',
      use: 'ignored',
      release: 'ignored',
      expired: 'ignored',
      used: 'ignored',
      released: 'applied released release +coupon.released',
    },
    released: {
      placed: 'repeated +coupon.used',
      use: 'ignored',
      release: 'ignored',
      expired: 'ignored',
      used: 'applied released',
      released: 'repeated +coupon.released',
    },
    refused: {
      placed: 'repeated +coupon.refused coupon_not_held',
      use: 'ignored',
      release: 'ignored',
      expired: 'ignored',
      used: 'contradiction',
      released: 'ignored',
    },
    tombstone: {
      placed: 'ignored',
      use: 'ignored',
      release: 'ignored',
      expired: 'ignored',
      used: 'contradiction',
      released: 'ignored',
    },
  }

const usedNow = 'applied used use +coupon.used'
const byAnOrder = { usedBy: 'o-1' }
const byAnother = { usedBy: 'r-0', reserved: { reference: 'cart-8', until: at + 1 } }
const byTheSame = { usedBy: 'r-0', reserved: { reference: 'cart-7', until: at + 1 } }
const over = { usedBy: 'r-0', reserved: { reference: 'cart-8', until: at } }
/** Who finds the coupon so, answers so: a redemption, and an order. */
const found: readonly (readonly [
  string,
  Partial<CouponFacts>,
  redeemed: string,
  ordered: string,
])[] = [
  ['free', {}, usedNow, usedNow],
  ['not there yet', { issued: null, issuerNext: 7 }, 'applied waiting', 'applied waiting'],
  ['never won', { issued: null }, ...both('coupon_not_held')],
  ['spent', { ...byAnOrder, isKept: true }, ...both('coupon_already_used')],
  ['expired', { issued: { validUntil: at - 1 } }, ...both('coupon_expired')],
  ['in its last moment', { issued: { validUntil: at } }, usedNow, usedNow],
  ['revoked', { isRevoked: true }, ...both('coupon_revoked')],
  [
    'revoked, and reserved for the same cart',
    { ...byTheSame, isRevoked: true },
    ...both('coupon_revoked'),
  ],
  [
    'revoked and expired',
    { isRevoked: true, issued: { validUntil: 0 } },
    ...both('coupon_revoked'),
  ],
  ['with a living order', byAnOrder, refusal('coupon_already_used'), 'applied waiting'],
  ['reserved for another cart', byAnother, ...both('coupon_already_used')],
  ['reserved, and expired', { ...byAnother, issued: { validUntil: 0 } }, ...both('coupon_expired')],
  [
    'reserved for the same cart',
    byTheSame,
    'applied waiting +coupon.wanted r-0',
    refusal('coupon_already_used'),
  ],
  ['reserved, and its time is over', over, 'applied waiting', 'applied waiting'],
  ['its own', { usedBy: orderId }, 'contradiction', 'contradiction'],
]

describe('the coupon step', () => {
  for (const [from, row] of Object.entries(table)) {
    for (const [name, expected] of Object.entries(row)) {
      test(`of a redemption whose row is ${from} answers ${name} with: ${expected}`, () => {
        const message = messages[name as keyof typeof messages]
        assert.equal(answerOf(message, rows[from as keyof typeof rows], free), expected)
      })
    }
  }
  for (const [how, facts, redeemed, ordered] of found) {
    test(`finds a coupon ${how}: a redemption is ${redeemed}; an order is ${ordered}`, () => {
      assert.equal(answerOf(placed, absent, { ...free, ...facts }), redeemed)
      assert.equal(answerOf(order, absent, { ...free, ...facts }), ordered)
    })
  }
  test('asks the one that holds the coupon to let go once, and whoever holds it then again', () => {
    const facts = { ...free, ...byTheSame }
    assert.equal(answerOf(placed, rows.wanting, facts), 'repeated +coupon.wanted r-0')
    assert.equal(isAnswerable(rows.wanting, facts), false)
    const next = { ...facts, usedBy: 'r-2' }
    assert.equal(isAnswerable(rows.wanting, next), true)
    assert.equal(answerOf(placed, rows.wanting, next), 'applied waiting +coupon.wanted r-2')
  })
})

describe('a redemption that is used at once', () => {
  const atOnce: RedemptionPlaced = { ...placed, use: true }
  const facts: CouponFacts = { ...free, issued: { minimum: 500 } }

  test('has spent the coupon by the same transaction that finds it free', () => {
    const { events, effects, replies } = decideCoupon({ message: atOnce, at, facts }, absent)
    const { reserved: _, ...taken } = use
    const row = { status: 'used', ...taken, minimum: 500, kept: true } as const
    assert.deepEqual(events.reduce<CouponRow>(evolveCoupon, absent), row)
    assert.deepEqual(
      effects.map(({ kind }) => kind),
      ['use', 'keep'],
    )
    assert.deepEqual(
      replies.map(({ type }) => type),
      ['coupon.used'],
    )
    assert.equal(answerOf(messages.used, row, free), 'ignored')
    const released = 'applied released release +coupon.released'
    assert.equal(answerOf(messages.released, row, free), released)
  })

  test('has only reserved what is below its minimum, of which it is told soon', () => {
    const message = { ...atOnce, subtotal: 499 }
    const { events } = decideCoupon({ message, at, facts }, absent)
    const row = { status: 'used', ...use, minimum: 500 } as const
    assert.deepEqual(events.reduce<CouponRow>(evolveCoupon, absent), row)
  })

  test('finds a coupon as one that reserves it does', () => {
    for (const [, given, redeemed] of found) {
      const expected = redeemed === usedNow ? 'applied used use keep +coupon.used' : redeemed
      assert.equal(answerOf(atOnce, absent, { ...free, ...given }), expected)
    }
  })
})

function both(reason: string): [string, string] {
  return [refusal(reason), refusal(reason)]
}

function refusal(reason: string): string {
  return `applied refused +coupon.refused ${reason}`
}

function answerOf(message: OrderMessage, row: CouponRow, facts: CouponFacts): string {
  const { outcome, events, effects, replies } = decideCoupon({ message, at, facts }, row)
  const became = outcome === 'applied' ? [events.reduce(evolveCoupon, row).status] : []
  const said = replies.map((reply) => {
    const other = reply.orderId === orderId ? [] : [reply.orderId]
    const reason = 'reason' in reply ? [reply.reason] : []
    return [`+${reply.type}`, ...other, ...reason].join(' ')
  })
  return [outcome, ...became, ...effects.map(({ kind }) => kind), ...said].join(' ')
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type CouponFacts, decideCoupon, evolveCoupon, isAnswerable } from './coupon-step.ts'
import type { OrderMessage, OrderPlaced } from './messages.ts'
import { absent, type CouponRow } from './state.ts'

const orderId = 'o-1'
const lines = [{ productId: 'tea', quantity: 1 }]
const bare: OrderPlaced = { type: 'order.placed', orderId, userId: 'ann', lines, timeLimitMs: 9 }
const coupon = { couponId: 'spring', partition: 0, offset: 7 }
const discount = { kind: 'percent', value: 10 } as const
const use = { orderId, couponId: 'spring', userId: 'ann', discount }
const facts: CouponFacts = {
  issuerNext: 8,
  issued: { discount },
  issuerWas: 0,
  isRevoked: false,
  usedBy: null,
  isKept: false,
  reserved: null,
}

const messages = {
  placed: { ...bare, coupon },
  bare,
  due: {
    type: 'order.payment_due',
    orderId,
    userId: 'ann',
    subtotal: 9,
    discount: 0,
    total: 9,
  },
  cancelled: { type: 'order.cancelled', orderId, reason: 'out_of_stock' },
  confirmed: { type: 'order.confirmed', orderId, couponId: 'spring' },
  confirmedBare: { type: 'order.confirmed', orderId },
} satisfies Record<string, OrderMessage>

const rows = {
  absent: absent,
  unneeded: { status: 'unneeded', orderId },
  waiting: { status: 'waiting', orderId, placed: { ...bare, coupon }, since: 7 },
  used: { status: 'used', ...use },
  kept: { status: 'used', ...use, kept: true },
  refused: { status: 'refused', orderId, reason: 'coupon_not_held' },
  released: { status: 'released', ...use },
  tombstone: { status: 'cancelled', orderId },
} satisfies Record<string, CouponRow>

/** Outcome, the row's status after it, *effects, +replies. */
const table: Readonly<Record<keyof typeof rows, Readonly<Record<keyof typeof messages, string>>>> =
  {
    absent: {
      placed: 'applied used *use +coupon.used',
      bare: 'applied unneeded',
      due: 'ignored absent',
      cancelled: 'applied cancelled',
      confirmed: 'contradiction absent',
      confirmedBare: 'applied unneeded',
    },
    unneeded: {
      placed: 'ignored unneeded',
      bare: 'ignored unneeded',
      due: 'ignored unneeded',
      cancelled: 'ignored unneeded',
      confirmed: 'contradiction unneeded',
      confirmedBare: 'ignored unneeded',
    },
    waiting: {
      placed: 'applied used *use +coupon.used',
      bare: 'ignored waiting',
      due: 'ignored waiting',
      cancelled: 'applied cancelled',
      confirmed: 'contradiction waiting',
      confirmedBare: 'applied unneeded',
    },
    kept: {
      placed: 'repeated used +coupon.used',
      bare: 'repeated used +coupon.used',
      due: 'ignored used',
      cancelled: 'contradiction used',
      confirmed: 'ignored used',
      confirmedBare: 'applied released *release +coupon.released',
    },
    used: {
      placed: 'repeated used +coupon.used',
      bare: 'repeated used +coupon.used',
      due: 'ignored used',
      cancelled: 'applied released *release +coupon.released',
      confirmed: 'applied used *keep',
      confirmedBare: 'applied released *release +coupon.released',
    },
    refused: {
      placed: 'repeated refused +coupon.refused',
      bare: 'repeated refused +coupon.refused',
      due: 'ignored refused',
      cancelled: 'ignored refused',
      confirmed: 'contradiction refused',
      confirmedBare: 'ignored refused',
    },
    released: {
      placed: 'repeated released +coupon.used',
      bare: 'repeated released +coupon.used',
      due: 'ignored released',
      cancelled: 'repeated released +coupon.released',
      confirmed: 'contradiction released',
      confirmedBare: 'repeated released +coupon.released',
    },
    tombstone: {
      placed: 'ignored cancelled',
      bare: 'ignored cancelled',
      due: 'ignored cancelled',
      cancelled: 'ignored cancelled',
      confirmed: 'contradiction cancelled',
      confirmedBare: 'contradiction cancelled',
    },
  }

describe('the coupon step', () => {
  for (const [name, expected] of Object.entries(table)) {
    for (const [record, summary] of Object.entries(expected)) {
      test(`whose row is ${name} takes ${record}: ${summary}`, () => {
        const message = messages[record as keyof typeof messages]
        const row: CouponRow = rows[name as keyof typeof rows]
        assert.equal(summaryOf(message, row), summary)
      })
    }
  }

  const looks: readonly (readonly [string, Partial<CouponFacts>, string])[] = [
    ['held and unused', {}, 'applied used *use +coupon.used'],
    ['not there, and the issuer is past it', { issued: null }, 'applied refused +coupon.refused'],
    ['not there yet', { issued: null, issuerNext: 7 }, 'applied waiting'],
    ['there before the issuer says so', { issuerNext: 7 }, 'applied used *use +coupon.used'],
    ['used by a living order', { usedBy: 'o-2' }, 'applied waiting'],
    ['spent', { usedBy: 'o-2', isKept: true }, 'applied refused +coupon.refused'],
    ['revoked', { isRevoked: true }, 'applied refused +coupon.refused'],
    ['used by this order without a row', { usedBy: orderId }, 'contradiction absent'],
  ]
  for (const [name, changes, summary] of looks) {
    test(`that finds the coupon ${name} answers: ${summary}`, () => {
      const looked = { ...facts, ...changes }
      assert.equal(summaryOf(messages.placed, rows.absent, looked), summary)
    })
  }

  test('is refused where it was known to be revoked, however far the issuer is', () => {
    const placed = { ...messages.placed, coupon: { ...coupon, revoked: 12 } }
    assert.equal(summaryOf(placed, rows.absent), 'applied refused +coupon.refused')
  })

  test('waits for a rebuild of the rows, which may say that it is revoked', () => {
    const rebuilding = { ...facts, issuerNext: 12, issuerWas: 13 }
    assert.equal(summaryOf(messages.placed, rows.absent, rebuilding), 'applied waiting')
    assert.equal(isAnswerable(rows.waiting, rebuilding), false)
    assert.equal(isAnswerable(rows.waiting, { ...rebuilding, isRevoked: true }), true)
    assert.equal(isAnswerable(rows.waiting, { ...rebuilding, issuerNext: 13 }), true)
  })

  test('that waits keeps the record, and since when', () => {
    const looked = { ...facts, issued: null, issuerNext: 7 }
    const command = { message: messages.placed, at: 7, facts: looked }
    const { events } = decideCoupon(command, rows.absent)
    assert.deepEqual(events, [{ type: 'waits', placed: messages.placed, at: 7 }])
  })

  test('that waits is decided by the record that waits, whatever a copy of it says', () => {
    const placed = { ...bare, coupon: { ...coupon, revoked: 12 } }
    const revoked: CouponRow = { ...rows.waiting, placed }
    assert.equal(summaryOf(messages.placed, revoked), 'applied refused +coupon.refused')
    const looked = { ...facts, issued: { discount, validUntil: 7 } }
    const copied = { message: messages.placed, at: 8, facts: looked }
    assert.deepEqual(decideCoupon(copied, rows.waiting).effects, [{ kind: 'use', use }])
  })

  test('replies with the discount, and says why it refuses', () => {
    const answer = (changes: Partial<CouponFacts>) => {
      const looked = { ...facts, ...changes }
      return decideCoupon({ message: messages.placed, at: 7, facts: looked }, rows.absent)
        .replies[0]
    }
    const used = { type: 'coupon.used', orderId, couponId: 'spring' }
    assert.deepEqual(answer({}), { ...used, discount })
    assert.deepEqual(answer({ issued: {} }), used)
    const refused = { type: 'coupon.refused', orderId }
    assert.deepEqual(answer({ issued: null }), { ...refused, reason: 'coupon_not_held' })
    assert.deepEqual(answer({ usedBy: 'o-2', isKept: true }), {
      ...refused,
      reason: 'coupon_already_used',
    })
  })

  test('is by the append time of the order: the last valid moment is one of them', () => {
    const issued = { discount, minimum: 500, validUntil: 7 }
    const answer = (at: number, changes: Partial<CouponFacts> = {}) => {
      const looked = { ...facts, issued, ...changes }
      const { replies, events } = decideCoupon(
        { message: messages.placed, at, facts: looked },
        absent,
      )
      const [reply] = replies
      return reply?.type === 'coupon.refused' ? reply.reason : (reply?.type ?? events[0]?.type)
    }
    assert.equal(answer(7), 'coupon.used')
    assert.equal(answer(8), 'coupon_expired')
    assert.equal(answer(8, { usedBy: 'o-2', isKept: true }), 'coupon_already_used')
    assert.equal(answer(7, { usedBy: 'o-2' }), 'waits')
    assert.equal(answer(8, { usedBy: 'o-2' }), 'coupon_expired')
    assert.equal(answer(8, { isRevoked: true }), 'coupon_revoked')
    assert.equal(answer(7, { isRevoked: true, usedBy: 'o-2' }), 'coupon_revoked')
    const spent = { isRevoked: true, usedBy: 'o-2', isKept: true }
    assert.equal(answer(7, spent), 'coupon_already_used')
    const waiting = { status: 'waiting', orderId, placed: messages.placed, since: 7 } as const
    const command = { message: messages.placed, at: 7, facts: { ...facts, issued } }
    const [used] = decideCoupon(command, waiting).replies
    assert.deepEqual(used, {
      type: 'coupon.used',
      orderId,
      couponId: 'spring',
      discount,
      minimum: 500,
    })
  })

  test('releases just what it used', () => {
    const { effects } = decideCoupon({ message: messages.cancelled, at: 7, facts: null }, rows.used)
    assert.deepEqual(effects, [{ kind: 'release', use }])
  })

  test('without the facts it needs, or with an event out of turn, is a programming error', () => {
    const command = { message: messages.placed, at: 7, facts: null }
    assert.throws(() => decideCoupon(command, rows.absent), { message: /no facts/ })
    assert.throws(() => evolveCoupon(rows.released, { type: 'released' }), {
      message: /released of/,
    })
    assert.throws(() => evolveCoupon(rows.tombstone, { type: 'used', use }), { message: /used of/ })
  })
})

function summaryOf(message: OrderMessage, row: CouponRow, looked = facts): string {
  const decision = decideCoupon({ message, at: 7, facts: looked }, row)
  const effects = decision.effects.map(({ kind }) => `*${kind}`)
  const replies = decision.replies.map(({ type }) => `+${type}`)
  const { status } = decision.events.reduce(evolveCoupon, row)
  return [decision.outcome, status, ...effects, ...replies].join(' ')
}

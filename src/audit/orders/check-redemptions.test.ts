import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noRevocations } from '../../domain/coupons/revocations.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import {
  historyOf,
  type OrderHistory,
  type RedemptionHistory,
  type RedemptionSaid,
  type StepAnswers,
} from '../../domain/orders/history.ts'
import type { OrderMessage, RedemptionPlaced } from '../../domain/orders/messages.ts'
import { createFindings } from '../findings.ts'
import { overdueGraceMs } from './check-histories.ts'
import { checkRedemptions } from './check-redemptions.ts'
import { checkSpendings } from './check-spent.ts'

const orderId = 'o'
const coupon = { couponId: 'spring', partition: 0, offset: 7 }
const tenPercent = { kind: 'percent', value: 10 } as const
const timeLimitMs = 60_000
const placedAt = 1_000
const deadline = placedAt + timeLimitMs
const reservation: RedemptionPlaced = {
  type: 'redemption.placed',
  orderId,
  userId: 'ann',
  coupon,
  reference: 'cart-7',
  subtotal: 999,
  by: 'shop',
  timeLimitMs,
}
const reserved: StepAnswers = {
  'coupon.used': { type: 'coupon.used', orderId, couponId: 'spring', discount: tenPercent },
}
type Released = OrderMessage<'redemption.released'>
type Case = {
  placed?: Partial<RedemptionPlaced>
  /** What was said, and when, ms UTC. */
  said?: readonly (readonly ['use' | 'release' | 'expired', number])[]
  used?: Partial<OrderMessage<'redemption.used'>>
  released?: Released['reason']
  answers?: StepAnswers
  terms?: object
  now?: number
  /** By the order that spent it. */
  spent?: string
}

const used = { couponId: 'spring', subtotal: 999, discount: 99, total: 900 }
const use = [['use', 2_000]] as const
const over = [['expired', deadline]] as const
const spentOnce: Case = { said: use, used: {} }

function found(changed: Case): string[] {
  const findings = createFindings()
  const { said = [], answers = reserved, terms = {}, now = 10_000 } = changed
  const origin = (appendedAt: number) => ({ topic: 't', partition: 0, offset: 1, appendedAt })
  const message = { ...reservation, ...changed.placed }
  const logged = { message, origin: origin(placedAt) }
  const redemption: RedemptionHistory = {
    placed: logged,
    alsoPlaced: [],
    said: said.map(([word, at]) => {
      const base = { type: `redemption.${word}`, orderId, by: 'shop', commandId: word }
      return { message: base as RedemptionSaid, origin: origin(at) }
    }),
    used: changed.used
      ? {
          message: { type: 'redemption.used', orderId, ...used, ...changed.used },
          origin: origin(3_000),
        }
      : null,
    released: changed.released
      ? {
          message: { type: 'redemption.released', orderId, reason: changed.released },
          origin: origin(4_000),
        }
      : null,
  }
  const orders = new Map<string, OrderHistory>()
  Object.assign(historyOf(orders, logged), { answers, redemption })
  const winners = new Map([['ann', { slot: 1, claimId: 'c', offset: 7, appendedAt: 1 }]])
  const revocations = noRevocations()
  const won = { partition: 0, winners, revocations, terms: { discount: tenPercent, ...terms } }
  const coupons = new Map([['spring', won as unknown as Coupon]])
  const parts = {
    orders,
    findings,
    now,
    claims: { coupons, bounds: [{ start: 0, end: 9 }] },
    prices: new Map(),
    isStopped: true,
  }
  const spent = changed.spent === undefined ? [] : [['ann spring', changed.spent] as const]
  checkRedemptions(parts)
  checkSpendings({ ...parts, histories: [...orders.values()] }, new Map(spent))
  return findings.first().map(({ invariant, text }) => `${invariant} ${text}`)
}

const minimum = (least: number): StepAnswers => ({
  'coupon.used': { type: 'coupon.used', orderId, couponId: 'spring', minimum: least },
})
const off = (discount: {
  kind: 'amount' | 'percent'
  value: number
  max?: number
}): StepAnswers => ({
  'coupon.used': { type: 'coupon.used', orderId, couponId: 'spring', discount },
})
const refused = (reason: 'coupon_already_used' | 'coupon_revoked'): StepAnswers => ({
  'coupon.refused': { type: 'coupon.refused', orderId, reason },
})

const nothingWrong: Readonly<Record<string, Case>> = {
  'one that was used in its time': spentOnce,
  'one that was used at once': { placed: { use: true }, used: {} },
  'one that was used, and then taken back': {
    said: [...use, ['release', 90_000]],
    used: {},
    released: 'released',
  },
  'one that was let go of': { said: [['release', 2_000]], released: 'released' },
  'one whose time was over': { said: over, released: 'timed_out' },
  'one whose time was over before its use': {
    said: [
      ['expired', deadline],
      ['use', deadline + 1],
    ],
    released: 'timed_out',
  },
  'one whose coupon another order wanted': {
    answers: {
      ...reserved,
      'coupon.wanted': { type: 'coupon.wanted', orderId, couponId: 'spring' },
    },
    released: 'replaced',
  },
  'one below the minimum of its coupon': { answers: minimum(1_000), released: 'minimum_not_met' },
  'one that the coupon step refused': {
    answers: refused('coupon_already_used'),
    released: 'coupon_already_used',
  },
  'one whose coupon gives more than was bought for': {
    said: use,
    answers: off({ kind: 'amount', value: 5_000 }),
    terms: { discount: { kind: 'amount', value: 5_000 } },
    used: { discount: 999, total: 0 },
  },
  'one that still has time': { now: deadline + overdueGraceMs },
  'one that only waits for the coupon step': { said: over, answers: {}, now: 10 * deadline },
}

const wrong: Readonly<Record<string, readonly [Case, RegExp]>> = {
  'one that was used without a word': [{ used: {} }, /I10 .*without the word of the shop/],
  'one that was used after it was let go of': [
    {
      said: [
        ['release', 2_000],
        ['use', 2_001],
      ],
      used: {},
    },
    /I10 .*without the word of the shop/,
  ],
  'one that was used when its time was over': [
    { said: [['use', deadline]], used: {} },
    /I10 .*without the word of the shop/,
  ],
  'one for which the step has used another coupon': [
    {
      ...spentOnce,
      answers: {
        'coupon.used': { type: 'coupon.used', orderId, couponId: 'autumn', discount: tenPercent },
      },
    },
    /I13 .*used coupon spring, of spring, but the step autumn/,
  ],
  'one that has used another coupon than was asked for': [
    {
      said: use,
      used: { couponId: 'autumn' },
      answers: {
        'coupon.used': { type: 'coupon.used', orderId, couponId: 'autumn', discount: tenPercent },
      },
    },
    /I13 .*used coupon autumn, of spring/,
  ],
  'one that was used below the minimum': [
    {
      said: use,
      used: { discount: 0, total: 999 },
      answers: minimum(1_000),
      terms: { discount: undefined, minimum: 1_000 },
    },
    /I15 .*spent on 999, below its minimum of 1000/,
  ],
  'one with a unit too much taken off': [
    { said: use, used: { discount: 100 } },
    /I15 .*100 was taken off 999, but its coupon gives 99/,
  ],
  'one with a unit too little taken off': [
    { said: use, used: { discount: 98 } },
    /I15 .*98 was taken off 999/,
  ],
  'one with another total than is left': [
    { said: use, used: { total: 899 } },
    /I15 .*899 of 999 was left, but its coupon gives 99/,
  ],
  'one on another subtotal': [{ said: use, used: { subtotal: 998 } }, /I15 .*99 was taken off 998/],
  'one with more taken off than the cap': [
    {
      said: use,
      used: { discount: 99, total: 949 },
      answers: off({ ...tenPercent, max: 50 }),
      terms: { discount: { ...tenPercent, max: 50 } },
    },
    /I15 .*99 was taken off 999, but its coupon gives 50/,
  ],
  'one that was let go of, which nobody said': [
    { said: over, released: 'released' },
    /I10 .*released as released, which nobody has said/,
  ],
  'one that timed out after it was used': [
    { said: [...use, ...over], released: 'timed_out' },
    /I10 .*released as timed_out, which nobody has said/,
  ],
  'one that timed out before its time': [
    { said: [['expired', deadline - 1]], released: 'timed_out' },
    /I10 .*released as timed_out, which nobody has said/,
  ],
  'one that was replaced, which nobody wanted': [
    { released: 'replaced' },
    /I10 .*released as replaced/,
  ],
  'one that is not below the minimum': [
    { answers: minimum(999), released: 'minimum_not_met' },
    /I10 .*released as minimum_not_met/,
  ],
  'one refused for another reason than the step gave': [
    { answers: refused('coupon_revoked'), released: 'coupon_already_used' },
    /I10 .*released as coupon_already_used/,
  ],
  'one without an end': [
    { now: deadline + overdueGraceMs + 1 },
    /I10 .*it has no end, 60 s after its time was over/,
  ],
  'one that was answered and over, without an end': [
    { said: over, now: 10 * deadline },
    /I10 .*it has no end/,
  ],
  'one that spent what an order had spent': [
    { ...spentOnce, spent: 'another' },
    /I13 .*spent coupon spring here and in order another/,
  ],
  'one that spent what its user never won': [
    { ...spentOnce, placed: { userId: 'bob' } },
    /I13 .*bob never won coupon spring/,
  ],
  'one that spent what had expired': [
    { ...spentOnce, terms: { validUntil: placedAt - 1 } },
    /I15 .*1 ms after coupon spring had expired/,
  ],
}

describe('the records of a redemption', () => {
  for (const [name, changed] of Object.entries(nothingWrong)) {
    test(`find nothing in ${name}`, () => assert.deepEqual(found(changed), []))
  }
  for (const [name, [changed, pattern]] of Object.entries(wrong)) {
    test(`find ${name}`, () => {
      const texts = found(changed)
      assert.equal(texts.length, 1, texts.join('\n'))
      assert.match(texts[0] ?? '', pattern)
    })
  }
})

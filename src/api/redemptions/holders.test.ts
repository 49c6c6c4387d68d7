import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import type { Order } from '../../domain/orders/state.ts'
import type { HeldCoupon } from '../../ports/coupons.ts'
import { PortError } from '../../ports/port-error.ts'
import { onceLetGo, onceSpent, useFacts } from './holders.ts'
import { ToldRedemptions } from './told-redemptions.ts'

const orderId = 'r-1'
const content = {
  orderId,
  userId: 'ann',
  lines: [],
  coupon: { couponId: 'spring', partition: 0, offset: 7 },
  placedAt: 0,
  deadline: 900,
  heard: { coupon: null, stock: null, payment: null, notes: [] },
} as const
const redemption = { reference: 'cart', subtotal: 500 }
const sums = { subtotal: 500, discount: 0, total: 500 }
const placed: Order = { status: 'placed', ...content, redemption }
const used: Order = { status: 'confirmed', sums, ...content, redemption }
const released: Order = { status: 'cancelled', reason: 'released', sums, ...content, redemption }
const living: Order = { status: 'placed', ...content }
const returned: Order = {
  status: 'returned',
  sums,
  asked: { by: 'op', commandId: 'c', at: 1 },
  ...content,
}
const reserved = { orderId, reservedUntil: 900 }
const spent = { orderId }

type Row = readonly [
  ...(readonly [string, held: Pick<HeldCoupon, 'orderId' | 'reservedUntil'>]),
  ...(readonly [order: Order | undefined, expected: 'used' | 'reserved' | 'nobody’s']),
]
const rows: readonly Row[] = [
  ['that nobody uses', {}, undefined, 'nobody’s'],
  ['with a redemption', reserved, placed, 'reserved'],
  ['with a redemption that the process has not read', reserved, undefined, 'reserved'],
  ['that is used at once, which the process has not read', spent, undefined, 'used'],
  ['that is used at once, which is not confirmed', spent, placed, 'used'],
  ['that is used, of which the step has not read', reserved, used, 'used'],
  ['that is used', spent, used, 'used'],
  ['that is released, of which the step has not read', reserved, released, 'nobody’s'],
  ['that was used and is released, of which it has not read', spent, released, 'nobody’s'],
  ['with a living order', spent, living, 'used'],
  ['of a returned order, of which the step has not read', spent, returned, 'used'],
]

describe('a coupon', () => {
  for (const [what, held, order, expected] of rows) {
    test(`${what} is ${expected}`, () => {
      const { isUsed, reservedUntil } = useFacts(held, order)
      const found = isUsed ? 'used' : reservedUntil === undefined ? 'nobody’s' : 'reserved'
      assert.equal(found, expected)
    })
  }
})

const known = { couponId: 'spring', code: 'EZFFCRJQ22GW6' }
const rowOf = (held: object) => held as HeldCoupon

describe('that it is used is told', () => {
  for (const [how, order, times] of [
    ['once the coupon step has spent it', used, 3],
    ['at once where it is not', placed, 0],
  ] as const) {
    test(how, async () => {
      const clock = virtualClock(0)
      let asked = 0
      const row = async () => {
        asked += 1
        return rowOf(asked < 3 ? reserved : spent)
      }
      const told = new ToldRedemptions(false)
      const waiting = onceSpent({ clock, holders: { row }, told }, order, known)
      await clock.runUntil(1_000)
      await waiting
      assert.equal(asked, times)
    })
  }

  for (const [when, isBefore] of [
    ['before', true],
    ['while it is waited for', false],
  ] as const) {
    test(`without a question where the coupon step said so ${when}`, async () => {
      const clock = virtualClock(0)
      const row = () => assert.fail('SQL was asked')
      const told = new ToldRedemptions()
      const tell = () => told.tell({ orders: [], spent: [orderId] })
      if (isBefore) tell()
      const waiting = onceSpent({ clock, holders: { row }, told }, used, known)
      if (!isBefore) tell()
      await waiting
    })
  }

  test('all the same where the database is away, or the step is for long', async () => {
    const away = async () => Promise.reject(new PortError('store_unavailable', 'away'))
    const behind = async () => rowOf(reserved)
    for (const [row, untilMs] of [
      [away, 0],
      [behind, 2_000],
    ] as const) {
      const clock = virtualClock(0)
      let isTold = false
      const told = new ToldRedemptions(false)
      const waiting = onceSpent({ clock, holders: { row }, told }, used, known).then(() => {
        isTold = true
      })
      await clock.runUntil(1_900)
      assert.equal(isTold, untilMs === 0)
      await clock.runUntil(3_000)
      await waiting
    }
  })
})

describe('who comes next', () => {
  for (const [what, found, questions] of [
    ['finds free at once what nobody uses', [{}], 1],
    ['waits while what has ended is not let go of', [spent, spent, {}], 3],
  ] as const) {
    test(what, async () => {
      const clock = virtualClock(0)
      let asked = 0
      const row = async () => rowOf(found[asked++] ?? {})
      const reader = { orders: async () => [released] as Order[] }
      const waiting = onceLetGo({ clock, holders: { row }, reader }, known)
      await clock.runUntil(1_000)
      await waiting
      assert.equal(asked, questions)
    })
  }

  test('is not kept waiting by what may still end either way, nor asks for a row twice', async () => {
    for (const order of [placed, used]) {
      const row = () => assert.fail('SQL was asked')
      const reader = { orders: async () => [order] }
      const held = rowOf(reserved)
      await onceLetGo({ clock: virtualClock(0), holders: { row }, reader }, { ...known, held })
    }
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import type { Order } from '../../domain/orders/state.ts'
import type { HeldCoupon } from '../../ports/coupons.ts'
import { PortError } from '../../ports/port-error.ts'
import type { ReadStore } from '../http/server-parts.ts'
import { onceSpent, useFacts } from './holders.ts'

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

describe('that it is used is told', () => {
  for (const [how, order, times] of [
    ['once the coupon step has spent it', used, 3],
    ['at once where it is not', placed, 0],
  ] as const) {
    test(how, async () => {
      const clock = virtualClock(0)
      let asked = 0
      const heldBy = async () => {
        asked += 1
        return [asked < 3 ? reserved : spent] as HeldCoupon[]
      }
      const waiting = onceSpent({ clock, store: () => ({ heldBy }) as unknown as ReadStore }, order)
      await clock.runUntil(1_000)
      await waiting
      assert.equal(asked, times)
    })
  }

  test('all the same where the database is away, or the step is for long', async () => {
    const away = async () => Promise.reject(new PortError('store_unavailable', 'away'))
    const behind = async () => [reserved]
    for (const [heldBy, untilMs] of [
      [away, 0],
      [behind, 2_000],
    ] as const) {
      const clock = virtualClock(0)
      let isTold = false
      const store = () => ({ heldBy }) as unknown as ReadStore
      const waiting = onceSpent({ clock, store }, used).then(() => {
        isTold = true
      })
      await clock.runUntil(1_900)
      assert.equal(isTold, untilMs === 0)
      await clock.runUntil(3_000)
      await waiting
    }
  })
})

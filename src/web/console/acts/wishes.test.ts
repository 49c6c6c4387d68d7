import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Coupon } from '../model.ts'
import { fieldOf } from './times.ts'
import { countOf, newCouponOf, wishOf } from './wishes.ts'

const coupon: Coupon = {
  couponId: 'tea',
  name: 'Tea',
  quantity: 10,
  issued: 0,
  remaining: 10,
  status: 'open',
  opensAt: '2026-05-01T09:00:00.123Z',
  closesAt: '2026-05-02T09:00:30.000Z',
  lastAct: 0,
}
const asItIs = {
  name: 'Tea',
  opensAt: fieldOf(coupon.opensAt),
  closesAt: fieldOf(coupon.closesAt ?? ''),
}

test('a count is a whole number with or without separators', () => {
  const table = [
    ['1300', 1_300],
    ['1,300', 1_300],
    [' 1 300 ', 1_300],
    ['0', null],
    ['', null],
    ['1.5', null],
    ['-1', null],
    ['1e3', null],
    [undefined, null],
  ] as const
  for (const [text, count] of table) assert.equal(countOf(text), count)
})

test('an edit asks for what is other, and for nothing while nothing is', () => {
  assert.equal(wishOf('edit', asItIs, coupon), null)
  assert.equal(wishOf('edit', { ...asItIs, closesAt: '' }, coupon), null, 'an end stays')
  assert.equal(wishOf('edit', {}, coupon), null, 'the form has not been touched')
  const named = wishOf('edit', { ...asItIs, name: ' Green tea ' }, coupon)
  assert.deepEqual(named, { name: 'Green tea' })
  const closesAt = '2026-05-03T10:00:00.000Z'
  const later = wishOf('edit', { ...asItIs, closesAt: fieldOf(closesAt) }, coupon)
  assert.deepEqual(later, { closesAt })
})

test('a revoke is of one user or of everyone, and of nobody by itself', () => {
  assert.equal(wishOf('revoke', {}, coupon), null)
  assert.deepEqual(wishOf('revoke', { user: ' ann ' }, coupon), { userId: 'ann' })
  assert.deepEqual(wishOf('revoke', { everyone: 'on' }, coupon), { all: true })
})

test('a new coupon has the terms that were filled in, and no others', () => {
  const least = { couponId: 'oat', name: 'Oat', quantity: '5' }
  assert.equal(newCouponOf({ ...least, quantity: '' }), null)
  const same = { couponId: 'oat', name: 'Oat', quantity: 5 }
  assert.deepEqual(newCouponOf({ ...least, discount: 'none', minimum: '', values: '' }), same)
  const opensAt = '2026-05-01T09:00:00.000Z'
  const more = {
    discount: 'percent',
    discountValue: '15',
    discountMax: '5,000',
    minimum: '10,000',
    opensAt: fieldOf(opensAt),
    validDays: '30',
    attribute: 'grade',
    values: 'gold\n\n silver \n',
  }
  assert.deepEqual(newCouponOf({ ...least, ...more }), {
    ...same,
    opensAt,
    discount: { kind: 'percent', value: 15, max: 5_000 },
    minimum: 10_000,
    validDays: 30,
    audience: { attribute: 'grade', values: ['gold', 'silver'] },
  })
  const amount = newCouponOf({ ...least, discount: 'amount', discountValue: '900' })
  assert.deepEqual(amount?.discount, { kind: 'amount', value: 900 })
})

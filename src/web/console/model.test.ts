import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  after,
  arrivalsIn,
  countdown,
  paceOf,
  type Second,
  type StreamData,
  turnedAway,
} from './model.ts'

const coupon = {
  couponId: 'tea',
  name: 'Tea',
  quantity: 10,
  issued: 0,
  remaining: 10,
  status: 'open',
  opensAt: '2026-05-01T09:00:00.000Z',
  closesAt: null,
  lastAct: 0,
} as const
const second: Second = {
  at: '2026-05-01T09:00:00.000Z',
  claims: { issued: 6, sold_out: 2, unavailable: 1 },
  p50: 1,
  p99: 2,
  tooMany: 1,
  unavailable: 1,
  pairs: 100,
  inversions: 1,
  behind: 0,
}

function event(seconds: number, more: Partial<StreamData> = {}): StreamData {
  const now = new Date(Date.parse(coupon.opensAt) + seconds * 1_000).toISOString()
  const around = { gate: 'none', log: [], clockDifferenceMs: 0, lettersWaiting: 0 } as const
  return { now, ...around, nodes: null, database: 'up', coupons: [], seconds: [], ...more }
}

const later = (n: number): Second => ({ ...second, at: event(n).now })

test('changes are added to the state, and a new state takes its place', () => {
  const state = after(null, 'state', event(0, { coupons: [coupon], seconds: [second] }))
  const oat = { ...coupon, couponId: 'oat' }
  const changed = after(state, 'change', event(1, { coupons: [oat], seconds: [second, later(1)] }))
  assert.deepEqual([...changed.coupons.keys()], ['tea', 'oat'])
  assert.deepEqual(changed.seconds, [second, later(1)])
  const anew = after(changed, 'state', event(2, { coupons: [oat] }))
  assert.deepEqual([[...anew.coupons.keys()], anew.seconds.length], [['oat'], 0])
  let model = anew
  for (let n = 0; n < 400; n++) model = after(model, 'change', event(n, { seconds: [later(n)] }))
  assert.equal(model.seconds.length, 300)
})

test('the pace is of the last seconds, and none of who won long ago', () => {
  let model = after(null, 'state', event(0, { coupons: [coupon] }))
  model = after(model, 'change', event(1, { coupons: [{ ...coupon, issued: 4 }] }))
  model = after(model, 'change', event(2, { coupons: [{ ...coupon, issued: 8 }] }))
  assert.equal(paceOf(model, 'tea'), 4)
  assert.equal(paceOf(model, 'oat'), 0)
  model = after(model, 'change', event(9))
  assert.equal(paceOf(model, 'tea'), 0)
})

test('those that were turned away are a share of all calls', () => {
  assert.equal(turnedAway([]), 0)
  assert.equal(turnedAway([second, second]), 0.2)
})

test('the order of arrival is that of all seconds together', () => {
  assert.deepEqual(arrivalsIn([]), { pairs: 0, inversions: 0 })
  assert.deepEqual(arrivalsIn([second, second]), { pairs: 200, inversions: 2 })
})

test('a countdown has hours and days only where there are any', () => {
  const table = [
    [-5, '00:00'],
    [1, '00:01'],
    [61_000, '01:01'],
    [3_600_000, '1:00:00'],
    [90_061_000, '1d 1:01:01'],
  ] as const
  for (const [ms, text] of table) assert.equal(countdown(ms), text)
  assert.equal(countdown(90_061_000, '일 '), '1일 1:01:01')
})

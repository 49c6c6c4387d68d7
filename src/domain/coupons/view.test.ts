import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Coupon, newCoupon } from './state.ts'
import { type VisibleStatus, visibleStatus } from './view.ts'

const opensAt = 1_000
const closesAt = 2_000

function coupon(changes: Partial<Coupon>): Coupon {
  const terms = { name: 'Spring', quantity: 1, opensAt, closesAt }
  const created = { couponId: 'spring', partition: 0, rules: 1, terms, at: 1, offset: 1 }
  return { ...newCoupon({ type: 'created', ...created }), ...changes }
}

const full = new Map([['ann', { slot: 1, claimId: 'a', offset: 1, appendedAt: opensAt }]])
const rows: readonly (readonly [string, Partial<Coupon>, number, VisibleStatus])[] = [
  ['before it opens', {}, opensAt - 1, 'scheduled'],
  ['from its opening on', {}, opensAt, 'open'],
  ['opened by the log, although this clock is behind', { status: 'open' }, opensAt - 1, 'open'],
  ['until just before it closes', { status: 'open' }, closesAt - 1, 'open'],
  ['from its closing on', { status: 'open' }, closesAt, 'closed'],
  ['closed by its operator', { status: 'closed' }, opensAt, 'closed'],
  ['paused', { status: 'open', paused: true }, opensAt, 'paused'],
  ['all gone', { status: 'open', winners: full }, opensAt, 'sold_out'],
  ['paused before it opens', { paused: true }, opensAt - 1, 'scheduled'],
  ['paused and all gone', { paused: true, winners: full }, opensAt, 'paused'],
  ['closed and all gone', { status: 'closed', winners: full }, opensAt, 'closed'],
  ['closed while paused', { status: 'closed', paused: true }, opensAt, 'closed'],
]

for (const [name, changes, now, expected] of rows) {
  test(`a coupon ${name} looks ${expected}`, () => {
    assert.equal(visibleStatus(coupon(changes), now), expected)
  })
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Terms } from './messages.ts'
import { noRevocations } from './revocations.ts'
import { type Coupon, type CouponEvent, type CouponState, evolve, initialState } from './state.ts'
import { PackedWinners } from './winners.ts'

const terms: Terms = { name: 'Spring', quantity: 2, opensAt: 1_000, closesAt: 2_000 }

function after(...events: CouponEvent[]): Coupon {
  return afterCreation(terms, ...events)
}

function afterCreation(created: Terms, ...events: CouponEvent[]): Coupon {
  const placed = { couponId: 'spring', partition: 3, rules: 1, at: 500, offset: 4 }
  let state: CouponState = evolve(initialState(), { type: 'created', terms: created, ...placed })
  for (const event of events) state = evolve(state, event)
  assert.notEqual(state.status, 'absent')
  return state as Coupon
}

const slotOne = { slot: 1, claimId: 'claim-1', offset: 7, appendedAt: 1_001 }

test('a coupon is absent until it is created', () => {
  assert.deepEqual(initialState(), { status: 'absent' })
})

test('a new coupon is scheduled, with all of its terms and nothing issued', () => {
  assert.deepEqual(after(), {
    status: 'scheduled',
    couponId: 'spring',
    partition: 3,
    rules: 1,
    terms,
    name: 'Spring',
    opensAt: 1_000,
    closesAt: 2_000,
    quantity: 2,
    paused: false,
    commands: new Map(),
    revocations: noRevocations(),
    lastAct: 4,
    winners: new PackedWinners(),
  })
})

test('without opensAt a coupon opens at its own append time, without closesAt it never closes', () => {
  const coupon = afterCreation({ name: 'Now', quantity: 1 })
  assert.equal(coupon.opensAt, 500)
  assert.equal(coupon.closesAt, Number.POSITIVE_INFINITY)
})

test('opened and closed change the status alone', () => {
  assert.deepEqual(after({ type: 'opened' }), { ...after(), status: 'open' })
  assert.deepEqual(after({ type: 'closed' }), { ...after(), status: 'closed' })
})

test('issued adds a winner, and keeps the winners in slot order', () => {
  const slotTwo = { slot: 2, claimId: 'claim-2', offset: 9, appendedAt: 1_002 }
  const coupon = after(
    { type: 'issued', userId: 'zoe', issued: slotOne },
    { type: 'issued', userId: 'ann', issued: slotTwo },
  )
  const inOrder = [
    ['zoe', slotOne],
    ['ann', slotTwo],
  ]
  assert.deepEqual([...coupon.winners], inOrder)
  assert.equal(coupon.quantity, 2)
})

test('restocked adds to the quantity, not to the terms, and remembers its command', () => {
  const coupon = after(
    { type: 'restocked', commandId: 'r1', add: 5, offset: 5 },
    { type: 'restocked', commandId: 'r2', add: 1, offset: 6 },
  )
  assert.equal(coupon.quantity, 8)
  assert.equal(coupon.terms.quantity, 2)
  const remembered = [
    ['r1', 5],
    ['r2', 1],
  ]
  assert.deepEqual([...coupon.commands], remembered)
  assert.equal(coupon.lastAct, 6)
})

test('paused and resumed are remembered by their commands', () => {
  const coupon = after({ type: 'paused', commandId: 'p', offset: 5 })
  assert.equal(coupon.paused, true)
  const resumed = evolve(coupon, { type: 'resumed', commandId: 'q', offset: 6 })
  assert.ok(resumed.status !== 'absent' && !resumed.paused)
  assert.deepEqual([...coupon.commands.keys()], ['p', 'q'])
})

test('a close that expected a state is remembered by its command, another one is not', () => {
  const closed = after({ type: 'closed', offset: 5 })
  assert.deepEqual(closed, { ...after(), status: 'closed', lastAct: 5 })
  const expecting = after({ type: 'closed', offset: 5, commandId: 'c' })
  assert.deepEqual(expecting, { ...closed, commands: new Map([['c', 0]]) })
})

test('anything before created is a programming error', () => {
  const events: CouponEvent[] = [
    { type: 'opened' },
    { type: 'closed' },
    { type: 'paused', commandId: 'p', offset: 1 },
    { type: 'resumed', commandId: 'r', offset: 1 },
    { type: 'restocked', commandId: 's', add: 1, offset: 1 },
    { type: 'issued', userId: 'ann', issued: slotOne },
  ]
  for (const event of events) {
    assert.throws(() => evolve(initialState(), event), { message: `${event.type} before created` })
  }
})

// A mistake in `decide` must show: here each record is given an outcome, right or wrong.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ClaimOutcome, ControlOutcome } from '../../domain/coupons/decide.ts'
import { applyCommand, createFold } from '../../domain/coupons/fold.ts'
import { type CouponMessage } from '../../domain/coupons/messages.ts'
import { quantityMax } from '../../domain/coupons/quantity.ts'
import { noRevocations, revokedCount } from '../../domain/coupons/revocations.ts'
import { createFindings, type Difference } from '../findings.ts'
import { createPromiseChecks } from './promises.ts'

const couponId = 'spring'
const terms = { name: 'Spring', quantity: 2, opensAt: 10, closesAt: 90 }
const by = 'op'

type Outcome = ClaimOutcome | ControlOutcome
/** Append time, message, outcome. */
type Row = readonly [number, CouponMessage, Outcome['kind'], slot?: number]

function claim(userId: string, audience?: string): CouponMessage {
  const asked = { type: 'coupon.claimed', couponId, userId, claimId: `claim-${userId}` } as const
  return audience === undefined ? asked : { ...asked, audience }
}

function restock(add: number, commandId = 'r'): CouponMessage {
  return { type: 'coupon.restocked', couponId, add, by, commandId }
}

function edit(times: { opensAt?: number; closesAt?: number }, commandId = 'e'): CouponMessage {
  return { type: 'coupon.edited', couponId, by, commandId, ...times }
}

/** Without a user: of all. */
function revoke(commandId: string, userId?: string): CouponMessage {
  const whose = userId === undefined ? ({ all: true } as const) : { userId }
  return { type: 'coupon.revoked', couponId, ...whose, reason: 'r', by, commandId }
}

function turn(to: 'paused' | 'resumed' | 'closed', commandId: string): CouponMessage {
  return { type: `coupon.${to}`, couponId, by, commandId }
}

const create: CouponMessage = {
  type: 'coupon.created',
  couponId,
  terms,
  rules: 1,
  by,
  commandId: 'c',
}
const golden: Row = [
  1,
  {
    ...create,
    rules: 2,
    terms: { ...terms, audience: { attribute: 'tier', values: ['gold'] } },
  },
  'created',
]
const created: Row = [1, create, 'created']
const ann: Row = [10, claim('ann'), 'issued', 1]
const bob: Row = [11, claim('bob'), 'issued', 2]

/** The differences that the checks find in these rows. */
function judge(rows: readonly Row[]): Difference[] {
  const findings = createFindings()
  const checks = createPromiseChecks(findings)
  for (const [offset, [appendedAt, message, kind, slot]] of rows.entries()) {
    const claimId = message.type === 'coupon.claimed' ? message.claimId : ''
    const issued = { slot: slot ?? 0, claimId, offset, appendedAt }
    const outcome = (slot === undefined ? { kind } : { kind, issued }) as Outcome
    checks.check({ message, partition: 3, offset, appendedAt }, outcome)
  }
  return findings.first()
}

const right: Readonly<Record<string, readonly Row[]>> = {
  'a sale from its creation to its end': [
    [1, claim('ann'), 'unknown_coupon'],
    created,
    [9, claim('ann'), 'not_open'],
    ann,
    [10, claim('ann'), 'already_issued', 1],
    bob,
    [12, claim('cat'), 'sold_out'],
    [13, restock(1), 'done'],
    [13, restock(1), 'done'],
    [14, claim('cat'), 'issued', 3],
    [15, claim('dan'), 'sold_out'],
    [90, claim('dan'), 'closed'],
    [90, claim('cat'), 'already_issued', 3],
  ],
  'append times that go back after the opening': [
    created,
    [10, turn('paused', 'p'), 'done'],
    [11, turn('resumed', 'q'), 'done'],
    [9, claim('ann'), 'issued', 1],
  ],
  'a pause stored again after its resume': [
    created,
    [10, turn('paused', 'p'), 'done'],
    [10, claim('ann'), 'paused'],
    [11, turn('resumed', 'q'), 'done'],
    [12, turn('paused', 'p'), 'done'],
    [13, claim('ann'), 'issued', 1],
  ],
  'a restock that was refused': [
    created,
    ann,
    bob,
    [12, restock(quantityMax), 'quantity_limit'],
    [12, turn('closed', 'x'), 'done'],
    [13, restock(1), 'closed'],
    [14, claim('cat'), 'closed'],
  ],
  'a coupon that is not for everybody': [
    golden,
    [10, claim('ann'), 'not_eligible'],
    [10, claim('ann', 'silver'), 'not_eligible'],
    [10, claim('ann', 'gold'), 'issued', 1],
    [11, claim('ann'), 'already_issued', 1],
  ],
  'edits, as they came': [
    created,
    [2, edit({ opensAt: 20, closesAt: 50 }), 'done'],
    [10, claim('ann'), 'not_open'],
    [20, claim('ann'), 'issued', 1],
    [21, edit({ opensAt: 30 }, 'e2'), 'too_late'],
    [21, claim('bob'), 'issued', 2],
    [22, restock(5), 'done'],
    [30, edit({ closesAt: 40 }, 'e3'), 'done'],
    [30, edit({ closesAt: 30 }, 'e4'), 'too_late'],
    [40, claim('cat'), 'closed'],
  ],
  'a restock to the limit': [
    created,
    ann,
    bob,
    [12, restock(quantityMax - 2), 'done'],
    [13, claim('cat'), 'issued', 3],
  ],
}

type Wrong = readonly [readonly Row[], Difference['invariant'], RegExp]
const wrong: Readonly<Record<string, Wrong>> = {
  'one more winner than the quantity': [
    [created, ann, bob, [12, claim('cat'), 'issued', 3]],
    'I1',
    /^record 3 of partition 3: cat won slot 3 of spring, but .* 2 of 2 issued$/,
  ],
  'a winner by a restock that was stored twice': [
    [
      created,
      ann,
      bob,
      [12, restock(1), 'done'],
      [12, restock(1), 'done'],
      [13, claim('cat'), 'issued', 3],
      [13, claim('dan'), 'issued', 4],
    ],
    'I1',
    /dan won slot 4/,
  ],
  'a user who wins twice': [
    [created, ann, [11, claim('ann'), 'issued', 2]],
    'I3',
    /^record 2 of partition 3: ann won slot 2 of spring, but had slot 1$/,
  ],
  'a hole between the slots': [
    [created, ann, [11, claim('bob'), 'issued', 3]],
    'I4',
    /bob won slot 3 of spring, but the next slot was 2$/,
  ],
  'a slot given twice': [
    [created, ann, [11, claim('bob'), 'issued', 1]],
    'I4',
    /the next slot was 2$/,
  ],
  'a winner who is told another slot': [
    [created, ann, [11, claim('ann'), 'already_issued', 2]],
    'I5',
    /ann was told slot 2, but has 1$/,
  ],
  'a loser who is told a slot': [
    [created, ann, [11, claim('bob'), 'already_issued', 2]],
    'I5',
    /bob was told slot 2, but has none$/,
  ],
  'a winner who is told sold out': [
    [created, ann, bob, [12, claim('ann'), 'sold_out']],
    'I5',
    /ann was told sold_out, but has slot 1$/,
  ],
  'an outcome of a coupon that was never created': [
    [[1, claim('ann'), 'sold_out']],
    'I5',
    /ended sold_out, but spring had not been created$/,
  ],
  'sold out while coupons are left': [
    [created, ann, [11, claim('bob'), 'sold_out']],
    'I6',
    /bob was told sold_out, but spring was not closed nor paused, with 1 of 2 issued$/,
  ],
  'sold out after a restock': [
    [created, ann, bob, [12, restock(1), 'done'], [13, claim('cat'), 'sold_out']],
    'I6',
    /2 of 3 issued$/,
  ],
  'paused after the resume': [
    [
      created,
      [10, turn('paused', 'p'), 'done'],
      [11, turn('resumed', 'q'), 'done'],
      [12, claim('ann'), 'paused'],
    ],
    'I6',
    /ann was told paused/,
  ],
  'closed before it closes': [[created, [89, claim('ann'), 'closed']], 'I6', /ann was told closed/],
  'an unknown coupon that is there': [
    [created, [10, claim('ann'), 'unknown_coupon']],
    'I6',
    /ann was told unknown_coupon/,
  ],
  'a winner for whom the coupon is not': [
    [golden, [10, claim('ann', 'silver'), 'issued', 1]],
    'I15',
    /ann won slot 1 of spring, which is for others$/,
  ],
  'a winner of whom the token said nothing': [[golden, ann], 'I15', /which is for others/],
  'not eligible, for whom the coupon is': [
    [golden, [10, claim('ann', 'gold'), 'not_eligible']],
    'I6',
    /ann was told not_eligible/,
  ],
  'not eligible for what is for everybody': [
    [created, [10, claim('ann'), 'not_eligible']],
    'I6',
    /ann was told not_eligible/,
  ],
  'a winner before the opening that an edit has moved': [
    [created, [2, edit({ opensAt: 20 }), 'done'], [19, claim('ann'), 'issued', 1]],
    'I9',
    /ann won slot 1 of spring before it had opened$/,
  ],
  'a winner after the close that an edit has moved': [
    [created, [12, edit({ closesAt: 20 }), 'done'], [20, claim('ann'), 'issued', 1]],
    'I9',
    /but spring was closed/,
  ],
  'a winner before the opening': [
    [created, [9, claim('ann'), 'issued', 1]],
    'I9',
    /ann won slot 1 of spring before it had opened$/,
  ],
  'not open after the opening': [
    [created, ann, [9, claim('bob'), 'not_open']],
    'I9',
    /bob was told not_open, but spring had opened$/,
  ],
  'a winner during a pause': [
    [created, [10, turn('paused', 'p'), 'done'], [11, claim('ann'), 'issued', 1]],
    'I9',
    /ann won slot 1 of spring, but spring was paused/,
  ],
  'a winner after the close': [
    [created, [10, turn('closed', 'x'), 'done'], [11, claim('ann'), 'issued', 1]],
    'I9',
    /but spring was closed/,
  ],
  'a winner after closesAt, when append times have gone back': [
    [created, [90, claim('bob'), 'closed'], [89, claim('ann'), 'issued', 1]],
    'I9',
    /but spring was closed/,
  ],
}

describe('the checks of the promises', () => {
  for (const [name, rows] of Object.entries(right)) {
    test(`have nothing against ${name}`, () => {
      assert.deepEqual(judge(rows), [])
    })
  }

  for (const [name, [rows, invariant, text]] of Object.entries(wrong)) {
    test(`find ${name}`, () => {
      const found = judge(rows)
      assert.equal(found.length, 1, found.map((it) => it.text).join('\n'))
      assert.equal(found[0]?.invariant, invariant)
      assert.match(found[0]?.text ?? '', text)
      assert.equal(found[0]?.couponId, couponId)
    })
  }

  test('find a winner with the claim, place or time of another record', () => {
    const own = { slot: 1, claimId: 'claim-ann', offset: 1, appendedAt: 10 }
    for (const change of [{ claimId: 'other' }, { offset: 2 }, { appendedAt: 11 }]) {
      const findings = createFindings()
      const checks = createPromiseChecks(findings)
      const place = { partition: 0, offset: 1, appendedAt: 10 }
      checks.check({ message: create, ...place, offset: 0 }, { kind: 'created' })
      const issued = { ...own, ...change }
      checks.check({ message: claim('ann'), ...place }, { kind: 'issued', issued })
      assert.equal(findings.count('I4'), 1)
    }
  })

  test('find a fold whose sums are not those of the log', () => {
    const findings = createFindings()
    const checks = createPromiseChecks(findings)
    checks.finish(new Map())
    assert.equal(findings.total(), 0)
    const stray = { couponId, quantity: 1, winners: new Map(), revocations: noRevocations() }
    checks.finish(new Map([[couponId, stray as never]]))
    assert.equal(findings.count('I1'), 1)
  })

  test('find a fold that has other winners than the log', () => {
    const findings = createFindings()
    const checks = createPromiseChecks(findings)
    const place = { partition: 0, offset: 0, appendedAt: 10 }
    checks.check({ message: create, ...place }, { kind: 'created' })
    const own = { couponId, quantity: 2, lastAct: 0, revocations: noRevocations() }
    const fold = { ...own, winners: new Map() }
    checks.finish(new Map([[couponId, fold as never]]))
    assert.equal(findings.total(), 0)
    const other = { ...fold, winners: new Map([['ann', {}]]) }
    checks.finish(new Map([[couponId, other as never]]))
    assert.equal(findings.count('I4'), 1)
  })

  test('find a fold that has revoked others than the log', () => {
    const logs: [CouponMessage[], number][] = [
      [[], 0],
      [[revoke('v', 'ann')], 1],
      [[revoke('v', 'ann'), revoke('v', 'bob'), revoke('w', 'eve')], 1],
      [[revoke('v', 'ann'), revoke('w')], 2],
    ]
    for (const [revokes, revoked] of logs) {
      const findings = createFindings()
      const checks = createPromiseChecks(findings)
      const messages = [create, claim('ann'), claim('bob'), ...revokes]
      const fold = createFold(1)
      for (const [offset, message] of messages.entries()) {
        const command = { message, partition: 0, offset, appendedAt: 10 }
        checks.check(command, applyCommand(fold, command).outcome)
      }
      checks.finish(fold.coupons)
      assert.equal(findings.total(), 0)
      const coupon = fold.coupons.get(couponId)
      assert.ok(coupon)
      assert.equal(revokedCount(coupon.revocations), revoked)
      coupon.revocations.slots.add(7)
      checks.finish(fold.coupons)
      assert.equal(findings.count('I15'), 1)
    }
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { closesAt, couponId, opensAt, terms } from '../../../test/models/coupon-conditions.ts'
import { type ControlOutcome, type Decision, decide } from './decide.ts'
import type { ControlMessage, CouponMessage } from './messages.ts'
import { previewOf } from './preview.ts'
import { isRevoked, revocationsOf, revokedCount } from './revocations.ts'
import { type Coupon, type CouponState, evolve, initialState } from './state.ts'

const by = 'op'
const create = { type: 'coupon.created', couponId, rules: 2, by, commandId: 'c' } as const
const created = { ...create, terms: { ...terms, quantity: 9 } }

function claim(userId: string): CouponMessage {
  return { type: 'coupon.claimed', couponId, userId, claimId: `claim-${userId}` }
}

/** Of a user, or of all. */
function revoke(userId: string | null, commandId = `of ${userId}`, reason = 'r'): ControlMessage {
  const whose = userId === null ? ({ all: true } as const) : { userId }
  return { type: 'coupon.revoked', couponId, ...whose, reason, by, commandId }
}

type Step = readonly [message: CouponMessage, appendedAt: number]

function run(steps: readonly Step[]): { kinds: Decision['outcome']['kind'][]; state: CouponState } {
  let state = initialState()
  const kinds = steps.map(([message, appendedAt], offset) => {
    const { outcome, events } = decide({ message, partition: 0, offset, appendedAt }, state)
    for (const event of events) state = evolve(state, event)
    return outcome.kind
  })
  return { kinds, state }
}

function couponAfter(messages: readonly CouponMessage[]): Coupon {
  const { state } = run(messages.map((message) => [message, opensAt] as const))
  assert.ok(state.status !== 'absent')
  return state
}

/** Of those who hold it, in slot order, whose is revoked. */
function revokedOf({ winners, revocations }: Coupon): string[] {
  const held = [...winners].filter(([, { slot }]) => isRevoked(revocations, slot))
  assert.equal(held.length, revokedCount(revocations))
  return held.map(([userId]) => userId)
}

const three = [created, claim('ann'), claim('bob'), claim('cat')]
const steps = three.map((message): Step => [message, opensAt])
const close = { type: 'coupon.closed', couponId, by, commandId: 'x' } as const
const pause = { type: 'coupon.paused', couponId, by, commandId: 'of ann' } as const
type Row = readonly [string, readonly Step[], ControlMessage, ControlOutcome['kind'], string]
const rows: readonly Row[] = [
  ['of one', steps, revoke('bob'), 'done', 'bob'],
  ['of all', steps, revoke(null), 'done', 'ann bob cat'],
  ['of all before the first has won', [[created, 1]], revoke(null), 'done', ''],
  ['of a user who has none', steps, revoke('dan'), 'not_issued', ''],
  ['before the coupon', [], revoke(null), 'unknown_coupon', ''],
  ['after the closing', [...steps, [close, opensAt]], revoke('ann'), 'done', 'ann'],
  ['of what is revoked', [...steps, [revoke('ann', 'v'), opensAt]], revoke('ann'), 'done', 'ann'],
  ['that is stored again', [...steps, [revoke('ann'), opensAt]], revoke('ann'), 'done', 'ann'],
  [
    'of all but one that is revoked',
    [...steps, [revoke('ann'), opensAt]],
    revoke(null),
    'done',
    'ann bob cat',
  ],
  [
    'for another reason under its id',
    [...steps, [revoke('ann'), opensAt]],
    revoke('ann', 'of ann', 'other'),
    'conflict',
    'ann',
  ],
  [
    'of another under its id',
    [...steps, [revoke('ann'), opensAt]],
    revoke(null, 'of ann'),
    'conflict',
    'ann',
  ],
  ['under the id of a pause', [...steps, [pause, opensAt]], revoke('ann'), 'conflict', ''],
]

describe('a revoke', () => {
  for (const [name, before, message, expected, revoked] of rows) {
    test(`${name} ends ${expected}, and leaves revoked: ${revoked || 'none'}`, () => {
      const { kinds, state } = run([...before, [message, closesAt + 1]])
      assert.equal(kinds.at(-1), expected)
      if (state.status !== 'absent') assert.equal(revokedOf(state).join(' '), revoked)
    })
  }

  test('is refused to a pause under its id', () => {
    const { kinds } = run([...steps, [revoke('ann'), opensAt], [pause, opensAt]])
    assert.equal(kinds.at(-1), 'conflict')
  })

  test('gives the slot to nobody else: who asks again is told of the same one', () => {
    const after = couponAfter([...three, revoke('bob'), claim('bob'), claim('dan')])
    assert.deepEqual([...after.winners.keys()], ['ann', 'bob', 'cat', 'dan'])
    assert.deepEqual(revokedOf(after), ['bob'])
  })

  test('of all touches nobody who wins later', () => {
    const after = couponAfter([...three, revoke(null), claim('dan'), claim('eve')])
    assert.deepEqual(revokedOf(after), ['ann', 'bob', 'cat'])
    const again = couponAfter([...three, revoke(null), claim('dan'), revoke(null, 'again')])
    assert.deepEqual(revokedOf(again), ['ann', 'bob', 'cat', 'dan'])
  })

  test('remembers who, when and why, and among which slots is what it took', () => {
    const after = couponAfter([...three, revoke('bob', 'v', 'why'), revoke(null, 'w')])
    assert.deepEqual(after.revocations.commands.get('v'), {
      commandId: 'v',
      by,
      reason: 'why',
      userId: 'bob',
      offset: 4,
      appendedAt: opensAt,
      taken: { from: 2, to: 2 },
    })
    assert.deepEqual(after.revocations.commands.get('w')?.taken, { from: 1, to: 3 })
  })

  test('takes nothing where all of it is revoked', () => {
    const all = couponAfter([...three, revoke(null), revoke('ann'), revoke(null, 'again')])
    assert.equal(all.revocations.commands.get('of ann')?.taken, null)
    assert.equal(all.revocations.commands.get('again')?.taken, null)
    const each = couponAfter([...three, ...['ann', 'bob', 'cat'].map((user) => revoke(user))])
    const preview = previewOf(revoke(null), each, closesAt)
    assert.equal(revokedCount(preview.after.revocations), 3)
  })

  test('is previewed with nothing done', () => {
    const coupon = couponAfter(three)
    const { outcome, after } = previewOf(revoke('bob'), coupon, closesAt)
    assert.equal(outcome, 'done')
    assert.deepEqual(revokedOf(after), ['bob'])
    assert.deepEqual(revokedOf(coupon), [])
    assert.equal(previewOf(revoke('dan'), coupon, closesAt).outcome, 'not_issued')
  })
})

test('Revokes in any order leave revoked what a list of names says, and survive being stored.', () => {
  const users = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay']
  const act = fc.oneof(
    fc.constantFrom(...users).map((userId) => ({ userId, isRevoke: false })),
    fc.constantFrom(...users, null).map((userId) => ({ userId, isRevoke: true })),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 20 }), (acts) => {
      const winners: string[] = []
      const revoked = new Set<string>()
      const messages = acts.map(({ userId, isRevoke }, n): CouponMessage => {
        if (!isRevoke && userId !== null) {
          if (!winners.includes(userId)) winners.push(userId)
          return claim(userId)
        }
        for (const one of userId === null ? winners : [userId]) {
          if (winners.includes(one)) revoked.add(one)
        }
        return revoke(userId, `v${n}`)
      })
      const coupon = couponAfter([created, ...messages])
      const expected = winners.filter((userId) => revoked.has(userId))
      assert.deepEqual(revokedOf(coupon), expected)
      const { revocations } = coupon
      assert.deepEqual(revocationsOf([...revocations.commands.values()]), revocations)
      const taken = [...revocations.commands.values()].map((one) => one.taken)
      assert.equal(taken.some((slots) => slots !== null) || revoked.size === 0, true)
    }),
  )
})

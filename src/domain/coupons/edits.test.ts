import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { closesAt, couponId, opensAt, terms } from '../../../test/models/coupon-conditions.ts'
import { type ControlOutcome, type Decision, decide } from './decide.ts'
import type { ControlMessage, CouponEdited, CouponMessage } from './messages.ts'
import { previewOf } from './preview.ts'
import { type CouponState, evolve, initialState } from './state.ts'

const by = 'op'
const create = { type: 'coupon.created', couponId, terms, rules: 2, by, commandId: 'c' } as const

function edit(content: Partial<CouponEdited>, commandId = 'e'): ControlMessage {
  return { type: 'coupon.edited', couponId, by, commandId, ...content }
}

function turn(to: 'paused' | 'closed', commandId: string): ControlMessage {
  return { type: `coupon.${to}`, couponId, by, commandId }
}

function claim(userId: string): CouponMessage {
  return { type: 'coupon.claimed', couponId, userId, claimId: `claim-${userId}` }
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

const created: readonly Step[] = [[create, 1]]
const summer = edit({ name: 'Summer' })
const edited: readonly Step[] = [...created, [summer, 2]]
const opened: readonly Step[] = [...created, [turn('paused', 'p'), opensAt]]
const closed: readonly Step[] = [...created, [turn('closed', 'x'), 2]]
type Row = readonly [string, readonly Step[], Step, ControlOutcome['kind']]
const rows: readonly Row[] = [
  ['of the name', created, [summer, 3], 'done'],
  ['before the coupon', [], [summer, 3], 'unknown_coupon'],
  ['that is stored again', edited, [summer, 3], 'done'],
  ['of other content under its id', edited, [edit({ name: 'S' }), 3], 'conflict'],
  ['after closing', closed, [summer, 3], 'closed'],
  ['of the opening while it is scheduled', created, [edit({ opensAt: 5 }), 3], 'done'],
  ['of the opening at the opening', created, [edit({ opensAt: 5_000 }), opensAt], 'too_late'],
  ['of the opening once it is open', opened, [edit({ opensAt: 5_000 }), 3], 'too_late'],
  ['of the name once it is open', opened, [summer, opensAt], 'done'],
  ['of the end to the opening', created, [edit({ closesAt: opensAt }), 3], 'too_late'],
  ['of the opening to the end', created, [edit({ opensAt: closesAt }), 3], 'too_late'],
  ['of the end to its own record', opened, [edit({ closesAt: 3_000 }), 3_000], 'too_late'],
  ['of the end to after its own record', opened, [edit({ closesAt: 3_001 }), 3_000], 'done'],
]

describe('an edit', () => {
  for (const [name, before, [message, at], expected] of rows) {
    test(`${name} ends ${expected}, and changes nothing unless it is done`, () => {
      const { kinds, state } = run([...before, [message, at]])
      assert.equal(kinds.at(-1), expected)
      if (expected !== 'done' && at < opensAt) assert.deepEqual(state, run(before).state)
    })
  }

  test('moves opening and end, once only, however often it is stored', () => {
    const later = edit({ opensAt: 2_000, closesAt: 4_000 })
    const { kinds, state } = run([
      ...created,
      [later, 2],
      [claim('ann'), opensAt],
      [claim('ann'), 2_000],
      [edit({ closesAt: 3_000, name: 'Summer' }, 'e2'), 2_001],
      [later, 2_002],
      [claim('bob'), 2_999],
      [claim('cat'), 3_000],
      [create, 3_001],
    ])
    const expected = ['not_open', 'issued', 'done', 'done', 'issued', 'closed', 'unchanged']
    assert.deepEqual(kinds.slice(2), expected)
    assert.ok(state.status !== 'absent' && state.name === 'Summer')
    assert.equal(state.terms.name, terms.name)
  })
})

describe('a preview', () => {
  test('is what the command would come to, with nothing done', () => {
    const { state } = run(created)
    assert.ok(state.status !== 'absent')
    const before = structuredClone({ ...state, winners: null })
    const { outcome, after } = previewOf(summer, state, 3)
    assert.deepEqual([outcome, after.name], ['done', 'Summer'])
    const closing = previewOf(turn('closed', 'x'), state, 3)
    assert.deepEqual([closing.outcome, closing.after.status], ['done', 'closed'])
    assert.equal(previewOf(edit({ opensAt: 5 }), state, opensAt).outcome, 'too_late')
    assert.deepEqual(structuredClone({ ...state, winners: null }), before)
  })
})

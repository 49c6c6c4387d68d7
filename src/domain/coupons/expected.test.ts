// Acts that expect a state: done on that one alone, and what a reader of an earlier version meets.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Decision, decide } from './decide.ts'
import {
  type ControlMessage,
  type CouponMessage,
  decodeMessage,
  encodeMessage,
} from './messages.ts'
import { type CouponState, evolve, initialState } from './state.ts'

const couponId = 'spring'
const by = 'op'
const terms = { name: 'Spring', quantity: 2, opensAt: 10 }
const create = { type: 'coupon.created', couponId, terms, rules: 2, by, commandId: 'c' } as const

type Verb = 'restocked' | 'paused' | 'resumed' | 'closed' | 'edited' | 'revoked'
const content = {
  restocked: { add: 1 },
  paused: {},
  resumed: {},
  closed: {},
  edited: { name: 'Summer' },
  revoked: { all: true, reason: 'why' },
} as const

function act(verb: Verb, commandId: string, expected?: number): ControlMessage {
  const base = { type: `coupon.${verb}`, couponId, by, commandId, ...content[verb] }
  return { ...base, ...(expected === undefined ? {} : { expected }) } as ControlMessage
}

const claim: CouponMessage = { type: 'coupon.claimed', couponId, userId: 'ann', claimId: 'a' }

/** At the offsets 0, 1, 2 …, at the time 5, or as it is given. */
function run(...messages: (CouponMessage | [CouponMessage, at: number])[]) {
  let state: CouponState = initialState()
  const kinds: Decision['outcome']['kind'][] = []
  for (const [offset, given] of messages.entries()) {
    const [message, appendedAt] = Array.isArray(given) ? given : [given, 5]
    const { outcome, events } = decide({ message, partition: 0, offset, appendedAt }, state)
    for (const event of events) state = evolve(state, event)
    kinds.push(outcome.kind)
  }
  assert.ok(state.status !== 'absent')
  return { state, last: kinds.at(-1) }
}

const verbs = Object.keys(content) as Verb[]

describe('an act that expects a state', () => {
  for (const verb of verbs) {
    test(`is done on that one: ${verb}`, () => {
      const { state, last } = run(create, [claim, 10], act(verb, 'x', 0))
      assert.equal(last, 'done')
      assert.equal(state.lastAct, 2)
    })

    test(`is refused on another one, and changes nothing: ${verb}`, () => {
      const before = [create, act('restocked', 'r')]
      for (const expected of [0, 2, 99]) {
        const { state, last } = run(...before, act(verb, 'x', expected))
        assert.equal(last, 'changed')
        assert.deepEqual(state, run(...before).state)
      }
    })

    test(`is done once of two on one state, and the other one is refused: ${verb}`, () => {
      for (const other of verbs) {
        const { state, last } = run(create, act(verb, 'x', 0), act(other, 'y', 0))
        assert.equal(last, 'changed', other)
        assert.equal(state.lastAct, 1)
      }
    })

    test(`is answered as before where it is repeated, whatever was done since: ${verb}`, () => {
      const done = [create, act(verb, 'x', 0)]
      const again = run(...done, act('revoked', 'later'), act(verb, 'x', 0))
      assert.equal(again.last, 'done')
      assert.equal(again.state.lastAct, 2)
      const stale = act(verb, 'y', 0)
      assert.equal(run(...done, stale, act('revoked', 'later'), stale).last, 'changed')
    })
  }

  const rows: [what: string, CouponMessage[], ControlMessage, outcome: string][] = [
    ['a closed coupon, as changed', [act('closed', 'z')], act('paused', 'x', 0), 'changed'],
    ['a closed coupon that is expected', [act('closed', 'z')], act('paused', 'x', 1), 'closed'],
    ['too late', [[claim, 10] as never], act('edited', 'x', 0), 'done'],
    ['an id of other content', [act('restocked', 'x')], act('paused', 'x', 1), 'conflict'],
    [
      'an id of other content, though stale',
      [act('restocked', 'x')],
      act('paused', 'x', 0),
      'conflict',
    ],
    ['an id of a revoke', [act('revoked', 'x')], act('closed', 'x', 1), 'conflict'],
    ['a refused act between', [act('paused', 'p', 9)], act('restocked', 'x', 0), 'done'],
    ['a creation that is repeated', [create], act('restocked', 'x', 0), 'done'],
    [
      'the same act that is repeated',
      [act('paused', 'p'), act('paused', 'p')],
      act('closed', 'x', 1),
      'done',
    ],
    [
      'a pause while paused',
      [act('paused', 'p'), act('paused', 'q')],
      act('closed', 'x', 1),
      'changed',
    ],
    ['a second close', [act('closed', 'p'), act('closed', 'q')], act('revoked', 'x', 1), 'done'],
  ]
  for (const [what, before, message, outcome] of rows) {
    test(`on ${what} is ${outcome}`, () => {
      assert.equal(run(create, ...before, message).last, outcome)
    })
  }

  test('is not moved by what time does: it closes, and what was expected is still there', () => {
    const closing = { ...create, terms: { ...terms, closesAt: 20 } }
    assert.equal(run(closing, [claim, 15], [act('closed', 'x', 0), 30]).last, 'done')
    assert.equal(run(closing, [claim, 25], [act('paused', 'x', 0), 30]).last, 'closed')
    const { state } = run(closing, [claim, 25], [act('closed', 'x', 0), 30])
    assert.equal(state.lastAct, 0)
  })

  test('cannot be decided on rows that do not say what was done last', () => {
    const { state } = run(create)
    state.lastAct = null
    const command = { message: act('paused', 'x', 0), partition: 0, offset: 1, appendedAt: 5 }
    assert.throws(() => decide(command, state), /was not looked up/)
    assert.equal(decide({ ...command, message: act('paused', 'x') }, state).outcome.kind, 'done')
  })
})

describe('the record of an act that expects a state', () => {
  const wireOf = (message: ControlMessage) => JSON.parse(encodeMessage(message).toString())
  const read = (wire: object) => decodeMessage(Buffer.from(JSON.stringify(wire)))

  for (const verb of verbs) {
    test(`has a version of its own, at which earlier readers halt: ${verb}`, () => {
      const expecting = wireOf(act(verb, 'x', 7))
      assert.deepEqual([expecting.v, expecting.expected], [3, 7])
      assert.deepEqual(read(expecting), { kind: 'message', message: act(verb, 'x', 7) })
      assert.equal(wireOf(act(verb, 'x')).v, 1)
      for (const v of [2, 4]) assert.equal(read({ ...expecting, v }).kind, 'unknown')
      assert.equal(read({ ...expecting, v: 1 }).kind, 'void')
      const { expected: _, ...plain } = expecting
      assert.equal(read(plain).kind, 'unknown')
      assert.equal(read({ ...expecting, expected: -1 }).kind, 'unknown')
    })
  }

  test('of a user whose name is of version 2 is of version 3 as well', () => {
    const revoke = { type: 'coupon.revoked', couponId, by, commandId: 'x', reason: 'why' } as const
    const wire = wireOf({ ...revoke, userId: '이브', expected: 0 })
    assert.equal(wire.v, 3)
    assert.equal(wireOf({ ...revoke, userId: '이브' }).v, 2)
    assert.equal(read({ ...wire, v: 2 }).kind, 'unknown')
  })

  test('may have a reason, and one without it is read as ever', () => {
    for (const verb of verbs.filter((one) => one !== 'revoked')) {
      const wire = wireOf({ ...act(verb, 'x'), reason: '왜' })
      assert.deepEqual([wire.v, wire.reason], [1, '왜'])
      assert.equal(read(wire).kind, 'message')
    }
    assert.equal(wireOf({ ...create, reason: 'why' }).reason, 'why')
  })
})

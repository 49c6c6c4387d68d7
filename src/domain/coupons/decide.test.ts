import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  closesAt,
  conditions,
  coupon,
  couponId,
  type Kind,
  now,
  opensAt,
  pairs,
  terms,
  zoes,
} from '../../../test/models/coupon-conditions.ts'
import { type ControlOutcome, type Decision, decide, settled, statusAt } from './decide.ts'
import { type ControlMessage, type CouponMessage } from './messages.ts'
import { quantityMax } from './quantity.ts'
import { type Coupon, type CouponState, evolve, initialState } from './state.ts'

const by = 'op'

const create = { type: 'coupon.created', couponId, terms, rules: 1, by, commandId: 'c' } as const

function claim(userId: string, claimId = `claim-${userId}`): CouponMessage {
  return { type: 'coupon.claimed', couponId, userId, claimId }
}

function restock(add: number, commandId: string): ControlMessage {
  return { type: 'coupon.restocked', couponId, add, by, commandId }
}

function turn(to: 'paused' | 'resumed' | 'closed', commandId: string): ControlMessage {
  return { type: `coupon.${to}`, couponId, by, commandId }
}

function decideAt(message: CouponMessage, state: CouponState, appendedAt = now): Decision {
  return decide({ message, partition: 0, offset: 40, appendedAt }, state)
}

type Step = readonly [message: CouponMessage, appendedAt: number]

/** Folds the steps and gives the outcome of each, with the state at the end. */
function run(steps: readonly Step[]): { outcomes: Decision['outcome'][]; state: CouponState } {
  let state = initialState()
  const outcomes = steps.map(([message, appendedAt], offset) => {
    const decision = decide({ message, partition: 0, offset, appendedAt }, state)
    for (const event of decision.events) state = evolve(state, event)
    return decision.outcome
  })
  return { outcomes, state }
}

function kindsOf(steps: readonly Step[]): string[] {
  return run(steps).outcomes.map((outcome) => outcome.kind)
}

const ann = { userId: 'ann' }

const single: readonly (readonly [Kind, CouponState])[] = [
  ['unknown_coupon', initialState()],
  ['already_issued', coupon(conditions.already_issued)],
  ['closed', coupon(conditions.closed)],
  ['not_open', coupon(conditions.not_open)],
  ['paused', coupon(conditions.paused)],
  ['not_eligible', coupon(conditions.not_eligible)],
  ['sold_out', coupon(conditions.sold_out)],
  ['issued', coupon()],
]

describe('a claim', () => {
  for (const [kind, state] of single) {
    test(`ends ${kind} where only that applies`, () => {
      assert.equal(decideAt(claim('ann'), state).outcome.kind, kind)
    })
  }

  for (const [wins, over] of pairs) {
    test(`ends ${wins} rather than ${over}`, () => {
      const state = coupon({ ...conditions[over], ...conditions[wins] })
      assert.equal(decideAt(claim('ann'), state).outcome.kind, wins)
    })
  }

  test('of one whom the coupon is for wins, and who is refused has taken nothing', () => {
    const { audience } = conditions.not_eligible.terms
    const golden = { ...create, rules: 2, terms: { ...terms, quantity: 1, audience } }
    const having = (value: string) => ({ ...claim(value), audience: value }) as CouponMessage
    const kinds = kindsOf([
      [golden, 1],
      [claim('ann'), opensAt],
      [having('silver'), opensAt],
      [having('gold'), opensAt],
      [having('silver'), opensAt],
    ])
    assert.deepEqual(kinds.slice(1), ['not_eligible', 'not_eligible', 'issued', 'not_eligible'])
  })

  test('wins the next slot, with its own claim id, offset and append time', () => {
    const issued = { slot: 2, claimId: 'claim-ann', offset: 40, appendedAt: now }
    const decision = decideAt(claim('ann'), coupon())
    assert.deepEqual(decision.outcome, { kind: 'issued', issued })
    assert.deepEqual(decision.events, [{ type: 'issued', userId: 'ann', issued }])
  })

  test('of a winner is answered with the slot of the first claim, whatever its own id', () => {
    const decision = decideAt(claim('zoe', 'another'), coupon())
    assert.deepEqual(decision.outcome, { kind: 'already_issued', issued: zoes })
    assert.deepEqual(decision.events, [])
  })

  test('that is refused changes nothing', () => {
    for (const [kind, state] of single.slice(2, 7)) {
      const events = decideAt(claim('ann'), state).events.map((event) => event.type)
      assert.deepEqual(events, kind === 'closed' ? ['closed'] : [])
    }
  })

  test('that is refused may be made again and win once there is room', () => {
    const kinds = kindsOf([
      [create, 1],
      [claim('ann'), opensAt],
      [claim('bob'), opensAt],
      [claim('cat'), opensAt],
      [restock(1, 'r'), opensAt],
      [claim('cat', 'second'), opensAt],
    ])
    assert.deepEqual(kinds.slice(3), ['sold_out', 'done', 'issued'])
  })
})

describe('opening', () => {
  test('is by the append time alone: not one millisecond earlier', () => {
    assert.deepEqual(
      kindsOf([
        [create, 1],
        [claim('ann'), opensAt - 1],
        [claim('ann'), opensAt],
      ]).slice(1),
      ['not_open', 'issued'],
    )
  })

  test('latches: later append times that go back do not close it again', () => {
    assert.deepEqual(
      kindsOf([
        [create, 1],
        [claim('ann'), opensAt],
        [claim('bob'), opensAt - 500],
        [claim('cat'), opensAt - 500],
      ]).slice(1),
      ['issued', 'issued', 'sold_out'],
    )
  })

  test('latches on any record of the coupon, also on one that is refused', () => {
    const { outcomes } = run([
      [create, 1],
      [turn('paused', 'p'), opensAt],
      [claim('ann'), opensAt - 1],
    ])
    assert.equal(outcomes[2]?.kind, 'paused')
  })

  test('without opensAt is at its own record, even if the next append times are earlier', () => {
    const { name, quantity } = terms
    assert.deepEqual(
      kindsOf([
        [{ ...create, terms: { name, quantity } }, 700],
        [claim('ann'), 699],
      ]),
      ['created', 'issued'],
    )
  })

  test('that had passed when the coupon was created is done by its own record', () => {
    assert.deepEqual(
      kindsOf([
        [create, opensAt],
        [claim('ann'), opensAt - 1],
      ]),
      ['created', 'issued'],
    )
  })
})

describe('closing by time', () => {
  test('is by the append time: the last millisecond before closesAt still wins', () => {
    assert.deepEqual(
      kindsOf([
        [create, 1],
        [claim('ann'), closesAt - 1],
        [claim('bob'), closesAt],
      ]).slice(1),
      ['issued', 'closed'],
    )
  })

  test('latches: later append times that go back do not open it again', () => {
    const steps: Step[] = [
      [create, 1],
      [claim('ann'), closesAt],
      [claim('ann'), closesAt - 1],
      [restock(1, 'r'), closesAt - 1],
      [turn('resumed', 'q'), closesAt - 1],
    ]
    assert.deepEqual(kindsOf(steps).slice(1), ['closed', 'closed', 'closed', 'closed'])
  })

  test('keeps what was won, and is done by the winner who asks again, too', () => {
    const kinds = kindsOf([
      [create, 1],
      [claim('ann'), opensAt],
      [claim('ann'), closesAt],
      [claim('bob'), closesAt - 1],
    ])
    assert.deepEqual(kinds.slice(2), ['already_issued', 'closed'])
  })

  test('refuses the control record that comes at closesAt itself', () => {
    for (const late of [restock(1, 'r'), turn('paused', 'p'), turn('resumed', 'q')]) {
      assert.deepEqual(kindsOf([...created, [late, closesAt - 1]]).at(-1), 'done')
      assert.deepEqual(kindsOf([...created, [late, closesAt]]).at(-1), 'closed')
    }
  })

  test('that had passed when the coupon was created is done by its own record', () => {
    const kinds = kindsOf([
      [create, closesAt],
      [claim('ann'), closesAt - 1],
    ])
    assert.deepEqual(kinds, ['created', 'closed'])
  })

  test('is seen by the clock before the log has a record of it', () => {
    assert.equal(statusAt(coupon(), closesAt - 1), 'open')
    assert.equal(statusAt(coupon(), closesAt), 'closed')
  })
})

const created: readonly Step[] = [[create, 1]]
const percent10 = { ...terms, discount: { kind: 'percent', value: 10 } } as const
const percent20 = { ...terms, discount: { kind: 'percent', value: 20 } } as const
const amount10 = { ...terms, discount: { kind: 'amount', value: 10 } } as const
const discounted: readonly Step[] = [[{ ...create, terms: percent10 }, 1]]
type ControlRow = readonly [string, readonly Step[], ControlMessage, ControlOutcome['kind']]
const controls: readonly ControlRow[] = [
  ['the first creation', [], create, 'created'],
  ['the same creation again', created, create, 'unchanged'],
  ['the same terms by another command', created, { ...create, commandId: 'd' }, 'unchanged'],
  ['another name', created, { ...create, terms: { ...terms, name: 'Autumn' } }, 'conflict'],
  ['another quantity', created, { ...create, terms: { ...terms, quantity: 3 } }, 'conflict'],
  ['another opening', created, { ...create, terms: { ...terms, opensAt: 1_001 } }, 'conflict'],
  ['another closing', created, { ...create, terms: { ...terms, closesAt: 9_001 } }, 'conflict'],
  ['no opening', created, { ...create, terms: { name: 'Spring', quantity: 2 } }, 'conflict'],
  ['a discount where there was none', created, { ...create, terms: percent10 }, 'conflict'],
  ['no discount where there was one', discounted, create, 'conflict'],
  ['the same discount', discounted, { ...create, terms: percent10 }, 'unchanged'],
  ['another value of discount', discounted, { ...create, terms: percent20 }, 'conflict'],
  ['another kind of discount', discounted, { ...create, terms: amount10 }, 'conflict'],
  ['the first terms after a restock', [...created, [restock(5, 'r'), 2]], create, 'unchanged'],
  ['a restock', created, restock(1, 'r'), 'done'],
  ['a restock before the coupon', [], restock(1, 'r'), 'unknown_coupon'],
  ['a restock to the limit', created, restock(quantityMax - 2, 'r'), 'done'],
  ['a restock beyond the limit', created, restock(quantityMax - 1, 'r'), 'quantity_limit'],
  ['a restock again', [...created, [restock(1, 'r'), 2]], restock(1, 'r'), 'done'],
  ['other content under its id', [...created, [restock(1, 'r'), 2]], restock(2, 'r'), 'conflict'],
  ['a restock after closing', [...created, [turn('closed', 'x'), 2]], restock(1, 'r'), 'closed'],
  [
    'a restock again, after closing',
    [...created, [restock(1, 'r'), 2], [turn('closed', 'x'), 2]],
    restock(1, 'r'),
    'done',
  ],
  ['a pause', created, turn('paused', 'p'), 'done'],
  ['a pause before the coupon', [], turn('paused', 'p'), 'unknown_coupon'],
  ['a second pause', [...created, [turn('paused', 'p'), 2]], turn('paused', 'q'), 'done'],
  ['a pause after closing', [...created, [turn('closed', 'x'), 2]], turn('paused', 'p'), 'closed'],
  ['a resume', [...created, [turn('paused', 'p'), 2]], turn('resumed', 'q'), 'done'],
  ['a resume of what runs', created, turn('resumed', 'q'), 'done'],
  ['a resume before the coupon', [], turn('resumed', 'q'), 'unknown_coupon'],
  [
    'a resume after closing',
    [...created, [turn('closed', 'x'), 2]],
    turn('resumed', 'q'),
    'closed',
  ],
  ['closing', created, turn('closed', 'x'), 'done'],
  ['closing before the coupon', [], turn('closed', 'x'), 'unknown_coupon'],
  ['closing again', [...created, [turn('closed', 'x'), 2]], turn('closed', 'y'), 'done'],
  ['closing before it opens', created, turn('closed', 'x'), 'done'],
]

describe('a control record', () => {
  for (const [name, before, message, expected] of controls) {
    test(`with ${name} ends ${expected}`, () => {
      const { outcomes } = run([...before, [message, 3]])
      assert.deepEqual(outcomes.at(-1), { kind: expected })
    })
  }

  test('that is refused or repeated changes nothing', () => {
    for (const [name, before, message, expected] of controls) {
      if (expected === 'created' || expected === 'done') continue
      const { state } = run(before)
      assert.deepEqual(run([...before, [message, 3]]).state, state, name)
    }
  })

  test('that closes again has no event', () => {
    const decision = decideAt(turn('closed', 'y'), coupon({ status: 'closed' }))
    assert.deepEqual(decision, { outcome: { kind: 'done' }, events: [] })
  })

  test('of a restock adds once, however often the record is stored', () => {
    const { state } = run([...created, [restock(3, 'r'), 2], [restock(3, 'r'), 2]])
    assert.ok(state.status !== 'absent')
    assert.equal(state.quantity, 5)
  })

  test('of a restock lets as many more win as it adds', () => {
    const claims = ['ann', 'bob', 'cat', 'dan', 'eve'].map((user): Step => [claim(user), opensAt])
    const kinds = kindsOf([...created, [restock(2, 'r'), 2], ...claims])
    assert.deepEqual(kinds.slice(2), ['issued', 'issued', 'issued', 'issued', 'sold_out'])
  })

  test('of a pause holds claims until the resume', () => {
    const kinds = kindsOf([
      ...created,
      [turn('paused', 'p'), opensAt],
      [claim('ann'), opensAt],
      [turn('resumed', 'q'), opensAt],
      [claim('ann'), opensAt],
    ])
    assert.deepEqual(kinds.slice(1), ['done', 'paused', 'done', 'issued'])
  })

  test('of a pause stored again after the resume does not pause again, nor the reverse', () => {
    const pause = turn('paused', 'p')
    const resume = turn('resumed', 'q')
    const steps: Step[] = [...created, [pause, 2], [resume, 2], [pause, 2]]
    const once = run(steps)
    assert.equal(once.outcomes.at(-1)?.kind, 'done')
    assert.ok(once.state.status !== 'absent' && !once.state.paused)
    const twice = run([...steps, [turn('paused', 'p2'), 2], [resume, 2]])
    assert.ok(twice.state.status !== 'absent' && twice.state.paused)
  })
})

describe('what is settled without a record', () => {
  const rows: readonly (readonly [string, Partial<Coupon>, number, Kind | null])[] = [
    ['a winner', conditions.already_issued, now, 'already_issued'],
    [
      'a winner of a closed coupon',
      { ...conditions.already_issued, status: 'closed' },
      now,
      'already_issued',
    ],
    ['a closed coupon', { status: 'closed' }, now, 'closed'],
    ['certainly before opensAt', { status: 'scheduled', opensAt: now + 1 }, now, 'not_open'],
    ['possibly at opensAt', { status: 'scheduled', opensAt: now }, now, null],
    ['a paused coupon', { paused: true }, now, 'paused'],
    ['a coupon for others', conditions.not_eligible, now, 'not_eligible'],
    ['a full coupon', { quantity: 1 }, now, 'sold_out'],
    ['a coupon with room', {}, now, null],
    ['closesAt passed by this clock only', {}, closesAt, null],
  ]
  for (const [name, changes, nowMax, expected] of rows) {
    test(`for ${name} is ${expected ?? 'for the log to say'}`, () => {
      assert.equal(settled(coupon(changes), ann, () => nowMax)?.kind ?? null, expected)
    })
  }

  test('asks what the token says, of a coupon that is not for everybody', () => {
    const golden = coupon({ ...conditions.not_eligible, ...conditions.sold_out })
    const kinds = ['gold', 'silver'].map((audience) => {
      return settled(golden, { ...ann, audience }, () => now)?.kind
    })
    assert.deepEqual(kinds, ['sold_out', 'not_eligible'])
  })

  // By the clock alone nothing has closed.
  const known = { ...conditions, closed: { status: 'closed' as const } }
  for (const [wins, over] of pairs) {
    test(`is ${wins} rather than ${over}, as for a claim`, () => {
      const both = coupon({ ...known[over], ...known[wins] })
      assert.equal(settled(both, ann, () => now)?.kind, wins)
    })
  }
})

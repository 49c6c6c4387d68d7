import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type DeadLetter,
  type DeadLetterOutcome,
  decideDeadLetter,
  evolveDeadLetter,
  redriveOf,
  redrivesMax,
} from './dead-letter.ts'
import { type DeadLetterAdded, type DeadLetterMessage } from './dead-letter-messages.ts'

const id = 'stock-step.orders.3.17'
const added: DeadLetterAdded = {
  type: 'dead_letter.buried',
  deadLetterId: id,
  consumer: 'stock-step',
  origin: { topic: 'firstcome.orders', partition: 3, offset: 17, appendedAt: 5 },
  key: 'order-1',
  value: 'e30=',
  headers: {},
  reason: 'the first time',
  attempts: 3,
  redrivable: true,
  redrives: 0,
}
const again = { ...added, reason: 'the second time', redrives: 1 }
const redrive = act('dead_letter.redriven', 'r1')
const discard = act('dead_letter.discarded', 'd1')

const waiting = after(null, added)
const redriven = after(waiting, redrive)
const discarded = after(waiting, discard)
const waitingAgain = after(redriven, again)
const bytes = after(null, { ...added, redrivable: false })
const tired = { ...waiting, redrives: redrivesMax }

function act(type: 'dead_letter.redriven' | 'dead_letter.discarded', commandId: string) {
  return { type, deadLetterId: id, by: 'op', commandId } as const
}

function after(letter: DeadLetter | null, message: DeadLetterMessage, at = 10): DeadLetter {
  const { event } = decideDeadLetter({ message, at, before: null }, letter)
  assert.ok(event !== null, `${message.type} changes nothing`)
  return evolveDeadLetter(letter, event)
}

type Row = readonly [
  name: string,
  letter: DeadLetter | null,
  message: DeadLetterMessage,
  before: DeadLetterOutcome | null,
  outcome: DeadLetterOutcome,
  then: DeadLetter['status'] | 'as before',
]

const other = act('dead_letter.redriven', 'r2')
const rows: readonly Row[] = [
  ['a first dead letter', null, added, null, 'done', 'waiting'],
  ['the same dead letter again', waiting, added, null, 'unchanged', 'as before'],
  ['the same dead letter after a re-drive', redriven, added, null, 'unchanged', 'as before'],
  ['the same dead letter after a discard', discarded, added, null, 'unchanged', 'as before'],
  ['a dead letter after the re-drive', redriven, again, null, 'done', 'waiting'],
  ['that dead letter again', waitingAgain, again, null, 'unchanged', 'as before'],
  ['a dead letter after a re-drive that is not known', waiting, again, null, 'done', 'waiting'],
  ['a re-drive of no letter', null, redrive, null, 'unknown_letter', 'as before'],
  ['a re-drive', waiting, redrive, null, 'done', 'redriven'],
  ['the same re-drive again', redriven, redrive, 'done', 'done', 'as before'],
  [
    'the same re-drive after a second dead letter',
    waitingAgain,
    redrive,
    'done',
    'done',
    'as before',
  ],
  ['another re-drive', redriven, other, null, 'unchanged', 'as before'],
  ['a re-drive after a second dead letter', waitingAgain, other, null, 'done', 'redriven'],
  ['a re-drive of what was discarded', discarded, redrive, null, 'done', 'redriven'],
  [
    'bytes that were discarded',
    after(bytes, discard),
    redrive,
    null,
    'not_redrivable',
    'as before',
  ],
  ['a re-drive of bytes', bytes, redrive, null, 'not_redrivable', 'as before'],
  ['one re-drive too many', tired, redrive, null, 'not_redrivable', 'as before'],
  ['a re-drive refused before', waiting, redrive, 'unknown_letter', 'unknown_letter', 'as before'],
  ['a discard of no letter', null, discard, null, 'unknown_letter', 'as before'],
  ['a discard', waiting, discard, null, 'done', 'discarded'],
  ['a discard of bytes', bytes, discard, null, 'done', 'discarded'],
  ['the same discard again', discarded, discard, 'done', 'done', 'as before'],
  [
    'another discard',
    discarded,
    act('dead_letter.discarded', 'd2'),
    null,
    'unchanged',
    'as before',
  ],
  ['a discard of what was re-driven', redriven, discard, null, 'conflict', 'as before'],
  [
    'a discard with the id of a re-drive',
    redriven,
    act('dead_letter.discarded', 'r1'),
    'done',
    'conflict',
    'as before',
  ],
]

describe('a dead letter', () => {
  for (const [name, letter, message, before, outcome, then] of rows) {
    test(`given ${name} ends ${outcome} and is ${then}`, () => {
      const decision = decideDeadLetter({ message, at: 20, before }, letter)
      assert.equal(decision.outcome, outcome)
      if (then === 'as before') return assert.equal(decision.event, null)
      assert.ok(decision.event !== null)
      assert.equal(evolveDeadLetter(letter, decision.event).status, then)
    })
  }

  test('keeps who did what, when and why, and counts all attempts', () => {
    const second = after(waitingAgain, act('dead_letter.discarded', 'd9'), 30)
    assert.deepEqual(second, {
      id,
      consumer: 'stock-step',
      status: 'discarded',
      origin: added.origin,
      key: 'order-1',
      value: 'e30=',
      headers: {},
      reason: 'the second time',
      attempts: 6,
      buriedAt: 10,
      redrivable: true,
      redrives: 1,
      acts: [
        { act: 'redriven', by: 'op', at: 10, commandId: 'r1', reason: 'the first time' },
        { act: 'discarded', by: 'op', at: 30, commandId: 'd9', reason: 'the second time' },
      ],
    })
  })

  test('knows which of its re-drives a command was', () => {
    const twice = after(waitingAgain, other)
    assert.deepEqual(
      ['r1', 'r2', 'r3', 'd1'].map((commandId) => redriveOf(twice, commandId)),
      [1, 2, null, null],
    )
    assert.equal(redriveOf(discarded, 'd1'), null)
    // Of one whose first re-drives stand in letters that were lost.
    assert.equal(redriveOf({ ...twice, redrives: 7 }, 'r2'), 7)
  })
})

// Every promise, broken on purpose in a ledger that is otherwise sound.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plantedSales } from '../../../test/models/rehearsals/planted-sales.ts'
import {
  broken,
  coupon,
  type Evidence,
  entry,
  quantity,
  row,
  soldOut,
  sound,
  terms,
  users,
  winning,
  won,
} from '../../../test/models/rehearsals/sale-evidence.ts'
import type { Issued, RowSeen } from '../service.ts'
import { reconcileSale as reconcile } from './sale-promises.ts'

test('a sound ledger breaks nothing, and every promise says what was counted', () => {
  const verdicts = reconcile(sound())
  assert.deepEqual(broken(verdicts), [])
  assert.deepEqual(
    verdicts.map(({ promise, detail }) => [promise, detail]),
    [
      ['definite', '5 of 5 asks'],
      ['as_asked', '3 of "C", percent 10 off'],
      ['exact', '3 issued: 3 coupons, 5 users'],
      ['kept', '3 of 3 have it'],
      ['one_each', '3 winners, 1 ask each'],
      ['slots', '3 slots, 1…3'],
      ['codes', '3 codes'],
      ['refused', '2 told no have none'],
      ['in_order', '4 asked after another was answered, none came earlier'],
      ['counted', '3 issued, 0 remaining'],
      ['stored', '3 of 3 rows'],
      ['seen', '3 see theirs, nobody another one'],
      ['published', '3 events of 3 wins'],
    ],
  )
})

for (const [what, evidence, promises] of plantedSales) {
  test(`${what}: ${promises.length === 0 ? 'nothing broken' : promises.join(', ')}`, () => {
    const verdicts = reconcile(evidence)
    assert.deepEqual(broken(verdicts), promises, JSON.stringify(verdicts, null, 1))
    for (const { kept, breaches } of verdicts) assert.equal(kept === false, breaches.length > 0)
  })
}

test('after a restock only the last answer of a user counts as a no', () => {
  const restocked = { ...sound(), asked: null, before: coupon({ issued: 0, quantity: 2 }) }
  const early = entry(2, { firstSentAt: 20, sentAt: 20, endedAt: 21, answer: soldOut })
  assert.deepEqual(broken(reconcile({ ...restocked, entries: [early, ...restocked.entries] })), [])
  const late = entry(2, { endedAt: 100, answer: soldOut })
  const unkept = reconcile({ ...restocked, entries: [late, ...restocked.entries] })
  assert.deepEqual(broken(unkept), ['refused'])
})

test('of a coupon of somebody else, other winners and earlier slots are no breach', () => {
  const strangers: RowSeen[] = [1, 2].map((slot) => {
    return { slot, userId: `other-${slot}`, code: 'x', claimId: 'y' }
  })
  const theirs: Evidence = {
    ...sound(),
    asked: null,
    before: coupon({ issued: 2, quantity: 5 }),
    after: coupon({ issued: 5, quantity: 5 }),
    entries: users.map((_, user) => {
      return entry(user, user < quantity ? { answer: won(user, user + 3) } : {})
    }),
    ...winning(users.map((_, user) => (user < quantity ? won(user, user + 3) : null))),
    rows: [...strangers, ...[0, 1, 2].map((user) => ({ ...row(user), ...idOf(user) }))],
  }
  assert.deepEqual(broken(reconcile(theirs)), [])
  const left = { ...theirs, after: coupon({ issued: 4, quantity: 5 }), rows: theirs.rows }
  assert.deepEqual(broken(reconcile({ ...left, rows: { missing: '' } })), [
    'exact',
    'counted',
    'stored',
  ])
})

function idOf(user: number): Pick<RowSeen, 'slot' | 'code'> {
  const { slot, code } = won(user, user + 3)
  return { slot, code }
}

test('a hundred thousand users are reconciled within seconds', () => {
  const many = Array.from({ length: 100_000 }, (_, user) => `user-${user}`)
  const holds = (user: number): Issued => {
    const slot = user + 1
    return { kind: 'issued', userId: many[user] ?? '', slot, code: `c-${slot}`, claimId: 'y' }
  }
  const rows = many.map((userId, user) => {
    return { userId, slot: user + 1, code: `c-${user + 1}`, claimId: 'y' }
  })
  const evidence: Evidence = {
    users: many,
    asked: { ...terms, quantity: many.length },
    entries: many.map((_, user) => entry(user, { answer: holds(user) })),
    ...winning(many.map((_, user) => holds(user))),
    spent: false,
    before: coupon({ issued: 0, quantity: many.length }),
    after: coupon({ issued: many.length, quantity: many.length }),
    rows,
  }
  // Of this process alone: others may keep the machine busy.
  const before = process.cpuUsage()
  assert.deepEqual(broken(reconcile(evidence)), [])
  const ms = process.cpuUsage(before).user / 1000
  assert.ok(ms < 10_000, `took ${Math.round(ms)} ms`)
})

test('where all ask at once nothing is said of their order', () => {
  const evidence = sound()
  const atOnce = evidence.entries.map((one) => ({ ...one, firstSentAt: 0, sentAt: 0, endedAt: 9 }))
  const verdicts = reconcile({ ...evidence, entries: atOnce })
  const order = verdicts.find(({ promise }) => promise === 'in_order')
  assert.deepEqual(
    [order?.kept, order?.detail],
    [null, 'not judged: nobody asked after another was answered'],
  )
  assert.deepEqual(broken(verdicts), [])
})

test('of a sale that was cut short only what was told is judged', () => {
  const { users: all, asked, before, entries } = sound()
  const told = { users: all, asked, before, after: null }
  const verdicts = reconcile({ ...told, entries: entries.slice(1, 3) })
  assert.deepEqual(broken(verdicts), [])
  const judged = verdicts.flatMap(({ promise, kept }) => (kept === true ? [promise] : []))
  assert.deepEqual(judged, ['as_asked', 'exact', 'one_each', 'slots', 'codes', 'in_order'])
  const tooMany = [0, 1, 2, 3].map((user) => entry(user, { answer: won(user) }))
  assert.deepEqual(broken(reconcile({ ...told, entries: tooMany })), ['exact', 'slots'])
})

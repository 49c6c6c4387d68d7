// Every promise, broken on purpose in a ledger that is otherwise sound.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  allWith,
  broken,
  coupon,
  type Evidence,
  entry,
  quantity,
  row,
  soldOut,
  sound,
  terms,
  unknown,
  users,
  winning,
  withEntry,
  withMine,
  withRows,
  won,
} from '../../../test/models/rehearsals/sale-evidence.ts'
import type { Issued, RowSeen } from '../service.ts'
import { reconcileSale as reconcile, type SalePromise } from './sale-promises.ts'

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

const planted: [what: string, Evidence, SalePromise[]][] = [
  ['an ask without an end', withEntry(4, { answer: unknown }), ['definite']],
  ['an ask that stayed pending', withEntry(4, { answer: { kind: 'pending' } }), ['definite']],
  ['an unknown that was settled as a win', withEntry(1, { answer: unknown, settled: won(1) }), []],
  [
    'an unknown that was settled as a win mine denies',
    {
      ...withMine(1, soldOut),
      entries: withEntry(1, { answer: unknown, settled: won(1) }).entries,
    },
    ['kept'],
  ],
  ['a yes that mine denies', withMine(1, soldOut), ['kept']],
  ['a yes of which mine knows nothing', withMine(1, { kind: 'none' }), ['kept']],
  ['a yes that mine cannot confirm', withMine(1, unknown), ['kept']],
  [
    'another claim id in mine',
    withMine(1, { ...won(1), claimId: 'x' }),
    ['kept', 'stored', 'published'],
  ],
  [
    'the coupon of somebody else',
    {
      ...withEntry(1, { answer: { ...won(1), userId: 'zoe' } }),
      mine: withMine(1, { ...won(1), userId: 'zoe' }).mine,
    },
    ['kept'],
  ],
  [
    'one slot too many',
    {
      ...withEntry(3, { answer: won(3) }),
      ...winning([won(0), won(1), won(2), won(3), null]),
      after: coupon({ issued: 4 }),
      rows: [row(0), row(1), row(2), row(3)],
    },
    ['exact', 'slots'],
  ],
  [
    'one too few, and the slot empty',
    {
      ...withEntry(2, { answer: soldOut }),
      ...winning([won(0), won(1), null, null, null]),
      after: coupon({ issued: 2 }),
      rows: [row(0), row(1)],
    },
    ['exact'],
  ],
  [
    'a slot given twice',
    {
      ...withEntry(2, { answer: won(2, 2) }),
      ...winning([won(0), won(1), won(2, 2), null, null]),
    },
    ['slots', 'codes', 'stored', 'published'],
  ],
  [
    'a hole',
    {
      ...withEntry(2, { answer: won(2, 4) }),
      ...winning([won(0), won(1), won(2, 4), null, null]),
      rows: [row(0), row(1), { ...row(2), slot: 4, code: 'code-4' }],
    },
    ['slots', 'stored'],
  ],
  [
    'two coupons for one user',
    { ...sound(), entries: [...sound().entries, entry(0, { answer: won(0, 2) })] },
    ['one_each'],
  ],
  [
    'a winner who was told sold out as well',
    { ...sound(), entries: [...sound().entries, entry(0, { endedAt: 30, answer: soldOut })] },
    ['refused'],
  ],
  [
    'a loser whom mine calls a winner',
    withMine(3, won(3)),
    ['exact', 'slots', 'refused', 'counted', 'stored', 'seen', 'published'],
  ],
  [
    'a later ask that got an earlier slot',
    {
      ...sound(),
      entries: [
        entry(0, { answer: won(0, 2) }),
        entry(1, { answer: won(1, 1) }),
        ...sound().entries.slice(2),
      ],
      ...winning([won(0, 2), won(1, 1), won(2), null, null]),
      rows: [
        { ...row(1), slot: 1, code: 'code-1' },
        { ...row(0), slot: 2, code: 'code-2' },
        row(2),
      ],
    },
    ['in_order'],
  ],
  [
    'two asks at the same time, in either order',
    {
      ...sound(),
      entries: [
        entry(0, { answer: won(0, 2), endedAt: 12 }),
        entry(1, { answer: won(1, 1) }),
        ...sound().entries.slice(2),
      ],
      ...winning([won(0, 2), won(1, 1), won(2), null, null]),
      rows: [
        { ...row(1), slot: 1, code: 'code-1' },
        { ...row(0), slot: 2, code: 'code-2' },
        row(2),
      ],
    },
    [],
  ],
  [
    'not open, though another had won before',
    {
      ...sound(),
      entries: [...sound().entries, entry(4, { sentAt: 6, answer: { kind: 'not_open' } })],
    },
    ['stays_open'],
  ],
  [
    'not open, before anybody won',
    {
      ...sound(),
      entries: [...sound().entries, entry(4, { sentAt: 4, answer: { kind: 'not_open' } })],
    },
    [],
  ],
  ['a coupon that counts one less', { ...sound(), after: coupon({ issued: 2 }) }, ['counted']],
  [
    'a coupon with one left that is not',
    { ...sound(), after: coupon({ remaining: 1 }) },
    ['counted'],
  ],
  ['a row lost', withRows((rows) => rows.toSpliced(1, 1)), ['stored']],
  ['the last row lost', withRows((rows) => rows.toSpliced(2, 1)), ['stored']],
  ['a row twice', withRows((rows) => rows.toSpliced(1, 0, row(1))), ['exact', 'stored']],
  [
    'two rows swapped',
    withRows(([a, b, c]) => [
      { ...(a as RowSeen), userId: 'ben' },
      { ...(b as RowSeen), userId: 'ann' },
      c as RowSeen,
    ]),
    ['stored'],
  ],
  [
    'a row with another code',
    withRows((rows) => rows.with(1, { ...row(1), code: 'x' })),
    ['stored'],
  ],
  [
    'a row of a stranger',
    withRows((rows) => rows.with(1, { ...row(1), userId: 'zoe' })),
    ['stored'],
  ],
  ['rows that cannot be read', { ...sound(), rows: { missing: 'status 500' } }, ['stored']],
  [
    'more than were asked for, and the service says so everywhere',
    {
      ...withEntry(3, { answer: won(3) }),
      ...winning([won(0), won(1), won(2), won(3), null]),
      before: coupon({ issued: 0, quantity: 4 }),
      after: coupon({ issued: 4, quantity: 4 }),
      rows: [row(0), row(1), row(2), row(3)],
    },
    ['as_asked', 'exact', 'slots'],
  ],
  [
    'another discount than was asked for',
    { ...sound(), after: coupon({ discount: { kind: 'percent', value: 11 } }) },
    ['as_asked'],
  ],
  ['another name', { ...sound(), before: coupon({ issued: 0, name: 'X' }) }, ['as_asked']],
  ['one code for all', allWith({ code: 'one' }), ['codes']],
]

for (const [what, evidence, promises] of planted) {
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

// Every promise, broken on purpose in a ledger that is otherwise sound.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from '../promises.ts'
import type { CouponSeen, Issued, RowSeen } from '../service.ts'
import type { ClaimEntry as Entry, SaleEvidence as Evidence, Mine } from './sale-evidence.ts'
import { reconcileSale as reconcile, type SalePromise } from './sale-promises.ts'

const users = ['ann', 'ben', 'cho', 'dan', 'eve']
const quantity = 3

/** The first three won in the order they asked, each asked once, one after another. */
function sound(): Evidence {
  const after = coupon({ issued: quantity })
  return {
    users,
    fresh: true,
    entries: users.map((_, user) => entry(user)),
    mine: users.map((_, user) => (user < quantity ? won(user) : { kind: 'sold_out' })),
    before: coupon({ issued: 0 }),
    after,
    rows: users.slice(0, quantity).map((_, user) => row(user)),
  }
}

function coupon(given: Partial<CouponSeen>): CouponSeen {
  const issued = given.issued ?? quantity
  const of = given.quantity ?? quantity
  const base = { couponId: 'c', name: 'C', quantity: of, issued, remaining: of - issued }
  return { ...base, status: 'open', ...given }
}

function won(user: number, slot = user + 1): Issued {
  const userId = users[user] ?? ''
  return { kind: 'issued', userId, slot, code: `code-${slot}`, claimId: `claim-${user}` }
}

function row(user: number): RowSeen {
  const { userId, slot, code, claimId } = won(user)
  return { userId, slot, code, claimId }
}

function entry(user: number, given: Partial<Entry> = {}): Entry {
  const at = user * 10
  const times = { firstSentAt: at, sentAt: at, endedAt: at + 5, retries: 0, polls: 0 }
  return { user, ...times, answer: user < quantity ? won(user) : { kind: 'sold_out' }, ...given }
}

function withEntry(user: number, given: Partial<Entry>): Evidence {
  const evidence = sound()
  return { ...evidence, entries: evidence.entries.with(user, entry(user, given)) }
}

function withMine(user: number, mine: Mine): Evidence {
  const evidence = sound()
  return { ...evidence, mine: evidence.mine.with(user, mine) }
}

function withRows(change: (rows: RowSeen[]) => RowSeen[]): Evidence {
  const evidence = sound()
  return { ...evidence, rows: change([...(evidence.rows as RowSeen[])]) }
}

function broken(verdicts: Verdict<SalePromise>[]): SalePromise[] {
  return verdicts.filter(({ kept }) => !kept).map(({ promise }) => promise)
}

const unknown = { kind: 'unknown', reason: 'timed out' } as const
const soldOut = { kind: 'sold_out' } as const

test('a sound ledger breaks nothing, and every promise says what was counted', () => {
  const verdicts = reconcile(sound())
  assert.deepEqual(broken(verdicts), [])
  assert.deepEqual(
    verdicts.map(({ promise, detail }) => [promise, detail]),
    [
      ['definite', '5 of 5 asks'],
      ['exact', '3 issued: 3 coupons, 5 users'],
      ['kept', '3 of 3 have it'],
      ['one_each', '3 winners, 1 ask each'],
      ['slots', '3 slots, 1…3'],
      ['refused', '2 told no have none'],
      ['in_order', 'nobody who asked later came earlier'],
      ['counted', '3 issued, 0 remaining'],
      ['stored', '3 of 3 rows'],
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
  ['another claim id in mine', withMine(1, { ...won(1), claimId: 'x' }), ['kept', 'stored']],
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
      mine: withMine(3, won(3)).mine,
      after: coupon({ issued: 4 }),
      rows: [row(0), row(1), row(2), row(3)],
    },
    ['exact', 'slots'],
  ],
  [
    'one too few, and the slot empty',
    {
      ...withEntry(2, { answer: soldOut }),
      mine: withMine(2, soldOut).mine,
      after: coupon({ issued: 2 }),
      rows: [row(0), row(1)],
    },
    ['exact'],
  ],
  [
    'a slot given twice',
    { ...withEntry(2, { answer: won(2, 2) }), mine: withMine(2, won(2, 2)).mine },
    ['slots', 'stored'],
  ],
  [
    'a hole',
    {
      ...withEntry(2, { answer: won(2, 4) }),
      mine: withMine(2, won(2, 4)).mine,
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
    ['exact', 'slots', 'refused', 'counted', 'stored'],
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
      mine: [won(0, 2), won(1, 1), ...sound().mine.slice(2)],
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
      mine: [won(0, 2), won(1, 1), ...sound().mine.slice(2)],
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
]

for (const [what, evidence, promises] of planted) {
  test(`${what}: ${promises.length === 0 ? 'nothing broken' : promises.join(', ')}`, () => {
    const verdicts = reconcile(evidence)
    assert.deepEqual(broken(verdicts), promises, JSON.stringify(verdicts, null, 1))
    for (const { kept, breaches } of verdicts) assert.equal(kept, breaches.length === 0)
  })
}

test('after a restock only the last answer of a user counts as a no', () => {
  const restocked = { ...sound(), before: coupon({ issued: 0, quantity: 2 }) }
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
    fresh: false,
    before: coupon({ issued: 2, quantity: 5 }),
    after: coupon({ issued: 5, quantity: 5 }),
    entries: users.map((_, user) => {
      return entry(user, user < quantity ? { answer: won(user, user + 3) } : {})
    }),
    mine: users.map((_, user) => (user < quantity ? won(user, user + 3) : soldOut)),
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
    return { kind: 'issued', userId: many[user] ?? '', slot, code: 'x', claimId: 'y' }
  }
  const evidence: Evidence = {
    users: many,
    fresh: true,
    entries: many.map((_, user) => entry(user, { answer: holds(user) })),
    mine: many.map((_, user) => holds(user)),
    before: coupon({ issued: 0, quantity: many.length }),
    after: coupon({ issued: many.length, quantity: many.length }),
    rows: many.map((userId, user) => ({ userId, slot: user + 1, code: 'x', claimId: 'y' })),
  }
  const startedAt = performance.now()
  assert.deepEqual(broken(reconcile(evidence)), [])
  const ms = performance.now() - startedAt
  assert.ok(ms < 5000, `took ${Math.round(ms)} ms`)
})

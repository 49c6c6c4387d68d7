// Every promise of a sale, broken on purpose in a ledger that is otherwise sound.

import type { SalePromise } from '../../../src/rehearsal/coupons/sale-promises.ts'
import type { RowSeen } from '../../../src/rehearsal/service.ts'
import {
  allWith,
  coupon,
  type Evidence,
  entry,
  row,
  soldOut,
  sound,
  unknown,
  winning,
  withEntry,
  withMine,
  withRows,
  won,
} from './sale-evidence.ts'

/** `broken`: what must be found. */
export const plantedSales: [what: string, evidence: Evidence, broken: SalePromise[]][] = [
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

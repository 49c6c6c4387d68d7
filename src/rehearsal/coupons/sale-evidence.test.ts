// What only one figure shows: of each wrong there is one that no other answer gives away.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  broken,
  coupon,
  type Evidence,
  entry,
  held,
  row,
  sound,
  withEvents,
  withHeld,
  withMine,
  withRows,
  won,
} from '../../../test/models/rehearsals/sale-evidence.ts'
import { reconcileSale, type SalePromise } from './sale-promises.ts'

/** Three wanted three, in a sale of more than that. */
function few(): Evidence {
  const all = sound()
  const three = <T>(some: readonly T[]) => some.slice(0, 3)
  const after = coupon({ quantity: 9, issued: 3 })
  return {
    ...all,
    users: three(all.users),
    asked: { ...(all.asked ?? assert.fail()), quantity: 9 },
    entries: three(all.entries),
    mine: three(all.mine),
    held: three(all.held),
    before: coupon({ quantity: 9, issued: 0 }),
    after,
  }
}

const closed = { kind: 'closed' } as const
const planted: [what: string, Evidence, SalePromise[]][] = [
  ['fewer users than coupons', few(), []],
  [
    'a slot in the middle that nobody has',
    {
      ...few(),
      mine: [won(0), won(1), won(2, 5)],
      entries: [entry(0), entry(1), entry(2, { answer: won(2, 5) })],
      held: [won(0), won(1), won(2, 5)].map((win) => ({ value: [held(win)] })),
      rows: 'missing' in sound().rows ? [] : [row(0), row(1), { ...row(2), ...wonAt(2, 5) }],
      events: [row(0), row(1), { ...row(2), ...wonAt(2, 5) }],
    },
    ['slots', 'stored'],
  ],
  [
    'the last winner, who was told closed as well',
    { ...sound(), entries: [...sound().entries, entry(2, { answer: closed })] },
    ['refused'],
  ],
  [
    'a winner who asked after another was told no',
    { ...sound(), entries: [...sound().entries, entry(1, { answer: closed })] },
    ['refused', 'in_order'],
  ],
  ['a yes that is then paused', withMine(1, { kind: 'paused' }), ['kept']],
  ['a winner who sees another code', withHeld(1, [{ ...held(won(1)), code: 'x' }]), ['seen']],
  [
    'a row of somebody who was told nothing',
    withRows((rows) => [...rows, row(3)]),
    ['exact', 'stored'],
  ],
  [
    'two rows of one slot',
    withRows((rows) => [...rows.slice(0, 2), { ...row(3), slot: 2 }, ...rows.slice(2)]),
    ['exact', 'stored'],
  ],
  [
    'an event of somebody else',
    withEvents([row(0), { ...row(1), userId: 'zoe' }, row(2)]),
    ['published'],
  ],
  [
    'a coupon that counts one more',
    { ...sound(), after: coupon({ issued: 4, remaining: -1 }) },
    ['exact', 'counted'],
  ],
]

function wonAt(user: number, slot: number) {
  const { code } = won(user, slot)
  return { slot, code }
}

for (const [what, evidence, promises] of planted) {
  test(`${what}: ${promises.length === 0 ? 'nothing broken' : promises.join(', ')}`, () => {
    const verdicts = reconcileSale(evidence)
    assert.deepEqual(broken(verdicts), promises, JSON.stringify(verdicts, null, 1))
  })
}

// What users see and what was published, told wrong on purpose.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  broken,
  type Evidence,
  held,
  row,
  sound,
  withEvents,
  withHeld,
  won,
} from '../../../test/models/rehearsals/sale-evidence.ts'
import { reconcileSale as reconcile, type SalePromise } from './sale-promises.ts'

const planted: [what: string, Evidence, SalePromise[]][] = [
  ['a winner who sees nothing', withHeld(1, []), ['seen']],
  ['a winner who sees two', withHeld(1, [held(won(1)), held(won(1))]), ['seen']],
  ['a winner who sees another slot', withHeld(1, [held(won(1, 2 + 1))]), ['seen']],
  ['one who sees it as used', withHeld(1, [{ ...held(won(1)), status: 'used' }]), ['seen']],
  ['one who sees an order on it', withHeld(1, [{ ...held(won(1)), orderId: 'o' }]), ['seen']],
  ['one who sees less off', withHeld(1, [{ ...held(won(1)), discount: null }]), ['seen']],
  ['a loser who sees one', withHeld(4, [held(won(1))]), ['seen']],
  ['another coupon beside it', withHeld(4, [{ ...held(won(1)), couponId: 'x' }]), []],
  ['no events', withEvents([]), ['published']],
  ['an event lost', withEvents([row(0), row(2)]), ['published']],
  ['an event that came twice', withEvents([row(0), row(0), row(1), row(2)]), []],
  [
    'an event with another code',
    withEvents([row(0), { ...row(1), code: 'x' }, row(2)]),
    ['published'],
  ],
  ['an event of nobody', withEvents([0, 1, 2, 3].map(row)), ['published']],
  ['events that cannot be read', { ...sound(), events: { missing: 'away' } }, ['published']],
]

for (const [what, evidence, promises] of planted) {
  test(`${what}: ${promises.length === 0 ? 'nothing broken' : promises.join(', ')}`, () => {
    const verdicts = reconcile(evidence)
    assert.deepEqual(broken(verdicts), promises, JSON.stringify(verdicts, null, 1))
    for (const { kept, breaches } of verdicts) assert.equal(kept === false, breaches.length > 0)
  })
}

test('events that nobody could read are not judged', () => {
  const verdicts = reconcile({ ...sound(), events: { notJudged: 'there is no log here' } })
  const events = verdicts.find(({ promise }) => promise === 'published')
  assert.deepEqual([events?.kept, events?.detail], [null, 'not judged: there is no log here'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Coupon, Issued } from '../../domain/coupons/state.ts'
import type { IssuedColumns } from '../../ports/coupons.ts'
import { nextWinner, takeColumns, type WinnersLeft } from './take-columns.ts'

const issued = (slot: number, claimId: string): [string, Issued] => {
  return [`user-${slot}`, { slot, claimId, offset: slot + 6, appendedAt: 9 }]
}
const columns: IssuedColumns = {
  couponId: 'tea',
  partition: 3,
  firstSlot: 1,
  lastSlot: 2,
  rows: 2,
  userIds: 'user-1\nuser-2',
  claimIds: 'a\nb',
  codes: 'C1\nC2',
  offsets: '7\n8',
  times: '9\n9',
}
const codes = {
  of: (_couponId: string, first: number, last = first) => (last === first ? `C${first}` : 'C1\nC2'),
}

function leftOf(claimIds: readonly string[]): WinnersLeft {
  const winners = claimIds.map((claimId, n) => issued(n + 1, claimId)).values()
  const coupon = { partition: 3 } as Coupon
  return { couponId: 'tea', coupon, winners, winner: nextWinner(winners) }
}

test('rows that are those of the next winners take them', () => {
  const left = leftOf(['a', 'b', 'c'])
  const last = takeColumns(left, columns, codes)
  assert.deepEqual([last?.slot, last?.userId, last?.offset], [2, 'user-2', 8])
  assert.equal(left.winner?.issued.slot, 3)
})

const others: [what: string, claimIds: string[], changes: Partial<IssuedColumns>][] = [
  ['another partition', ['a', 'b', 'c'], { partition: 2 }],
  ['another first slot', ['a', 'b', 'c'], { firstSlot: 0 }],
  ['a slot that is missing between', ['a', 'b', 'c'], { lastSlot: 3 }],
  ['another user', ['a', 'b', 'c'], { userIds: 'user-1\nuser-3' }],
  ['another claim', ['a', 'b', 'c'], { claimIds: 'a\nc' }],
  ['another code', ['a', 'b', 'c'], { codes: 'C1\nC1' }],
  ['another offset', ['a', 'b', 'c'], { offsets: '7\n9' }],
  ['another time', ['a', 'b', 'c'], { times: '8\n9' }],
  ['more rows than winners', ['a'], {}],
  ['claims that look like others as columns', ['a\nb', 'c'], { claimIds: 'a\nb\nc' }],
]
for (const [what, claimIds, changes] of others) {
  test(`rows with ${what} take no winner`, () => {
    const left = leftOf(claimIds)
    assert.equal(takeColumns(left, { ...columns, ...changes }, codes), null)
    const slots: number[] = []
    for (let next = left.winner; next !== null; next = nextWinner(left.winners)) {
      slots.push(next.issued.slot)
    }
    assert.deepEqual(
      slots,
      claimIds.map((_, n) => n + 1),
    )
  })
}

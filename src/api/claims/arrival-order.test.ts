import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ArrivalOrder, comparedMax } from './arrival-order.ts'

function counted(arrivals: readonly (readonly [couponId: string, at: number])[]) {
  const order = new ArrivalOrder()
  for (const [couponId, at] of arrivals) order.placed(couponId, at)
  return { ...order.counts() }
}
const ofOne = (...arrivals: number[]) => counted(arrivals.map((at) => ['a', at] as const))

describe('the order of arrival', () => {
  const cases: [says: string, arrivals: number[], pairs: number, inversions: number][] = [
    ['nothing', [], 0, 0],
    ['one claim', [1], 0, 0],
    ['in order', [1, 2, 3, 4], 6, 0],
    ['two swapped', [1, 3, 2, 4], 6, 1],
    ['the last came first', [2, 3, 4, 1], 6, 3],
    ['the other way round', [4, 3, 2, 1], 6, 6],
    ['at one moment', [1, 1, 1], 3, 0],
    ['two by two', [2, 1, 4, 3], 6, 2],
  ]
  for (const [says, arrivals, pairs, inversions] of cases) {
    it(`counts ${says}`, () => {
      assert.deepEqual(ofOne(...arrivals), { pairs, inversions })
    })
  }

  it('compares only claims on the same coupon', () => {
    const arrivals = [4, 3, 2, 1].map((at, n) => [n % 2 === 0 ? 'a' : 'b', at] as const)
    assert.deepEqual(counted(arrivals), { pairs: 2, inversions: 2 })
    const each = Array.from({ length: 50 }, (_, n) => [`coupon-${n}`, 50 - n] as const)
    assert.deepEqual(counted(each), { pairs: 0, inversions: 0 })
  })

  it('compares each claim with those before it, as many as it remembers', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 3 * comparedMax }), (arrivals) => {
        const expected = { pairs: 0, inversions: 0 }
        arrivals.forEach((at, n) => {
          for (const before of arrivals.slice(Math.max(0, n - comparedMax), n)) {
            expected.pairs += 1
            if (before > at) expected.inversions += 1
          }
        })
        assert.deepEqual(ofOne(...arrivals), expected)
      }),
    )
  })

  it('remembers a bounded number of coupons', () => {
    const order = new ArrivalOrder()
    for (let n = 0; n < 2_500; n += 1) order.placed(`coupon-${n}`, 1)
    order.placed('coupon-0', 0)
    assert.deepEqual({ ...order.counts() }, { pairs: 0, inversions: 0 })
    order.placed('coupon-2499', 0)
    assert.deepEqual({ ...order.counts() }, { pairs: 1, inversions: 1 })
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIssuerWorld } from '../../test/models/issuer-world.ts'
import type { Coupon } from '../domain/coupons/state.ts'
import type { CouponStore } from '../ports/coupons.ts'

const couponId = 'sale'
const by = 'operator'

test('The issuer looks up in the log what rows of an earlier version do not say.', async () => {
  const { store: stored, append, run } = createIssuerWorld()
  const withoutLastActs = (coupon: Coupon) => ({ ...coupon, lastAct: null })
  let isEarlier = true
  const store: CouponStore = {
    ...stored,
    apply(batch) {
      if (!isEarlier) return stored.apply(batch)
      return stored.apply({ ...batch, coupons: batch.coupons.map(withoutLastActs) })
    },
  }
  const couponAfterRun = async () => {
    await run({ store })
    return (await store.load([couponId])).get(couponId)
  }
  const restock = (commandId: string, expected?: number) => {
    const base = { type: 'coupon.restocked', couponId, add: 1, by, commandId } as const
    return expected === undefined ? base : { ...base, expected }
  }
  const terms = { name: 'Sale', quantity: 3 }
  const created = { type: 'coupon.created', couponId, terms, rules: 2, by, commandId: 'c' } as const
  const claim = { type: 'coupon.claimed', couponId, userId: 'kim', claimId: 'a' } as const

  await append(created, restock('first'), claim)
  assert.equal((await couponAfterRun())?.lastAct, null)
  isEarlier = false
  // On what was done last, and then on what was not.
  await append(restock('stale', 0), restock('second', 1), restock('late', 1))
  const coupon = await couponAfterRun()
  assert.deepEqual([coupon?.quantity, coupon?.lastAct], [5, 4])
  assert.deepEqual([...(coupon?.commands.keys() ?? [])], ['first', 'second'])
})

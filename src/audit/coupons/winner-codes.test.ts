import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Coupon } from '../../domain/coupons/state.ts'
import { createWinnerCodes, type DeriveCodes } from './winner-codes.ts'

const coupon = (couponId: string) => ({ couponId, rules: 1 }) as Coupon
const won = (slot: number) => ({ slot, claimId: `claim-${slot}`, offset: 0, appendedAt: 0 })
const codeOf = (couponId: string, slot: number) => `${couponId}-${String(slot).padStart(6, '0')}`
const codesOf: DeriveCodes = async (wanted) => {
  return wanted.map(({ couponId, firstSlot, claimIds }) => {
    return claimIds.map((_, n) => codeOf(couponId, firstSlot + n)).join('\n')
  })
}

test('each winner has its code, in whatever order they are derived', async () => {
  const held: (() => void)[] = []
  const codes = createWinnerCodes(async (wanted) => {
    // The last that are asked for come first.
    await new Promise<void>((resolve) => held.unshift(resolve))
    return codesOf(wanted)
  })
  const winners = 10_000
  for (let slot = 1; slot <= winners; slot++) {
    for (const id of ['a', 'b']) codes.add(coupon(id), won(slot))
  }
  const ended = codes.end()
  for (const go of held) {
    go()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await ended
  for (const id of ['a', 'b']) {
    for (let slot = 1; slot <= winners; slot++) assert.equal(codes.of(id, slot), codeOf(id, slot))
    assert.equal(
      codes.of(id, 4_095, 4_097),
      [4_095, 4_096, 4_097].map((n) => codeOf(id, n)).join('\n'),
    )
  }
  assert.equal(codes.of('c', 1), '')
})

test('what is under way is bounded, and who wins waits', async () => {
  let underWay = 0
  let most = 0
  const codes = createWinnerCodes(async (wanted) => {
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise((resolve) => setImmediate(resolve))
    underWay -= 1
    return codesOf(wanted)
  })
  for (let slot = 1; slot <= 200_000; slot++) {
    codes.add(coupon('a'), won(slot))
    if (slot % 1_000 === 0) await codes.keepUp()
  }
  await codes.end()
  assert.ok(most > 1 && most <= 16, `${most} at once`)
  assert.equal(codes.of('a', 200_000), codeOf('a', 200_000))
})

test('a failure is told, also where nobody waited when it came', async () => {
  const broken = new Error('the thread has ended')
  const codes = createWinnerCodes(() => Promise.reject(broken))
  for (let slot = 1; slot <= 5_000; slot++) codes.add(coupon('a'), won(slot))
  await new Promise((resolve) => setImmediate(resolve))
  await assert.rejects(codes.end(), broken)
})

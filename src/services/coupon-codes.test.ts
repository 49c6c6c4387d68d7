import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createCouponCodes, deriveCouponCode, type WonSlot } from './coupon-codes.ts'

const secret = 'a secret of at least thirty-two bytes'

/** The same said plainly, in exact integers: HMAC, 60 bits, Crockford's base 32 and his check. */
function plainCode(key: string, { couponId, slot, claimId }: WonSlot): string {
  const message = JSON.stringify([couponId, slot, claimId])
  const digest = createHmac('sha256', key).update(message).digest('hex')
  const bits = BigInt(`0x${digest.slice(0, 15)}`)
  const symbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U'
  const places = Array.from({ length: 12 }, (_, n) => Number((bits >> BigInt(55 - 5 * n)) & 31n))
  return [...places, Number(bits % 37n)].map((value) => symbols.charAt(value)).join('')
}

test('a code is pinned for ever: a rebuild must give winners the codes that they hold', () => {
  const won = { couponId: 'spring', slot: 1, claimId: '0199aaaa-bbbb-7ccc-8ddd-000000000000' }
  assert.equal(deriveCouponCode(secret, won), plainCode(secret, won))
  assert.equal(deriveCouponCode(secret, won), '51FM3NNWWTFYQ')
})

test('a code is the top 60 bits of the HMAC in base 32 with their check symbol', () => {
  const won = fc.record({ couponId: fc.string(), slot: fc.nat(), claimId: fc.string() })
  fc.assert(
    fc.property(fc.string(), won, (key, it) => {
      assert.equal(deriveCouponCode(key, it), plainCode(key, it))
    }),
    { numRuns: 500 },
  )
})

test('another coupon, slot, claim or secret gives another code', () => {
  const won = { couponId: 'spring', slot: 12, claimId: '3' }
  const others = [
    { ...won, couponId: 'autumn' },
    { ...won, slot: 1, claimId: '23' },
    { ...won, slot: 123, claimId: '' },
    { ...won, claimId: '4' },
  ]
  const codes = [won, ...others].map((it) => deriveCouponCode(secret, it))
  codes.push(deriveCouponCode(`${secret}!`, won))
  assert.equal(new Set(codes).size, codes.length)
})

test('a remembered code is the derived one', () => {
  const codes = createCouponCodes(secret)
  const won = { couponId: 'spring', slot: 1, claimId: 'c' }
  assert.equal(codes.codeOf(won), deriveCouponCode(secret, won))
  assert.equal(codes.codeOf(won), deriveCouponCode(secret, won))
})

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { codeDeriver, rememberCodes, type WonSlot, wrongCodes } from './codes.ts'

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
  const derive = codeDeriver(secret)
  assert.equal(derive({ ...won, rules: 1 }), plainCode(secret, won))
  assert.equal(derive({ ...won, rules: 1 }), '51FM3NNWWTFYQ')
  assert.equal(derive({ ...won, rules: 2 }), '51FM-3NNW-WTFY-X')
})

test('a code is the top 60 bits of the HMAC in base 32 with their check symbol', () => {
  const won = fc.record({ couponId: fc.string(), slot: fc.nat(), claimId: fc.string() })
  fc.assert(
    fc.property(fc.string(), won, (key, it) => {
      assert.equal(codeDeriver(key)({ ...it, rules: 1 }), plainCode(key, it))
    }),
    { numRuns: 500 },
  )
})

test('another coupon, slot, claim or secret gives another code', () => {
  const won = { couponId: 'spring', slot: 12, claimId: '3', rules: 2 }
  const others = [
    { ...won, couponId: 'autumn' },
    { ...won, slot: 1, claimId: '23' },
    { ...won, slot: 123, claimId: '' },
    { ...won, claimId: '4' },
  ]
  const codes = [won, ...others].map((it) => codeDeriver(secret)(it))
  codes.push(codeDeriver(`${secret}!`)(won))
  assert.equal(new Set(codes).size, codes.length)
})

test('a secret longer than a block of the hash counts to its last byte', () => {
  const won = { couponId: 'spring', slot: 1, claimId: 'c', rules: 1 }
  for (const length of [63, 64, 65, 200]) {
    const key = 'k'.repeat(length)
    assert.equal(codeDeriver(key)(won), plainCode(key, won), `${length} bytes`)
    assert.notEqual(codeDeriver(`${key}2`)(won), codeDeriver(`${key}3`)(won), `${length} bytes`)
  }
})

test('a code that is not the one derived for its row is found', () => {
  const rows = [1, 2, 3].map((slot) => {
    const won = { couponId: 'spring', slot, claimId: `c${slot}`, rules: slot === 2 ? 1 : 2 }
    return { ...won, code: codeDeriver(secret)(won) }
  })
  assert.deepEqual(wrongCodes(secret, rows), [])
  const swapped = rows.map((row, n) => ({ ...row, code: rows[n === 0 ? 1 : n]?.code ?? '' }))
  assert.deepEqual(wrongCodes(secret, swapped), swapped.slice(0, 1))
  assert.equal(wrongCodes(`${secret}!`, rows).length, 3)
})

test('a remembered code is the derived one, and is derived once', () => {
  const derive = codeDeriver(secret)
  let derived = 0
  const codeOf = rememberCodes((won) => {
    derived += 1
    return derive(won)
  })
  const won = { couponId: 'spring', slot: 1, claimId: 'c', rules: 2 }
  assert.deepEqual([codeOf(won), codeOf(won)], [derive(won), derive(won)])
  assert.equal(derived, 1)
})

// The code that a winner shows to spend the coupon. Derived, not drawn: the same log and secret
// give the same codes, so a rebuilt projection has them all. Nobody can guess one: 60 bits.

import { createHmac } from 'node:crypto'

const symbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Crockford's base 32 with his five extra symbols for a check modulo 37. */
const checkSymbols = `${symbols}*~$=U`

/** 12 symbols of Crockford base 32 and his check symbol, over (coupon, slot, claim). */
export function deriveCouponCode(secret: string, won: WonSlot): string {
  // JSON keeps the three apart whatever they contain.
  const message = JSON.stringify([won.couponId, won.slot, won.claimId])
  // As one character for each byte: a Buffer would cost a third of the whole.
  const digest = createHmac('sha256', secret).update(message).digest('binary')
  const first = wordAt(digest, 0)
  let high = first >>> 2
  let low = ((first & 3) * 2 ** 28 + (wordAt(digest, 4) >>> 4)) % 2 ** 30
  const check = ((high % 37) * (2 ** 30 % 37) + (low % 37)) % 37
  let code = ''
  for (let n = 0; n < 6; n++) {
    code = symbols.charAt(low & 31) + code
    low >>>= 5
  }
  for (let n = 0; n < 6; n++) {
    code = symbols.charAt(high & 31) + code
    high >>>= 5
  }
  return code + checkSymbols.charAt(check)
}

/** Four bytes, the highest first. */
function wordAt(bytes: string, at: number): number {
  const high = (bytes.charCodeAt(at) << 8) | bytes.charCodeAt(at + 1)
  const low = (bytes.charCodeAt(at + 2) << 8) | bytes.charCodeAt(at + 3)
  return high * 2 ** 16 + low
}

export type WonSlot = { couponId: string; slot: number; claimId: string }

/** Those whose code is not the one derived for them. */
export function wrongCodes<Row extends WonSlot & { code: string }>(
  secret: string,
  rows: readonly Row[],
): Row[] {
  return rows.filter((row) => row.code !== deriveCouponCode(secret, row))
}

/** Codes kept so that a winner who asks again costs no second HMAC; about 10 MB at most. */
const rememberedCodesMax = 100_000

export type CouponCodes = { codeOf(won: WonSlot): string }

export function createCouponCodes(secret: string): CouponCodes {
  const remembered = new Map<string, string>()
  return {
    codeOf(won) {
      const slot = `${won.couponId} ${won.slot}`
      const known = remembered.get(slot)
      if (known !== undefined) return known
      const code = deriveCouponCode(secret, won)
      if (remembered.size >= rememberedCodesMax) remembered.clear()
      remembered.set(slot, code)
      return code
    },
  }
}

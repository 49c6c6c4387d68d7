// The code that a winner shows to spend the coupon. Derived, not drawn: the same log and secret
// give the same codes, so a rebuilt projection has them all. Nobody can guess one: 60 bits.

import { hmacSha256 } from '../hmac-sha256.ts'
import { codeSymbols, codeText, rulesOfCode } from './code-text.ts'

/** Ten bits as two symbols. */
const pairs = Array.from({ length: 1024 }, (_, bits) => {
  return codeSymbols.charAt(bits >>> 5) + codeSymbols.charAt(bits & 31)
})

export type WonSlot = { couponId: string; slot: number; claimId: string }
/** `rules`: those of its coupon. */
export type DeriveCode = (won: WonSlot & { rules: number }) => string

/** 60 bits over (coupon, slot, claim), written as the coupon's rules have it. */
export function codeDeriver(secret: string): DeriveCode {
  const hmac = hmacSha256(secret)
  return ({ couponId, slot, claimId, rules }) => {
    // JSON keeps the three apart whatever they contain.
    const digest = hmac(JSON.stringify([couponId, slot, claimId]), 'binary')
    const first = wordAt(digest, 0)
    const high = first >>> 2
    const low = ((first & 3) * 2 ** 28 + (wordAt(digest, 4) >>> 4)) % 2 ** 30
    return codeText(thirtyBits(high) + thirtyBits(low), rules)
  }
}

function thirtyBits(bits: number): string {
  return `${pairs[bits >>> 20]}${pairs[(bits >>> 10) & 1023]}${pairs[bits & 1023]}`
}

/** Four bytes, the highest first. */
function wordAt(bytes: string, at: number): number {
  const high = (bytes.charCodeAt(at) << 8) | bytes.charCodeAt(at + 1)
  const low = (bytes.charCodeAt(at + 2) << 8) | bytes.charCodeAt(at + 3)
  return high * 2 ** 16 + low
}

/** Of winners whose slots are neighbours: their codes, one a line. */
export function codesDeriver(
  secret: string,
): (run: Omit<WonSlot, 'slot' | 'claimId'> & CodeRun) => string {
  const derive = codeDeriver(secret)
  return ({ couponId, rules, firstSlot, claimIds }) => {
    return claimIds
      .map((claimId, n) => derive({ couponId, slot: firstSlot + n, claimId, rules }))
      .join('\n')
  }
}
type CodeRun = { rules: number; firstSlot: number; claimIds: readonly string[] }

/** Those whose code is not the one derived for them, whichever rules it is written by. */
export function wrongCodes<Row extends WonSlot & { code: string }>(
  secret: string,
  rows: readonly Row[],
): Row[] {
  const derive = codeDeriver(secret)
  return rows.filter((row) => row.code !== derive({ ...row, rules: rulesOfCode(row.code) }))
}

/** Codes kept so that a winner who asks again costs no second HMAC; about 10 MB at most. */
const rememberedCodesMax = 100_000

/** For winners who ask again: as `derive`, but remembers. */
export function rememberCodes(derive: DeriveCode): DeriveCode {
  const remembered = new Map<string, string>()
  return (won) => {
    const known = remembered.get(won.claimId)
    if (known !== undefined) return known
    const code = derive(won)
    if (remembered.size >= rememberedCodesMax) remembered.clear()
    remembered.set(won.claimId, code)
    return code
  }
}

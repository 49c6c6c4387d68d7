// How the 60 bits of a code are written, and what a text that somebody typed can mean. Codes of
// rules 1 are 12 symbols of Crockford's base 32 and his check symbol modulo 37, which may be one
// of five more. Those of rules 2 have a check symbol of the 32, and are shown in groups. Either
// check finds every wrong symbol and every swap of two neighbours, without the database.

export const codeSymbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const checkSymbolsOfRules1 = `${codeSymbols}*~$=U`
/** By the code of a symbol, its value: every winner gets a code. */
const values = new Uint8Array(128)
for (let n = 0; n < codeSymbols.length; n++) values[codeSymbols.charCodeAt(n)] = n
const codeLength = 13

/** `first`: the 12 symbols. As it is stored, and shown. */
export function codeText(first: string, rules: number): string {
  return rules === 1 ? first + checkOfRules1(first) : grouped(first + checkOfRules2(first))
}

/** Of a code as it is stored. */
export function rulesOfCode(code: string): number {
  return code.includes('-') ? 2 : 1
}

/**
 * The codes that a text can mean, as they are stored: none, one, or one of each rules. In any case,
 * hyphens and spaces left out, O for 0, I and L for 1.
 */
export function readCode(text: string): string[] {
  const typed = text.replaceAll(/[\s-]/gu, '').toUpperCase()
  const plain = typed.replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  if (!shape.test(plain)) return []
  const first = plain.slice(0, -1)
  return [1, 2].map((rules) => codeText(first, rules)).filter((code) => ungrouped(code) === plain)
}

const shape = new RegExp(`^[${codeSymbols}]{${codeLength - 1}}[${codeSymbols}*~$=U]$`)

function grouped(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4, 8)}-${code.slice(8, 12)}-${code.slice(12)}`
}

function ungrouped(code: string): string {
  return code.replaceAll('-', '')
}

function checkOfRules1(first: string): string {
  let rest = 0
  for (let n = 0; n < first.length; n++) rest = (rest * 32 + valueAt(first, n)) % 37
  return checkSymbolsOfRules1.charAt(rest)
}

/**
 * The symbol with which the 13 are a multiple of (x − 2) over the field of 32 elements: each place
 * has a weight of its own, so that neither another symbol nor a swap goes unnoticed.
 */
function checkOfRules2(first: string): string {
  let sum = 0
  for (let n = 0; n < first.length; n++) sum = doubled(sum) ^ valueAt(first, n)
  return codeSymbols.charAt(doubled(sum))
}

function valueAt(first: string, n: number): number {
  return values[first.charCodeAt(n)] ?? 0
}

/** Times 2 in GF(2⁵), modulo x⁵ + x² + 1. */
function doubled(value: number): number {
  return value & 16 ? (value << 1) ^ 0b100101 : value << 1
}

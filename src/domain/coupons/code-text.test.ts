import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { codeSymbols, codeText, readCode, rulesOfCode } from './code-text.ts'

const first = fc
  .array(fc.constantFrom(...Array.from(codeSymbols)), { minLength: 12, maxLength: 12 })
  .map((symbols) => symbols.join(''))
const rules = fc.constantFrom(1, 2)

/** As people write a code: groups anywhere, any case, what looks alike mixed up. */
const spoilt = fc
  .tuple(first, rules, fc.array(fc.constantFrom('', '', '-', ' ', '--', '\t', 'lower', 'alike')))
  .map(([symbols, version, marks]) => {
    const code = codeText(symbols, version)
    const typed = Array.from(code, (symbol, n) => {
      const mark = marks[n] ?? ''
      if (mark === 'lower') return symbol.toLowerCase()
      if (mark === 'alike') return { 0: 'o', 1: n % 2 === 0 ? 'l' : 'I' }[symbol] ?? symbol
      return symbol + mark
    })
    return { code, typed: typed.join('') }
  })

describe('a code', () => {
  test('of rules 2 is 12 symbols and a check symbol of the 32, in groups of four', () => {
    fc.assert(
      fc.property(first, (symbols) => {
        const code = codeText(symbols, 2)
        assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]$/)
        assert.equal(code.replaceAll('-', '').slice(0, 12), symbols)
        assert.deepEqual([rulesOfCode(code), rulesOfCode(codeText(symbols, 1))], [2, 1])
      }),
    )
  })

  test('is read however it is typed', () => {
    fc.assert(
      fc.property(spoilt, ({ code, typed }) => {
        assert.ok(readCode(typed).includes(code), `${code} typed as ${JSON.stringify(typed)}`)
      }),
      { numRuns: 1_000 },
    )
  })

  test('of rules 1 is read with whichever check symbol it has', () => {
    const checks = new Set<string>()
    for (let n = 0; checks.size < 37; n++) {
      const symbols = Array.from({ length: 12 }, (_, at) => codeSymbols.charAt((n * 7 + at) % 32))
      symbols[11] = codeSymbols.charAt(n % 32)
      symbols[10] = codeSymbols.charAt(Math.floor(n / 32) % 32)
      const code = codeText(symbols.join(''), 1)
      checks.add(code.at(-1) ?? '')
      assert.ok(readCode(code.toLowerCase()).includes(code))
    }
  })

  test('with one wrong symbol, or two neighbours swapped, is no code of its rules', () => {
    fc.assert(
      fc.property(first, fc.nat(12), fc.nat(30), (symbols, at, other) => {
        const code = codeText(symbols, 2).replaceAll('-', '')
        const known = Array.from(code)
        const wrong = [...known]
        const place = codeSymbols.indexOf(known[at] ?? '')
        wrong[at] = codeSymbols.charAt((place + 1 + other) % 32)
        const left = Math.min(at, 11)
        const swapped = [...known]
        swapped.splice(left, 2, known[left + 1] ?? '', known[left] ?? '')
        for (const typed of [wrong, swapped]) {
          if (typed.join('') === code) continue
          const read = readCode(typed.join(''))
          assert.deepEqual(
            read.filter((one) => rulesOfCode(one) === 2),
            [],
          )
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('is none of what is too short, too long, or has symbols that no code has', () => {
    const code = codeText('0123456789AB', 2)
    for (const typed of [
      '',
      '-',
      code.slice(0, -1),
      `${code}0`,
      code.replace('9', 'U'),
      '가나다',
    ]) {
      assert.deepEqual(readCode(typed), [], typed)
    }
  })
})

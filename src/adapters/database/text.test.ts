import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SqlValue } from './database.ts'
import { copyText, parameterText } from './text.ts'

const texts: readonly (readonly [SqlValue, string | null])[] = [
  [null, null],
  ['a"b', 'a"b'],
  [1.5, '1.5'],
  [false, 'false'],
  [[], '{}'],
  [[''], '{""}'],
  [['a', 'null', 'b,{}'], '{"a","null","b,{}"}'],
  [['a"', '\\'], '{"a\\"","\\\\"}'],
  [['a', null, 'b'], '{"a",null,"b"}'],
  [[null, null], '{null,null}'],
  [[1, -2, null], '{1,-2,null}'],
  [[true, false, null], '{true,false,null}'],
]

describe('A parameter', () => {
  for (const [value, text] of texts) {
    it(`${JSON.stringify(value)} goes as ${text}`, () => {
      assert.equal(parameterText(value), text)
    })
  }
})

describe('Rows for COPY', () => {
  it('are lines of cells, in which nothing looks like the end of one', () => {
    const rows = [
      [1, 'a\tb', true],
      [null, '\\N\n', '\r'],
    ]
    assert.equal(copyText(rows), '1\ta\\tb\ttrue\n\\N\t\\\\N\\n\t\\r\n')
    assert.equal(copyText([]), '')
  })
})

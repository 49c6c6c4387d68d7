import assert from 'node:assert/strict'
import { it } from 'node:test'
import { protocol } from '@electric-sql/pglite'
import type { SqlValue } from './database.ts'
import { executeMessage } from './pglite-wire.ts'
import { parameterText } from './text.ts'

const cases: readonly (readonly SqlValue[])[] = [
  [],
  [null],
  ['', 'a', 7, true, null],
  [['x', '"', null], [], [1, 2]],
  ['쿠폰 ☕ 🎟', 'e\u0301', '\ud800'],
  ['long '.repeat(100_000)],
  Array.from({ length: 300 }, (_, n) => n),
]

it('a statement is executed by the bytes that the library would have sent', () => {
  const { serialize } = protocol
  for (const name of ['s', '이름', 'store-step-rows of stock']) {
    for (const values of cases) {
      const bind = serialize.bind({ statement: name, values: values.map(parameterText) })
      const expected = Buffer.concat([bind, serialize.execute(), serialize.sync()])
      assert.deepEqual(executeMessage(name, values), expected)
    }
  }
})

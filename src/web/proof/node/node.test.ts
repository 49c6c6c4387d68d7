import assert from 'node:assert/strict'
import * as buffer from 'node:buffer'
import { hash as hashOfNode } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Buffer } from './buffer.ts'
import { hash, sign } from './crypto.ts'

const encodings = ['utf8', 'hex', 'base64', 'base64url'] as const
const bytes = fc.uint8Array({ maxLength: 300 })

test('Hashes are those of Node, of any length.', () => {
  const text = buffer.Buffer.from('firstcome '.repeat(40))
  for (let size = 0; size <= text.length; size += 1) {
    const part = text.subarray(0, size)
    assert.equal(hash('sha256', part, 'hex'), hashOfNode('sha256', part, 'hex'), `${size}`)
  }
  fc.assert(
    fc.property(bytes, (data) => {
      assert.deepEqual(
        [...hash('sha256', data, 'buffer')],
        [...hashOfNode('sha256', data, 'buffer')],
      )
    }),
  )
})

test('Texts become bytes, and bytes texts, as in Node.', () => {
  fc.assert(
    fc.property(bytes, fc.nat(40), fc.nat(40), (data, begin, end) => {
      for (const encoding of encodings) {
        const there = buffer.Buffer.from(data)
        const here = Buffer.from(data)
        assert.equal(here.toString(encoding, begin, end), there.toString(encoding, begin, end))
        const text = there.toString(encoding)
        assert.deepEqual([...Buffer.from(text, encoding)], [...buffer.Buffer.from(text, encoding)])
      }
    }),
  )
  const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\w+/=-]*$/))
  fc.assert(
    fc.property(texts, (text) => {
      for (const encoding of ['utf8', 'base64', 'base64url'] as const) {
        const there = buffer.Buffer.from(text, encoding).toString(encoding)
        // What a strict reader asks: whether the text comes back.
        assert.equal(Buffer.from(text, encoding).toString(encoding) === text, there === text, text)
      }
    }),
  )
})

test('Bytes are joined, cut and compared as in Node.', () => {
  fc.assert(
    fc.property(bytes, bytes, (one, other) => {
      const joined = Buffer.concat([Buffer.from(one), other])
      assert.equal(joined.toString('hex'), buffer.Buffer.concat([one, other]).toString('hex'))
      assert.ok(Buffer.from(one).equals(joined.subarray(0, one.length)))
      const same = buffer.Buffer.from(one).equals(other)
      assert.equal(Buffer.from(one).equals(Buffer.from(other)), same)
    }),
  )
  assert.deepEqual([...Buffer.alloc(3)], [0, 0, 0])
})

test('What needs a key is refused.', () => {
  assert.throws(() => sign(), /no keys/)
})

import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { hmacSha256 } from './hmac-sha256.ts'

const expected = (key: string, message: string) => createHmac('sha256', key).update(message)

/** The same ones each time. */
function anyBytes(outputLength: number): Buffer {
  return createHash('shake256', { outputLength }).update('any').digest()
}

test('it is what the library makes of any key and message', () => {
  for (let n = 0; n < 200; n += 1) {
    const key = anyBytes(n).toString('latin1')
    const message = anyBytes(2 * n).toString('utf16le')
    const hmac = hmacSha256(key)
    for (const text of [message, key, '']) {
      assert.equal(hmac(text, 'base64url'), expected(key, text).digest('base64url'))
      assert.equal(hmac(text, 'binary'), expected(key, text).digest('binary'))
    }
  }
})

test('neither a long message nor one before it changes another', () => {
  const hmac = hmacSha256('k'.repeat(65))
  const lengths = [0, 1, 1_365, 1_366, 4_095, 4_096, 4_097, 20_000, 3]
  for (const unit of ['a', '지', '😀', '\ud800']) {
    for (const length of lengths) {
      const text = unit.repeat(length)
      assert.equal(hmac(text, 'binary'), expected('k'.repeat(65), text).digest('binary'))
    }
  }
})

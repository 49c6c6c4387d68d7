// The vectors are those of Kafka's own UtilsTest and Utils.murmur2 (Java).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { murmur2, partitionFor } from './partitioner.ts'

const vectors: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
]

for (const [key, expected] of vectors) {
  test(`murmur2 of ${key} is ${expected}, as in Java`, () => {
    assert.equal(murmur2(Buffer.from(key)), expected)
  })
}

test('the partition is the hash without its sign bit, modulo the partitions', () => {
  for (const [key, hash] of vectors) {
    // Java: toPositive(murmur2(key)) % partitions, here in exact integers.
    const positive = BigInt.asUintN(31, BigInt(hash))
    for (const partitions of [1, 2, 3, 4, 12, 1000]) {
      assert.equal(partitionFor(key, partitions), Number(positive % BigInt(partitions)))
    }
  }
})

test('a key is hashed by its own bytes, wherever they lie in a larger buffer', () => {
  const shared = Buffer.from('xfoobarx').subarray(1, 7)
  assert.equal(murmur2(shared), -790332482)
})

test('a key is hashed as UTF-8', () => {
  assert.equal(
    partitionFor('쿠폰', 1 << 30),
    murmur2(Buffer.from('쿠폰', 'utf8')) & ((1 << 30) - 1),
  )
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { crc32c, createRecordsBatch, Reader, readRecordsBatches } from '@platformatic/kafka'
import * as fc from 'fast-check'
import type { LogEntry } from '../../ports/log.ts'
import { decodeBatches, encodeBatch, entryBytesMax, sequenceAfter } from './record-batch.ts'

const writer = { producerId: 77n, epoch: 3, sequence: 41, now: 1_700_000_000_000 }
const text = fc.string({ unit: 'binary', maxLength: 200 }).filter((s) => s.isWellFormed())
const entryArbitrary: fc.Arbitrary<LogEntry> = fc.record(
  {
    key: text,
    value: fc.uint8Array({ maxLength: 5_000 }).map((bytes) => Buffer.from(bytes)),
    headers: fc.dictionary(
      text.filter((name) => name !== '__proto__'),
      text,
      { minKeys: 1 },
    ),
  },
  { requiredKeys: ['key', 'value'] },
)
const entriesArbitrary = fc.array(entryArbitrary, { minLength: 1, maxLength: 200 })

describe('a batch of records', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(entriesArbitrary, (entries) => {
        const bytes = encodeBatch(entries, writer)
        const { records, next } = decodeBatches(bytes, { partition: 4, from: 0 })
        assert.equal(next, entries.length)
        assert.deepEqual(
          records,
          entries.map(({ key, value, headers }, offset) => ({
            key,
            value,
            partition: 4,
            offset,
            appendedAt: writer.now,
            ...(headers === undefined ? {} : { headers: { ...headers } }),
          })),
        )
      }),
      { numRuns: 100 },
    )
  })

  it('is what another implementation reads', () => {
    fc.assert(
      fc.property(entriesArbitrary, (entries) => {
        const bytes = encodeBatch(entries, writer)
        const [batch] = readRecordsBatches(Reader.from(Buffer.from(bytes)))
        assert.ok(batch)
        const { producerId, producerEpoch, firstSequence, magic, crc, lastOffsetDelta } = batch
        assert.deepEqual(
          { producerId, producerEpoch, firstSequence, magic, crc, lastOffsetDelta },
          {
            producerId: 77n,
            producerEpoch: 3,
            firstSequence: 41,
            magic: 2,
            crc: crc32c(bytes.subarray(21)),
            lastOffsetDelta: entries.length - 1,
          },
        )
        batch.records.forEach((record, n) => {
          assert.deepEqual(record.key, Buffer.from(entries[n]?.key ?? ''))
          assert.deepEqual(record.value, entries[n]?.value)
          assert.equal(record.offsetDelta, n)
          assert.equal(record.headers.length, Object.keys(entries[n]?.headers ?? {}).length)
        })
      }),
      { numRuns: 100 },
    )
  })

  it('takes no more bytes than was said', () => {
    fc.assert(
      fc.property(entriesArbitrary, (entries) => {
        const bytesMax = entries.reduce((sum, entry) => sum + entryBytesMax(entry), 61)
        assert.ok(encodeBatch(entries, writer).length <= bytesMax)
      }),
      { numRuns: 100 },
    )
  })
})

describe('the sequence of a producer', () => {
  it('begins anew behind the largest that fits, where a broker expects it to', () => {
    const largest = 2 ** 31 - 1
    assert.equal(sequenceAfter(0, 5), 5)
    assert.equal(sequenceAfter(largest - 5, 5), largest)
    assert.equal(sequenceAfter(largest, 1), 0)
    assert.equal(sequenceAfter(largest - 2, 5), 2)
    const entries = [{ key: 'a', value: Buffer.from('1') }]
    assert.doesNotThrow(() => encodeBatch(entries, { ...writer, sequence: largest }))
  })
})

describe('what a broker stores', () => {
  const message = (n: number, timestamp: bigint) => ({
    topic: 't',
    key: Buffer.from('k'),
    value: Buffer.from(`${n}`),
    timestamp,
  })
  /** As the broker rewrites it: its own offset, leader epoch and, where asked for, time. */
  function storedBatch(baseOffset: number, attributes: number, records = 3): Buffer {
    const messages = Array.from({ length: records }, (_, n) => message(n, BigInt(1_000 + n)))
    const batch = Buffer.from(createRecordsBatch(messages).buffer)
    batch.writeBigInt64BE(BigInt(baseOffset), 0)
    batch.writeInt32BE(9, 12)
    batch.writeInt16BE(attributes, 21)
    batch.writeBigInt64BE(5_000n, 35)
    return withChecksum(batch)
  }
  function withChecksum(batch: Buffer): Buffer {
    batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
    return batch
  }

  it('has the time of the broker where the topic says so, else that of each record', () => {
    const byBroker = decodeBatches(storedBatch(10, 8), { partition: 0, from: 10 })
    assert.deepEqual(
      byBroker.records.map(({ appendedAt }) => appendedAt),
      [5_000, 5_000, 5_000],
    )
    assert.equal(byBroker.unstamped, -1)
    const byWriter = decodeBatches(storedBatch(10, 0), { partition: 0, from: 10 })
    assert.deepEqual(
      byWriter.records.map(({ appendedAt }) => appendedAt),
      [1_000, 1_001, 1_002],
    )
    assert.equal(byWriter.unstamped, 10)
  })

  it('is given from the offset asked for, and names its leader', () => {
    const bytes = Buffer.concat([storedBatch(10, 8), storedBatch(13, 8)])
    const { records, next, leaderEpoch } = decodeBatches(bytes, { partition: 0, from: 12 })
    assert.deepEqual(
      records.map(({ offset }) => offset),
      [12, 13, 14, 15],
    )
    assert.deepEqual({ next, leaderEpoch }, { next: 16, leaderEpoch: 9 })
  })

  it('may be a control batch, which is passed over', () => {
    const bytes = Buffer.concat([storedBatch(10, 32, 1), storedBatch(11, 8, 1)])
    const { records, next } = decodeBatches(bytes, { partition: 0, from: 10 })
    assert.deepEqual(
      records.map(({ offset }) => offset),
      [11],
    )
    assert.equal(next, 12)
  })

  it('may be cut off at the end of an answer, and is read with the next', () => {
    const bytes = Buffer.concat([storedBatch(10, 8), storedBatch(13, 8)])
    for (let length = bytes.length / 2; length < bytes.length; length++) {
      const { next } = decodeBatches(bytes.subarray(0, length), { partition: 0, from: 10 })
      assert.equal(next, 13)
    }
  })

  it('may be compressed', () => {
    const plain = storedBatch(10, 8)
    const batch = Buffer.concat([plain.subarray(0, 61), gzipSync(plain.subarray(61))])
    batch.writeInt32BE(batch.length - 12, 8)
    batch.writeInt16BE(8 | 1, 21)
    const { records } = decodeBatches(withChecksum(batch), { partition: 0, from: 10 })
    assert.deepEqual(
      records.map(({ value }) => value.toString()),
      ['0', '1', '2'],
    )
  })

  it('is damaged where a single bit of its records is another', () => {
    const batch = storedBatch(10, 8)
    for (let bit = 21 * 8; bit < batch.length * 8; bit++) {
      const flipped = Buffer.from(batch)
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      assert.throws(() => decodeBatches(flipped, { partition: 0, from: 10 }), {
        code: 'log_damaged',
        message: /the batch at 10 of partition 0 has a wrong checksum/,
      })
    }
  })
})

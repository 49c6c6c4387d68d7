// Kafka's record batches (format 2), written and read without a detour: tens of thousands of
// claims a second go through here. Batches are checked; the append time is the broker's where
// the topic says so (LogAppendTime), which the client library ignores.

import { compressionsAlgorithmsByBitmask, crc32c } from '@platformatic/kafka'
import type { LogEntry, LogRecord } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'

/** Who writes: a broker stores a batch of one (id, epoch, partition, sequence) once. */
export type BatchWriter = { producerId: bigint; epoch: number; sequence: number; now: number }

const headBytes = 61
/** Where each field stands in a batch. */
const at = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  format: 16,
  checksum: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  sequence: 53,
  count: 57,
} as const
/** What the length field does not count: the base offset and itself. */
const uncountedBytes = 12
const compressedBits = 0b111
const appendTimeBit = 8
const controlBit = 32
/** Lengths, deltas and counts of a record, at their longest. */
const recordOverheadBytes = 32

/** Never less than it takes. */
export function entryBytesMax(entry: LogEntry): number {
  let bytes = recordOverheadBytes + 3 * entry.key.length + entry.value.length
  if (entry.headers === undefined) return bytes
  for (const name in entry.headers) {
    bytes += 10 + 3 * (name.length + (entry.headers[name] ?? '').length)
  }
  return bytes
}

export function encodeBatch(entries: readonly LogEntry[], writer: BatchWriter): Buffer {
  let bytesMax = headBytes
  for (const entry of entries) bytesMax += entryBytesMax(entry)
  const batch = Buffer.allocUnsafe(bytesMax)
  let end = headBytes
  for (let n = 0; n < entries.length; n++) {
    const entry = entries[n]
    if (entry !== undefined) end = writeRecord(batch, end, { entry, offsetDelta: n })
  }
  batch.fill(0, 0, at.attributes)
  batch.writeInt32BE(end - uncountedBytes, at.length)
  batch.writeInt32BE(-1, at.leaderEpoch)
  batch.writeInt8(2, at.format)
  batch.writeInt16BE(0, at.attributes)
  batch.writeInt32BE(entries.length - 1, at.lastOffsetDelta)
  batch.writeBigInt64BE(BigInt(writer.now), at.firstTimestamp)
  batch.writeBigInt64BE(BigInt(writer.now), at.maxTimestamp)
  batch.writeBigInt64BE(writer.producerId, at.producerId)
  batch.writeInt16BE(writer.epoch, at.producerEpoch)
  batch.writeInt32BE(writer.sequence, at.sequence)
  batch.writeInt32BE(entries.length, at.count)
  batch.writeUInt32BE(crc32c(batch.subarray(at.attributes, end)), at.checksum)
  return batch.subarray(0, end)
}

type Written = { entry: LogEntry; offsetDelta: number }

/** Its length stands before it and depends on it: so it is measured first. */
function writeRecord(buffer: Buffer, start: number, { entry, offsetDelta }: Written): number {
  const { key, value, headers } = entry
  const keyBytes = Buffer.byteLength(key)
  const names = headers === undefined ? [] : Object.keys(headers)
  let length = 2 + varintBytes(offsetDelta) + varintBytes(keyBytes) + keyBytes
  length += varintBytes(value.length) + value.length + varintBytes(names.length)
  for (const name of names) length += textBytes(name) + textBytes(headers?.[name] ?? '')
  let to = writeVarint(buffer, start, length)
  to = buffer.writeInt8(0, to)
  to = writeVarint(buffer, to, 0)
  to = writeVarint(buffer, to, offsetDelta)
  to = writeVarint(buffer, to, keyBytes)
  to += buffer.write(key, to)
  to = writeVarint(buffer, to, value.length)
  buffer.set(value, to)
  to = writeVarint(buffer, to + value.length, names.length)
  for (const name of names) {
    to = writeText(buffer, to, name)
    to = writeText(buffer, to, headers?.[name] ?? '')
  }
  return to
}

function textBytes(text: string): number {
  const bytes = Buffer.byteLength(text)
  return varintBytes(bytes) + bytes
}

function writeText(buffer: Buffer, start: number, text: string): number {
  const to = writeVarint(buffer, start, Buffer.byteLength(text))
  return to + buffer.write(text, to)
}

/** Of lengths and deltas, which are never negative here: zigzag doubles them. */
function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value * 2; rest >= 128; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

function writeVarint(buffer: Buffer, start: number, value: number): number {
  let to = start
  let rest = value * 2
  for (; rest >= 128; rest = Math.floor(rest / 128)) buffer[to++] = (rest % 128) | 128
  buffer[to++] = rest
  return to
}

/** That of what follows so many records: as brokers reckon, it begins anew behind 2^31 − 1. */
export function sequenceAfter(sequence: number, records: number): number {
  return (sequence + records) % 2 ** 31
}

export type ReadOptions = { partition: number; from: number }
export type ReadBatches = {
  /** Those from `from` on; a batch may start before it. */
  records: LogRecord[]
  /** The offset behind the last whole batch, control batches included; `from` where none is. */
  next: number
  /** Under which leader the last batch was written; −1 where there is none. */
  leaderEpoch: number
  /** The first record that says when it was written, not when it was appended; −1: none does. */
  unstamped: number
}

/** Throws log_damaged where a checksum is wrong. A batch that is cut off at the end is left. */
export function decodeBatches(bytes: Buffer, options: ReadOptions): ReadBatches {
  const read: ReadBatches = {
    records: [],
    next: options.from,
    leaderEpoch: -1,
    unstamped: -1,
  }
  for (let start = 0; start + headBytes <= bytes.length; ) {
    const end = start + uncountedBytes + bytes.readInt32BE(start + at.length)
    if (end > bytes.length) break
    decodeBatch(bytes.subarray(start, end), { ...options, read })
    start = end
  }
  return read
}

function decodeBatch(batch: Buffer, options: ReadOptions & { read: ReadBatches }): void {
  const { partition, from, read } = options
  const baseOffset = Number(batch.readBigInt64BE(at.baseOffset))
  const format = batch.readInt8(at.format)
  if (format !== 2) throw damaged(partition, baseOffset, `is of format ${format}`)
  if (crc32c(batch.subarray(at.attributes)) !== batch.readUInt32BE(at.checksum)) {
    throw damaged(partition, baseOffset, 'has a wrong checksum')
  }
  const next = baseOffset + batch.readInt32BE(at.lastOffsetDelta) + 1
  read.leaderEpoch = batch.readInt32BE(at.leaderEpoch)
  if (next <= from) return
  read.next = next
  const attributes = batch.readInt16BE(at.attributes)
  if ((attributes & controlBit) !== 0) return
  const cursor = { bytes: recordsOf(batch, attributes), at: 0 }
  const byBroker = (attributes & appendTimeBit) !== 0
  if (!byBroker && read.unstamped < 0) read.unstamped = Math.max(from, baseOffset)
  const time = Number(batch.readBigInt64BE(byBroker ? at.maxTimestamp : at.firstTimestamp))
  for (let count = batch.readInt32BE(at.count); count > 0; count--) {
    const end = readVarint(cursor) + cursor.at
    cursor.at++
    const timeDelta = readVarint(cursor)
    const offset = baseOffset + readVarint(cursor)
    const appendedAt = byBroker ? time : time + timeDelta
    if (offset >= from) read.records.push(readRecord(cursor, { partition, offset, appendedAt }))
    cursor.at = end
  }
}

function recordsOf(batch: Buffer, attributes: number): Buffer {
  const records = batch.subarray(headBytes)
  const compressed = attributes & compressedBits
  if (compressed === 0) return records
  const algorithm = compressionsAlgorithmsByBitmask[compressed]
  if (algorithm === undefined) throw new PortError('log_damaged', `unknown compression`)
  return algorithm.decompressSync(records)
}

type Cursor = { bytes: Buffer; at: number }

function readRecord(
  cursor: Cursor,
  place: Pick<LogRecord, 'partition' | 'offset' | 'appendedAt'>,
): LogRecord {
  const { partition, offset, appendedAt } = place
  const key = readText(cursor)
  const bytes = Math.max(readVarint(cursor), 0)
  const value = cursor.bytes.subarray(cursor.at, cursor.at + bytes)
  cursor.at += bytes
  const count = readVarint(cursor)
  if (count === 0) return { key, value, partition, offset, appendedAt }
  const headers: Record<string, string> = {}
  for (let n = 0; n < count; n++) {
    const name = readText(cursor)
    headers[name] = readText(cursor)
  }
  return { key, value, partition, offset, appendedAt, headers }
}

/** Other writers may leave a key out: it is empty then. */
function readText(cursor: Cursor): string {
  const bytes = Math.max(readVarint(cursor), 0)
  const start = cursor.at
  cursor.at += bytes
  return bytes === 0 ? '' : cursor.bytes.toString('utf8', start, cursor.at)
}

/** Zigzag: the lowest bit is the sign. Beyond 32 bits only arithmetic keeps every bit. */
function readVarint(cursor: Cursor): number {
  const { bytes } = cursor
  const first = bytes[cursor.at++] ?? 0
  if (first < 128) return (first >>> 1) ^ -(first & 1)
  let value = first & 127
  for (let scale = 128; ; scale *= 128) {
    const byte = bytes[cursor.at++] ?? 0
    value += (byte & 127) * scale
    if (byte < 128) break
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

function damaged(partition: number, offset: number, what: string): PortError {
  return new PortError('log_damaged', `the batch at ${offset} of partition ${partition} ${what}`)
}

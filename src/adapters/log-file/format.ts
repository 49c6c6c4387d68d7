// The bytes of a topic file: a file header, then frames. A frame holds the records of one append
// to one partition, and a checksum over every byte of it, so that no flipped bit goes unseen.
// All numbers little-endian; offsets and times (ms UTC) are doubles, exact below 2^53.

import { crc32 } from 'node:zlib'
import type { AcceptedClock, LogEntry, LogRecord } from '../../ports/log.ts'

export const fileHeaderBytes = 16
const fileMagic = Buffer.from('FCLOG\0\0\x01', 'latin1')

export function encodeFileHeader(partitions: number): Buffer {
  const header = Buffer.alloc(fileHeaderBytes)
  fileMagic.copy(header)
  header.writeUInt32LE(partitions, 8)
  header.writeUInt32LE(crc32(header.subarray(0, 12)), 12)
  return header
}

/** The number of partitions; null where the bytes are no header of this format. */
export function decodeFileHeader(header: Buffer): number | null {
  if (header.length < fileHeaderBytes || !header.subarray(0, 8).equals(fileMagic)) return null
  if (header.readUInt32LE(12) !== crc32(header.subarray(0, 12))) return null
  return header.readUInt32LE(8)
}

/** A frame: magic, checksum of the rest, length, partition, count, base offset, append time. */
export const frameHeaderBytes = 36
/** A claim is about 200 bytes; this bounds what one append to one partition may weigh. */
export const frameBytesMax = 64 * 1024 * 1024
const frameMagic = 0x31_52_43_46
export const frameMagicText = 'FCR1'
const recordHeaderBytes = 8
/** Of a key, and of the headers as JSON: their lengths are written in 16 bits. */
const textBytesMax = 0xffff

export type FrameHeader = {
  bytes: number
  partition: number
  count: number
  baseOffset: number
  appendedAt: number
}
type FramePlace = Pick<FrameHeader, 'partition' | 'baseOffset' | 'appendedAt'>

/** How much a record may weigh in a frame, quickly told; infinite where it fits in none. */
export function recordBytesMax({ key, value, headers }: LogEntry): number {
  const keyBytes = 3 * key.length
  let headerBytes = 0
  for (const name in headers) headerBytes += 6 * (name.length + (headers[name]?.length ?? 0)) + 8
  if (keyBytes > textBytesMax || headerBytes > textBytesMax) return Number.POSITIVE_INFINITY
  return recordHeaderBytes + keyBytes + headerBytes + value.length
}

export function encodeFrame(place: FramePlace, entries: readonly LogEntry[]): Buffer {
  const headers = entries.map((entry) => (entry.headers ? JSON.stringify(entry.headers) : ''))
  let bytes = frameHeaderBytes
  entries.forEach((entry, n) => {
    bytes += recordHeaderBytes + Buffer.byteLength(entry.key) + entry.value.length
    bytes += Buffer.byteLength(headers[n] ?? '')
  })
  const frame = startFrame(place, { bytes, count: entries.length })
  let at = frameHeaderBytes
  entries.forEach((entry, n) => {
    const keyBytes = frame.write(entry.key, at + recordHeaderBytes)
    const headerBytes = frame.write(headers[n] ?? '', at + recordHeaderBytes + keyBytes)
    frame.writeUInt16LE(keyBytes, at)
    frame.writeUInt16LE(headerBytes, at + 2)
    frame.writeUInt32LE(entry.value.length, at + 4)
    at += recordHeaderBytes + keyBytes + headerBytes
    at += entry.value.copy(frame, at)
  })
  return checksummed(frame)
}

/** A frame without records, behind which append times may be earlier than before it. */
export function encodeAcceptedClock(place: FramePlace, accepted: AcceptedClock): Buffer {
  const text = Buffer.from(JSON.stringify(accepted))
  const frame = startFrame(place, { bytes: frameHeaderBytes + text.length, count: 0 })
  text.copy(frame, frameHeaderBytes)
  return checksummed(frame)
}

/** Null: it has records. */
export function readAcceptedClock(frame: Buffer, { count }: FrameHeader): AcceptedClock | null {
  return count > 0 ? null : JSON.parse(frame.toString('utf8', frameHeaderBytes))
}

function startFrame(
  { partition, baseOffset, appendedAt }: FramePlace,
  { bytes, count }: { bytes: number; count: number },
): Buffer {
  const frame = Buffer.allocUnsafe(bytes)
  frame.writeUInt32LE(frameMagic, 0)
  frame.writeUInt32LE(bytes, 8)
  frame.writeUInt32LE(partition, 12)
  frame.writeUInt32LE(count, 16)
  frame.writeDoubleLE(baseOffset, 20)
  frame.writeDoubleLE(appendedAt, 28)
  return frame
}

function checksummed(frame: Buffer): Buffer {
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4)
  return frame
}

/** Checks the frame that starts at `at` of `buffer`. */
export function decodeFrame(buffer: Buffer, at: number): FrameHeader | NoFrame {
  const available = buffer.length - at
  if (available < frameHeaderBytes) return { needed: frameHeaderBytes, damage: null }
  if (buffer.readUInt32LE(at) !== frameMagic) return { needed: 0, damage: 'no frame here' }
  const bytes = buffer.readUInt32LE(at + 8)
  if (bytes < frameHeaderBytes || bytes > frameBytesMax) {
    return { needed: 0, damage: 'impossible length' }
  }
  if (available < bytes) return { needed: bytes, damage: null }
  if (buffer.readUInt32LE(at + 4) !== crc32(buffer.subarray(at + 8, at + bytes))) {
    return { needed: 0, damage: 'checksum does not match' }
  }
  return {
    bytes,
    partition: buffer.readUInt32LE(at + 12),
    count: buffer.readUInt32LE(at + 16),
    baseOffset: buffer.readDoubleLE(at + 20),
    appendedAt: buffer.readDoubleLE(at + 28),
  }
}

type NoFrame = {
  /** Bytes of the next frame, where the buffer ends inside it (a header at least); else 0. */
  needed: number
  /** Why no frame was taken; null where none is wrong. */
  damage: string | null
}
/** `length`: bytes of the frames that were taken. */
export type FramesTaken = NoFrame & { length: number }

/** Gives the good frames at the start of `buffer` to `take`, which may refuse with a reason. */
export function takeFrames(
  buffer: Buffer,
  take: (header: FrameHeader, frame: Buffer) => string | null,
): FramesTaken {
  let length = 0
  while (length < buffer.length) {
    const header = decodeFrame(buffer, length)
    if ('damage' in header) return { length, ...header }
    const damage = take(header, buffer.subarray(length, length + header.bytes))
    if (damage !== null) return { length, needed: 0, damage }
    length += header.bytes
  }
  return { length, needed: 0, damage: null }
}

/** Adds the records of a checked frame, from offset `from` on, to `records`; values are views. */
export function readRecords(frame: Buffer, header: FrameHeader, into: ReadInto): void {
  const { partition, count, baseOffset, appendedAt } = header
  let at = frameHeaderBytes
  for (let n = 0; n < count; n++) {
    const keyBytes = frame.readUInt16LE(at)
    const headerBytes = frame.readUInt16LE(at + 2)
    const valueBytes = frame.readUInt32LE(at + 4)
    at += recordHeaderBytes
    const offset = baseOffset + n
    if (offset >= into.from) {
      const key = frame.toString('utf8', at, at + keyBytes)
      const valueAt = at + keyBytes + headerBytes
      const value = frame.subarray(valueAt, valueAt + valueBytes)
      const record: LogRecord = { key, value, partition, offset, appendedAt }
      if (headerBytes > 0 && !into.withoutHeaders) {
        record.headers = JSON.parse(frame.toString('utf8', at + keyBytes, valueAt))
      }
      into.records.push(record)
    }
    at += keyBytes + headerBytes + valueBytes
  }
}
export type ReadInto = { from: number; records: LogRecord[]; withoutHeaders?: boolean }

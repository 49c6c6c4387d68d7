// Reads a topic file from its start and checks all of it: every checksum, every offset without
// a gap, append times that go back only where an operator has accepted it. What it finds is where
// the file truly ends.

import type { FileHandle } from 'node:fs/promises'
import type { AcceptedClock } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import {
  decodeFileHeader,
  decodeFrame,
  type FrameHeader,
  fileHeaderBytes,
  frameHeaderBytes,
  frameMagicText,
  readAcceptedClock,
  takeFrames,
} from './format.ts'
import { FrameIndex } from './frame-places.ts'

/** Large enough that reading, not calling, takes the time; small enough for any machine. */
const chunkBytes = 4 * 1024 * 1024

export type Scan = {
  /** The next offset of each partition. */
  ends: number[]
  lastAppendedAt: number
  /** In their order. */
  acceptedClocks: AcceptedClock[]
  /** Of the good frames. */
  index: FrameIndex
  /** The end of the last good frame. */
  bytes: number
  /** Why the bytes after it are no frame; null where the file ends there. */
  torn: string | null
}
export type ScanOptions = {
  path: string
  partitions: number
  onProgress?: ((done: number, total: number) => void) | undefined
}

/** Throws log_damaged where the file is not a topic file of so many partitions. */
export async function scanTopicFile(handle: FileHandle, options: ScanOptions): Promise<Scan> {
  const { size } = await handle.stat()
  await checkFileHeader(handle, options)
  const scan: Scan = {
    ends: Array<number>(options.partitions).fill(0),
    lastAppendedAt: 0,
    acceptedClocks: [],
    index: new FrameIndex(options.partitions),
    bytes: fileHeaderBytes,
    torn: null,
  }
  let wanted = chunkBytes
  // One for all chunks: nothing of them is kept, and new ones would be memory to be cleared.
  let buffer = Buffer.alloc(0)
  while (scan.bytes < size && scan.torn === null) {
    const length = Math.min(wanted, size - scan.bytes)
    if (length > buffer.length) buffer = Buffer.allocUnsafeSlow(length)
    const { bytesRead } = await handle.read(buffer, 0, length, scan.bytes)
    const take = (header: FrameHeader, frame: Buffer) => takeFrame(header, frame, scan)
    const { needed, damage } = takeFrames(buffer.subarray(0, bytesRead), take)
    scan.torn = damage
    if (needed > size - scan.bytes) scan.torn = 'the file ends inside a frame'
    if (bytesRead === 0) scan.torn = 'the file became shorter while it was read'
    wanted = Math.max(chunkBytes, needed)
    options.onProgress?.(scan.bytes, size)
  }
  return scan
}

/** Where the first good frame behind `from` begins: what is wrong before it is no torn tail. */
export async function nextGoodFrame(handle: FileHandle, from: number): Promise<number | null> {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  for (let at = from; ; at += buffer.length - frameMagicText.length) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    const chunk = buffer.subarray(0, bytesRead)
    for (let hit = chunk.indexOf(frameMagicText); hit >= 0; ) {
      if (await isGoodFrame(handle, at + hit)) return at + hit
      hit = chunk.indexOf(frameMagicText, hit + 1)
    }
    if (bytesRead < buffer.length) return null
  }
}

async function isGoodFrame(handle: FileHandle, at: number): Promise<boolean> {
  for (let wanted = frameHeaderBytes; ; ) {
    const buffer = Buffer.allocUnsafe(wanted)
    const { bytesRead } = await handle.read(buffer, 0, wanted, at)
    const decoded = decodeFrame(buffer.subarray(0, bytesRead), 0)
    if (!('damage' in decoded)) return true
    if (decoded.damage !== null || bytesRead < wanted) return false
    wanted = decoded.needed
  }
}

async function checkFileHeader(handle: FileHandle, options: ScanOptions): Promise<void> {
  const header = Buffer.alloc(fileHeaderBytes)
  const { bytesRead } = await handle.read(header, 0, fileHeaderBytes, 0)
  const partitions = decodeFileHeader(header.subarray(0, bytesRead))
  if (partitions === null) {
    throw new PortError('log_damaged', `${options.path} does not start like a log file`)
  }
  if (partitions !== options.partitions) {
    const expected = `${partitions} partitions, not ${options.partitions}`
    throw new PortError('log_damaged', `${options.path} has ${expected}: it may never change`)
  }
}

/** Moves `scan` past a good frame; else says what is wrong with it. */
function takeFrame(header: FrameHeader, frame: Buffer, scan: Scan): string | null {
  const accepted = readAcceptedClock(frame, header)
  if (accepted !== null) {
    scan.acceptedClocks.push(accepted)
    scan.lastAppendedAt = header.appendedAt
  }
  const wrong = misfit(header, scan)
  if (wrong !== null) return wrong
  scan.ends[header.partition] = header.baseOffset + header.count
  scan.lastAppendedAt = header.appendedAt
  scan.bytes += header.bytes
  scan.index.remember(scan.bytes, scan.ends)
  return null
}

function misfit(header: FrameHeader, scan: Scan): string | null {
  const end = scan.ends[header.partition]
  if (end === undefined) return `partition ${header.partition} does not exist`
  if (header.baseOffset !== end) {
    return `partition ${header.partition} goes from offset ${end} to ${header.baseOffset}`
  }
  return header.appendedAt < scan.lastAppendedAt ? 'append time goes back' : null
}

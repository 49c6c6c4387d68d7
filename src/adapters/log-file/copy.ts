// Copies the log of a running service as of one moment. Its topics are files of their own, and what
// stands in one follows from another: copied one after the other they would be a mixture. All
// append times come from one clock, so every file is cut behind the same one.

import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Clock, sleep } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import { syncDirectory } from '../file-atomic.ts'
import { openHighWaterMark, readHighWaterMark } from './acknowledged.ts'
import { type FrameHeader, frameBytesMax, takeFrames } from './format.ts'
import { type Scan, scanTopicFile } from './scan.ts'
import { highWaterMarkPath, type Topics, topicPath } from './topic-readers.ts'

export type CopyLogOptions = {
  /** Data directories. */
  from: string
  to: string
  topics: Topics
  clock: Clock
  onProgress?: ((done: number, total: number) => void) | undefined
}
type Source = { topic: string; file: FileHandle; scan: Scan }

/** Append times are whole milliseconds: what is appended after so long has a later one. */
const pastMs = 20
const chunkBytes = 4 * 1024 * 1024

/**
 * Resolves to the number of records; all that was acknowledged before the call is among them.
 * Rejects with log_damaged where acknowledged records cannot be read.
 */
export async function copyLog(options: CopyLogOptions): Promise<number> {
  const { from, topics, clock, onProgress } = options
  const sources: Source[] = []
  try {
    for (const [topic, partitions] of Object.entries(topics)) {
      const path = topicPath(from, topic)
      // Read before the scan: what is acknowledged later must not be missed by it.
      const acknowledged = readHighWaterMark(highWaterMarkPath(from, topic))
      const file = await open(path, 'r').catch((cause: unknown) => {
        throw new PortError('log_unavailable', `there is no log at ${path}`, { cause })
      })
      const scan = await scanTopicFile(file, { path, partitions, onProgress })
      sources.push({ topic, file, scan })
      if (scan.bytes < acknowledged) throw damagedAt(path, scan)
    }
    const last = Math.max(...sources.map(({ scan }) => scan.lastAppendedAt))
    await sleep(clock, pastMs)
    let records = 0
    for (const source of sources) records += await copyUpTo(last, source, options.to)
    return records
  } finally {
    for (const { file } of sources) await file.close()
  }
}

function damagedAt(path: string, { bytes, torn }: Scan): PortError {
  const reason = torn ?? 'the file ends there'
  return new PortError('log_damaged', `${path} is damaged at byte ${bytes} (${reason})`)
}

async function copyUpTo(last: number, { topic, file, scan }: Source, to: string): Promise<number> {
  const behind = await framesUpTo(last, file, scan.bytes)
  const bytes = scan.bytes + behind.bytes
  const path = topicPath(to, topic)
  const markPath = highWaterMarkPath(to, topic)
  for (const made of [path, markPath]) {
    await mkdir(dirname(made), { recursive: true, mode: 0o700 })
  }
  const copy = await open(path, 'wx', 0o600)
  try {
    const buffer = Buffer.allocUnsafe(chunkBytes)
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, bytes - at), at)
      if (bytesRead === 0) throw new PortError('log_damaged', `${path} became shorter meanwhile`)
      await copy.writeFile(buffer.subarray(0, bytesRead))
      at += bytesRead
    }
    await copy.sync()
  } finally {
    await copy.close()
  }
  const mark = openHighWaterMark(markPath)
  mark.acknowledge(bytes)
  mark.close()
  for (const made of [path, markPath]) syncDirectory(dirname(made))
  return scan.ends.reduce((sum, end) => sum + end, behind.records)
}

/** How much of what was appended since the scan has no later append time. */
async function framesUpTo(
  last: number,
  file: FileHandle,
  from: number,
): Promise<{ bytes: number; records: number }> {
  let records = 0
  const take = ({ appendedAt, count }: FrameHeader) => {
    if (appendedAt > last) return 'later'
    records += count
    return null
  }
  for (let bytes = 0; ; ) {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(Math.max(0, size - from - bytes), frameBytesMax))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from + bytes)
    const { length } = takeFrames(buffer.subarray(0, bytesRead), take)
    if (length === 0) return { bytes, records }
    bytes += length
  }
}

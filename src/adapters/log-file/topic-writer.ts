// The writer of one topic file. Appends that arrive while one is being written wait and go
// together, so that one sync carries thousands of records. An append is acknowledged only after
// its sync. After a failed sync nothing is known about the disk any more: the topic then refuses
// everything until a restart reads what is really there.

import { constants, type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { partitionFor } from '../../domain/partitioner.ts'
import type { Clock, Instant } from '../../ports/clock.ts'
import type { AcceptedClock, LogEntry, LogPlace } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { isNoRoom } from '../disk-room.ts'
import { syncDirectory } from '../file-atomic.ts'
import { type HighWaterMark, openHighWaterMark, readHighWaterMark } from './acknowledged.ts'
import {
  encodeAcceptedClock,
  encodeFileHeader,
  encodeFrame,
  fileHeaderBytes,
  frameBytesMax,
  frameHeaderBytes,
  recordBytesMax,
} from './format.ts'
import type { FrameIndex } from './frame-places.ts'
import { nextGoodFrame, type Scan, type ScanOptions, scanTopicFile } from './scan.ts'

/** Records waiting for the disk, over all appends; about 10 MB of claims. Beyond: log_full. */
export const waitingRecordsMax = 50_000
/** Records of one write: bounds how long a sync, and so an answer, can take. */
const recordsPerWriteMax = 10_000

export type TopicFileOptions = ScanOptions & {
  highWaterMarkPath: string
  clock: Clock
  appendTime(): Instant
  /** Writes and syncs; replaced by tests that make the disk fail. */
  writeDurably?: WriteDurably | undefined
  onWarning?: ((message: string) => void) | undefined
  /** Called after every acknowledged write, before its appends resolve. */
  onAcknowledged?(end: TopicEnd): void
}
export type WriteDurably = (file: FileHandle, data: Buffer, position: number) => Promise<void>
export type TopicEnd = { bytes: number; ends: number[] }

export type TopicFile = {
  end(): TopicEnd
  /** As it was opened. */
  index: FrameIndex
  /** 0: it is empty. */
  lastAppendedAt(): Instant
  append(entries: readonly LogEntry[]): Promise<LogPlace[]>
  /** Before the first append: from here on append times may be earlier. */
  acceptClock(accepted: AcceptedClock): Promise<void>
  /** Waits for what was accepted. */
  close(): Promise<void>
}

type Append = {
  entries: readonly LogEntry[]
  /** In a frame, at most. */
  bytes: number
  resolve(places: LogPlace[]): void
  reject(error: PortError): void
}

export async function openTopicFile(options: TopicFileOptions): Promise<TopicFile> {
  await mkdir(dirname(options.path), { recursive: true, mode: 0o700 })
  await mkdir(dirname(options.highWaterMarkPath), { recursive: true, mode: 0o700 })
  const acknowledged = readHighWaterMark(options.highWaterMarkPath)
  // O_DSYNC: a write returns once data and file length are on the disk.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC
  const file = await open(options.path, flags, 0o600)
  try {
    await startFile(file, { ...options, acknowledged })
    const scan = await scanTopicFile(file, options)
    if (scan.bytes < acknowledged) throw lostRecords({ ...options, scan, acknowledged })
    if (scan.torn !== null) {
      const good = await nextGoodFrame(file, scan.bytes + 1)
      if (good !== null) throw damagedBefore(good, { ...options, scan })
      await cutTornTail(file, { ...options, scan })
    }
    return new TopicWriter(file, { ...options, scan })
  } catch (error) {
    await file.close()
    throw error
  }
}

type Started = TopicFileOptions & { acknowledged: number }
type WithScan = TopicFileOptions & { scan: Scan }

async function startFile(file: FileHandle, options: Started): Promise<void> {
  const { size } = await file.stat()
  if (size >= fileHeaderBytes) return
  if (options.acknowledged > 0) {
    throw new PortError(
      'log_damaged',
      `${options.path} holds ${size} bytes, but ${options.acknowledged} were acknowledged: ` +
        `the log is lost. Put it back, or accept the loss by deleting ${options.highWaterMarkPath}`,
    )
  }
  await file.write(encodeFileHeader(options.partitions), 0, fileHeaderBytes, 0)
  syncDirectory(dirname(options.path))
}

function lostRecords(options: Started & { scan: Scan }): PortError {
  const { path, scan, acknowledged } = options
  return new PortError(
    'log_damaged',
    `${path} is damaged at byte ${scan.bytes} (${scan.torn ?? 'the file ends there'}), but ` +
      `${acknowledged} bytes were acknowledged. Restore the file from a copy; to accept the ` +
      `loss of everything behind that byte, delete ${options.highWaterMarkPath}`,
  )
}

function damagedBefore(good: number, { path, scan, highWaterMarkPath }: WithScan): PortError {
  return new PortError(
    'log_damaged',
    `${path} is damaged at byte ${scan.bytes} (${scan.torn}), and good records follow at ` +
      `byte ${good}. Restore the file from a copy; to accept the loss of all behind the damage, ` +
      `cut the file at byte ${scan.bytes} and delete ${highWaterMarkPath}`,
  )
}

/** The tail was never acknowledged. A copy is kept for who wants to look. */
async function cutTornTail(file: FileHandle, options: WithScan): Promise<void> {
  const { size } = await file.stat()
  const tail = Buffer.alloc(Math.min(size - options.scan.bytes, frameBytesMax))
  await file.read(tail, 0, tail.length, options.scan.bytes)
  const path = `${options.path}.torn-${options.clock.now()}`
  const copy = await open(path, 'w', 0o600)
  await copy.writeFile(tail)
  await copy.close()
  await file.truncate(options.scan.bytes)
  await file.sync()
  const cut = `${size - options.scan.bytes} bytes at the end of ${options.path} are no whole record`
  options.onWarning?.(`${cut}, as after a crash while they were written: cut off, kept in ${path}`)
}

class TopicWriter implements TopicFile {
  readonly index: FrameIndex
  private readonly file: FileHandle
  private readonly options: TopicFileOptions
  private readonly write: WriteDurably
  private readonly highWaterMark: HighWaterMark
  private ends: number[]
  private bytes: number
  private last: Instant
  private waiting: Append[] = []
  private waitingRecords = 0
  private writing: Promise<void> | null = null
  private failure: PortError | null = null
  private closing = false

  constructor(file: FileHandle, options: TopicFileOptions & { scan: Scan }) {
    this.file = file
    this.options = options
    this.write = options.writeDurably ?? writeAll
    this.highWaterMark = openHighWaterMark(options.highWaterMarkPath)
    this.index = options.scan.index
    this.ends = options.scan.ends
    this.bytes = options.scan.bytes
    this.last = options.scan.lastAppendedAt
    this.highWaterMark.acknowledge(this.bytes)
  }

  end(): TopicEnd {
    return { bytes: this.bytes, ends: [...this.ends] }
  }

  lastAppendedAt(): Instant {
    return this.last
  }

  append(entries: readonly LogEntry[]): Promise<LogPlace[]> {
    if (this.failure !== null) return Promise.reject(this.failure)
    if (this.closing) return Promise.reject(refused('log_unavailable', 'the log is closed'))
    const { waitingRecords } = this
    if (waitingRecords > 0 && waitingRecords + entries.length > waitingRecordsMax) {
      return Promise.reject(refused('log_full', 'too many records wait for the disk'))
    }
    let bytes = frameHeaderBytes
    for (const entry of entries) bytes += recordBytesMax(entry)
    if (bytes > frameBytesMax) return Promise.reject(tooLarge(entries.length))
    this.waitingRecords += entries.length
    return new Promise((resolve, reject) => {
      this.waiting.push({ entries, bytes, resolve, reject })
      this.writing ??= this.writeWaiting()
    })
  }

  async acceptClock(accepted: AcceptedClock): Promise<void> {
    const place = { partition: 0, baseOffset: this.ends[0] ?? 0, appendedAt: accepted.at }
    const frame = encodeAcceptedClock(place, accepted)
    await this.write(this.file, frame, this.bytes)
    this.bytes += frame.length
    this.last = accepted.at
    this.acknowledge()
  }

  async close(): Promise<void> {
    this.closing = true
    await this.writing
    this.highWaterMark.close()
    await this.file.close()
  }

  private async writeWaiting(): Promise<void> {
    // One turn later, so that everything asked for in this turn goes together.
    await Promise.resolve()
    while (this.waiting.length > 0) {
      const group = this.takeGroup()
      if (this.failure === null) await this.writeGroup(group)
      else for (const { reject } of group) reject(this.failure)
    }
    this.writing = null
  }

  private takeGroup(): Append[] {
    let records = 0
    let weight = 0
    let count = 0
    for (const { entries, bytes } of this.waiting) {
      records += entries.length
      weight += bytes
      // All of them may be of one partition, and so in one frame.
      if (count > 0 && (records > recordsPerWriteMax || weight > frameBytesMax)) {
        records -= entries.length
        break
      }
      count++
    }
    this.waitingRecords -= records
    return this.waiting.splice(0, count)
  }

  private async writeGroup(group: readonly Append[]): Promise<void> {
    const appendedAt = this.options.appendTime()
    const next = [...this.ends]
    const byPartition = new Map<number, LogEntry[]>()
    const places = group.map(({ entries }) =>
      entries.map((entry) => placeEntry(entry, { next, byPartition })),
    )
    const frames = [...byPartition].map(([partition, entries]) =>
      encodeFrame({ partition, baseOffset: this.ends[partition] ?? 0, appendedAt }, entries),
    )
    const data = frames.length === 1 && frames[0] ? frames[0] : Buffer.concat(frames)
    try {
      await this.write(this.file, data, this.bytes)
    } catch (error) {
      const reason = await this.afterFailedWrite(error)
      for (const { reject } of group) reject(reason)
      return
    }
    this.bytes += data.length
    this.last = appendedAt
    this.ends = next
    this.acknowledge()
    this.options.onAcknowledged?.(this.end())
    group.forEach(({ resolve }, n) => resolve(places[n] ?? []))
  }

  /** The mark may be behind: one that finds no room follows with the next. */
  private acknowledge(): void {
    try {
      this.highWaterMark.acknowledge(this.bytes)
    } catch (error) {
      if (!isNoRoom(error)) throw error
    }
  }

  private async afterFailedWrite(error: unknown): Promise<PortError> {
    if (isNoRoom(error)) {
      try {
        await this.file.truncate(this.bytes)
        // Else whole frames of it could be back after a power cut, and count.
        await this.file.sync()
        return refused('log_full', 'the disk is full', error)
      } catch {
        // The half-written frame is still there: only a restart can cut it off.
      }
    }
    const message = `${this.options.path} could not be synced`
    this.failure = new PortError('log_failed', message, { cause: error, appended: 'no' })
    return new PortError('log_failed', message, { cause: error, appended: 'unknown' })
  }
}

type Placing = { next: number[]; byPartition: Map<number, LogEntry[]> }

function placeEntry(entry: LogEntry, { next, byPartition }: Placing): LogPlace {
  const partition = partitionFor(entry.key, next.length)
  const offset = next[partition] ?? 0
  next[partition] = offset + 1
  const entries = byPartition.get(partition)
  if (entries === undefined) byPartition.set(partition, [entry])
  else entries.push(entry)
  return { partition, offset }
}

function refused(code: 'log_full' | 'log_unavailable', message: string, cause?: unknown) {
  return new PortError(code, message, { cause, retryable: true, appended: 'no' })
}

function tooLarge(records: number): PortError {
  const what = records === 1 ? 'the record does' : `the ${records} records do`
  return new PortError('log_full', `${what} not fit in a frame`, { appended: 'no' })
}

export async function writeAll(file: FileHandle, data: Buffer, position: number): Promise<void> {
  let done = 0
  while (done < data.length) {
    const { bytesWritten } = await file.write(data, done, data.length - done, position + done)
    done += bytesWritten
  }
}

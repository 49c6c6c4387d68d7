// The reading half of the embedded log, over the files of its topics: who writes them, in this
// thread or another, says how far each is acknowledged. Every frame that is read is checked, so
// it works in the writer's thread, in another thread, or in another process.

import { readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { Clock } from '../../ports/clock.ts'
import type { Log, LogRecord, Tail, TailOptions } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { type FrameHeader, readRecords, takeFrames } from './format.ts'
import { FrameIndex } from './frame-places.ts'
import { createLocalGroups } from './group-local.ts'
import type { TopicEnd } from './topic-writer.ts'

/** One read: some ten thousand claims at once when catching up. */
const chunkBytes = 2 * 1024 * 1024

/** Topics and their partition counts, which may never change. */
export type Topics = Readonly<Record<string, number>>
export type TopicReaders = Pick<
  Log,
  'partitionsOf' | 'bounds' | 'partitionBounds' | 'tail' | 'join'
> & {
  /** Before the first `tail`: how far the topic is acknowledged, and what is known of it. */
  begin(topic: string, end: TopicEnd, index: FrameIndex): void
  /** The topic is acknowledged up to here now. */
  grow(topic: string, end: TopicEnd): void
  end(topic: string): TopicEnd
  index(topic: string): FrameIndex
}

/** `directory`: the data directory. */
export function createTopicReaders(directory: string, topics: Topics, clock: Clock): TopicReaders {
  const ends = new Map<string, TopicEnd>()
  const growths = new Map(Object.keys(topics).map((topic) => [topic, createGrowth()]))
  const reads = new Map(Object.keys(topics).map((topic) => [topic, createSharedReads()]))
  const indexes = new Map(
    Object.entries(topics).map(([topic, count]) => [topic, new FrameIndex(count)]),
  )

  function end(topic: string): TopicEnd {
    return known(ends.get(topic), topic)
  }

  function grow(topic: string, to: TopicEnd): void {
    ends.set(topic, to)
    growths.get(topic)?.grow(to.bytes)
  }

  const partitionsOf = (topic: string) => known(topics[topic], topic)
  return {
    partitionsOf,
    ...createLocalGroups(partitionsOf),
    bounds: async (topic) => end(topic).ends.map((next) => ({ start: 0, end: next })),
    partitionBounds: async (topic, partition) => {
      return { start: 0, end: end(topic).ends[partition] ?? 0 }
    },
    tail(options) {
      const path = topicPath(directory, options.topic)
      const growth = known(growths.get(options.topic), options.topic)
      const read = known(reads.get(options.topic), options.topic)
      const index = known(indexes.get(options.topic), options.topic)
      return tailTopicFile({ path, growth, read, index, clock }, options)
    },
    begin(topic, to, index) {
      indexes.set(topic, index)
      grow(topic, to)
    },
    grow,
    end,
    index: (topic) => known(indexes.get(topic), topic),
  }
}

export function topicPath(directory: string, topic: string): string {
  return join(directory, 'log', `${topic}.log`)
}

export function highWaterMarkPath(directory: string, topic: string): string {
  return join(directory, 'acknowledged', topic)
}

export function known<T>(found: T | undefined, topic: string): T {
  if (found === undefined) throw new PortError('log_unavailable', `no topic ${topic}`)
  return found
}

type Growth = ReturnType<typeof createGrowth>

/** Where the acknowledged bytes end, and who is told that there are more. */
function createGrowth() {
  let bytes = 0
  const told = new Set<() => void>()
  return {
    bytes: () => bytes,
    /** Returns what takes it out again. */
    tell(wake: () => void): () => void {
      told.add(wake)
      return () => void told.delete(wake)
    },
    grow(to: number) {
      bytes = to
      for (const wake of told) wake()
    },
  }
}

type Place = { position: number; length: number }
type SharedRead = (file: FileHandle, place: Place) => Buffer | Promise<Buffer>

/**
 * Who follows the end reads what was just written, from memory: to have so little read by another
 * thread takes ten times as long, and two of its turns.
 */
const readAtOnceMax = 32 * 1024

/** Tails that have read all are told of more at once, and want the same bytes: one read for all. */
function createSharedReads(): SharedRead {
  const underWay = new Map<string, Promise<Buffer>>()
  return (file, { position, length }) => {
    if (length <= readAtOnceMax) return readAtOnce(file, position, length)
    const name = `${position} ${length}`
    const asked = underWay.get(name)
    if (asked !== undefined) return asked
    const reading = readFrom(file, position, length).finally(() => underWay.delete(name))
    underWay.set(name, reading)
    return reading
  }
}

function readAtOnce(file: FileHandle, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length)
  return buffer.subarray(0, readSync(file.fd, buffer, 0, length, position))
}

async function readFrom(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  return buffer.subarray(0, bytesRead)
}

type TailParts = {
  path: string
  growth: Growth
  read: SharedRead
  index: FrameIndex
  clock: Clock
}

/** First what is stored, then what is acknowledged later. */
function tailTopicFile(parts: TailParts, options: TailOptions): Tail {
  const { path, growth, read, index, clock } = parts
  const { withoutHeaders = false } = options
  const next = new Map(options.from)
  const start = index.before(next)
  const ends = [...start.ends]
  let { position } = start
  let lastReadAt = 0
  let closed = false
  let wake = () => {}

  async function follow(): Promise<void> {
    const file = await open(path, 'r')
    const untold = growth.tell(() => wake())
    try {
      while (!closed) {
        if (position >= growth.bytes()) await woken()
        // News of more may wait in this thread: all of it is read at once, not each append alone.
        await endOfTurn()
        if (position < growth.bytes()) await readChunk(file)
      }
    } finally {
      untold()
      await file.close()
    }
  }

  /** By more bytes or by the close: a wait leaves nothing behind, however many there are. */
  function woken(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve
    })
  }

  async function readChunk(file: FileHandle): Promise<void> {
    const batches = new Map<number, LogRecord[]>()
    const take = (header: FrameHeader, frame: Buffer): null => {
      const { partition, baseOffset, count } = header
      ends[partition] = baseOffset + count
      const from = next.get(partition)
      if (from === undefined || baseOffset + count <= from) return null
      const records = batches.get(partition) ?? []
      batches.set(partition, records)
      readRecords(frame, header, { from, records, withoutHeaders })
      next.set(partition, baseOffset + count)
      return null
    }
    position += await takeChunk(file, { path, position, limit: growth.bytes(), read, take })
    index.remember(position, ends)
    for (const [partition, records] of batches) {
      if (closed) return
      const handled = options.onBatch({ partition, records })
      if (handled !== undefined) await handled
    }
    lastReadAt = clock.monotonic()
  }

  const done = follow().catch((error: unknown) => options.onError(error))
  return {
    lastReadAt: () => (position >= growth.bytes() ? clock.monotonic() : lastReadAt),
    async close() {
      closed = true
      wake()
      await done
    },
  }
}

/** Takes whole, checked frames from `position` on: at least one, else about a chunk of them. */
async function takeChunk(file: FileHandle, chunk: Chunk): Promise<number> {
  const { path, position, limit, read, take } = chunk
  for (let wanted = chunkBytes; ; ) {
    const bytes = await read(file, { position, length: Math.min(wanted, limit - position) })
    const { length, needed, damage } = takeFrames(bytes, take)
    if (damage !== null) throw damaged(path, position + length)
    if (length > 0) return length
    if (position + needed > limit || needed <= wanted) throw damaged(path, position)
    wanted = needed
  }
}

type Chunk = {
  path: string
  position: number
  limit: number
  read: SharedRead
  take(header: FrameHeader, frame: Buffer): null
}

function damaged(path: string, position: number): PortError {
  return new PortError('log_damaged', `${path} is damaged at byte ${position}`)
}

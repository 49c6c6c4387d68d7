// The memory twin of the log, for simulations: appends take as long and fail as its
// options say, on the clock it is given. Outlives its readers, as a log on disk does.

import { partitionFor } from '../../domain/partitioner.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import type {
  Log,
  LogBounds,
  LogEntry,
  LogPlace,
  LogRecord,
  Tail,
  TailOptions,
} from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { createAppendClock } from '../append-clock.ts'
import { createLocalGroups } from '../log-file/group-local.ts'

export type MemoryLogOptions = {
  topics: Readonly<Record<string, number>>
  clock: Clock
  /** Asked before each append; absent: everything succeeds at once. */
  nextAppend?: () => AppendOutcome
  /** How long (ms) each tail takes to see what was appended; absent: no time. */
  tailDelayMs?: () => number
}
export type AppendOutcome = {
  takesMs: number
  /**
   * stored; stored twice; stored but answered 'unknown'; not stored, answered 'no'; answered
   * 'unknown', and stored so much later (ms), unless its writer has stored others there since.
   */
  outcome: 'stored' | 'twice' | 'unacknowledged' | 'refused' | { lateMs: number }
}

export type MemoryLog = Log & {
  records(topic: string): LogRecord[][]
  /** The same log for another process. */
  asWriter(): Log
}

export function openLogMemory(options: MemoryLogOptions): MemoryLog {
  const { clock } = options
  const topics = new Map<string, LogRecord[][]>()
  const readers = new Set<() => void>()
  const appendClock = createAppendClock({ clock, onWarning: () => {} })
  let closed = false
  for (const [topic, count] of Object.entries(options.topics)) {
    topics.set(
      topic,
      Array.from({ length: count }, () => []),
    )
  }

  function recordsOf(topic: string): LogRecord[][] {
    const records = topics.get(topic)
    if (records === undefined) throw new PortError('log_unavailable', `no topic ${topic}`)
    return records
  }

  function store(topic: string, entries: readonly LogEntry[]): LogPlace[] {
    const partitions = recordsOf(topic)
    const appendedAt = appendClock.time()
    const places = entries.map((entry) => {
      const partition = partitionFor(entry.key, partitions.length)
      const records = partitions[partition] ?? []
      const place = { partition, offset: records.length }
      records.push({ ...entry, ...place, appendedAt })
      return place
    })
    for (const wake of readers) wake()
    return places
  }

  async function wait(ms: number): Promise<void> {
    if (ms > 0) await sleep(clock, ms)
  }

  function createAppend(): Log['append'] {
    const writer = createWriter({ clock, store, partitionsOf: (topic) => recordsOf(topic).length })
    return async (topic, entries) => {
      const refusal = { retryable: true, appended: 'no' } as const
      if (closed) throw new PortError('log_unavailable', 'the log is closed', refusal)
      const { takesMs, outcome } = options.nextAppend?.() ?? { takesMs: 0, outcome: 'stored' }
      await wait(takesMs / 2)
      if (outcome === 'refused') throw new PortError('log_unavailable', 'refused', refusal)
      const isLate = typeof outcome === 'object'
      if (isLate) writer.storeLate(topic, entries, outcome.lateMs)
      const places = isLate ? [] : writer.store(topic, entries)
      if (outcome === 'twice') writer.store(topic, entries)
      await wait(takesMs / 2)
      if (isLate || outcome === 'unacknowledged') {
        throw new PortError('log_unavailable', 'no answer', { retryable: true })
      }
      return places
    }
  }

  const log: Log = {
    partitionsOf: (topic) => recordsOf(topic).length,
    append: createAppend(),
    tail: (tailOptions) => followMemory(tailOptions, { readers, options, wait, recordsOf }),
    bounds: async (topic) => recordsOf(topic).map(boundsOf),
    partitionBounds: async (topic, partition) => boundsOf(recordsOf(topic)[partition] ?? []),
    join: createLocalGroups((topic) => recordsOf(topic).length).join,
    async close() {
      closed = true
    },
  }
  return { ...log, records: recordsOf, asWriter: () => ({ ...log, append: createAppend() }) }
}

function boundsOf(records: readonly LogRecord[]): LogBounds {
  return { start: 0, end: records.length }
}

type Store = (topic: string, entries: readonly LogEntry[]) => LogPlace[]
type WriterParts = { clock: Clock; store: Store; partitionsOf(topic: string): number }

/** Whose late appends are not stored behind later ones of its own. */
function createWriter({ clock, partitionsOf, store: storeAny }: WriterParts) {
  /** How often it has stored something, by topic and partition. */
  const stored = new Map<string, number>()
  const nameOf = (topic: string, { key }: LogEntry) =>
    `${topic} ${partitionFor(key, partitionsOf(topic))}`

  const store: Store = (topic, entries) => {
    for (const name of new Set(entries.map((entry) => nameOf(topic, entry)))) {
      stored.set(name, (stored.get(name) ?? 0) + 1)
    }
    return storeAny(topic, entries)
  }

  function storeLate(topic: string, entries: readonly LogEntry[], lateMs: number): void {
    const before = new Map(stored)
    const isLast = (name: string) => stored.get(name) === before.get(name)
    clock.after(lateMs, () => {
      const those = entries.filter((entry) => isLast(nameOf(topic, entry)))
      store(topic, those)
    })
  }
  return { store, storeLate }
}

type Following = {
  readers: Set<() => void>
  options: MemoryLogOptions
  wait(ms: number): Promise<void>
  recordsOf(topic: string): LogRecord[][]
}

function followMemory(tailOptions: TailOptions, following: Following): Tail {
  const { readers, options, wait, recordsOf } = following
  const next = new Map(tailOptions.from)
  let closed = false
  let lastReadAt = 0
  let wake = () => {}
  const woken = () => wake()
  readers.add(woken)

  function unread(): { partition: number; records: LogRecord[] } | null {
    const partitions = recordsOf(tailOptions.topic)
    for (const [partition, from] of next) {
      const records = partitions[partition]?.slice(from) ?? []
      if (records.length > 0) return { partition, records }
    }
    return null
  }

  async function follow(): Promise<void> {
    while (!closed) {
      const batch = unread()
      if (batch === null) {
        lastReadAt = options.clock.monotonic()
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        if (!closed) await wait(options.tailDelayMs?.() ?? 0)
        continue
      }
      next.set(batch.partition, (next.get(batch.partition) ?? 0) + batch.records.length)
      await tailOptions.onBatch(batch)
    }
  }

  const done = follow().catch((error: unknown) => tailOptions.onError(error))
  return {
    lastReadAt: () => (unread() === null ? options.clock.monotonic() : lastReadAt),
    async close() {
      closed = true
      readers.delete(woken)
      wake()
      await done
    },
  }
}

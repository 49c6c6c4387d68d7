// Collects items while one batch is in flight and sends them together as the next, so that one
// append, query or call serves thousands. Bounded: what does not fit is refused at once.

import { partitionFor } from '../domain/partitioner.ts'
import { type Clock, type Moment, sleep } from '../ports/clock.ts'
import type { Log, LogEntry } from '../ports/log.ts'
import { PortError } from '../ports/port-error.ts'

export type BatchLimits = {
  /** Of one batch. Bounds how long those of the next must wait for it. */
  perBatchMax: number
  /** Items that wait for a batch: about a second of work. */
  waitingMax: number
  /** From the start of one batch to that of the next, unless the next is full already. */
  everyMsMin: number
  /** From the first item after a pause to its batch; without it, the rest of this turn. */
  lingerMs?: number
}
export type BatcherParts<Item> = BatchLimits & {
  clock: Clock
  /** Shared by batchers whose batches are to go at the same time. */
  pace?: Pace
  /** The next batch waits for it. It must not reject. */
  send(batch: Item[]): Promise<void>
}
/** When the last batch was started. `beat`: until the next may be, where somebody waits for it. */
type Pace = { startedAt: Moment; beat: Promise<void> | null }
export type Batcher<Item> = {
  /** False where too many wait already. */
  add(item: Item): boolean
  /** Items that wait for a batch. */
  waiting(): number
  /** Resolves when nothing waits or is in flight. */
  drained(): Promise<void>
}

export function createBatcher<Item>(parts: BatcherParts<Item>): Batcher<Item> {
  const { clock, perBatchMax, waitingMax, everyMsMin, lingerMs } = parts
  let items: Item[] = []
  let sending: Promise<void> | null = null
  const pace = parts.pace ?? createPace()

  /** One timer for all that share the pace: what they send goes in one turn, and in one write. */
  function nextBeat(ms: number): Promise<void> {
    pace.beat ??= sleep(clock, ms).then(() => {
      pace.beat = null
    })
    return pace.beat
  }

  async function sendAll(): Promise<void> {
    await (lingerMs === undefined ? Promise.resolve() : sleep(clock, lingerMs))
    while (items.length > 0) {
      const earlyMs = pace.startedAt + everyMsMin - clock.monotonic()
      if (earlyMs > 0 && items.length < perBatchMax) await nextBeat(earlyMs)
      const batch = items.slice(0, perBatchMax)
      items = items.slice(batch.length)
      pace.startedAt = clock.monotonic()
      await parts.send(batch)
    }
    sending = null
  }

  return {
    add(item) {
      if (items.length >= waitingMax) return false
      items.push(item)
      sending ??= sendAll()
      return true
    },
    waiting: () => items.length,
    drained: () => sending ?? Promise.resolve(),
  }
}

export function createPace(): Pace {
  return { startedAt: Number.NEGATIVE_INFINITY, beat: null }
}

/** The limits are those of each partition. */
export type AppendBatcherParts<Entry extends LogEntry> = BatchLimits & {
  log: Log
  topic: string
  clock: Clock
  /** Where the caller knows it: it need not be computed from the key. */
  partitionOf?(entry: Entry): number
  onAppended?(records: number, seconds: number): void
  /** `stored`: whether it is certain that nothing was. */
  onFailed?(stored: 'no' | 'unknown'): void
  /** Of each record whose append certainly stored nothing. */
  onRefused(entry: Entry, error: PortError): void
  /** The log has failed for good, or its adapter has a bug. */
  onError(error: unknown): void
}

export type AppendBatcher<Entry> = Pick<Batcher<Entry>, 'add' | 'drained'>

/** A batcher for each partition, so that none waits for an append to another. */
export function createAppendBatcher<Entry extends LogEntry>(
  parts: AppendBatcherParts<Entry>,
): AppendBatcher<Entry> {
  const { log, topic, clock } = parts
  const { partitionOf = ({ key }) => partitionFor(key, log.partitionsOf(topic)) } = parts
  const batchers: Batcher<Entry>[] = []
  const pace = createPace()

  async function send(entries: Entry[]): Promise<void> {
    const startedAt = clock.monotonic()
    try {
      await log.append(topic, entries)
      parts.onAppended?.(entries.length, (clock.monotonic() - startedAt) / 1000)
    } catch (error) {
      if (!(error instanceof PortError) || error.code === 'log_failed') parts.onError(error)
      if (!(error instanceof PortError)) return
      parts.onFailed?.(error.appended)
      // Where the outcome is unknown the records may be in the log: only the log can tell.
      if (error.appended === 'no') for (const entry of entries) parts.onRefused(entry, error)
    }
  }

  return {
    add(entry) {
      const partition = partitionOf(entry)
      batchers[partition] ??= createBatcher({ ...parts, pace, send })
      return batchers[partition].add(entry)
    },
    async drained() {
      await Promise.all(batchers.map((batcher) => batcher.drained()))
    },
  }
}

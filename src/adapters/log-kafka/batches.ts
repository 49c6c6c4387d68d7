// What waits to be appended, and how it is cut into one batch per partition. An append may be cut
// apart; its promise settles once, when everything in it is settled.

import { partitionFor } from '../../domain/partitioner.ts'
import type { LogEntry, LogPlace } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { entryBytesMax } from './record-batch.ts'

/** The append of one caller. */
export type Append = {
  topic: string
  partitions: number
  entries: readonly LogEntry[]
  /** When it is too late to begin. */
  beginBefore: number
  /** How many entries have been put into batches. */
  taken: number
  places: LogPlace[]
  placed: number
  /** Whether something of it is, or may be, in the log. */
  touched: boolean
  resolve(places: LogPlace[]): void
  reject(error: PortError): void
  settled: boolean
}

/** What goes to one partition at once. `appends[n]`'s entry number `indexes[n]` is `entries[n]`. */
export type Batch = {
  topic: string
  partition: number
  entries: LogEntry[]
  appends: Append[]
  indexes: number[]
  bytes: number
  /** Set when it is encoded; the same bytes are sent again, so that they are stored once. */
  sent: { epoch: number; sequence: number; bytes: Buffer } | null
  /** Whether it can be in the log although nobody has said so. */
  inDoubt: boolean
  outcome: 'open' | 'stored' | 'given up'
  reason: string
  retryable: boolean
}

export type BatchLimits = { batchBytesMax: number; recordsInFlightMax: number }

/** Takes from the front of the queue, in order, until a batch is full. */
export function takeBatches(queue: Append[], limits: BatchLimits): Batch[] {
  const batches = new Map<string, Batch>()
  let records = 0
  for (let append = queue[0]; append !== undefined; append = queue[0]) {
    const byPartition: Batch[] = []
    const { entries, topic } = append
    for (; append.taken < entries.length; append.taken++) {
      const entry = entries[append.taken]
      if (entry === undefined || records++ >= limits.recordsInFlightMax)
        return [...batches.values()]
      const partition = partitionFor(entry.key, append.partitions)
      const batch = (byPartition[partition] ??= batchOf(batches, topic, partition))
      const bytes = entryBytesMax(entry)
      if (batch.bytes > 0 && batch.bytes + bytes > limits.batchBytesMax)
        return [...batches.values()]
      batch.bytes += bytes
      batch.entries.push(entry)
      batch.appends.push(append)
      batch.indexes.push(append.taken)
    }
    queue.shift()
  }
  return [...batches.values()]
}

function batchOf(batches: Map<string, Batch>, topic: string, partition: number): Batch {
  const name = `${partition} ${topic}`
  const known = batches.get(name)
  if (known !== undefined) return known
  const content = { entries: [], appends: [], indexes: [], bytes: 0, sent: null }
  const open = { outcome: 'open', inDoubt: false, reason: '', retryable: true } as const
  const batch: Batch = { topic, partition, ...content, ...open }
  batches.set(name, batch)
  return batch
}

export function stored(batch: Batch, baseOffset: number): void {
  batch.outcome = 'stored'
  const { partition, appends, indexes } = batch
  for (let n = 0; n < appends.length; n++) {
    const append = appends[n]
    const index = indexes[n]
    if (append === undefined || index === undefined) continue
    append.places[index] = { partition, offset: baseOffset + n }
    append.placed++
    append.touched = true
  }
}

/** Resolves or rejects those appends of these batches that are over. */
export function settle(batches: readonly Batch[], queue: Append[]): void {
  const failed = new Map<Append, Batch>()
  for (const batch of batches) {
    if (batch.outcome === 'stored') continue
    for (const append of batch.appends) {
      if (batch.inDoubt) append.touched = true
      failed.set(append, batch)
    }
  }
  for (const [append, { reason, retryable }] of failed) {
    refuse(append, reason, retryable)
    // What of it was not yet sent would come behind a hole: it is not sent any more.
    if (queue[0] === append) queue.shift()
  }
  for (const { appends } of batches) {
    for (const append of appends) {
      if (append.settled || append.placed < append.entries.length) continue
      append.settled = true
      append.resolve(append.places)
    }
  }
}

export function refuse(append: Append, reason: string, retryable = true): void {
  if (append.settled) return
  append.settled = true
  const appended = append.touched ? 'unknown' : 'no'
  append.reject(new PortError('log_unavailable', reason, { retryable, appended }))
}

// What waits to be appended to one partition, and how it is cut into batches. An append is in
// parts, one for each of its partitions; its promise settles once, when each of them has ended.

import type { Moment } from '../../ports/clock.ts'
import type { LogEntry, LogPlace } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { entryBytesMax } from './record-batch.ts'

/** The append of one caller. */
export type Append = {
  entries: readonly LogEntry[]
  places: LogPlace[]
  /** How many of its parts have not ended. */
  openParts: number
  /** Whether something of it is, or may be, in the log. */
  touched: boolean
  failure: Failure | null
  resolve(places: LogPlace[]): void
  reject(error: PortError): void
}
export type Failure = { reason: string; retryable: boolean }

/** What of an append goes to one partition: its entries at `indexes`. */
export type Part = {
  append: Append
  indexes: number[]
  /** How many of them have been put into batches. */
  taken: number
  /** When it is too late to begin. */
  beginBefore: Moment
}

/** What goes to one partition at once: the entries of its cuts, one behind the other. */
export type Batch = {
  entries: LogEntry[]
  cuts: Cut[]
  /** Set when it is encoded; the same bytes are sent again, so that they are stored once. */
  sent: Buffer | null
  /** Whether it can be in the log although nobody has said so. */
  inDoubt: boolean
  outcome: 'open' | 'stored' | 'given up'
  failure: Failure
}
type Cut = { part: Part; from: number; to: number }

export type BatchLimits = { batchBytesMax: number; recordsPerBatchMax: number }

/** Takes from the front of the queue, in order, until a batch is full; null: nothing waits. */
export function takeBatch(queue: Part[], limits: BatchLimits): Batch | null {
  const entries: LogEntry[] = []
  const cuts: Cut[] = []
  let bytes = 0
  for (let part = queue[0]; part !== undefined; part = queue[0]) {
    const from = part.taken
    for (; part.taken < part.indexes.length; part.taken++) {
      const entry = part.append.entries[part.indexes[part.taken] ?? -1]
      if (entry === undefined) continue
      bytes += entryBytesMax(entry)
      const isFull = bytes > limits.batchBytesMax || entries.length >= limits.recordsPerBatchMax
      if (isFull && entries.length > 0) break
      entries.push(entry)
    }
    if (part.taken > from) cuts.push({ part, from, to: part.taken })
    if (part.taken < part.indexes.length) break
    queue.shift()
  }
  if (entries.length === 0) return null
  const failure = { reason: '', retryable: true }
  return { entries, cuts, sent: null, inDoubt: false, outcome: 'open', failure }
}

export function stored(batch: Batch, at: LogPlace): void {
  batch.outcome = 'stored'
  let { offset } = at
  for (const { part, from, to } of batch.cuts) {
    const { append, indexes } = part
    for (let n = from; n < to; n++) {
      append.places[indexes[n] ?? -1] = { partition: at.partition, offset }
      offset++
    }
  }
}

export function giveUp(batch: Batch, why: Failure): void {
  batch.outcome = 'given up'
  batch.failure = why
}

/** Ends those parts of a decided batch that are over, and with the last one its append. */
export function settle({ outcome, cuts, inDoubt, failure }: Batch, queue: Part[]): void {
  const isStored = outcome === 'stored'
  for (const { part, to } of cuts) {
    if (isStored || inDoubt) part.append.touched = true
    if (isStored && to < part.indexes.length) continue
    // What of it was not yet sent would come behind a hole: it is not sent any more.
    if (!isStored && queue[0] === part) queue.shift()
    endPart(part, isStored ? null : failure)
  }
}

/** Null: it is stored. */
export function endPart({ append }: Part, failure: Failure | null): void {
  append.openParts--
  if (failure !== null) {
    const retryable = failure.retryable && (append.failure?.retryable ?? true)
    append.failure = { reason: failure.reason, retryable }
  }
  if (append.openParts > 0) return
  if (append.failure === null) return append.resolve(append.places)
  const { reason, retryable } = append.failure
  const appended = append.touched ? 'unknown' : 'no'
  append.reject(new PortError('log_unavailable', reason, { retryable, appended }))
}

// An ordered, durable log of topics and partitions, and how it is read.

import type { Instant, Moment } from './clock.ts'

/** An ordered, durable log of topics and partitions. Offsets rise from 0 in each partition. */
export type Log = {
  partitionsOf(topic: string): number
  /**
   * Resolves, in the order of `entries`, once every record is durable. Rejects with a PortError
   * whose `appended` says whether it is certain that nothing was stored ('no') or not
   * ('unknown'). Entries of one partition keep their order. A record may be stored twice.
   */
  append(topic: string, entries: readonly LogEntry[]): Promise<LogPlace[]>
  /** Reads in order, from the given offsets, for ever. One batch of one partition at a time. */
  tail(options: TailOptions): Tail
  /** By partition: the first stored offset, and the offset that the next record will get. */
  bounds(topic: string): Promise<LogBounds[]>
  /** Of one partition, whatever the others do: each has a leader of its own, which may be away. */
  partitionBounds(topic: string, partition: number): Promise<LogBounds>
  /** Joins a group of readers, among whom the partitions of a topic are shared out. */
  join(options: JoinOptions): Promise<Membership>
  close(): Promise<void>
}
export type LogEntry = { key: string; value: Buffer; headers?: Record<string, string> }
export type LogPlace = { partition: number; offset: number }
export type LogBounds = { start: number; end: number }
/** `appendedAt` is the log's own clock, the only one that decides anything. */
export type LogRecord = LogEntry & LogPlace & { appendedAt: Instant }
export type LogBatch = { partition: number; records: readonly LogRecord[] }
/** An operator's word that the wall clock is right, though the log was written by a later one. */
export type AcceptedClock = {
  by: string
  /** What the wall clock said, from where append times go on. */
  at: Instant
  /** The append time that was the latest until then. */
  before: Instant
}
export type TailOptions = {
  topic: string
  /** Next offset wanted, by partition; partitions that are not named are not read. */
  from: ReadonlyMap<number, number>
  /**
   * How long a reader that can wait does so behind records, so that it is given more at a time. A
   * hint: where records cost nothing to ask for it is not needed.
   */
  lingerMs?: number
  /**
   * How long one question may wait for something new; what is new is given at once. A hint, for
   * readers that do not look at `lastReadAt`, which gets as old: else each asks all the time.
   */
  restMsMax?: number
  /** Records may come without their headers, which cost as much to read as all else. */
  withoutHeaders?: boolean
  /** Awaited before the next batch is given. What it throws ends the tail. */
  onBatch(batch: LogBatch): void | Promise<void>
  /** The tail has ended: the log cannot be read, or `onBatch` threw. Called at most once. */
  onError(error: unknown): void
}
export type Tail = {
  /** When the tail last knew that it had given all there was to read in a partition. */
  lastReadAt(partition: number): Moment
  /** Resolves when no more `onBatch` is running or will run. */
  close(): Promise<void>
}
export type JoinOptions = {
  topic: string
  group: string
  /** The member's whole new share. It has lost every partition that is not in it. */
  onAssigned(partitions: readonly number[]): void
  onError(error: unknown): void
}
export type Membership = {
  /** How far the group has come, for lag tools; never trusted for correctness. */
  commit(next: ReadonlyMap<number, number>): Promise<void>
  leave(): Promise<void>
}

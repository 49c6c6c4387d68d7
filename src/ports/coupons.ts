// What the services need from the world, on one screen. Every port has a memory twin, and all
// adapters of a port pass its one contract suite (test/contracts).
// Operational failures arrive as PortError; anything else thrown is a programmer's error.

import type { Discount } from '../domain/coupons/messages.ts'
import type { Coupon, Issued } from '../domain/coupons/state.ts'
import type { Instant } from './clock.ts'

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
export type TailOptions = {
  topic: string
  /** Next offset wanted, by partition; partitions that are not named are not read. */
  from: ReadonlyMap<number, number>
  /**
   * How long a reader that can wait does so behind records, so that it is given more at a time. A
   * hint: where records cost nothing to ask for it is not needed.
   */
  lingerMs?: number
  /** Awaited before the next batch is given. What it throws ends the tail. */
  onBatch(batch: LogBatch): void | Promise<void>
  /** The tail has ended: the log cannot be read, or `onBatch` threw. Called at most once. */
  onError(error: unknown): void
}
export type Tail = {
  /** When the tail last knew that it had given all there was to read. */
  lastReadAt(): Instant
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

/** The SQL projection of the claims log. Only the issuer writes it. */
export type CouponStore = {
  /** By partition; a partition that is missing has never been written. */
  positions(): Promise<Map<number, StoredPosition>>
  /** The folded state of those of these coupons that have rows, winners included. */
  load(couponIds: readonly string[]): Promise<Map<string, Coupon>>
  /** One transaction: rows and position. 'fenced': the position is not `expected`; no effect. */
  apply(batch: IssueBatch): Promise<'applied' | 'fenced'>
  /** Remembers that the events of all records below `next` have been published. */
  markPublished(partition: number, next: number): Promise<void>
  /** What one user holds, in coupon id order, strictly after `page.after` (a coupon id). */
  heldBy(userId: string, page: Page): Promise<HeldCoupon[]>
  /** Rows in (couponId, slot) order. */
  issuedRows(query: RowsQuery): Promise<IssuedRow[]>
  /** Positions and coupons (without their winners) as of one moment. */
  snapshot(): Promise<ProjectionSnapshot>
}
/**
 * `next`: the first offset not yet applied; `published`: not yet published. `notified`: below it
 * all was published before the rows were dropped to be derived anew; absent: they never were.
 */
export type StoredPosition = { next: number; published: number; notified?: number }
export type IssueBatch = {
  partition: number
  expected: number
  next: number
  /** Coupons whose state, winners apart, changed in this batch, as they are after it. */
  coupons: readonly Coupon[]
  /** In (couponId, slot) order. */
  issued: readonly IssuedRow[]
}
export type IssuedRow = Issued & {
  couponId: string
  userId: string
  partition: number
  code: string
}
export type Page = { limit: number; after?: string }
/** `orderId`: of the order that uses it; absent: unused. */
export type HeldCoupon = IssuedRow & { name: string; discount: Discount | null; orderId?: string }
export type RowsQuery = {
  limit: number
  couponId?: string
  after?: { couponId: string; slot: number }
  /** Only rows that records in [from, to) of this partition have won. */
  won?: { partition: number; from: number; to: number }
}
export type ProjectionSnapshot = { positions: Map<number, StoredPosition>; coupons: Coupon[] }

/**
 * A filter before the log, shared by the nodes. Its verdicts are hints and may all be wrong: they
 * change how many records the log gets, never who wins.
 */
export type Gate = {
  /**
   * A verdict on each claim, in order. Never rejects, and never takes longer than its own
   * deadline: what cannot be asked passes. Each coupon's claims are judged in order, together.
   */
  ask(claims: readonly GateClaim[]): Promise<GateVerdict[]>
  /** False while it is away; then `ask` passes everything at once. */
  isHere(): boolean
  close(): Promise<void>
}
/** Claims of one batch that are for one coupon share one `coupon`. */
export type GateClaim = { userId: string; coupon: GateCoupon }
/** What the asking node's fold knows of a coupon, as it asks. */
export type GateCoupon = {
  couponId: string
  /** Names this very coupon: where and when the log created it. No spaces, no braces. */
  epoch: string
  quantity: number
  issued: number
  /** Infinity where it has no end. */
  closesAt: Instant
}
/** pass: to the log. seen: this user is on the way. full: as many as are left are on the way. */
export type GateVerdict = 'pass' | 'seen' | 'full'

export type PortErrorCode =
  | 'log_full' // the disk is full, or the queue before the log
  | 'log_unavailable' // cannot be reached now
  | 'log_failed' // a sync failed: nothing may be appended before a restart
  | 'log_damaged' // stored records cannot be read, or fewer are there than were acknowledged
  | 'store_unavailable' // the database cannot be reached now
  | 'store_broken' // a constraint fired or the rows contradict the log: a second writer, or a bug

export class PortError extends Error {
  readonly code: PortErrorCode
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** Of an append: whether it is certain that nothing was stored. */
  readonly appended: 'no' | 'unknown'

  constructor(code: PortErrorCode, message: string, options: PortErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'PortError'
    this.code = code
    this.retryable = options.retryable ?? false
    this.appended = options.appended ?? 'unknown'
  }
}
export type PortErrorOptions = {
  cause?: unknown
  retryable?: boolean
  appended?: 'no' | 'unknown'
}

// What this node knows of the claims log. It is there from the start, empty, and once it is read
// it follows every partition and says what each record has decided. Everything the node answers,
// it answers from here.

import {
  type ClaimCommand,
  type ClaimOutcome,
  type ControlCommand,
  type ControlOutcome,
  type Decision,
  isClaim,
} from '../../domain/coupons/decide.ts'
import {
  applyCommand,
  applyTime,
  createFold,
  type Fold,
  readRecord,
} from '../../domain/coupons/fold.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { partitionFor } from '../../domain/partitioner.ts'
import { type Clock, type Moment, within } from '../../ports/clock.ts'
import type { Page } from '../../ports/coupons.ts'
import type { Log, LogBounds, LogRecord } from '../../ports/log.ts'
import {
  followPartitions,
  type Gap,
  type PartitionReader,
  writtenByNewer,
} from '../../ports/partition-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import { retrying } from '../../ports/retry.ts'
import type { ClosedCoupons } from './closed/closed-coupons.ts'
import type { LogTime } from './log-time.ts'
import type { FoldSnapshots } from './snapshots/fold-snapshots.ts'

/** Called for every record, in the order of its partition, once the fold has taken it. */
export type FoldListener = {
  /** Without an outcome where it has won nothing, and who has won is not in memory. */
  claimDecided(command: ClaimCommand, decision: Decision<ClaimOutcome | null>): void
  controlDecided(command: ControlCommand, decision: Decision<ControlOutcome>): void
}
export type FoldReading = FoldListener & {
  /** Of a record that came since the reading began: those before were met at other starts. */
  onVoid(): void
  /** Called after every batch. */
  onAdvanced?: (() => void) | undefined
  /** The fold has stopped for good: the log cannot be read, or not be understood. */
  onError(error: unknown): void
  onProgress?: ((done: number, total: number) => void) | undefined
  /** Absent: it is read from its start, and nothing is kept. */
  snapshots?: FoldSnapshots | undefined
  /** Absent: all winners stay in memory. */
  closed?: ClosedCoupons | undefined
  clock: Clock
  /** How long to wait for partitions whose leader is away, once one partition is there. */
  leaderWaitMsMax: number
  /** Aborted once nothing more is to be begun. */
  closing: AbortSignal
}

export class CouponFold {
  readonly coupons: ReadonlyMap<string, Coupon>
  readonly time: LogTime
  private readonly log: Log
  private readonly allPartitions: readonly number[]
  private readonly fold: Fold
  private reader: PartitionReader | null = null
  /** By partition whose leader was away at the start, where it ends: once that is known. */
  private readonly late = new Map<number, number>()
  /** In id order, but for those that came since somebody looked, and those of rehearsals. */
  private inOrder: Coupon[] = []
  /** How many coupons were looked at for that. */
  private looked = 0

  constructor(log: Log, time: LogTime) {
    this.log = log
    this.time = time
    const partitions = log.partitionsOf(claimsTopic)
    this.allPartitions = Array.from({ length: partitions }, (_, partition) => partition)
    this.fold = createFold(partitions)
    this.coupons = this.fold.coupons
  }

  /** Whether it has reached the end of the log as it stood when the reading began. */
  hasCaughtUp(): boolean {
    return this.reader !== null && this.reader.hasCaughtUp()
  }

  /** Whether that holds for the coupon's partition, whose leader may have been away. */
  knows(couponId: string): boolean {
    if (!this.hasCaughtUp()) return false
    return this.late.size === 0 || !this.late.has(this.partitionOf(couponId))
  }

  /** Partitions that this node has not come to know since it started. */
  latePartitions(): number[] {
    return [...this.late.keys()]
  }

  partitionOf(couponId: string): number {
    return (
      this.coupons.get(couponId)?.partition ?? partitionFor(couponId, this.allPartitions.length)
    )
  }

  /** By partition, the next offset to read. */
  positions(): readonly number[] {
    return this.reader?.next ?? []
  }

  /** When a partition was last read to its end. */
  lastReadAt(partition: number): Moment {
    return this.reader?.lastReadAt(partition) ?? Number.NEGATIVE_INFINITY
  }

  /** Of the partition that was not read to its end for the longest. */
  oldestReadAt(): Moment {
    return Math.min(...this.allPartitions.map((partition) => this.lastReadAt(partition)))
  }

  /** Partitions that were not read to their end since. */
  notReadSince(moment: Moment): number[] {
    return this.allPartitions.filter((partition) => this.lastReadAt(partition) < moment)
  }

  /** In id order, without those of rehearsals. */
  page({ limit, after }: Page): Coupon[] {
    this.sortNew()
    const from = after === undefined ? 0 : firstBehind(this.inOrder, after)
    return this.inOrder.slice(from, from + limit)
  }

  /** The ids of those that nobody has closed. */
  openRehearsals(): string[] {
    const open = this.coupons.values().filter(({ terms, status }) => {
      return terms.rehearsal === true && status !== 'closed'
    })
    return open.map(({ couponId }) => couponId).toArray()
  }

  /** Coupons are only ever added, at the end: the few that are new are merged into the others. */
  private sortNew(): void {
    const known = this.inOrder
    if (this.looked === this.coupons.size) return
    const news = this.coupons.values().drop(this.looked)
    const added = news
      .filter(({ terms }) => !terms.rehearsal)
      .toArray()
      .sort(byId)
    this.looked = this.coupons.size
    const merged: Coupon[] = []
    let next = 0
    for (const coupon of added) {
      const end = firstBehind(known, coupon.couponId)
      for (; next < end; next++) merged.push(known[next] as Coupon)
      merged.push(coupon)
    }
    this.inOrder = merged.concat(known.slice(next))
  }

  /** Reads the log for ever: from its start, but for what a snapshot has of it. */
  async read(reading: FoldReading): Promise<PartitionReader> {
    const { log, fold, time } = this
    const bounds = await this.boundsInTime(reading)
    const { snapshots } = reading
    const away = new Set(this.late.keys())
    const from = (await snapshots?.restore(fold.coupons, away)) ?? bounds.map(({ start }) => start)
    reading.closed?.adopt(fold.coupons.values())
    const total = bounds.reduce((sum, { end }, n) => sum + Math.max(0, end - (from[n] ?? 0)), 0)
    let done = 0
    let isLive = total === 0
    const hasCaughtUp = () => this.hasCaughtUp()
    // Now rather than when somebody asks: a hundred thousand take as many microseconds.
    const sortNew = () => this.sortNew()
    if (isLive) sortNew()
    this.reader = followPartitions({
      log,
      topic: claimsTopic,
      from: new Map(from.entries()),
      bounds,
      decode: (record) => readRecord(fold, record),
      before: (command) => reading.closed?.before(command),
      onMessage: (command) => this.take(command, reading),
      onVoid(_, { partition, offset }) {
        if (offset >= (bounds[partition]?.end ?? 0)) reading.onVoid()
      },
      onUnknown: notUnderstood,
      onGap: stopAtGap,
      onBatch: (batch) => {
        const { partition, records } = batch
        if (done < total) {
          done = Math.min(done + records.length, total)
          reading.onProgress?.(done, total)
        }
        const last = records.at(-1)
        const isNews = isLive && !this.late.has(partition)
        if (isNews && last !== undefined) time.read(last.appendedAt)
        if (!isLive && hasCaughtUp()) {
          isLive = true
          sortNew()
        }
        this.lookAtLate()
        snapshots?.hasRead(batch, hasCaughtUp() && this.late.size === 0)
        reading.onAdvanced?.()
      },
      onError: reading.onError,
    })
    return this.reader
  }

  private take(command: ClaimCommand | ControlCommand, reading: FoldReading): void {
    const { fold } = this
    const { couponId } = command.message
    const { snapshots, closed } = reading
    snapshots?.willChange(couponId)
    if (isClaim(command)) {
      const isUnsettled = closed?.isUnsettled(command) ?? false
      const decision = isUnsettled ? this.takeUnsettled(command) : applyCommand(fold, command)
      if (decision.events.length > 0) snapshots?.hasChanged(couponId)
      reading.claimDecided(command, decision)
    } else {
      const decision = applyCommand(fold, command)
      if (decision.events.length > 0) snapshots?.hasChanged(couponId)
      reading.controlDecided(command, decision)
    }
  }

  private takeUnsettled(command: ClaimCommand): Decision<null> {
    const coupon = this.fold.coupons.get(command.message.couponId)
    return { outcome: null, events: coupon === undefined ? [] : applyTime(coupon, command) }
  }

  /** Of all partitions, but for those whose leader is away: they are late. */
  private async boundsInTime(reading: FoldReading): Promise<LogBounds[]> {
    const asked = this.allPartitions.map((partition) => {
      return this.log.partitionBounds(claimsTopic, partition)
    })
    // Where none is known there is nothing to answer from.
    await Promise.any(asked).catch(({ errors: [first] }: AggregateError) => {
      throw first
    })
    const { clock, leaderWaitMsMax: ms } = reading
    return Promise.all(
      asked.map((bounds, partition) => {
        const late = () => this.waitFor(partition, reading)
        const inTime = bounds.catch((error: unknown) => {
          if (error instanceof PortError && error.retryable) return late()
          throw error
        })
        return within({ clock, ms, late }, inTime)
      }),
    )
  }

  /** It is read beside the others, and known once it was read to the end that it has by then. */
  private waitFor(partition: number, { clock, closing, onError }: FoldReading): LogBounds {
    if (!this.late.has(partition)) {
      this.late.set(partition, Number.POSITIVE_INFINITY)
      const ask = () => this.log.partitionBounds(claimsTopic, partition)
      retrying({ clock, signal: closing }, ask).then(
        ({ end }) => {
          this.late.set(partition, end)
          this.lookAtLate()
        },
        (error: unknown) => {
          if (!closing.aborted) onError(error)
        },
      )
    }
    return { start: 0, end: 0 }
  }

  private lookAtLate(): void {
    for (const [partition, end] of this.late) {
      if ((this.positions()[partition] ?? 0) >= end) this.late.delete(partition)
    }
  }
}

function byId(a: Coupon, b: Coupon): number {
  return a.couponId < b.couponId ? -1 : 1
}

/** Where the first stands whose id is greater. */
function firstBehind(inOrder: readonly Coupon[], couponId: string): number {
  let from = 0
  let to = inOrder.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((inOrder[middle]?.couponId ?? '') > couponId) to = middle
    else from = middle + 1
  }
  return from
}

function stopAtGap({ topic, partition, expected, found }: Gap): never {
  const where = `partition ${partition} of ${topic}`
  throw new PortError('log_damaged', `${where} goes from offset ${expected} to ${found}`)
}

function notUnderstood(reason: string, { partition, offset }: LogRecord): never {
  const where = `record ${offset} of partition ${partition} of ${claimsTopic}`
  throw writtenByNewer(`cannot read ${where}: ${reason}`, 'start that version here too')
}

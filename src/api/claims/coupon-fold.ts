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
import { applyCommand, createFold, type Fold, readRecord } from '../../domain/coupons/fold.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import type { Moment } from '../../ports/clock.ts'
import type { Page } from '../../ports/coupons.ts'
import type { Log, LogRecord } from '../../ports/log.ts'
import {
  followPartitions,
  type Gap,
  type PartitionReader,
  writtenByNewer,
} from '../../ports/partition-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import type { LogTime } from './log-time.ts'

/** Called for every record, in the order of its partition, once the fold has taken it. */
export type FoldListener = {
  claimDecided(command: ClaimCommand, decision: Decision<ClaimOutcome>): void
  controlDecided(command: ControlCommand, decision: Decision<ControlOutcome>): void
}
export type FoldReading = FoldListener & {
  onVoid(reason: string): void
  /** Called after every batch. */
  onAdvanced?: (() => void) | undefined
  /** The fold has stopped for good: the log cannot be read, or not be understood. */
  onError(error: unknown): void
  onProgress?: ((done: number, total: number) => void) | undefined
}

export class CouponFold {
  readonly coupons: ReadonlyMap<string, Coupon>
  readonly time: LogTime
  private readonly log: Log
  private readonly fold: Fold
  private reader: PartitionReader | null = null
  private inOrder: Coupon[] = []

  constructor(log: Log, time: LogTime) {
    this.log = log
    this.time = time
    this.fold = createFold(log.partitionsOf(claimsTopic))
    this.coupons = this.fold.coupons
  }

  /** Whether it has reached the end of the log as it stood when the reading began. */
  hasCaughtUp(): boolean {
    return this.reader !== null && this.reader.hasCaughtUp()
  }

  /** By partition, the next offset to read. */
  positions(): readonly number[] {
    return this.reader?.next ?? []
  }

  lastReadAt(): Moment {
    return this.reader === null ? Number.NEGATIVE_INFINITY : this.reader.lastReadAt()
  }

  /** In id order. Coupons are only ever added, so they are sorted again when there are more. */
  page({ limit, after }: Page): Coupon[] {
    if (this.inOrder.length !== this.coupons.size) {
      const byId = (a: Coupon, b: Coupon) => (a.couponId < b.couponId ? -1 : 1)
      this.inOrder = [...this.coupons.values()].sort(byId)
    }
    const found = after === undefined ? 0 : this.inOrder.findIndex((c) => c.couponId > after)
    return found < 0 ? [] : this.inOrder.slice(found, found + limit)
  }

  /** Reads the log from its start, for ever. */
  async read(reading: FoldReading): Promise<PartitionReader> {
    const { log, fold, time } = this
    const bounds = await log.bounds(claimsTopic)
    const total = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
    let done = 0
    let isLive = total === 0
    const hasCaughtUp = () => this.hasCaughtUp()
    this.reader = followPartitions({
      log,
      topic: claimsTopic,
      from: new Map(bounds.map(({ start }, partition) => [partition, start])),
      bounds,
      decode: (record) => readRecord(fold, record),
      onMessage(command) {
        if (isClaim(command)) reading.claimDecided(command, applyCommand(fold, command))
        else reading.controlDecided(command, applyCommand(fold, command))
      },
      onVoid: reading.onVoid,
      onUnknown: notUnderstood,
      onGap: stopAtGap,
      onBatch({ records }) {
        if (done < total) {
          done = Math.min(done + records.length, total)
          reading.onProgress?.(done, total)
        }
        const last = records.at(-1)
        if (isLive && last !== undefined) time.read(last.appendedAt)
        isLive = hasCaughtUp()
        reading.onAdvanced?.()
      },
      onError: reading.onError,
    })
    return this.reader
  }
}

function stopAtGap({ topic, partition, expected, found }: Gap): never {
  const where = `partition ${partition} of ${topic}`
  throw new PortError('log_damaged', `${where} goes from offset ${expected} to ${found}`)
}

function notUnderstood(reason: string, { partition, offset }: LogRecord): never {
  const where = `record ${offset} of partition ${partition} of ${claimsTopic}`
  throw writtenByNewer(`cannot read ${where}: ${reason}`, 'start that version here too')
}

// Keeps what the fold knows, so that a start reads only what came since. Written in the background
// while the fold goes on: a coupon that is about to change is taken down as it was before, and
// winners are only ever added. Each time only what has changed is written; now and then all of it,
// so that there are never many parts. Where several nodes read one log, one of them keeps it.

import { AwayWinners } from '../../../domain/coupons/away-winners.ts'
import { claimsTopic } from '../../../domain/coupons/messages.ts'
import type { Coupon } from '../../../domain/coupons/state.ts'
import { recordFingerprint } from '../../../domain/fingerprint.ts'
import { type Clock, within } from '../../../ports/clock.ts'
import type { Log, LogBatch, LogRecord } from '../../../ports/log.ts'
import { messageOf } from '../../../ports/port-error.ts'
import { SnapshotFault, type SnapshotStore } from '../../../ports/snapshots.ts'
import {
  couponBlock,
  format,
  headBlock,
  type Learned,
  type ListName,
  listBlock,
  type SnapshotPlace,
  startPlace,
  winnersBlocks,
} from '../../../snapshots/fold-blocks.ts'
import { type Origin, restoreFitting } from '../../../snapshots/restored-fold.ts'

export type SnapshotParts = Origin & {
  store: SnapshotStore
  /** Absent: `recordsApart`. */
  everyRecords?: number | undefined
  /** What is kept does not fit, and the log is read from its start. */
  onPutAside(reason: string): void
  /** The next start reads what it would not have had to. */
  onNotWritten(error: unknown): void
}
export type FoldSnapshotsParts = SnapshotParts & {
  log: Log
  learned: Learned
  clock: Clock
}

/** What a start may have to read again: a third of a second. */
const recordsApart = 100_000
/** Then all of it is written anew, so that a start opens only so many files. */
const partsMax = 50
const entriesPerBlock = 500
/** What could not be written, or was another node's turn, is tried again, also if nothing comes. */
const againMs = 10_000
/** How long a stop waits for what the next start would have to read; else it reads it. */
const lastMsMax = 1_000

/** With its winners as they were: they may leave memory meanwhile. */
type TakenDown = { coupon: Coupon; block: Buffer; winners: Coupon['winners']; through: number }

export class FoldSnapshots {
  private readonly parts: FoldSnapshotsParts
  private coupons: ReadonlyMap<string, Coupon> = new Map()
  private places: SnapshotPlace[]
  private readonly lastRecords: LogRecord[] = []
  private recordsSince = 0
  /** How many there must be before the next one. */
  private wantedSince: number
  /** Whether the fold had caught up with the log when it read last. */
  private mayWrite = false
  /** Since the last snapshot began. */
  private changed = new Set<Coupon>()
  /** Of the one that is being written: coupons whose turn is to come, unchanged since. */
  private untouched = new Set<Coupon>()
  /** Those that have changed before their turn. */
  private readonly takenDown: TakenDown[] = []
  /** How many of its winners are kept. */
  private readonly kept = new Map<Coupon, number>()
  private keptOf: Record<ListName, number> = { keys: 0, acts: 0 }
  /** What is kept, if anything, does not go with what the fold knows. */
  private beginsAnew = true
  private writing: Promise<void> | null = null
  private isClosing = false
  private isClosed = false
  private cancelAgain = () => {}

  constructor(parts: FoldSnapshotsParts) {
    this.parts = parts
    this.wantedSince = parts.everyRecords ?? recordsApart
    this.places = startOf(parts.log)
  }

  /**
   * By partition the offset to read on from; what is known below it is put into `coupons`. Of
   * partitions that are `away` nothing is; null: of none.
   */
  async restore(coupons: Map<string, Coupon>, away: ReadonlySet<number>): Promise<number[] | null> {
    this.coupons = coupons
    const wanted = this.places.keys().filter((partition) => !away.has(partition))
    const upTo = new Map(wanted.map((partition) => [partition, Number.POSITIVE_INFINITY]))
    const restored = await restoreFitting(this.parts, upTo).catch((error: unknown) => {
      this.parts.onPutAside(messageOf(error))
      return null
    })
    if (restored === null) return null
    for (const [couponId, coupon] of restored.coupons) {
      coupons.set(couponId, coupon)
      this.kept.set(coupon, keptAs(coupon.winners, coupon.winners.size))
    }
    for (const name of ['keys', 'acts'] as const) {
      this.parts.learned[name].restore(restored.lists[name])
      this.keptOf[name] = this.parts.learned[name].size
    }
    this.places = [...restored.places]
    this.beginsAnew = away.size > 0
    return this.places.map(({ next }) => next)
  }

  /** Before a record of this coupon is applied. */
  willChange(couponId: string): void {
    if (this.untouched.size === 0) return
    const coupon = this.coupons.get(couponId)
    if (coupon !== undefined && this.untouched.delete(coupon)) this.takenDown.push(takeDown(coupon))
  }

  /** Once one is. */
  hasChanged(couponId: string): void {
    const coupon = this.coupons.get(couponId)
    if (coupon !== undefined) this.changed.add(coupon)
  }

  /** After every batch; `mayWrite`: the fold has caught up with the log. */
  hasRead({ partition, records }: LogBatch, mayWrite: boolean): void {
    const last = records.at(-1)
    if (last === undefined) return
    this.lastRecords[partition] = last
    this.recordsSince += records.length
    this.mayWrite = mayWrite
    this.writeIfDue()
  }

  private writeIfDue(): void {
    if (this.isDue()) this.writing ??= this.writeDue()
  }

  private isDue(): boolean {
    return this.mayWrite && !this.isClosed && this.recordsSince >= this.wantedSince
  }

  /** Once nothing more is read: keeps the rest, so that the next start reads nothing again. */
  async close(): Promise<void> {
    const { clock } = this.parts
    this.isClosing = true
    this.cancelAgain()
    const giveUp = () => void (this.isClosed = true)
    await within({ clock, ms: lastMsMax, late: giveUp }, this.writeRest())
    giveUp()
    await this.writing
  }

  private async writeRest(): Promise<void> {
    await this.writing
    if (this.isClosed || !this.mayWrite || this.recordsSince === 0) return
    this.writing = this.write()
    await this.writing
  }

  /** And what came meanwhile. */
  private async writeDue(): Promise<void> {
    do await this.write()
    while (this.isDue())
    this.writing = null
  }

  private async write(): Promise<void> {
    const { store, onNotWritten, everyRecords = recordsApart } = this.parts
    try {
      const turn = await store.turn({
        records: this.recordsRead(),
        lateRecords: 1.5 * everyRecords,
      })
      if (turn === 'taken') return this.tryAgain(everyRecords / 2)
      if (turn === null || this.isClosed) {
        this.wantedSince = this.recordsSince + everyRecords / 2
        return
      }
      const anew = this.beginsAnew || turn === 'anew' || store.count() >= partsMax
      // What is begun and fails is gone.
      this.beginsAnew = true
      const before = anew ? startOf(this.parts.log) : this.places
      await store.add(this.begin(before, anew), { anew })
      this.beginsAnew = false
    } catch (error) {
      this.tryAgain(everyRecords)
      if (!this.isClosed) onNotWritten(error)
    } finally {
      this.untouched = new Set()
      this.takenDown.length = 0
    }
  }

  /** After so many records more, or after a while. */
  private tryAgain(records: number): void {
    this.wantedSince = this.recordsSince + records
    this.cancelAgain()
    if (this.isClosing) return
    this.cancelAgain = this.parts.clock.after(againMs, () => {
      this.wantedSince = this.parts.everyRecords ?? recordsApart
      this.writeIfDue()
    })
  }

  private recordsRead(): number {
    const next = this.places.map((place, n) => (this.lastRecords[n]?.offset ?? place.next - 1) + 1)
    return next.reduce((sum, offset) => sum + offset, 0)
  }

  /** As the fold stands at this moment, whenever its blocks are taken. */
  private begin(before: readonly SnapshotPlace[], anew: boolean): Iterable<Buffer> {
    const from = before.map(({ next }) => next)
    const places = this.places.map((place, partition) =>
      placeOf(this.lastRecords[partition], place),
    )
    this.places = places
    this.lastRecords.length = 0
    this.recordsSince = 0
    this.wantedSince = this.parts.everyRecords ?? recordsApart
    this.untouched = anew ? new Set(this.coupons.values()) : this.changed
    this.changed = new Set()
    if (anew) {
      this.kept.clear()
      this.keptOf = { keys: 0, acts: 0 }
    }
    const { release, logId, learned } = this.parts
    const lists = { keys: learned.keys.size, acts: learned.acts.size }
    return this.blocks(headBlock({ format, release, log: logId, from, places }), lists)
  }

  private *blocks(head: Buffer, lists: Record<ListName, number>): Iterable<Buffer> {
    yield head
    // It goes past those that are taken out of the set meanwhile.
    const turns = this.untouched.values()
    for (let next = this.next(turns); next !== undefined; next = this.next(turns)) {
      const { coupon, block, winners, through } = next
      yield block
      const { couponId } = coupon
      const from = (this.kept.get(coupon) ?? 0) + 1
      for (const packed of winnersBlocks({ couponId, winners }, { from, through })) {
        if (this.isClosed) throw new SnapshotFault('given up')
        yield packed
      }
      this.kept.set(coupon, keptAs(winners, through))
    }
    yield* this.listBlocks('keys', lists.keys)
    yield* this.listBlocks('acts', lists.acts)
  }

  private *listBlocks(name: ListName, through: number): Iterable<Buffer> {
    for (let from = this.keptOf[name]; from < through; from += entriesPerBlock) {
      const end = Math.min(from + entriesPerBlock, through)
      yield listBlock(name, this.parts.learned[name].slice(from, end))
    }
    this.keptOf[name] = through
  }

  private next(turns: Iterator<Coupon, undefined>): TakenDown | undefined {
    const taken = this.takenDown.pop()
    if (taken !== undefined) return taken
    const { value: coupon } = turns.next()
    if (coupon === undefined) return undefined
    this.untouched.delete(coupon)
    return takeDown(coupon)
  }
}

function takeDown(coupon: Coupon): TakenDown {
  const { winners } = coupon
  return { coupon, block: couponBlock(coupon), winners, through: winners.size }
}

/** Winners who are away are kept by the rows. */
function keptAs(winners: Coupon['winners'], through: number): number {
  return winners instanceof AwayWinners ? 0 : through
}

function startOf(log: Log): SnapshotPlace[] {
  return Array.from({ length: log.partitionsOf(claimsTopic) }, () => startPlace)
}

function placeOf(last: LogRecord | undefined, before: SnapshotPlace): SnapshotPlace {
  if (last === undefined) return before
  return { next: last.offset + 1, fingerprint: recordFingerprint(last) }
}

// Coupons that were closed long ago leave memory, but for what is small of them: once the rows have
// all winners, a user is looked up there, and they come back while many are asked for. Whatever the
// log says of such a coupon is decided as if they had never gone: a record that cannot be decided
// without them waits until they are known, from the rows or else from the log.

import { AwayWinners } from '../../../domain/coupons/away-winners.ts'
import {
  type ClaimCommand,
  type ControlCommand,
  isClaim,
  statusAt,
} from '../../../domain/coupons/decide.ts'
import type { Coupon } from '../../../domain/coupons/state.ts'
import { PackedWinners } from '../../../domain/coupons/winners.ts'
import { every, type Instant, sleep } from '../../../ports/clock.ts'
import type { Asked } from '../../../ports/coupons.ts'
import type { Log } from '../../../ports/log.ts'
import { PortError } from '../../../ports/port-error.ts'
import { winnersInLog } from '../../../snapshots/winners-in-log.ts'
import { winnersInRows } from '../../../snapshots/winners-in-rows.ts'
import type { Unavailable } from '../claim-answers.ts'
import type { LogTime } from '../log-time.ts'
import type { FoldSnapshots } from '../snapshots/fold-snapshots.ts'
import {
  createWinnerLookups,
  type WinnerLookups,
  type WinnerLookupsParts,
} from './winner-lookups.ts'

export type ClosedCouponsParts = Omit<WinnerLookupsParts, 'coupons'> & {
  log: Pick<Log, 'tail' | 'partitionsOf'>
  /** What this node knows of the log. */
  fold: {
    coupons: ReadonlyMap<string, Coupon>
    time: Pick<LogTime, 'estimate'>
    knows(couponId: string): boolean
  }
  /** When an operator closed it, by the log's clock, ms UTC; undefined: none did. */
  closedAt(couponId: string): Instant | undefined
  /** How long a coupon is closed before its winners go. */
  afterMs: number
  snapshots?: Pick<FoldSnapshots, 'willChange' | 'hasChanged'> | undefined
}

const sweepEveryMs = 60_000
/** Until the rows are there. */
const askAgainMs = 500
/** Users looked up within a minute who bring all winners back. */
const lookedUpToComeBack = 1_000
/** Fewer questions than that, and they go again. */
const askedToStay = 100

export class ClosedCoupons {
  private readonly parts: ClosedCouponsParts
  private readonly lookups: WinnerLookups
  private readonly away = new Map<string, AwayWinners>()
  private readonly comingBack = new Set<AwayWinners>()
  private readonly closing = new AbortController()

  constructor(parts: ClosedCouponsParts) {
    this.parts = parts
    this.lookups = createWinnerLookups({ ...parts, coupons: parts.fold.coupons })
  }

  /** What a snapshot has of coupons whose winners had gone. */
  adopt(coupons: Iterable<Coupon>): void {
    for (const { couponId, winners } of coupons) {
      if (winners instanceof AwayWinners) this.away.set(couponId, winners)
    }
  }

  /** To be called once the fold has caught up. */
  begin(): void {
    const { clock, onError } = this.parts
    const cancel = every(clock, sweepEveryMs, () => {
      this.countAnew()
      void this.letGoOfDue().catch(onError)
    })
    this.closing.signal.addEventListener('abort', cancel)
    void this.letGoSoon().catch(onError)
  }

  close(): void {
    this.closing.abort()
  }

  /** After a start the rows may not be there yet. */
  private async letGoSoon(): Promise<void> {
    const { signal } = this.closing
    while (!signal.aborted && !(await this.letGoOfDue())) {
      await sleep(this.parts.clock, askAgainMs, signal)
    }
  }

  /** How many are away now. */
  count(): number {
    return this.away.values().reduce((sum, { areBack }) => sum + (areBack ? 0 : 1), 0)
  }

  /** null: whether this user has won this coupon may be asked now, before anything else runs. */
  async lookUp(asked: Asked): Promise<Unavailable | null> {
    const missing = await this.lookups.lookUp(asked)
    const away = this.away.get(asked.couponId)
    if (away !== undefined && away.asked >= lookedUpToComeBack) this.bringBack(asked, away)
    return missing
  }

  /** What a record cannot be decided without; undefined: it can be decided now. */
  before(command: ClaimCommand | ControlCommand): Promise<void> | undefined {
    if (this.away.size === 0) return undefined
    const { couponId } = command.message
    const away = this.away.get(couponId)
    const coupon = this.parts.fold.coupons.get(couponId)
    if (away === undefined || coupon === undefined) return undefined
    if (isClaim(command)) {
      // Whoever has won, nobody wins any more: unless the log's clock was set back.
      const isClosed = statusAt(coupon, command.appendedAt) === 'closed'
      return isClosed ? undefined : this.takeBack(coupon, away)
    }
    const { message } = command
    if (message.type !== 'coupon.revoked' || message.userId === undefined) return undefined
    const asked = { couponId, userId: message.userId }
    return away.knows(asked.userId) ? undefined : this.find(asked, away)
  }

  /** Whether the outcome of this claim is not known here; it has won nothing. */
  isUnsettled({ message: { couponId, userId } }: ClaimCommand): boolean {
    if (this.away.size === 0) return false
    return this.away.get(couponId)?.knows(userId) === false
  }

  /** Where the rows have all of them. */
  letGo(coupon: Coupon): void {
    const { couponId, winners } = coupon
    const last = winners instanceof PackedWinners ? winners.last() : undefined
    if (last === undefined) return
    const { snapshots } = this.parts
    snapshots?.willChange(couponId)
    const away = new AwayWinners({ size: winners.size, lastOffset: last.offset })
    coupon.winners = away
    this.away.set(couponId, away)
    snapshots?.hasChanged(couponId)
  }

  /** Those who are asked for often stay another minute. */
  private countAnew(): void {
    for (const away of this.away.values()) {
      if (!away.areBack || away.asked < askedToStay) away.letGo()
      away.asked = 0
    }
  }

  /** False where the rows do not have all of them, or do not say. */
  private async letGoOfDue(): Promise<boolean> {
    const due = this.parts.fold.coupons
      .values()
      .filter((coupon) => this.isDue(coupon))
      .toArray()
    if (due.length === 0) return true
    const asked = this.parts.rows()?.positions()
    const positions = await asked?.catch((error: unknown) => {
      if (!(error instanceof PortError)) throw error
    })
    if (positions === undefined) return false
    let isBehind = false
    for (const coupon of due) {
      const { winners, partition } = coupon
      const last = winners instanceof PackedWinners ? winners.last() : undefined
      const next = positions.get(partition)?.next ?? 0
      if (last !== undefined && next > last.offset) this.letGo(coupon)
      else isBehind = true
    }
    return !isBehind
  }

  /** Not where it is a rehearsal's, whose rows go. */
  private isDue({ couponId, closesAt, status, terms, winners }: Coupon): boolean {
    if (terms.rehearsal || winners.size === 0 || !(winners instanceof PackedWinners)) return false
    const { fold, closedAt, afterMs } = this.parts
    const byOperator = status === 'closed' ? closedAt(couponId) : undefined
    const since = Math.min(closesAt, byOperator ?? Number.POSITIVE_INFINITY)
    return fold.time.estimate() - since >= afterMs && fold.knows(couponId)
  }

  private async find(asked: Asked, away: AwayWinners): Promise<void> {
    if ((await this.lookUp(asked)) === null) return
    away.comeBack(await this.inLog(asked.couponId, away))
  }

  private async takeBack(coupon: Coupon, away: AwayWinners): Promise<void> {
    const { couponId } = coupon
    const winners = await this.inLog(couponId, away)
    const { snapshots } = this.parts
    snapshots?.willChange(couponId)
    coupon.winners = winners
    this.away.delete(couponId)
    snapshots?.hasChanged(couponId)
  }

  private inLog(couponId: string, { size, lastOffset }: AwayWinners) {
    const { log, fold } = this.parts
    const { partition = 0 } = fold.coupons.get(couponId) ?? {}
    return winnersInLog(log, { couponId, partition, size, lastOffset })
  }

  /** Page by page, while they are looked up as before. */
  private bringBack({ couponId }: Pick<Asked, 'couponId'>, away: AwayWinners): void {
    if (away.areBack || this.comingBack.has(away)) return
    this.comingBack.add(away)
    this.load(couponId, away)
      .catch((error: unknown) => {
        if (!(error instanceof PortError)) this.parts.onError(error)
      })
      .finally(() => {
        away.asked = 0
        this.comingBack.delete(away)
      })
  }

  private async load(couponId: string, away: AwayWinners): Promise<void> {
    const { size, lastOffset } = away
    const winners = await winnersInRows(this.parts.rows, { couponId, size, lastOffset })
    if (winners !== null) away.comeBack(winners)
  }
}

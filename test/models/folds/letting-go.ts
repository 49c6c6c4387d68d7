// A node that lets go of coupons and has them come back at any moment of any log, beside a fold
// that keeps everything: whatever the one decides and answers is compared with the other.

import assert from 'node:assert/strict'
import { virtualClock } from '../../../src/adapters/memory/clock-virtual.ts'
import { ClosedCoupons } from '../../../src/api/claims/closed/closed-coupons.ts'
import { onceLookedUp } from '../../../src/api/claims/closed/once-looked-up.ts'
import type { WinnerReads } from '../../../src/api/claims/closed/winner-lookups.ts'
import { CouponActs } from '../../../src/api/claims/coupon-acts.ts'
import { CouponFold } from '../../../src/api/claims/coupon-fold.ts'
import { KeyedCreates } from '../../../src/api/claims/keyed-creates.ts'
import { LogTime } from '../../../src/api/claims/log-time.ts'
import { FoldSnapshots } from '../../../src/api/claims/snapshots/fold-snapshots.ts'
import { AwayWinners } from '../../../src/domain/coupons/away-winners.ts'
import {
  type ClaimOutcome,
  type ControlOutcome,
  type Decision,
  type Place,
  settled,
} from '../../../src/domain/coupons/decide.ts'
import {
  applyCommand,
  createFold,
  type Fold,
  readRecord,
} from '../../../src/domain/coupons/fold.ts'
import type { Coupon } from '../../../src/domain/coupons/state.ts'
import type { Log, LogRecord } from '../../../src/ports/log.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import type { SnapshotStore } from '../../../src/ports/snapshots.ts'
import { partitions } from '../any-log.ts'
import { logOf } from '../folding-nodes.ts'

export type Rows = 'up' | 'starting' | 'away' | 'behind'
/** What happens behind a record: `letsGo` by the place of coupons in the fold. */
export type Step = {
  letsGo: readonly number[]
  comesBack: boolean
  rows: Rows
  userId: string
}
export type Counts = Record<'letGo' | 'back' | 'unsettled' | 'lookedUp' | 'unavailable', number>
type Outcome = ClaimOutcome | ControlOutcome | null
export type LettingGo = {
  records: readonly LogRecord[]
  /** One behind each record, from the first on again. */
  steps: readonly Step[]
  store: SnapshotStore
  counts: Counts
}

const clock = virtualClock(0)
const nowMax = () => 25

/** Reads what the snapshots do not have, and checks each decision and answer on the way. */
export async function checkLettingGo(parts: LettingGo): Promise<void> {
  const node = new NodeBesideReference(parts)
  await node.readAll()
}

class NodeBesideReference {
  private readonly parts: LettingGo
  private readonly reference = createFold(partitions)
  /** By partition, how far the reference is: the rows are as far as it is. */
  private readonly next = Array<number>(partitions).fill(0)
  readonly fold: CouponFold
  readonly closed: ClosedCoupons
  private readonly snapshots: FoldSnapshots
  private readonly learned = { keys: new KeyedCreates(), acts: new CouponActs() }
  private taken = 0
  private readonly failures: unknown[] = []

  constructor(parts: LettingGo) {
    this.parts = parts
    const log = logOf(parts.records)
    const { learned } = this
    this.fold = new CouponFold(
      this.acting(log),
      new LogTime({ clock, skewMsMax: 0, onDiffers() {} }),
    )
    const told = { onPutAside: assert.fail, onNotWritten: assert.fail }
    const { store } = parts
    const origin = { release: '1.2.3', logId: 'log' }
    const kept = { store, everyRecords: 2, ...origin, ...told }
    this.snapshots = new FoldSnapshots({ log, learned, clock, ...kept })
    const rows = rowsOf(this.reference, { next: this.next, say: () => this.step.rows })
    this.closed = new ClosedCoupons({
      log,
      clock,
      fold: this.fold,
      snapshots: this.snapshots,
      rows: () => (this.step.rows === 'starting' ? null : rows),
      closedAt: () => undefined,
      afterMs: Number.POSITIVE_INFINITY,
      onError: assert.fail,
    })
  }

  private get step(): Step {
    const { steps } = this.parts
    return steps[this.taken % steps.length] as Step
  }

  async readAll(): Promise<void> {
    const { records } = this.parts
    const reader = await this.fold.read({
      claimDecided: (command, decision) => this.decided(command, decision),
      controlDecided: (command, decision) => {
        this.learned.keys.decided(command.message, decision.outcome)
        this.learned.acts.decided(command, decision)
        this.decided(command, decision)
      },
      onVoid: assert.fail,
      onError: (error) => this.failures.push(error),
      snapshots: this.restoringBoth(),
      closed: this.closed,
      clock,
      leaderWaitMsMax: 0,
      closing: new AbortController().signal,
    })
    const isRead = ({ partition, offset }: LogRecord) => offset < (this.next[partition] ?? 0)
    while (this.failures.length === 0 && !records.every(isRead)) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    await reader.close()
    assert.deepEqual(this.failures, [])
    await this.snapshots.close()
  }

  /** Acts and asks behind each record. */
  private acting(log: Log): Log {
    return {
      ...log,
      tail: (options) =>
        log.tail({
          ...options,
          onBatch: async (batch) => {
            await options.onBatch(batch)
            await this.act()
            await this.askEverywhere()
            this.taken += 1
          },
        }),
    }
  }

  /** The reference begins where the node does. */
  private restoringBoth(): FoldSnapshots {
    const { snapshots } = this
    const restore: FoldSnapshots['restore'] = async (coupons, away) => {
      const from = await snapshots.restore(coupons, away)
      for (const record of this.parts.records) {
        if (record.offset < (from?.[record.partition] ?? 0)) this.applyToReference(record)
      }
      return from
    }
    return new Proxy(snapshots, {
      get: (target, name) => {
        if (name === 'restore') return restore
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  private applyToReference(record: LogRecord): Outcome {
    const read = readRecord(this.reference, record)
    assert.ok(read.kind === 'message')
    this.next[record.partition] = record.offset + 1
    return applyCommand(this.reference, read.message).outcome
  }

  private decided({ partition, offset }: Place, { outcome }: Decision<Outcome>): void {
    const isIt = (one: LogRecord) => one.partition === partition && one.offset === offset
    const record = this.parts.records.find(isIt)
    assert.ok(record)
    const expected = this.applyToReference(record)
    if (outcome !== null) assert.deepEqual(outcome, expected)
    else {
      assert.ok(expected?.kind === 'closed' || expected?.kind === 'already_issued', expected?.kind)
      this.parts.counts.unsettled += 1
    }
  }

  private async act(): Promise<void> {
    const { letsGo, comesBack } = this.step
    const { counts } = this.parts
    for (const [n, coupon] of [...this.fold.coupons.values()].entries()) {
      const { couponId, winners } = coupon
      if (!(winners instanceof AwayWinners)) {
        if (!letsGo.includes(n) || winners.size === 0) continue
        this.closed.letGo(coupon)
        counts.letGo += 1
      } else if (comesBack) {
        winners.asked = Number.MAX_SAFE_INTEGER
        await this.closed.lookUp({ couponId, userId: 'ann' })
        for (let turns = 0; turns < 10; turns++) await Promise.resolve()
        if (winners.areBack) counts.back += 1
      } else if (letsGo.includes(n)) winners.letGo()
    }
  }

  private async askEverywhere(): Promise<void> {
    const { userId, rows } = this.step
    const { counts } = this.parts
    for (const [couponId, coupon] of this.fold.coupons) {
      const expected = this.reference.coupons.get(couponId)
      assert.ok(expected)
      assert.deepEqual(withoutWinners(coupon), withoutWinners(expected))
      const asked = { couponId, userId, audience: 'gold' }
      const isAway = coupon.winners instanceof AwayWinners
      const ask = () => settled(coupon, asked, nowMax)
      const answer = await onceLookedUp(asked, this, ask)
      if (answer?.kind === 'unavailable') {
        assert.ok(isAway && rows !== 'up', `${answer.reason} while the rows were ${rows}`)
        counts.unavailable += 1
      } else {
        assert.deepEqual(answer, settled(expected, asked, nowMax))
        if (isAway) counts.lookedUp += 1
      }
    }
  }
}

function withoutWinners({ winners, ...coupon }: Coupon) {
  return { ...structuredClone(coupon), issued: winners.size }
}

/** Of exactly the records that were applied to this fold. */
function rowsOf(
  { coupons }: Fold,
  { next, say }: { next: readonly number[]; say(): Rows },
): WinnerReads {
  async function asked<Answer>(answer: (wins: (couponId: string) => Coupon['winners']) => Answer) {
    const now = say()
    if (now === 'away') throw new PortError('store_unavailable', 'away', { retryable: true })
    const none: Coupon['winners'] = new Map()
    return answer((couponId) => {
      return now === 'behind' ? none : (coupons.get(couponId)?.winners ?? none)
    })
  }
  const ends = () => new Map(say() === 'behind' ? [] : next.entries())
  return {
    positions: () => asked(() => new Map()),
    issuedTo: (wanted) =>
      asked((winnersOf) => {
        const issued = wanted.flatMap(({ couponId, userId }) => {
          const won = winnersOf(couponId).get(userId)
          return won === undefined ? [] : [{ couponId, userId, issued: won }]
        })
        return { issued, next: ends() }
      }),
    issuedRows: ({ couponId = '', after, limit }) =>
      asked((winnersOf) => {
        const others = { couponId, partition: 0, code: '' }
        const rows = [...winnersOf(couponId)].map(([userId, won]) => {
          return { ...won, userId, ...others }
        })
        return rows.slice(after?.slot, (after?.slot ?? 0) + limit)
      }),
  }
}

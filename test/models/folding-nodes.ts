// Nodes that fold any log, with a store of snapshots or without one, and what each then knows: two
// that have read the same log know the same.

import assert from 'node:assert/strict'
import { virtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import { CouponActs } from '../../src/api/claims/coupon-acts.ts'
import { CouponFold } from '../../src/api/claims/coupon-fold.ts'
import { KeyedCreates } from '../../src/api/claims/keyed-creates.ts'
import { LogTime } from '../../src/api/claims/log-time.ts'
import { FoldSnapshots } from '../../src/api/claims/snapshots/fold-snapshots.ts'
import { encodeMessage } from '../../src/domain/coupons/messages.ts'
import { partitionFor } from '../../src/domain/partitioner.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Log, LogRecord } from '../../src/ports/log.ts'
import type { SnapshotStore } from '../../src/ports/snapshots.ts'
import { partitions } from './any-log.ts'
import type { Entry } from './naive-claims.ts'

const clock = virtualClock(0)
/** Whatever waits has waited long enough at once. */
const hurried: Clock = {
  ...clock,
  after(_, run) {
    queueMicrotask(run)
    return () => {}
  },
}
export const release = '1.2.3'

/** Few of them have a key, and those name few coupons. */
export function recordsOf(entries: readonly Entry[]): LogRecord[] {
  const ends = Array<number>(partitions).fill(0)
  return entries.map(({ message, appendedAt }, n) => {
    const isKeyed = message.type === 'coupon.created' && n % 2 === 0
    const value = encodeMessage(isKeyed ? { ...message, commandId: `create:${n % 3}` } : message)
    const partition = partitionFor(message.couponId, partitions)
    const offset = ends[partition] ?? 0
    ends[partition] = offset + 1
    return { key: message.couponId, value, partition, offset, appendedAt }
  })
}

/** What is there is read record by record, others running between; nothing comes later. */
export function logOf(records: readonly LogRecord[]): Log {
  const bounds = Array.from({ length: partitions }, (_, partition) => {
    return { start: 0, end: records.filter((one) => one.partition === partition).length }
  })
  const unused = () => assert.fail()
  return {
    partitionsOf: () => partitions,
    append: unused,
    join: unused,
    close: unused,
    bounds: async () => bounds,
    partitionBounds: async (_, partition) => bounds[partition] ?? { start: 0, end: 0 },
    tail({ from, onBatch, onError }) {
      let closed = false
      const read = async () => {
        for (const record of records) {
          const { partition, offset } = record
          if (closed || offset < (from.get(partition) ?? Number.POSITIVE_INFINITY)) continue
          await onBatch({ partition, records: [record] })
          await Promise.resolve()
        }
      }
      const done = read().catch(onError)
      return {
        lastReadAt: () => 0,
        async close() {
          closed = true
          await done
        },
      }
    },
  }
}

export type Node = {
  store?: SnapshotStore
  everyRecords?: number
  version?: string
  logId?: string
  /** All records come after the start. */
  live?: boolean
  /** Its stop waits for the last snapshot. */
  settles?: boolean
}

/** What a node knows once it has read all of it, and what it said of snapshots. */
export async function knownTo(records: readonly LogRecord[], node: Node = {}) {
  const { store, everyRecords = 1, version = release, logId = 'log', live = false } = node
  const { settles = true } = node
  const log = logOf(records)
  const learned = { keys: new KeyedCreates(), acts: new CouponActs() }
  const aside: string[] = []
  const told = {
    onPutAside: (reason: string) => aside.push(reason),
    onNotWritten: (error: unknown) => assert.match(String(error), /no room/),
  }
  const snapshots =
    store &&
    new FoldSnapshots({
      log,
      learned,
      store,
      everyRecords,
      release: version,
      logId,
      clock: settles ? clock : hurried,
      ...told,
    })
  const none = async () => ({ start: 0, end: 0 })
  const time = new LogTime({ clock, skewMsMax: 0, onDiffers() {} })
  const fold = new CouponFold(live ? { ...log, partitionBounds: none } : log, time)
  let read = 0
  const reader = await fold.read({
    claimDecided: () => void read++,
    controlDecided(command, decision) {
      read++
      learned.keys.decided(command.message, decision.outcome)
      learned.acts.decided(command, decision)
    },
    onVoid: assert.fail,
    onError: assert.fail,
    snapshots,
    clock,
    leaderWaitMsMax: 0,
    closing: new AbortController().signal,
  })
  const ends = (await log.bounds('')).map(({ end }) => end)
  while (ends.some((end, partition) => (fold.positions()[partition] ?? 0) < end)) await turn()
  const coupons = fold.page({ limit: 100 }).map((coupon) => {
    for (const [userId, issued] of coupon.winners) {
      assert.deepEqual(coupon.winners.get(userId), issued)
    }
    assert.equal(coupon.winners.has('nobody'), false)
    return { ...coupon, winners: [...coupon.winners] }
  })
  const acts = learned.acts.slice(0, learned.acts.size).toSorted((a, b) => {
    return a.partition - b.partition || a.offset - b.offset
  })
  const keys = new Map(learned.keys.slice(0, learned.keys.size))
  const known = { coupons, acts, keys, positions: [...fold.positions()] }
  await reader.close()
  await snapshots?.close()
  return { known, read, aside }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

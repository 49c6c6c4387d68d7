// A small sale as a log and the rows that the issuer would have written, both open to tampering:
// two coupons with a life of their own, a restock, a pause, refusals, and bytes that are no record.

import assert from 'node:assert/strict'
import { virtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import { columnsOfRows } from '../../src/adapters/memory/issued-columns.ts'
import { openLogMemory } from '../../src/adapters/memory/log.ts'
import type { DeriveCodes } from '../../src/audit/coupons/winner-codes.ts'
import { codesDeriver } from '../../src/domain/coupons/codes.ts'
import {
  type ControlMessage,
  type CouponMessage,
  claimsTopic,
  couponEventsTopic,
  encodeMessage,
} from '../../src/domain/coupons/messages.ts'
import type { Coupon } from '../../src/domain/coupons/state.ts'
import { partitionFor } from '../../src/domain/partitioner.ts'
import { createIssueFold } from '../../src/issuer/issue-fold.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { CouponStore, IssuedRow, RowsQuery, StoredPosition } from '../../src/ports/coupons.ts'
import type { Log, LogRecord } from '../../src/ports/log.ts'
import { partitions } from './any-log.ts'
import type { Entry } from './naive-claims.ts'

export const codeSecret = 'the secret that the codes of these tests come from'
export const spring = 'spring'
export const autumn = 'autumn'
export const home = partitionFor(spring, partitions)
/** How many records spring's partition has in the end. */
export const homeEnd = 14

/** What SQL holds. */
export type Rows = {
  positions: Map<number, StoredPosition>
  coupons: Map<string, Coupon>
  rows: IssuedRow[]
  /** Absent: the first one. */
  generation?: string
}
export type Sale = {
  clock: Clock & { at: number }
  log: ReturnType<typeof openLogMemory>
  sql: Rows
  append(message: ControlMessage): Promise<void>
  claims(couponId: string, users: readonly string[]): Promise<void>
  ends(): number[]
  copyOfLog(): LogRecord[][]
  /** What the issuer would have written by then. */
  rowsUpTo(next: readonly number[]): Promise<Rows>
  springRow(slot: number): IssuedRow
  springCoupon(): Coupon
}

export async function createSmallSale(): Promise<Sale> {
  const sale = createEmptySale()
  const { clock, append, claims } = sale
  const discount = { kind: 'percent', value: 10 } as const
  const terms = { name: 'Spring', quantity: 3, opensAt: 2_000, discount }
  await append({ ...control('created', 'c1'), terms, rules: 1 })
  await append({ ...control('created', 'c2', autumn), terms: { name: 'A', quantity: 1 }, rules: 1 })
  await claims(spring, ['early'])
  clock.at = 2_000
  await claims(spring, ['ann', 'bob', 'ann'])
  await sale.log.append(claimsTopic, [{ key: spring, value: Buffer.from('not a record') }])
  await append(control('paused', 'p1'))
  await claims(spring, ['cat'])
  await append(control('resumed', 'p2'))
  clock.at = 3_000
  await claims(spring, ['cat', 'dan'])
  await append({ ...control('restocked', 'r1'), add: 2 })
  await claims(spring, ['dan', 'early'])
  await claims(autumn, ['ann', 'bob'])
  await append(control('closed', 'x1', autumn))
  assert.equal(sale.ends()[home], homeEnd)
  return { ...sale, sql: await sale.rowsUpTo(sale.ends()) }
}

export const deriveCodes: DeriveCodes = async (wanted) => wanted.map(codesDeriver(codeSecret))

type Control = 'created' | 'restocked' | 'paused' | 'resumed' | 'revoked' | 'closed'
export function control<Name extends Control>(name: Name, commandId: string, couponId = spring) {
  return { type: `coupon.${name}` as const, couponId, by: 'op', commandId }
}

export function sourceOf({
  positions,
  coupons,
  rows,
  generation = 'first',
}: Rows): Pick<CouponStore, 'snapshot' | 'issuedRows' | 'issuedColumns'> {
  const page = ({ limit, couponId, after }: RowsQuery) => {
    const own = rows.filter((row) => couponId === undefined || row.couponId === couponId)
    // Coupons may come in any order.
    const first = own.findIndex((row) => row.couponId === after?.couponId)
    const passed = own.filter((row) => row.couponId === after?.couponId && row.slot <= after.slot)
    const last = after === undefined ? -1 : Math.max(first, 0) + passed.length - 1
    return own.slice(last + 1, last + 1 + limit)
  }
  const generations = new Map([...positions.keys()].map((partition) => [partition, generation]))
  return {
    snapshot: async () => ({ positions, coupons: [...coupons.values()], generations }),
    issuedRows: async (query) => page(query),
    issuedColumns: async (query) => columnsOfRows(page(query)),
  }
}

/** Another reader of the log, of records that may have been tampered with. */
export function readerOf(
  claims: readonly LogRecord[][],
  events: readonly LogRecord[][] = [],
): Pick<Log, 'bounds' | 'tail'> {
  const of = (topic: string) => (topic === claimsTopic ? claims : events)
  return {
    bounds: async (topic) =>
      of(topic).map((list) => {
        return { start: list[0]?.offset ?? 0, end: (list.at(-1)?.offset ?? -1) + 1 }
      }),
    tail({ topic, from, onBatch, onError }) {
      const give = async () => {
        for (const [partition, list] of of(topic).entries()) {
          const start = from.get(partition) ?? Number.POSITIVE_INFINITY
          const wanted = list.filter(({ offset }) => offset >= start)
          if (wanted.length > 0) await onBatch({ partition, records: wanted })
        }
      }
      const given = give().catch(onError)
      return { lastReadAt: () => 0, close: () => given }
    },
  }
}

export function byCouponAndSlot(a: IssuedRow, b: IssuedRow): number {
  if (a.couponId === b.couponId) return a.slot - b.slot
  return a.couponId < b.couponId ? -1 : 1
}

export function createEmptySale(): Sale {
  const clock = { at: 1_000, now: () => clock.at, monotonic: () => clock.at, after: () => () => {} }
  const topics = { [claimsTopic]: partitions, [couponEventsTopic]: partitions }
  const log = openLogMemory({ topics, clock })
  const ends = () => log.records(claimsTopic).map((records) => records.length)
  return {
    clock,
    log,
    sql: { positions: new Map(), coupons: new Map(), rows: [] },
    async append(message) {
      await log.append(claimsTopic, [entry(message)])
    },
    async claims(couponId, users) {
      const first = ends()[home] ?? 0
      const entries = users.map((userId, n) => {
        return entry({ type: 'coupon.claimed', couponId, userId, claimId: `claim-${first + n}` })
      })
      await log.append(claimsTopic, entries)
    },
    ends,
    copyOfLog: () => log.records(claimsTopic).map((records) => [...records]),
    rowsUpTo: (next) => rowsUpTo(log.records(claimsTopic), next),
    springRow(slot) {
      const row = this.sql.rows.find((it) => it.couponId === spring && it.slot === slot)
      assert.ok(row !== undefined)
      return row
    },
    springCoupon() {
      const coupon = this.sql.coupons.get(spring)
      assert.ok(coupon !== undefined)
      return coupon
    },
  }
}

/** The records of each partition, as the log would have stored these messages. */
export function recordsOf(entries: readonly Entry[]): LogRecord[][] {
  const records = Array.from({ length: partitions }, (): LogRecord[] => [])
  for (const { message, appendedAt } of entries) {
    const partition = partitionFor(message.couponId, partitions)
    const offset = records[partition]?.length ?? 0
    records[partition]?.push({ ...entry(message), partition, offset, appendedAt })
  }
  return records
}

function entry(message: CouponMessage): { key: string; value: Buffer } {
  return { key: message.couponId, value: encodeMessage(message) }
}

/** What the issuer would have written of these records below `next`, by partition. */
export async function rowsUpTo(records: LogRecord[][], next: readonly number[]): Promise<Rows> {
  const written: Rows = { positions: new Map(), coupons: new Map(), rows: [] }
  const fold = createIssueFold({
    partitions,
    codeSecret,
    clock: virtualClock(0),
    afterMs: Number.POSITIVE_INFINITY,
    load: async () => new Map<string, Coupon>(),
    lookUpLastActs: async () => {},
  })
  for (const [partition, end] of next.entries()) {
    for (const record of records[partition]?.slice(0, end) ?? []) {
      const read = fold.reading.decode(record)
      if (read.kind === 'message') fold.reading.onMessage(read.message, record)
    }
    const { coupons, issued } = await fold.apply()
    for (const coupon of coupons) {
      written.coupons.set(coupon.couponId, { ...structuredClone(coupon), winners: new Map() })
    }
    written.rows.push(...issued)
    written.positions.set(partition, { next: end, published: 0 })
  }
  written.rows.sort(byCouponAndSlot)
  return written
}

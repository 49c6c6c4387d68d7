// A sale that is cut twice: as it stood when an earlier audit looked, and as it stands now, with
// the rows and the events that the issuer would have made by either.

import { encodeIssuedEvent, encodeRevokedEvent } from '../../../src/domain/coupons/coupon-events.ts'
import { hasEnded } from '../../../src/ports/coupons.ts'
import type { LogRecord } from '../../../src/ports/log.ts'
import type { Entry } from '../naive-claims.ts'
import { type Rows, recordsOf, rowsUpTo } from '../small-sale.ts'

/** The log as it stands, and the rows; all of it may be tampered with. */
export type Cut = { claims: LogRecord[][]; events: LogRecord[][]; sql: Rows }
/** Each a part, 0 … 1: of the log, of what of that the rows have read, of what is published. */
export type Reach = { log: number; rows: number; published: number; early: number }

type Publishing = { offset: number; value: Buffer; key: string }

export async function cutTwice(
  entries: readonly Entry[],
  [then, now]: readonly [Reach, Reach],
  repeats: readonly number[],
): Promise<readonly [Cut, Cut]> {
  const records = recordsOf(entries)
  const first = reachIn(records, then, { log: [], next: [], published: [] })
  const second = reachIn(records, now, first)
  const events = records.map((): LogRecord[] => [])
  const cuts: Cut[] = []
  for (const [n, { log, next, published }] of [first, second].entries()) {
    const sql = await rowsUpTo(records, next)
    const early = n === 0 ? then.early : now.early
    for (const [partition, list] of publishedBy(sql).entries()) {
      const own = events[partition] ?? []
      const end = (published[partition] ?? 0) + Math.round(early * 2)
      const there = new Set(own.map(({ value }) => value.toString()))
      const due = list.filter(({ offset, value }) => {
        return offset < end && !there.has(value.toString())
      })
      append(own, due, partition)
      const again = n === 0 ? [] : repeats.flatMap((at) => own[at % Math.max(1, own.length)] ?? [])
      append(own, again, partition)
    }
    for (const [partition, position] of sql.positions) {
      position.published = published[partition] ?? 0
    }
    dropEnded(sql)
    const claims = records.map((list, partition) => list.slice(0, log[partition]))
    cuts.push({ claims, events: events.map((list) => [...list]), sql })
  }
  return cuts as unknown as readonly [Cut, Cut]
}

type Reached = { log: number[]; next: number[]; published: number[] }

/** Nothing goes back. */
function reachIn(records: readonly LogRecord[][], reach: Reach, before: Reached): Reached {
  const part = (from = 0, to: number, how: number) => from + Math.floor((to - from) * how)
  const log = records.map(({ length }, n) => part(before.log[n], length, reach.log))
  const next = log.map((end, n) => part(before.next[n], end, reach.rows))
  const published = next.map((end, n) => part(before.published[n], end, reach.published))
  return { log, next, published }
}

/** By partition, in the order of the log. */
function publishedBy({ rows, coupons, positions }: Rows): Publishing[][] {
  const all: Publishing[][] = Array.from({ length: positions.size }, () => [])
  for (const row of rows)
    all[row.partition]?.push({ offset: row.offset, ...encodeIssuedEvent(row) })
  for (const { couponId, partition, revocations } of coupons.values()) {
    for (const { taken, offset, ...revoke } of revocations.commands.values()) {
      if (taken === null) continue
      all[partition]?.push({ offset, ...encodeRevokedEvent({ ...revoke, couponId, taken }) })
    }
  }
  return all.map((list) => list.sort((a, b) => a.offset - b.offset))
}

function append(
  own: LogRecord[],
  added: readonly { key: string; value: Buffer }[],
  partition: number,
) {
  for (const { key, value } of added) {
    own.push({ key, value, partition, offset: own.length, appendedAt: 0 })
  }
}

/** As the issuer does where the events of a rehearsal are out. */
function dropEnded(sql: Rows): void {
  for (const coupon of sql.coupons.values()) {
    const { couponId, partition } = coupon
    const own = sql.rows.filter((row) => row.couponId === couponId)
    const winners = new Map(own.map((row) => [row.userId, row]))
    const position = sql.positions.get(partition) ?? { published: 0 }
    if (!hasEnded({ ...coupon, winners }, position)) continue
    sql.coupons.delete(couponId)
    sql.rows = sql.rows.filter((row) => row.couponId !== couponId)
  }
}

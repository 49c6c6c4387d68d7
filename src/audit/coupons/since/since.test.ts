// An audit that goes on from an earlier one says of what came since what an audit from the start
// says of it, whatever was planted there.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { anyLog } from '../../../../test/models/any-log.ts'
import { type Cut, cutTwice } from '../../../../test/models/audits/audited-cut.ts'
import { type KeptSnapshots, keptSnapshots } from '../../../../test/models/kept-snapshots.ts'
import {
  byCouponAndSlot,
  deriveCodes,
  readerOf,
  sourceOf,
} from '../../../../test/models/small-sale.ts'
import type { IssuedRow } from '../../../ports/coupons.ts'
import type { LogRecord } from '../../../ports/log.ts'
import { type AuditReport, audit } from '../../audit.ts'
import { type Block, readBlock } from './kept-blocks.ts'

/** What may be planted in it: of what came since, one that `pick` chooses; false: there is none. */
type Plant = (cut: Cut, since: Since) => boolean
/** Made of rows, events and records that the earlier audit has not seen. */
type Since = {
  rows: IssuedRow[]
  events: LogRecord[]
  before: Cut
  pick<One>(list: readonly One[]): One | undefined
}

const changed = (change: (row: IssuedRow) => Partial<IssuedRow>): Plant => {
  return (_, { rows, pick }) => {
    const row = pick(rows)
    return row !== undefined && Object.assign(row, change(row)) === row
  }
}
const eventWith = (change: (value: Record<string, unknown>) => Record<string, unknown>): Plant => {
  return (_, { events, pick }) => {
    const event = pick(events.filter(({ value }) => value.includes('"claimId"')))
    if (event === undefined) return false
    const value = JSON.parse(event.value.toString()) as Record<string, unknown>
    event.value = Buffer.from(JSON.stringify({ ...value, ...change(value) }))
    return true
  }
}
/** Behind all others of its coupon. */
const rowBehind = (change: (row: IssuedRow) => Partial<IssuedRow>): Plant => {
  return ({ sql }, { before, pick }) => {
    const row = pick(before.sql.rows.filter(({ couponId }) => sql.coupons.has(couponId)))
    if (row === undefined) return false
    const slot = 1 + sql.rows.filter(({ couponId }) => couponId === row.couponId).length
    sql.rows.push({ ...row, slot, ...change(row) })
    sql.rows.sort(byCouponAndSlot)
    return true
  }
}
const couponWith = (change: (coupon: Cut['sql']['coupons']) => void): Plant => {
  return ({ sql }) => {
    const count = sql.coupons.size
    change(sql.coupons)
    return count > 0
  }
}

const nothing = 'nothing at all'
const plants: Readonly<Record<string, Plant>> = {
  [nothing]: () => true,
  'a row deleted'({ sql }, { rows, pick }) {
    const gone = pick(rows)
    sql.rows = sql.rows.filter((row) => row !== gone)
    return gone !== undefined
  },
  'another user in a row': changed(() => ({ userId: 'mallory' })),
  'another claim in a row': changed(() => ({ claimId: 'other' })),
  'another code in a row': changed(() => ({ code: '0000000000000' })),
  'another time in a row': changed(({ appendedAt }) => ({ appendedAt: appendedAt + 1 })),
  'another record in a row': changed(({ offset }) => ({ offset: offset + 100 })),
  'a second row for a winner of before': rowBehind(() => ({})),
  'a row by an old record': rowBehind(() => ({ userId: 'mallory', claimId: 'none' })),
  'a row of a coupon that never was'({ sql }) {
    const row = { couponId: 'zzz', slot: 1, userId: 'eve', claimId: 'x', code: 'x' }
    sql.rows.push({ ...row, partition: 0, offset: 1, appendedAt: 1 })
    return true
  },
  'another quantity': couponWith((coupons) => {
    for (const coupon of coupons.values()) coupon.quantity += 1
  }),
  'coupons that are gone': couponWith((coupons) => coupons.clear()),
  'commands that are gone': couponWith((coupons) => {
    for (const coupon of coupons.values()) coupon.commands.clear()
  }),
  'revokes that are gone': couponWith((coupons) => {
    for (const coupon of coupons.values()) coupon.revocations.commands.clear()
  }),
  'an event with another code': eventWith(() => ({ code: '0000000000000' })),
  'an event for another user': eventWith(() => ({ userId: 'mallory' })),
  'an event of another slot': eventWith(({ slot }) => ({ slot: Number(slot) + 1 })),
  'an event that is gone'({ events }, { events: since, pick }) {
    const gone = pick(since)
    if (gone === undefined) return false
    gone.value = Buffer.from('no event')
    return events.length > 0
  },
  'an old event again with another code'({ events }, { before, pick }) {
    const event = pick(before.events.flat().filter(({ value }) => value.includes('"claimId"')))
    const own = events[event?.partition ?? 0]
    if (event === undefined || own === undefined) return false
    const value = event.value.toString().replace(/"code":"[^"]+"/, '"code":"0000000000000"')
    own.push({ ...event, value: Buffer.from(value), offset: own.length })
    return true
  },
  'a record cut out'({ claims }, { before }) {
    return claims.some((list, partition) => {
      const from = before.sql.positions.get(partition)?.next ?? 0
      return list.length > from + 1 && list.splice(from, 1).length === 1
    })
  },
  'rows beyond the log'({ sql, claims }) {
    const end = claims[0]?.length ?? 0
    sql.positions.set(0, { next: end + 3, published: 0 })
    return true
  },
}

const part = fc.double({ min: 0, max: 1, noNaN: true })
const some = fc.constantFrom(0.3, 0.5, 0.7, 1)
const reach = fc.record({ log: some, rows: some, published: some, early: part })
const through = fc.record({
  log: fc.constantFrom(1, 1, 0.5),
  rows: fc.constantFrom(1, 1, 0.6),
  published: fc.constantFrom(1, 1, 0.5),
  early: part,
})

describe('an audit that goes on from an earlier one', () => {
  const found = new Map<string, number>()
  for (const [what, plant] of Object.entries(plants)) {
    test(`says the same as one from the start: ${what}`, async () => {
      const longLog = fc.array(anyLog(), { minLength: 1, maxLength: 3 }).map((all) => all.flat())
      const cuts = fc.tuple(reach, through)
      const choices = fc.tuple(fc.nat(1_000), fc.array(fc.nat(20), { maxLength: 2 }))
      await fc.assert(
        fc.asyncProperty(longLog, cuts, choices, async (entries, reaches, [choice, repeats]) => {
          const [before, now] = await cutTwice(entries, reaches, repeats)
          const kept = keptSnapshots()
          const first = await auditOf(before, kept)
          assert.deepEqual(first.firstDifferences, [])
          const isKept = before.sql.positions.size > 0
          assert.equal(first.since?.notKept, isKept ? null : 'there are no rows')
          const planted = plant(now, sinceOf(now, before, choice))
          const whole = keptSnapshots()
          const expected = await auditOf(now, whole)
          const report = await auditOf(now, kept)
          assert.equal(report.since?.putAside, null)
          assert.deepEqual(saidBy(report), saidBy(expected))
          if (report.fair) assert.deepEqual(await keptBy(kept), await keptBy(whole))
          else if (planted) found.set(what, (found.get(what) ?? 0) + 1)
        }),
        what === nothing ? { numRuns: 100 } : { numRuns: 25, seed: 16 },
      )
      const count = found.get(what) ?? 0
      if (what === nothing) assert.equal(count, 0)
      else assert.ok(count >= 2, `${what} was found ${count} times`)
    })
  }
})

function sinceOf(now: Cut, before: Cut, choice: number): Since {
  const nextOf = (partition: number) => before.sql.positions.get(partition)?.next ?? 0
  return {
    rows: now.sql.rows.filter(({ partition, offset }) => offset >= nextOf(partition)),
    events: now.events.flatMap((list, n) => list.slice(before.events[n]?.length ?? 0)),
    before,
    pick: (list) => list[choice % Math.max(1, list.length)],
  }
}

function auditOf({ claims, events, sql }: Cut, store: KeptSnapshots): Promise<AuditReport> {
  const since = { store, release: '1.2.3', secret: 'a', madeAt: '2026-05-01T09:00:00.000Z' }
  const clock = { now: () => 0, monotonic: () => 0, after: () => () => {} }
  const openLog = async () => readerOf(claims, events)
  return audit({ source: sourceOf(sql), openLog, deriveCodes, clock, since })
}

function saidBy({ fair, differences, promises, firstDifferences, counts }: AuditReport) {
  const texts = firstDifferences.map(({ invariant, text }) => `${invariant} ${text}`).sort()
  return { fair, differences, promises, texts, lag: counts.lagRecords, coupons: counts.coupons }
}

/** What it keeps, by what that is of; coupons may come in any order. */
async function keptBy(store: KeptSnapshots): Promise<Record<string, Block>> {
  const blocks = (await Array.fromAsync(store.blocks())).flat().map(readBlock)
  return Object.fromEntries(blocks.map((block) => [`${block.kind} ${couponOf(block)}`, block]))
}

function couponOf(block: Block): string {
  switch (block.kind) {
    case 'coupon':
      return block.kept.coupon.couponId
    case 'revoked':
      return block.revoked.couponId
    case 'winners':
      return block.couponId
    case 'events':
      return block.events.couponId
    case 'head':
    case 'end':
      return ''
  }
}

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import * as fc from 'fast-check'
import { anyLog } from '../../test/models/any-log.ts'
import {
  autumn,
  control,
  createEmptySale,
  createSmallSale,
  deriveCodes,
  home,
  homeEnd,
  readerOf,
  recordsOf,
  rowsUpTo,
  type Sale,
  sourceOf,
  spring,
} from '../../test/models/small-sale.ts'
import { claimsTopic, couponEventsTopic } from '../domain/coupons/messages.ts'
import { type AuditParts, type AuditReport, audit } from './audit.ts'
import { rowsPerPage } from './coupons/compare-pages.ts'
import type { LogReader } from './orders/read-log.ts'

let sale: Sale

beforeEach(async () => {
  sale = await createSmallSale()
})

describe('an audit of a healthy set', () => {
  test('finds nothing, and counts what there is', async () => {
    const report = await auditSale()
    assert.deepEqual(report.firstDifferences, [])
    assert.equal(report.fair, true)
    assert.deepEqual(report.counts, {
      records: 18,
      voidRecords: 1,
      claims: 11,
      coupons: 2,
      winners: 6,
      rows: 6,
      newerRows: 0,
      events: 0,
      lagRecords: 0,
      comparedRecords: report.counts.records,
    })
    assert.deepEqual(
      report.promises.map(({ id, differences }) => [id, differences]),
      ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I9', 'I15'].map((id) => [id, 0]),
    )
  })

  test('knows that a rebuild has dropped the rows while they were compared', async () => {
    const before = sourceOf(sale.sql)
    const after = sourceOf(await sale.rowsUpTo(sale.ends().map(() => 0)))
    let snapshots = 0
    const snapshot = () => (snapshots++ === 0 ? before : after).snapshot()
    const source = { ...after, snapshot }
    const report = await auditSale({ source })
    assert.ok(report.differences > 0)
    assert.equal(report.rowsWentBack, true)
    const lost = await auditSale({ source: { ...after, snapshot: before.snapshot } })
    assert.equal(lost.rowsWentBack, false)
  })

  test('finds nothing wherever the issuer has come to, and tells how far it is behind', async () => {
    for (let behind = 0; behind <= homeEnd; behind += 1) {
      sale.sql = await sale.rowsUpTo(sale.ends().with(home, homeEnd - behind))
      const report = await auditSale()
      assert.deepEqual(report.firstDifferences, [], `${behind} behind`)
      assert.equal(report.counts.lagRecords, behind)
    }
  })

  test('finds nothing where there are no rows yet, nor where there is nothing at all', async () => {
    sale.sql = createEmptySale().sql
    const report = await auditSale()
    assert.deepEqual(report.firstDifferences, [])
    assert.equal(report.counts.lagRecords, report.counts.records)
    sale = createEmptySale()
    const empty = await auditSale()
    assert.equal(empty.fair, true)
    assert.equal(empty.counts.records, 0)
  })

  test('finds rows whose positions were put back', async () => {
    sale.sql = await sale.rowsUpTo(sale.ends())
    const rows = sourceOf(sale.sql)
    const snapshot = async () => ({ ...(await rows.snapshot()), positions: new Map() })
    const report = await auditSale({ source: { ...rows, snapshot } })
    assert.equal(report.fair, false)
    const texts = report.firstDifferences.map(({ text }) => text).join('\n')
    assert.match(texts, /the row was won by record .* but the rows have read only up to offset 0/)
  })

  test('leaves alone what is appended and written while it reads', async () => {
    const before = sourceOf(sale.sql)
    const reader = readerOf(sale.copyOfLog())
    await sale.claims(spring, ['eve', 'fay'])
    await sale.append({ ...control('restocked', 'r2'), add: 1 })
    await sale.claims(spring, ['fay'])
    const after = sourceOf(await sale.rowsUpTo(sale.ends()))
    let snapshots = 0
    const snapshot = () => (snapshots++ === 0 ? before : after).snapshot()
    const report = await auditSale({
      openLog: async () => reader,
      source: { ...after, snapshot },
    })
    assert.deepEqual(report.firstDifferences, [])
    assert.equal(report.counts.newerRows, 1)
  })

  test('leaves alone the row of the very next record', async () => {
    await sale.append({ ...control('restocked', 'r2'), add: 1 })
    sale.sql = await sale.rowsUpTo(sale.ends())
    const before = sourceOf(sale.sql)
    const reader = readerOf(sale.copyOfLog())
    await sale.claims(spring, ['fay'])
    const after = sourceOf(await sale.rowsUpTo(sale.ends()))
    let snapshots = 0
    const snapshot = () => (snapshots++ === 0 ? before : after).snapshot()
    const source = { ...after, snapshot }
    const report = await auditSale({ openLog: async () => reader, source })
    assert.deepEqual(report.firstDifferences, [])
    assert.equal(report.counts.newerRows, 1)
  })

  test('takes the coupons in any order that their rows come in', async () => {
    const { sql } = sale
    sql.rows = [true, false].flatMap((first) => {
      return sql.rows.filter(({ couponId }) => (couponId === spring) === first)
    })
    assert.equal(sql.rows.at(-1)?.couponId, autumn)
    assert.deepEqual((await auditSale()).firstDifferences, [])
  })

  test('reads pages that are just full', async () => {
    const users = Array.from({ length: 2 * rowsPerPage - 6 }, (_, n) => `user-${n}`)
    const terms = { name: 'Big', quantity: users.length }
    await sale.append({ ...control('created', 'c3', 'big'), terms, rules: 1 })
    await sale.claims('big', users)
    sale.sql = await sale.rowsUpTo(sale.ends())
    const report = await auditSale()
    assert.deepEqual(report.firstDifferences, [])
    assert.equal(report.counts.rows, 2 * rowsPerPage)
    sale.sql.rows = sale.sql.rows.filter(({ slot }) => slot !== rowsPerPage)
    assert.equal((await auditSale()).differences, 1)
  })

  test('looks at one coupon where it is asked to', async () => {
    sale.springRow(2).userId = 'mallory'
    const { fair, counts } = await auditSale({ couponId: autumn })
    assert.equal(fair, true)
    assert.deepEqual([counts.coupons, counts.winners, counts.rows, counts.claims], [1, 1, 1, 2])
    assert.equal((await auditSale({ couponId: spring })).differences, 1)
  })

  test('finds nothing whatever the log and however far the rows', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog(), fc.array(fc.nat(60)), async (entries, wanted) => {
        const records = recordsOf(entries)
        const next = records.map(({ length }, n) => Math.min(length, wanted[n] ?? length))
        const sql = await rowsUpTo(records, next)
        const openLog = async () => readerOf(records)
        const report = await auditSale({ openLog, source: sourceOf(sql) })
        assert.deepEqual(report.firstDifferences, [])
      }),
      { numRuns: 200 },
    )
  })

  test('takes as long as the clock says, and reports its progress to the end', async () => {
    const reached = new Set<string>()
    const report = await auditSale({
      onProgress({ phase, done, total }) {
        assert.ok(done <= total)
        sale.clock.at += 10
        if (done === total) reached.add(phase)
      },
    })
    assert.deepEqual([...reached], ['records', 'rows'])
    assert.ok(report.durationMs >= 20)
  })
})

describe('an audit stops', () => {
  test('at a record that it does not know, and says where', async () => {
    const value = Buffer.from(`{"type":"coupon.claimed","v":2,"couponId":"${spring}"}`)
    await sale.log.append(claimsTopic, [{ key: spring, value }])
    await assert.rejects(auditSale(), {
      code: 'log_damaged',
      message: /stops at record 14 of partition 3: version 2 of coupon.claimed.*audit with that/,
    })
  })

  test('where the log cannot be read', async () => {
    const broken = new Error('disk')
    const reader: LogReader = {
      bounds: sale.log.bounds,
      tail({ onError }) {
        onError(broken)
        return { lastReadAt: () => 0, close: async () => {} }
      },
    }
    await assert.rejects(auditSale({ openLog: async () => reader }), broken)
  })

  test('where the rows cannot be read, once nobody reads the log for it any more', async () => {
    const [rowsAway, logAway] = [new Error('rows'), new Error('log')]
    const reading = Promise.withResolvers<void>()
    let isClosed = false
    const reader: LogReader = {
      async bounds(topic) {
        const bounds = await sale.log.bounds(topic)
        return topic === couponEventsTopic ? bounds.map(() => ({ start: 0, end: 1 })) : bounds
      },
      tail(options) {
        if (options.topic !== couponEventsTopic) return sale.log.tail(options)
        void reading.promise.then(() => options.onError(logAway))
        const close = async () => void (isClosed = true)
        return { lastReadAt: () => 0, close }
      },
    }
    const source = {
      ...sourceOf(sale.sql),
      async issuedColumns() {
        setImmediate(reading.resolve)
        throw rowsAway
      },
    }
    await assert.rejects(auditSale({ openLog: async () => reader, source }), rowsAway)
    assert.ok(isClosed)
  })

  test('where a row comes twice', async () => {
    const rows = sale.sql.rows.flatMap((row) => [row, row])
    await assert.rejects(auditSale({ source: sourceOf({ ...sale.sql, rows }) }), {
      message: /do not come in slot order/,
    })
  })

  test('where rows do not come in slot order, which would hide differences', async () => {
    const rows = sale.sql.rows.toReversed()
    await assert.rejects(auditSale({ source: sourceOf({ ...sale.sql, rows }) }), {
      code: 'store_broken',
      message: /do not come in slot order/,
    })
  })
})

function auditSale(changes: Partial<AuditParts> = {}): Promise<AuditReport> {
  const { sql, log, clock } = sale
  return audit({
    source: sourceOf(sql),
    openLog: async () => log,
    deriveCodes,
    clock,
    ...changes,
  })
}

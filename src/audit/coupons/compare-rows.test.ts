// Plants differences in the rows or the log of a healthy sale: each must be found and named.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { anyLog } from '../../../test/models/any-log.ts'
import {
  byCouponAndSlot,
  control,
  createSmallSale,
  deriveCodes,
  home,
  readerOf,
  recordsOf,
  rowsUpTo,
  type Sale,
  sourceOf,
  spring,
} from '../../../test/models/small-sale.ts'
import type { Revocation } from '../../domain/coupons/revocations.ts'
import type { IssuedRow } from '../../ports/coupons.ts'
import { type AuditReport, audit } from '../audit.ts'
import { firstDifferencesMax, type Invariant } from '../findings.ts'
import type { LogReader } from '../orders/read-log.ts'

type Expected = readonly (readonly [Invariant, RegExp])[]
/** A plant returns what must be found, and nothing else may be. */
type Plant = (sale: Sale) => Expected

const plants: Readonly<Record<string, Plant>> = {
  'a row deleted'(sale) {
    removeRow(sale, 2)
    return [['I2', /^slot 2 of spring: the row is missing; bob won it by record 3 of partition 3$/]]
  },
  'the last row deleted'(sale) {
    removeRow(sale, 5)
    return [['I2', /^slot 5 of spring: the row is missing; early won it/]]
  },
  'all rows of a coupon deleted'({ sql }) {
    sql.rows = sql.rows.filter(({ couponId }) => couponId === spring)
    return [['I2', /^slot 1 of autumn: the row is missing; ann won it by record 1 of partition 0/]]
  },
  'a row added'(sale) {
    addRow(sale, { slot: 6, userId: 'mallory', offset: 4 })
    return [
      ['I2', /^slot 6 of spring: there is a row for mallory by record 4 of partition 3, which did/],
      ['I1', /^spring: 6 rows, but its quantity is 5$/],
    ]
  },
  'a row added for a coupon that never was'(sale) {
    addRow(sale, { couponId: 'zzz', slot: 1 })
    return [
      ['I2', /^slot 1 of zzz: there is a row for early/],
      ['I1', /^zzz: 1 row, but its quantity is 0$/],
    ]
  },
  'a row added by a record that is not in the log'(sale) {
    addRow(sale, { slot: 6, userId: 'mallory', offset: 999 })
    return [['I2', /^slot 6 of spring: there is a row for mallory by record 999/]]
  },
  'a second row for a winner'(sale) {
    addRow(sale, { ...sale.springRow(2), slot: 6 })
    return [
      ['I2', /^slot 6 of spring: there is a row for bob/],
      ['I1', /6 rows/],
      ['I3', /^spring: bob has more than one row$/],
    ]
  },
  'two slots swapped'(sale) {
    const [second, third] = [sale.springRow(2), sale.springRow(3)]
    second.slot = 3
    third.slot = 2
    sale.sql.rows.sort(byCouponAndSlot)
    return [
      ['I2', /^slot 2 of spring: the row names cat \(claim claim-9\), but bob won it/],
      ['I2', /^slot 3 of spring: the row names bob \(claim claim-3\), but cat won it/],
    ]
  },
  'a user changed'(sale) {
    sale.springRow(2).userId = 'mallory'
    return [['I2', /^slot 2 of spring: the row names mallory \(claim claim-3\), but bob won it/]]
  },
  'a user changed to another winner'(sale) {
    sale.springRow(2).userId = 'ann'
    return [
      ['I2', /^slot 2 of spring: the row names ann/],
      ['I3', /^spring: ann has more than one row$/],
    ]
  },
  'a claim changed'(sale) {
    sale.springRow(2).claimId = 'other'
    return [['I2', /^slot 2 of spring: the row names bob \(claim other\)/]]
  },
  'a code changed'(sale) {
    sale.springRow(2).code = sale.springRow(1).code
    return [['I7', /^slot 2 of spring: the code is not the one derived for it$/]]
  },
  'an offset changed'(sale) {
    sale.springRow(2).offset = 4
    return [['I7', /^slot 2 of spring: the row names record 4 of .* but it was won by record 3 of/]]
  },
  'a partition changed'(sale) {
    sale.springRow(2).partition = 1
    return [['I7', /^slot 2 of spring: the row names record 3 of partition 1, but .* partition 3$/]]
  },
  'a time changed'(sale) {
    sale.springRow(2).appendedAt = 1_999
    const times = '1970-01-01T00:00:01.999Z, its record 1970-01-01T00:00:02.000Z'
    return [['I7', new RegExp(`^slot 2 of spring: the row has the time ${times}$`)]]
  },
  'a quantity changed'(sale) {
    sale.springCoupon().quantity = 6
    return [['I7', /^spring: the row has quantity 6, the log gives 5$/]]
  },
  'a status changed'(sale) {
    sale.springCoupon().status = 'closed'
    return [['I7', /^spring: the row has status closed, the log gives open$/]]
  },
  'a pause that nobody ordered'(sale) {
    sale.springCoupon().paused = true
    return [['I7', /^spring: the row has paused true, the log gives false$/]]
  },
  'an opening changed'(sale) {
    sale.springCoupon().opensAt = 1
    return [['I7', /^spring: the row has opensAt 1, the log gives 2000$/]]
  },
  'a closing changed'(sale) {
    sale.springCoupon().closesAt = 99_999
    return [['I7', /^spring: the row has closesAt 99999, the log gives Infinity$/]]
  },
  'rules changed'(sale) {
    sale.springCoupon().rules = 2
    return [['I7', /^spring: the row has rules 2, the log gives 1$/]]
  },
  'the partition of a coupon changed'(sale) {
    sale.springCoupon().partition = 1
    return [['I7', /^spring: the row has partition 1, the log gives 3$/]]
  },
  'a restock of another size'(sale) {
    sale.springCoupon().commands.set('r1', 9)
    return [['I7', /^spring: the row has other commands than the log$/]]
  },
  'a discount changed'(sale) {
    const coupon = sale.springCoupon()
    coupon.terms = { ...coupon.terms, discount: { kind: 'percent', value: 90 } }
    return [['I7', /^spring: the row has the terms .*90.* the log .*10/]]
  },
  'a restock forgotten'(sale) {
    sale.springCoupon().commands.delete('r1')
    return [['I7', /^spring: the row has other commands than the log$/]]
  },
  'a restock made up'(sale) {
    sale.springCoupon().commands.set('r9', 1)
    return [['I7', /^spring: the row has other commands than the log$/]]
  },
  'the row of a coupon deleted'({ sql }) {
    sql.coupons.delete(spring)
    return [['I7', /^spring: the row of the coupon is missing$/]]
  },
  'the row of a coupon added'(sale) {
    sale.sql.coupons.set('zzz', { ...sale.springCoupon(), couponId: 'zzz' })
    return [['I7', /^zzz: there is a row, but the log never made it$/]]
  },
  'a position beyond the log'({ sql }) {
    sql.positions.set(home, { next: 99, published: 0 })
    return [['I2', /^partition 3: rows were .* offset 99, but the log ends at 14: 85 records are/]]
  },
  'a position one beyond the log'({ sql }) {
    sql.positions.set(home, { next: 15, published: 0 })
    return [['I2', /^partition 3: rows were .* offset 15, but the log ends at 14: 1 record is/]]
  },
  'a position just before the record of the last row'(sale) {
    const { sql } = sale
    sql.positions.set(home, { next: 13, published: 0 })
    return [['I2', /^slot 5 of spring: the row was won by record 13.* only up to offset 13$/]]
  },
  'a position of a partition that is not there'({ sql }) {
    sql.positions.set(7, { next: 1, published: 0 })
    return [['I2', /^partition 7: .* the log ends at 0: 1 record is lost$/]]
  },
}

describe('an audit finds and names, in the rows,', () => {
  for (const [name, plant] of Object.entries(plants)) {
    test(name, async () => {
      const sale = await createSmallSale()
      const expected = plant(sale)
      assertFound(await auditOf(sale), expected)
    })
  }

  test('any one row changed, deleted or moved, whatever the log', async () => {
    const change = fc.constantFrom(
      'userId',
      'claimId',
      'code',
      'offset',
      'appendedAt',
      'slot',
      null,
    )
    await fc.assert(
      fc.asyncProperty(anyLog(), fc.nat(), change, async (entries, which, field) => {
        const records = recordsOf(entries)
        const lengths = records.map(({ length }) => length)
        const sql = await rowsUpTo(records, lengths)
        const row = sql.rows[which % Math.max(1, sql.rows.length)]
        fc.pre(row !== undefined)
        if (field === null) sql.rows = sql.rows.filter((it) => it !== row)
        else if (field === 'slot') row.slot += 100
        else if (field === 'offset' || field === 'appendedAt') row[field] += 1
        else row[field] += 'x'
        sql.rows.sort(byCouponAndSlot)
        const openLog = async () => readerOf(records)
        const clock = { now: () => 0, monotonic: () => 0, after: () => () => {} }
        const report = await audit({
          source: sourceOf(sql),
          openLog,
          deriveCodes,
          clock,
        })
        assert.equal(report.fair, false)
      }),
      { numRuns: 200 },
    )
  })

  test('the first of many differences, and counts them all', async () => {
    const sale = await createSmallSale()
    const users = Array.from({ length: 3 * firstDifferencesMax }, (_, n) => `user-${n}`)
    const terms = { name: 'Big', quantity: users.length }
    await sale.append({ ...control('created', 'c3', 'big'), terms, rules: 1 })
    await sale.claims('big', users)
    sale.sql = await sale.rowsUpTo(sale.ends())
    sale.sql.rows = sale.sql.rows.filter(({ couponId }) => couponId !== 'big')
    const report = await auditOf(sale)
    assert.equal(report.firstDifferences.length, firstDifferencesMax)
    assert.equal(report.differences, users.length)
    assert.equal(report.promises.find(({ id }) => id === 'I2')?.differences, users.length)
  })
})

describe('an audit of revokes', () => {
  async function revokedSale() {
    const sale = await createSmallSale()
    await sale.append({ ...control('revoked', 'v1'), userId: 'bob', reason: 'a' })
    await sale.append({ ...control('revoked', 'v2'), all: true, reason: 'b' })
    const { positions, coupons, rows } = await sale.rowsUpTo(sale.ends())
    return Object.assign(sale, { sql: { positions, coupons, rows } })
  }

  test('finds nothing where the rows are those of the log', async () => {
    assert.equal((await auditOf(await revokedSale())).fair, true)
  })

  const planted: Readonly<Record<string, [(all: Map<string, Revocation>) => void, RegExp]>> = {
    'one without its row': [
      (all) => void all.delete('v1'),
      /^spring: the row has nothing of the revoke of bob by record 14$/,
    ],
    'one of all without its row': [
      (all) => void all.delete('v2'),
      /^spring: the row has nothing of the revoke of all by record 15$/,
    ],
    'a row without a record': [
      (all) => void all.set('v3', { ...revoke, commandId: 'v3', userId: 'ann' }),
      /^spring: the row has a revoke of ann by record 14, which the log never made$/,
    ],
    'one of other slots': [
      (all) => void all.set('v1', { ...revoke, taken: { from: 3, to: 3 } }),
      /^spring: the row has of the revoke of bob .*"from":3.* the log gives .*"from":2/,
    ],
    'one with another reason': [
      (all) => void all.set('v1', { ...revoke, reason: 'c' }),
      /^spring: the row has of the revoke of bob .*"reason":"c".* the log gives .*"reason":"a"/,
    ],
  }
  for (const [what, [plant, text]] of Object.entries(planted)) {
    test(`finds and names ${what}`, async () => {
      const sale = await revokedSale()
      plant(sale.springCoupon().revocations.commands)
      assertFound(await auditOf(sale), [['I7', text]])
    })
  }
})

describe('an audit finds and names, in a copy of the log,', () => {
  test('the last record cut off', async () => {
    const sale = await createSmallSale()
    const copy = sale.copyOfLog()
    copy[home]?.pop()
    assertFound(await auditOf(sale, readerOf(copy)), [
      ['I2', /^partition 3: .* the log ends at 13: 1 record is lost$/],
      ['I2', /^slot 5 of spring: there is a row for early by record 13/],
    ])
  })

  test('a record cut out', async () => {
    const sale = await createSmallSale()
    const copy = sale.copyOfLog()
    copy[home]?.splice(3, 1)
    const texts = textsOf(await auditOf(sale, readerOf(copy)))
    assert.match(texts[0] ?? '', /goes on at offset 4 after 2: 1 record is missing$/)
    assert.match(texts[1] ?? '', /^slot 2 of spring: the row names bob .* but cat won it/)
  })

  test('a record dropped, with the others moved up', async () => {
    const sale = await createSmallSale()
    const copy = sale.copyOfLog()
    copy[home] = (copy[home] ?? []).toSpliced(3, 1).map((record, offset) => ({ ...record, offset }))
    const texts = textsOf(await auditOf(sale, readerOf(copy)))
    assert.match(texts[0] ?? '', /the log ends at 13: 1 record is lost$/)
    assert.match(texts[1] ?? '', /^spring: the row has lastAct 11, the log gives 10$/)
    assert.match(texts[2] ?? '', /^slot 2 of spring: the row names bob .* but cat won it/)
  })

  test('the first record gone', async () => {
    const sale = await createSmallSale()
    const copy = sale.copyOfLog()
    copy[home]?.shift()
    const texts = textsOf(await auditOf(sale, readerOf(copy)))
    assert.match(texts[0] ?? '', /the log starts at offset 1: its first records are lost$/)
  })
})

const revoke: Revocation = {
  commandId: 'v1',
  by: 'op',
  reason: 'a',
  userId: 'bob',
  offset: 14,
  appendedAt: 9_000,
  taken: { from: 2, to: 2 },
}

function auditOf(sale: Sale, reader: LogReader = sale.log): Promise<AuditReport> {
  const { sql, clock } = sale
  return audit({
    source: sourceOf(sql),
    openLog: async () => reader,
    deriveCodes,
    clock,
  })
}

function assertFound(report: AuditReport, expected: Expected): void {
  const found = report.firstDifferences.map(({ invariant, text }) => `${invariant} ${text}`)
  assert.equal(report.fair, false)
  for (const [invariant, text] of expected) {
    const hit = report.firstDifferences.some(
      (it) => it.invariant === invariant && text.test(it.text),
    )
    assert.ok(hit, `${invariant} ${text} is not among\n${found.join('\n')}`)
  }
  assert.equal(report.differences, expected.length, found.join('\n'))
}

function textsOf(report: AuditReport): string[] {
  assert.equal(report.fair, false)
  return report.firstDifferences.map(({ text }) => text)
}

function removeRow(sale: Sale, slot: number): void {
  const row = sale.springRow(slot)
  sale.sql.rows = sale.sql.rows.filter((it) => it !== row)
}

function addRow(sale: Sale, changes: Partial<IssuedRow>): void {
  sale.sql.rows.push({ ...sale.springRow(5), ...changes })
  sale.sql.rows.sort(byCouponAndSlot)
}

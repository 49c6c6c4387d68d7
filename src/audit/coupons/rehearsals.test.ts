// What an audit expects of a rehearsal's coupon: rows while it goes on, none once it has ended.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import {
  control,
  createEmptySale,
  deriveCodes,
  home,
  type Rows,
  type Sale,
  sourceOf,
  spring,
} from '../../../test/models/small-sale.ts'
import { encodeIssuedEvent } from '../../domain/coupons/coupon-events.ts'
import { couponEventsTopic } from '../../domain/coupons/messages.ts'
import { audit, type ProjectionSource } from '../audit.ts'

let sale: Sale
let before: Rows
/** As the issuer leaves them. */
let after: Rows

/** Two winners, and the end of it. */
beforeEach(async () => {
  sale = createEmptySale()
  const terms = { name: 'Drill', quantity: 2, rehearsal: true } as const
  await sale.append({ ...control('created', 'c'), terms, rules: 2 })
  await sale.claims(spring, ['ann', 'bob', 'cat'])
  before = await sale.rowsUpTo(sale.ends())
  await sale.log.append(couponEventsTopic, before.rows.map(encodeIssuedEvent))
  await sale.append(control('closed', 'x'))
  const next = sale.ends()[home] ?? 0
  const positions = new Map(before.positions).set(home, { next, published: next })
  after = { positions, coupons: new Map(), rows: [] }
})

test('an audit expects the rows of a rehearsal until it is closed and published', async () => {
  const ending = await sale.rowsUpTo(sale.ends())
  for (const rows of [before, ending, after]) assert.deepEqual(await found(sourceOf(rows)), [])
})

test('an audit does not mind a rehearsal that ends while it reads', async () => {
  const source: ProjectionSource = { ...sourceOf(after) }
  let isFirst = true
  source.snapshot = async () => {
    const seen = isFirst ? before : after
    isFirst = false
    return sourceOf(seen).snapshot()
  }
  assert.deepEqual(await found(source), [])
})

test('an audit finds rows of a rehearsal that are missing, or were left', async () => {
  const [first, second] = before.rows
  assert.ok(first && second)
  const one = { ...before, rows: [second] }
  assert.deepEqual(await found(sourceOf(one)), [
    `I2 slot 1 of spring: the row is missing; ann won it by record 1 of partition ${home}`,
  ])
  const left = { ...after, rows: [first], coupons: before.coupons }
  assert.deepEqual(await found(sourceOf(left)), [
    'I7 spring: there is a row, but its rehearsal has ended',
    'I7 slot 1 of spring: there is a row, but its rehearsal has ended',
  ])
})

async function found(source: ProjectionSource): Promise<string[]> {
  const openLog = async () => sale.log
  const parts = { source, openLog, clock: sale.clock, deriveCodes }
  const { firstDifferences } = await audit(parts)
  return firstDifferences.map(({ invariant, text }) => `${invariant} ${text}`)
}

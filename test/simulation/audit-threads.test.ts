// The audit of orders in several threads says what it says in one: of worlds in which rows are
// missing or changed, in groups of a few orders.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  type CompareGroup,
  createGroupComparison,
  type GroupThreads,
} from '../../src/audit/orders/compare-groups.ts'
import { ordersTopic } from '../../src/domain/orders/messages.ts'
import { returnScenarios } from '../models/any-orders.ts'
import { type Audited, type AuditTables, auditedWorld, auditWorld } from '../models/orders-audit.ts'
import { runWorld } from '../models/orders-world.ts'
import { replayedClaims } from './world-revokes.ts'

const orders = ['orders', 'coupon-rows', 'stock-rows', 'payment-rows', 'uses', 'charges'] as const
const plant = fc.record({ table: fc.constantFrom(...orders), at: fc.nat(40), gone: fc.boolean() })
const plants = fc.array(plant, { maxLength: 4 })
/** A group is one bucket, so one order or few. */
const limits = {
  buckets: 8_192,
  gatheredBytesMax: 1_000_000,
  readBytesMax: 4_000,
  groupBytesMax: 1,
}

describe('an audit of orders in threads', () => {
  test('says what it says in one, in the same order', async () => {
    let different = 0
    let elsewhere = 0
    await fc.assert(
      fc.asyncProperty(returnScenarios(), plants, fc.boolean(), async (scenario, all, isVoid) => {
        const world = runWorld(scenario)
        const audited = await auditedWorld(world, scenario)
        for (const one of all) damage(audited.tables, one)
        if (isVoid) await audited.log.append(ordersTopic, [voidOf('strange')])
        const options = { claims: replayedClaims(world.claims), limits }
        const one = await auditWorld(audited, options)
        const threads = copyingThreads()
        const many = await auditWorld(audited, { ...options, startThreads: () => threads })
        assert.deepEqual(many, one)
        const { limits: _, ...usual } = options
        assert.deepEqual(inAnyOrder(await auditWorld(audited, usual)), inAnyOrder(one))
        different += one.differences > 0 ? 1 : 0
        elsewhere += threads.compared()
        assert.ok(threads.isClosed())
      }),
      { numRuns: 60 },
    )
    assert.ok(different > 15, `${different} had differences`)
    assert.ok(elsewhere > 100, `${elsewhere} groups were compared elsewhere`)
  })
})

type Plant = { table: (typeof orders)[number]; at: number; gone: boolean }

function damage(tables: AuditTables, { table, at, gone }: Plant): void {
  const rows: object[] = tables[table]
  if (rows.length === 0) return
  const n = at % rows.length
  if (gone) rows.splice(n, 1)
  else rows[n] = { ...rows[n], status: 'strange', userId: 'nobody' }
}

/** Whose order is named nowhere but in an escape, and which says nothing. */
function voidOf(key: string) {
  return { key, value: Buffer.from(`{"type":"order.placed","v":1,"orderId":"${key}"}`) }
}

function inAnyOrder({ found, ...rest }: Audited) {
  const texts = found.map(({ invariant, text }) => `${invariant} ${text}`)
  return { ...rest, found: rest.differences > found.length ? [] : texts.toSorted() }
}

/** What goes to and fro is copied, as it is between threads; every other answer comes late. */
function copyingThreads(): GroupThreads & { compared(): number; isClosed(): boolean } {
  let compare: CompareGroup | null = null
  let compared = 0
  let pending = 0
  let closed = false
  return {
    know(known) {
      compare = createGroupComparison(structuredClone(known))
    },
    compare(group) {
      if (compare === null || pending === 3) return null
      pending += 1
      compared += 1
      const outcome = structuredClone(compare(structuredClone(group)))
      const turns = compared % 2 === 0 ? 5 : 1
      return turnsLater(turns).then(() => {
        pending -= 1
        return outcome
      })
    },
    async close() {
      closed = true
    },
    compared: () => compared,
    isClosed: () => closed,
  }
}

async function turnsLater(turns: number): Promise<void> {
  for (let n = 0; n < turns; n += 1) await new Promise((resolve) => setImmediate(resolve))
}

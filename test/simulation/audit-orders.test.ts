// The audit of orders over whole worlds (test/models): healthy ones at rest and cut at any moment.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { ordersRowsPerPage, readOrdersRows } from '../../src/audit/orders/read-rows.ts'
import { entryOf, topicOf } from '../../src/domain/orders/records.ts'
import { returnScenarios } from '../models/any-orders.ts'
import {
  auditedWorld,
  auditSourceOf,
  auditWorld,
  emptyTables,
  placed,
  smallWorld,
  worldAtRest,
  worldOfMoments,
} from '../models/orders-audit.ts'
import { runChaos, runWorld } from '../models/orders-world.ts'
import { replayedClaims } from './world-revokes.ts'

describe('an audit of orders finds nothing', () => {
  test('in a small world, and counts what there is', async () => {
    const { found, counts } = await auditWorld(await smallWorld())
    assert.deepEqual(found, [])
    const { records, ...rest } = counts
    assert.ok(records > 100)
    assert.deepEqual(rest, {
      voidRecords: 0,
      orders: 3,
      confirmed: 2,
      returned: 0,
      cancelled: 1,
      live: 0,
      redemptions: 0,
      inFlight: 0,
      products: 2,
      topUps: 2,
      waitingRetries: 0,
      waitingDeadLetters: 0,
      lagRecords: 0,
    })
  })

  test('in any world at rest', async () => {
    await fc.assert(
      fc.asyncProperty(returnScenarios(), async (scenario) => {
        const world = runWorld(scenario)
        const claims = replayedClaims(world.claims)
        const { found, counts } = await auditWorld(await auditedWorld(world, scenario), { claims })
        assert.deepEqual(found, [])
        const { confirmed, returned, cancelled } = counts
        assert.equal(counts.orders, confirmed + returned + cancelled)
        assert.deepEqual([counts.inFlight, counts.lagRecords, counts.live], [0, 0, 0])
      }),
      { numRuns: 200 },
    )
  })

  test('amid any faults', async () => {
    await fc.assert(
      fc.asyncProperty(returnScenarios(), fc.nat(400), async (scenario, steps) => {
        const world = runChaos(scenario, steps)
        const claims = replayedClaims(world.claims)
        const audited = await auditedWorld(world, scenario)
        assert.deepEqual((await auditWorld(audited, { claims })).found, [])
      }),
      { numRuns: 300 },
    )
  })

  test('where each page is of another moment amid any faults', async () => {
    const moments = fc.array(fc.nat(400), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(returnScenarios(), moments, async (scenario, [first = 0, ...rest]) => {
        const steps = [first, ...rest].sort((a, b) => a - b)
        const [early = 0, ...late] = steps
        const worlds = late.map((step) => runChaos(scenario, step))
        const begins = runChaos(scenario, early)
        const audited = await worldOfMoments(scenario, [begins, ...worlds])
        const claims = replayedClaims((worlds.at(-1) ?? begins).claims)
        assert.deepEqual((await auditWorld(audited, { oneMoment: false, claims })).found, [])
      }),
      { numRuns: 300 },
    )
  })

  test('where the consumers have not begun, or there is nothing at all', async () => {
    const audited = await smallWorld()
    Object.assign(audited, { positions: [], tables: emptyTables() })
    const behind = await auditWorld(audited)
    assert.deepEqual(behind.found, [])
    assert.equal(behind.counts.inFlight, 3)
    assert.ok(behind.counts.lagRecords > behind.counts.records)
    const empty = await worldAtRest({ seed: 1, won: [], supplies: [], orders: [] })
    const { found, counts } = await auditWorld(empty)
    assert.deepEqual(found, [])
    assert.ok(Object.values(counts).every((count) => count === 0))
  })

  test('of an order that its consumer has not taken, until that is away for ten minutes', async () => {
    const audited = await smallWorld()
    const order = placed('dan-1', { tea: 1 })
    await audited.log.append(topicOf(order), [entryOf(order)])
    audited.clock.at += 600_000
    const living = await auditWorld(audited)
    assert.deepEqual(living.found, [])
    assert.deepEqual([living.counts.live, living.counts.inFlight], [1, 1])
    audited.clock.at += 1
    const seconds = 600 - order.timeLimitMs / 1000
    const { found } = await auditWorld(audited)
    assert.deepEqual(found, [
      {
        invariant: 'I10',
        orderId: 'dan-1',
        text: `order dan-1: it has no end, ${seconds} s after its time was over`,
      },
    ])
  })

  test('of an order that its consumer has taken, until its time and a minute are over', async () => {
    const audited = await smallWorld()
    const order = placed('dan-1', { tea: 1 })
    await audited.log.append(topicOf(order), [entryOf(order)])
    for (const position of audited.positions) {
      if (position.consumer === 'order-process' && position.topic === topicOf(order)) {
        position.next += 1
      }
    }
    const late = async () => {
      const { found } = await auditWorld(audited)
      return found.filter(({ invariant, text }) => invariant === 'I10' && text.includes('no end'))
    }
    audited.clock.at += order.timeLimitMs + 60_000
    assert.deepEqual(await late(), [])
    audited.clock.at += 1
    assert.match(
      (await late())[0]?.text ?? '',
      /dan-1: it has no end, 60 s after its time was over/,
    )
  })

  test('of an order that nobody ended while the service is stopped', async () => {
    const audited = await smallWorld()
    const order = placed('dan-1', { tea: 1 })
    await audited.log.append(topicOf(order), [entryOf(order)])
    audited.clock.at += 86_400_000
    const { found, counts } = await auditWorld(audited, { now: null })
    assert.deepEqual([found, counts.live], [[], 1])
  })

  test('in pages that are just full', async () => {
    const audited = await smallWorld()
    for (let n = 0; n < 2 * ordersRowsPerPage - 3; n += 1) {
      audited.tables.balances.push({ userId: `user-${n}`, balance: 0 })
    }
    const { balances } = await readOrdersRows(auditSourceOf(audited))
    assert.equal(balances.size, 2 * ordersRowsPerPage)
    assert.deepEqual((await auditWorld(audited)).found, [])
  })
})

// `firstcome rehearse` against a service that keeps its promises, and against one that breaks
// them one at a time: the right promise must be named, and no other blamed without a reason.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { noProgress } from '../../../src/client/progress.ts'
import {
  rehearseSale,
  type SalePlan,
  type SaleRehearsal,
} from '../../../src/rehearsal/coupons/sale.ts'
import { countOutcomes } from '../../../src/rehearsal/coupons/sale-evidence.ts'
import type { SalePromise } from '../../../src/rehearsal/coupons/sale-promises.ts'
import { RehearsalError, type RehearsalLimits } from '../../../src/rehearsal/rehearsal.ts'
import { type ServiceFault, startFakeService } from './fake-coupon-service.ts'

const clock = systemClock()

type Plan = Partial<SalePlan> & { limits?: Partial<RehearsalLimits> }

async function rehearsed(fault: ServiceFault | null, given: Plan = {}): Promise<SaleRehearsal> {
  const service = await startFakeService(fault)
  const { limits, ...plan } = given
  try {
    return await rehearseSale(
      { clock, progress: noProgress(), limits: { rowsMsMax: 300, ...limits } },
      {
        runId: 'test',
        url: new URL(service.url),
        secret: 'a secret of at least thirty-two bytes',
        users: 100,
        asksPerUser: 1,
        // Far fewer than coupons, so that some surely ask after others were answered.
        load: { kind: 'closed', concurrency: 4 },
        coupon: { quantity: 20 },
        ...plan,
      },
    )
  } finally {
    await service.close()
  }
}

function broken({ verdicts }: SaleRehearsal): string[] {
  return verdicts.filter(({ kept }) => !kept).map(({ promise }) => promise)
}

function outcomes({ storm }: SaleRehearsal) {
  return countOutcomes(storm.entries.map(({ answer }) => answer))
}

test('an honest service keeps every promise', async () => {
  const rehearsal = await rehearsed(null)
  assert.deepEqual(broken(rehearsal), [])
  const { issued, sold_out: soldOut, unknown } = outcomes(rehearsal)
  assert.deepEqual({ issued, soldOut, unknown }, { issued: 20, soldOut: 80, unknown: 0 })
})

test('three asks of everyone are one coupon each', async () => {
  const rehearsal = await rehearsed(null, { asksPerUser: 3 })
  assert.deepEqual(broken(rehearsal), [])
  assert.equal(rehearsal.storm.entries.length, 300)
  assert.equal(rehearsal.after.issued, 20)
})

test('with fewer users than coupons everyone gets one', async () => {
  const rehearsal = await rehearsed(null, { users: 15 })
  assert.deepEqual(broken(rehearsal), [])
  assert.equal(outcomes(rehearsal).issued, 15)
})

test('an open loop starts every ask on schedule', async () => {
  const load = { kind: 'open', ratePerSecond: 1000 } as const
  const rehearsal = await rehearsed(null, { load })
  assert.deepEqual(broken(rehearsal), [])
  assert.equal(rehearsal.storm.entries.length, 100)
  assert.ok(rehearsal.storm.seconds >= 0.099, `took ${rehearsal.storm.seconds} s`)
})

test('a coupon that others claim too is judged by what can be known', async () => {
  const coupon = { couponId: 'theirs' }
  const service = await startFakeService(null)
  const plan = {
    url: new URL(service.url),
    secret: 'a secret of at least thirty-two bytes',
    users: 15,
    asksPerUser: 1,
    load: { kind: 'closed', concurrency: 5 },
  } as const
  const parts = { clock, progress: noProgress(), limits: { rowsMsMax: 300 } }
  try {
    await rehearseSale(parts, { ...plan, runId: 'first', coupon: { quantity: 20 } })
    const second = await rehearseSale(parts, { ...plan, runId: 'second', coupon })
    assert.deepEqual(broken(second), [])
    assert.equal(outcomes(second).issued, 5)
    assert.equal(outcomes(second).sold_out, 10)
    const again = await rehearseSale(parts, { ...plan, runId: 'first', coupon })
    assert.deepEqual(broken(again), [], 'the same users get the same coupons again')
    assert.equal(outcomes(again).issued, 15)
  } finally {
    await service.close()
  }
})

const broke: [ServiceFault, SalePromise[], Plan?][] = [
  ['one_too_many', ['exact', 'slots']],
  ['one_too_few', ['exact']],
  ['slot_twice', ['slots', 'stored']],
  ['slot_skipped', ['slots', 'stored']],
  ['mine_denies', ['kept']],
  ['mine_changes_code', ['kept', 'stored']],
  ['second_coupon', ['one_each'], { asksPerUser: 2 }],
  ['refuses_winner', ['refused', 'in_order']],
  ['row_lost', ['stored']],
  ['row_changed', ['stored']],
  ['row_of_stranger', ['exact', 'stored']],
  ['counts_wrong', ['counted']],
  ['last_come_first', ['in_order']],
]

for (const [fault, promises, plan] of broke) {
  test(`a service with the fault ${fault} breaks: ${promises.join(', ')}`, async () => {
    const rehearsal = await rehearsed(fault, plan)
    assert.deepEqual(broken(rehearsal), promises, JSON.stringify(rehearsal.verdicts, null, 1))
  })
}

for (const fault of ['cuts_off', 'server_error'] as const) {
  test(`an ask without an answer is unknown, and asked again (${fault})`, async () => {
    const rehearsal = await rehearsed(fault)
    assert.deepEqual(broken(rehearsal), [])
    const { unknown } = outcomes(rehearsal)
    assert.ok(unknown > 20, `${unknown} unknown`)
    const settled = rehearsal.storm.entries.flatMap((entry) => entry.settled ?? [])
    assert.equal(settled.length, unknown)
    const { issued, sold_out: soldOut } = countOutcomes(settled)
    assert.ok(issued > 0 && soldOut > 0, `${issued} issued, ${soldOut} sold out`)
    assert.equal(issued + soldOut, unknown)
  })
}

test('who is turned away comes again, and is counted', async () => {
  const rehearsal = await rehearsed('turns_away')
  assert.deepEqual(broken(rehearsal), [])
  assert.equal(outcomes(rehearsal).unknown, 0)
  assert.ok(rehearsal.storm.entries.every(({ retries }) => retries === 1))
})

test('who is only told to wait asks at the Location until it is decided', async () => {
  const rehearsal = await rehearsed('only_accepts')
  assert.deepEqual(broken(rehearsal), [])
  assert.deepEqual([outcomes(rehearsal).issued, outcomes(rehearsal).sold_out], [20, 80])
})

test('rows that come late are waited for', async () => {
  const rehearsal = await rehearsed('rows_late', { limits: { rowsMsMax: 10_000 } })
  assert.deepEqual(broken(rehearsal), [])
})

test('a service that falls silent ends the rehearsal', async () => {
  const limits = { requestMsMax: 200, silenceMsMax: 400, claimMsMax: 400 }
  await assert.rejects(rehearsed('silent_after_some', { limits }), (error: unknown) => {
    return error instanceof RehearsalError && error.code === 'unreachable'
  })
})

test('a service that is not there cannot be rehearsed', async () => {
  const service = await startFakeService(null)
  await service.close()
  const gone = rehearsed(null, { url: new URL(service.url) })
  await assert.rejects(gone, { name: 'RehearsalError', code: 'unreachable' })
})

// `firstcome rehearse` against a service that keeps its promises, and against one that breaks
// them one at a time: the right promise must be named, and no other blamed without a reason.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { noProgress } from '../../../src/client/progress.ts'
import { rehearseSale } from '../../../src/rehearsal/coupons/rehearse-sale.ts'
import type { SalePlan, SaleRehearsal } from '../../../src/rehearsal/coupons/sale.ts'
import { countOutcomes } from '../../../src/rehearsal/coupons/sale-evidence.ts'
import type { SalePromise } from '../../../src/rehearsal/coupons/sale-promises.ts'
import type { RehearsalLimits, RehearsalParts } from '../../../src/rehearsal/rehearsal.ts'
import { RehearsalError } from '../../../src/rehearsal/rehearsal-error.ts'
import { type ServiceFault, startFakeService } from './fake-coupon-service.ts'

const clock = systemClock()

type Given = Pick<RehearsalParts, 'limits' | 'confirm' | 'signal' | 'events'>
type Plan = Partial<SalePlan> & Given & { limits?: Partial<RehearsalLimits> }

async function rehearsed(fault: ServiceFault | null, given: Plan = {}): Promise<SaleRehearsal> {
  const service = await startFakeService(fault)
  const { limits, confirm, signal, events, ...plan } = given
  const parts: Given = { ...(confirm && { confirm }), signal }
  try {
    return await rehearseSale(
      {
        clock,
        progress: noProgress(),
        ...parts,
        limits: { rowsMsMax: 300, eventsMsMax: 300, ...limits },
        events: events ?? { of: async () => service.events() },
      },
      { ...salePlan(service.url), ...plan },
    )
  } finally {
    await service.close()
  }
}

function salePlan(url: string): SalePlan {
  return {
    runId: 'test',
    url: new URL(url),
    secret: 'a secret of at least thirty-two bytes',
    users: 100,
    asksPerUser: 1,
    // Far fewer than coupons, so that some surely ask after others were answered.
    load: { kind: 'closed', concurrency: 4 },
    coupon: { quantity: 20 },
  }
}

function broken({ verdicts }: SaleRehearsal): string[] {
  return verdicts.filter(({ kept }) => kept === false).map(({ promise }) => promise)
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
  assert.equal(rehearsal.after?.issued, 20)
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
  const confirm = async () => true
  const parts = { clock, progress: noProgress(), limits: { rowsMsMax: 300 }, confirm }
  try {
    const kept = { ...plan, runId: 'first', coupon: { quantity: 20 }, keep: true }
    const first = await rehearseSale(parts, kept)
    assert.match(first.left.join(), /^the coupon rehearsal-first, open to everyone: close it/)
    assert.equal(service.closed.size, 0)
    const second = await rehearseSale(parts, { ...plan, runId: 'second', coupon })
    assert.deepEqual(broken(second), [])
    assert.equal(outcomes(second).issued, 5)
    assert.deepEqual(second.left, ['5 of theirs, told to made-up users'])
    assert.equal(outcomes(second).sold_out, 10)
    const again = await rehearseSale(parts, { ...plan, runId: 'first', coupon })
    assert.deepEqual(broken(again), [], 'the same users get the same coupons again')
    assert.equal(outcomes(again).issued, 15)
  } finally {
    await service.close()
  }
})

const discount = { kind: 'percent', value: 15 } as const
const broke: [ServiceFault, SalePromise[], Plan?][] = [
  ['one_too_many', ['exact', 'slots']],
  ['one_too_few', ['exact']],
  ['slot_twice', ['slots', 'stored', 'published']],
  ['slot_skipped', ['slots', 'stored']],
  ['mine_denies', ['kept']],
  ['mine_changes_code', ['kept', 'stored', 'seen', 'published']],
  ['one_code_for_all', ['codes']],
  ['more_than_asked', ['as_asked', 'exact', 'slots']],
  ['less_off', ['as_asked', 'seen'], { coupon: { quantity: 20, discount } }],
  ['sees_another_code', ['seen']],
  ['sees_nothing', ['seen']],
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

test('a service that falls silent ends the rehearsal with what was told until then', async () => {
  const limits = { requestMsMax: 1_000, silenceMsMax: 2_000, leaveMsMax: 1_000 }
  const rehearsal = await rehearsed('silent_after_some', { limits })
  assert.equal(rehearsal.cut?.code, 'unreachable')
  assert.deepEqual(broken(rehearsal), [])
  assert.ok(outcomes(rehearsal).issued > 0, 'somebody was told yes')
  const exact = rehearsal.verdicts.find(({ promise }) => promise === 'exact')
  assert.match(exact?.detail ?? '', / told yes, of 20$/)
  const left = /^the coupon rehearsal-test, perhaps open to everyone \(.*\): close it with "npx/
  assert.match(rehearsal.left.join(), left)
})

test('a service that falls silent is reported for what it told wrong', async () => {
  const limits = { requestMsMax: 1_000, silenceMsMax: 2_000, leaveMsMax: 1_000 }
  const rehearsal = await rehearsed('one_code_then_silent', { limits })
  assert.deepEqual(broken(rehearsal), ['codes'])
})

test('Ctrl-C ends the rehearsal with what was told, and closes its coupon', async (t) => {
  const interrupt = new AbortController()
  const service = await startFakeService('turns_away', {
    onClaim: (claims) => claims === 40 && interrupt.abort(),
  })
  t.after(() => service.close())
  const parts = { clock, progress: noProgress(), signal: interrupt.signal }
  const plan = { ...salePlan(service.url), load: { kind: 'closed', concurrency: 4 } } as const
  const rehearsal = await rehearseSale(parts, plan)
  assert.equal(rehearsal.cut?.code, 'interrupted')
  assert.ok(rehearsal.storm.entries.length > 0)
  assert.deepEqual([...service.closed], ['rehearsal-test'])
  assert.deepEqual(rehearsal.left, ['the coupon rehearsal-test, closed'])
})

test('what a rehearsal has made is closed in the end, and when it cannot go on', async (t) => {
  const service = await startFakeService('no_rows')
  t.after(() => service.close())
  const parts = { clock, progress: noProgress() }
  await assert.rejects(rehearseSale(parts, salePlan(service.url)), (error: unknown) => {
    assert.ok(error instanceof RehearsalError)
    assert.deepEqual(error.left, ['the coupon rehearsal-test, closed'])
    return error.code === 'refused'
  })
  assert.deepEqual([...service.closed], ['rehearsal-test'])
})

test('a coupon of somebody else is taken only where somebody says so', async (t) => {
  const service = await startFakeService(null)
  t.after(() => service.close())
  const asked: string[] = []
  const confirm = async (what: string) => {
    asked.push(what)
    return false
  }
  const parts = { clock, progress: noProgress(), confirm }
  const made = rehearseSale(parts, { ...salePlan(service.url), runId: 'theirs', keep: true })
  assert.equal((await made).cut, null)
  const claims = service.claims()
  const plan = { ...salePlan(service.url), coupon: { couponId: 'theirs' } }
  await assert.rejects(rehearseSale(parts, plan), { code: 'unconfirmed' })
  assert.match(asked.join(), /was not made by a rehearsal: made-up users would take up to 0/)
  assert.equal(service.claims(), claims)
})

test('events that nobody can read are said not to be judged', async () => {
  const rehearsal = await rehearsed(null, { events: 'there is no log here' })
  const events = rehearsal.verdicts.find(({ promise }) => promise === 'published')
  assert.deepEqual([events?.kept, events?.detail], [null, 'not judged: there is no log here'])
})

for (const published of ['nothing', 'all but one'] as const) {
  test(`a service that publishes ${published} breaks: published`, async (t) => {
    const service = await startFakeService(null)
    t.after(() => service.close())
    const first = published === 'nothing' ? Infinity : 1
    const events = { of: async () => service.events().slice(first) }
    const parts = { clock, progress: noProgress(), limits: { eventsMsMax: 300 }, events }
    const rehearsal = await rehearseSale(parts, salePlan(service.url))
    assert.deepEqual(broken(rehearsal), ['published'])
  })
}

test('a service that is not there cannot be rehearsed', async () => {
  const service = await startFakeService(null)
  await service.close()
  const gone = rehearsed(null, { url: new URL(service.url) })
  await assert.rejects(gone, { name: 'RehearsalError', code: 'unreachable' })
})

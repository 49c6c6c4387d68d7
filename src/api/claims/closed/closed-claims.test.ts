// What a node answers about coupons that were closed long ago, while their winners are in the rows
// only, and when they go and come back.

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startNode } from '../../../../test/models/claim-node.ts'
import { createCouponStoreMemory } from '../../../adapters/memory/coupon-store.ts'
import { AwayWinners } from '../../../domain/coupons/away-winners.ts'
import { claimsTopic, encodeMessage, type Terms } from '../../../domain/coupons/messages.ts'
import type { IssuedRow } from '../../../ports/coupons.ts'
import { PortError } from '../../../ports/port-error.ts'
import type { WinnerReads } from './winner-lookups.ts'

const closedCouponMs = 3_600_000
const minuteMs = 60_000
const away = new PortError('store_unavailable', 'away', { retryable: true })

type World = Awaited<ReturnType<typeof startWorld>>
type Sale = Partial<Terms> & { winners?: readonly string[]; closes?: boolean }

async function startWorld(t: TestContext) {
  const store = createCouponStoreMemory()
  const rows = { state: 'up' as 'up' | 'away' | 'starting', lookups: 0, pages: 0 }
  const call = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    if (rows.state === 'away') throw away
    return answer
  }
  const reads: WinnerReads = {
    positions: () => call(store.positions()),
    issuedRows(query) {
      rows.pages += 1
      return call(store.issuedRows(query))
    },
    issuedTo(asked) {
      rows.lookups += 1
      return call(store.issuedTo(asked))
    },
  }
  const world = await startNode({
    rows: () => (rows.state === 'starting' ? null : reads),
    closedCouponMs,
  })
  t.after(() => world.node.close())
  return { ...world, store, rows }
}

/** A sale that has ended, and its rows up to the end of the log. */
async function sell(world: World, { winners = ['kim', 'park'], closes = true, ...terms }: Sale) {
  const quantity = Math.max(1, winners.length)
  await world.create('sale', { quantity, ...terms })
  for (const userId of winners) await world.claim('sale', userId)
  if (closes) await world.command({ type: 'coupon.closed' })
  await writeRows(world)
}

async function writeRows({ node, store }: World, upTo = node.readUpTo('sale')): Promise<void> {
  const coupon = node.coupon('sale')
  assert.ok(coupon && typeof upTo === 'number')
  const { partition } = coupon
  const had = (await store.issuedRows({ limit: 10_000 })).length
  const issued = [...coupon.winners].slice(had).map(([userId, won]): IssuedRow => {
    return { ...won, userId, couponId: 'sale', partition, code: `code ${won.slot}` }
  })
  const expected = (await store.positions()).get(partition)?.next ?? 0
  const batch = { partition, expected, next: upTo, fingerprint: null, coupons: [coupon], issued }
  assert.equal(await store.apply(batch), 'applied')
}

const areAway = ({ node }: World) => node.coupon('sale')?.winners instanceof AwayWinners
const kindOf = (answer: { kind: string } | null) => answer?.kind ?? null

async function letGo(world: World): Promise<void> {
  await world.pass(closedCouponMs + minuteMs)
  assert.ok(areAway(world))
}

describe('claims of coupons whose winners have left memory', () => {
  it('are answered as before: who has won gets his own again, and nobody else wins', async (t) => {
    const world = await startWorld(t)
    await sell(world, {})
    const before = {
      park: await world.claim('sale', 'park'),
      choi: await world.claim('sale', 'choi'),
    }
    await letGo(world)
    const appended = world.appended()
    assert.deepEqual(await world.claim('sale', 'park'), before.park)
    assert.deepEqual(await world.node.mine('sale', 'park'), before.park)
    for (const answer of [
      await world.claim('sale', 'choi'),
      await world.node.mine('sale', 'choi'),
    ]) {
      assert.equal(kindOf(answer), 'closed')
      assert.equal(kindOf(before.choi), 'closed')
    }
    assert.equal(world.appended(), appended)
    assert.deepEqual(world.errors, [])
  })

  it('are never a no that the rows did not say', async (t) => {
    const world = await startWorld(t)
    await sell(world, {})
    await letGo(world)
    const reasons = [
      ['away', 'database_unavailable'],
      ['starting', 'database_starting'],
    ] as const
    for (const [state, reason] of reasons) {
      world.rows.state = state
      for (const userId of ['park', 'choi']) {
        const unavailable = { kind: 'unavailable', reason, retryAfterSeconds: 1 }
        assert.deepEqual(await world.claim('sale', userId), unavailable)
        assert.deepEqual(await world.node.mine('sale', userId), unavailable)
      }
    }
    world.rows.state = 'up'
    assert.equal(kindOf(await world.claim('sale', 'park')), 'issued')
    assert.deepEqual(world.errors, [])
  })

  it('wait while the rows are those of an older dump', async (t) => {
    const world = await startWorld(t)
    const putBack = world.store.dump()
    await sell(world, {})
    await letGo(world)
    putBack()
    for (const userId of ['park', 'choi']) {
      assert.equal(kindOf(await world.claim('sale', userId)), 'unavailable')
    }
  })

  it('are looked up with one statement where many come at once', async (t) => {
    const world = await startWorld(t)
    await sell(world, {})
    await letGo(world)
    const answers = ['kim', 'park', 'choi', 'park'].map(async (userId) => {
      return world.node.claim('sale', userId)
    })
    const kinds = (await Promise.all(answers)).map(kindOf)
    assert.deepEqual(kinds, ['issued', 'issued', 'closed', 'issued'])
    assert.equal(world.rows.lookups, 1)
  })

  it('that another node has appended take nothing, and end a coupon whose time is over', async (t) => {
    const world = await startWorld(t)
    await sell(world, { closes: false, closesAt: world.clock.now() + minuteMs })
    await letGo(world)
    const claim = { type: 'coupon.claimed', couponId: 'sale', userId: 'park' } as const
    const value = encodeMessage({ ...claim, claimId: 'elsewhere' })
    await Promise.all([world.memory.append(claimsTopic, [{ key: 'sale', value }]), world.pass(20)])
    assert.equal(world.node.coupon('sale')?.status, 'closed')
    assert.equal(kindOf(await world.claim('sale', 'park')), 'issued')
    assert.deepEqual(world.errors, [])
  })
})

describe('revokes of coupons whose winners have left memory', () => {
  const revoke = { type: 'coupon.revoked', couponId: 'sale', by: 'op', reason: 'r' } as const

  it('are decided as before, of a winner, of nobody who has it, and of all', async (t) => {
    const world = await startWorld(t)
    await sell(world, {})
    await letGo(world)
    const cases = [
      [{ userId: 'park' }, 'done'],
      [{ userId: 'choi' }, 'not_issued'],
      [{ all: true as const }, 'done'],
    ] as const
    for (const [whose, outcome] of cases) {
      const asked = world.node.command({ ...revoke, ...whose, commandId: JSON.stringify(whose) })
      await world.pass(20)
      const answer = await asked
      assert.equal(answer.kind === 'decided' && answer.outcome.kind, outcome)
    }
    const taken = [...(world.node.coupon('sale')?.revocations.commands.values() ?? [])]
    assert.deepEqual(
      taken.map((one) => one.taken),
      [
        { from: 2, to: 2 },
        { from: 1, to: 2 },
      ],
    )
    assert.ok(areAway(world))
  })

  it('are not appended while their user cannot be looked up; elsewhere, the log knows', async (t) => {
    const world = await startWorld(t)
    await sell(world, {})
    await letGo(world)
    world.rows.state = 'away'
    const appended = world.appended()
    const message = { ...revoke, userId: 'park', commandId: 'r' }
    assert.equal((await world.node.command(message)).kind, 'unavailable')
    assert.equal(world.appended(), appended)
    const entry = { key: 'sale', value: encodeMessage(message) }
    await Promise.all([world.memory.append(claimsTopic, [entry]), world.pass(50)])
    for (let n = 0; n < 20; n++) await world.pass(50)
    const revoked = world.node.coupon('sale')?.revocations.commands.get('r')
    assert.deepEqual(revoked?.taken, { from: 2, to: 2 })
    assert.deepEqual(world.errors, [])
  })
})

describe('winners of closed coupons leave memory', () => {
  const stay: [string, Sale & { passMs?: number }][] = [
    ['it is open', { closes: false }],
    ['it was closed a moment ago', { passMs: closedCouponMs / 2 }],
    ['it closes later', { closes: false, closesAt: Date.parse('2027-01-01') }],
    ['it is a rehearsal’s, whose rows go', { rehearsal: true }],
    ['nobody has won it', { winners: [] }],
  ]
  for (const [why, { passMs = closedCouponMs + minuteMs, ...sale }] of stay) {
    it(`not while ${why}`, async (t) => {
      const world = await startWorld(t)
      await sell(world, sale)
      await world.pass(passMs)
      assert.equal(areAway(world), false)
    })
  }

  it('not before the rows are beyond the last of them', async (t) => {
    const world = await startWorld(t)
    await world.create('sale', { quantity: 2 })
    for (const userId of ['kim', 'park']) await world.claim('sale', userId)
    await world.command({ type: 'coupon.closed' })
    const last = world.node.coupon('sale')?.winners.get('park')?.offset ?? 0
    await writeRows(world, last)
    world.rows.state = 'starting'
    await world.pass(closedCouponMs + minuteMs)
    world.rows.state = 'away'
    await world.pass(minuteMs)
    world.rows.state = 'up'
    await world.pass(minuteMs)
    assert.equal(areAway(world), false)
    await writeRows(world, last + 1)
    await world.pass(minuteMs)
    assert.ok(areAway(world))
  })

  it('also where its time has ended it, and no record came since', async (t) => {
    const world = await startWorld(t)
    await sell(world, { closes: false, closesAt: world.clock.now() + minuteMs })
    assert.equal(world.node.coupon('sale')?.status, 'open')
    await letGo(world)
  })

  it('and come back while many users are asked for, one page a turn', async (t) => {
    const world = await startWorld(t)
    const winners = Array.from({ length: 1_002 }, (_, n) => `user-${n}`)
    await world.create('sale', { quantity: 2_000 })
    const claims = winners.map(async (userId) => world.node.claim('sale', userId))
    await world.pass(50)
    await Promise.all(claims)
    await world.command({ type: 'coupon.closed' })
    await writeRows(world)
    await letGo(world)
    const own = world.node.coupon('sale')?.winners
    assert.ok(own instanceof AwayWinners)
    for (const userId of winners.slice(0, 998)) await world.node.mine('sale', userId)
    assert.equal(own.areBack, false)
    assert.equal(world.node.couponsAway(), 1)
    for (const userId of winners.slice(998)) await world.node.mine('sale', userId)
    assert.ok(world.rows.pages <= 1)
    for (let { pages } = world.rows; !own.areBack; { pages } = world.rows) {
      await world.pass(0)
      assert.ok(world.rows.pages <= Math.min(pages + 1, 3), `${world.rows.pages - pages} pages`)
    }
    assert.equal(own.areBack, true)
    assert.equal(world.node.couponsAway(), 0)
    const { lookups } = world.rows
    assert.equal(kindOf(await world.node.claim('sale', 'user-7')), 'issued')
    assert.equal(kindOf(await world.node.claim('sale', 'nobody')), 'closed')
    assert.equal(world.rows.lookups, lookups)
    await world.pass(2 * minuteMs)
    assert.equal(own.areBack, false)
    assert.equal(kindOf(await world.node.claim('sale', 'user-7')), 'issued')
  })
})

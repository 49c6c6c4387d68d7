import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLocalGroups } from '../adapters/log-file/group-local.ts'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { createCouponStoreMemory } from '../adapters/memory/coupon-store.ts'
import { openLogMemory } from '../adapters/memory/log.ts'
import { leaderWaitMsMax } from '../consumer/present-ends.ts'
import { fencedWaitMs } from '../consumer/shared-partitions.ts'
import {
  type CouponMessage,
  claimsTopic,
  couponEventsTopic,
  encodeMessage,
  newestRules,
} from '../domain/coupons/messages.ts'
import type { Coupon } from '../domain/coupons/state.ts'
import { recordFingerprint } from '../domain/fingerprint.ts'
import { partitionFor } from '../domain/partitioner.ts'
import type { CouponStore, IssueBatch, IssuedRow } from '../ports/coupons.ts'
import type { Log } from '../ports/log.ts'
import { PortError } from '../ports/port-error.ts'
import { startIssuer } from './issuer.ts'

const codeSecret = 'a secret that is used in tests only'
const couponId = 'sale'

function createWorld(partitions = 1) {
  const clock = virtualClock(Date.parse('2026-01-01T00:00:00Z'))
  const log = openLogMemory({
    topics: { [claimsTopic]: partitions, [couponEventsTopic]: 1 },
    clock,
  })
  const store = createCouponStoreMemory()
  const errors: unknown[] = []
  const append = (...messages: CouponMessage[]) =>
    log.append(
      claimsTopic,
      messages.map((message) => ({ key: message.couponId, value: encodeMessage(message) })),
    )
  const start = (over: { store?: CouponStore; log?: Log } = {}) =>
    startIssuer({ log, store, clock, codeSecret, onError: (e) => errors.push(e), ...over })
  const pass = (ms: number) => clock.runUntil(clock.now() + ms)
  const rows = () => store.issuedRows({ limit: 1000 })
  const events = () =>
    log
      .records(couponEventsTopic)
      .flat()
      .map((e) => e.headers?.ce_id)
  return { clock, log, store, errors, append, start, pass, rows, events }
}

function created(quantity: number): CouponMessage {
  const stamp = { by: 'operator', commandId: 'create' }
  const terms = { name: 'Sale', quantity }
  return { type: 'coupon.created', couponId, terms, rules: newestRules, ...stamp }
}

function claimed(userId: string): CouponMessage {
  return { type: 'coupon.claimed', couponId, userId, claimId: `claim of ${userId}` }
}

function messageOf(error: unknown): string {
  assert.ok(error instanceof PortError, String(error))
  return `${error.code}: ${error.message}`
}

describe('the issuer', () => {
  it('writes a row for each winner, and says so to others after the commit', async () => {
    const world = createWorld()
    await world.append(created(2), claimed('kim'), claimed('lee'), claimed('kim'), claimed('park'))
    const issuer = await world.start()
    await world.pass(100)
    assert.deepEqual(
      (await world.rows()).map(({ userId, slot, offset }) => ({ userId, slot, offset })),
      [
        { userId: 'kim', slot: 1, offset: 1 },
        { userId: 'lee', slot: 2, offset: 2 },
      ],
    )
    assert.deepEqual(world.events(), ['coupon.issued/sale/1', 'coupon.issued/sale/2'])
    assert.deepEqual([...issuer.positions()], [[0, 5]])
    await issuer.close()
  })

  it('stores with its position which record was the last, and rows in the order of the slots', async () => {
    const world = createWorld()
    const batches: IssueBatch[] = []
    const store: CouponStore = {
      ...world.store,
      apply(batch) {
        batches.push(batch)
        return world.store.apply(batch)
      },
    }
    const other = { couponId: 'a', claimId: 'c' }
    await world.append(
      created(2),
      { ...created(2), ...other },
      claimed('kim'),
      { ...claimed('kim'), ...other },
      claimed('lee'),
    )
    const issuer = await world.start({ store })
    await world.pass(100)
    const last = world.log.records(claimsTopic)[0]?.at(-1)
    assert.ok(last !== undefined && batches.length === 1)
    assert.equal(batches[0]?.fingerprint, recordFingerprint(last))
    assert.deepEqual(
      batches[0]?.issued.map((row) => `${row.couponId} ${row.slot}`),
      ['a 1', 'sale 1', 'sale 2'],
    )
    await issuer.close()
  })

  it('takes rows that another owner has written meanwhile for a fence, and not for wrong ones', async () => {
    const world = createWorld()
    await world.append(created(3), claimed('kim'))
    const first = await world.start()
    await world.pass(100)
    await first.close()
    let loads = 0
    const store: CouponStore = {
      ...world.store,
      async load(couponIds) {
        if (loads++ > 0) return world.store.load(couponIds)
        const [row] = await world.rows()
        const record = world.log.records(claimsTopic)[0]?.[2]
        assert.ok(row && record)
        const { offset, appendedAt } = record
        const lees = { claimId: 'claim of lee', offset, appendedAt }
        const issued = [{ ...row, slot: 2, userId: 'lee', ...lees }]
        const batch = { partition: 0, expected: 2, next: 3, fingerprint: null, coupons: [] }
        assert.equal(await world.store.apply({ ...batch, issued }), 'applied')
        return world.store.load(couponIds)
      },
    }
    await world.append(claimed('lee'), claimed('park'))
    const second = await world.start({ store })
    await world.pass(fencedWaitMs + 100)
    assert.deepEqual(world.errors, [])
    assert.deepEqual(
      (await world.rows()).map(({ userId }) => userId),
      ['kim', 'lee', 'park'],
    )
    await second.close()
  })

  it('publishes nothing again that was published before its rows were dropped', async () => {
    const world = createWorld()
    await world.append(created(3), claimed('kim'), claimed('lee'))
    const first = await world.start()
    await world.pass(100)
    await first.close()
    // Derived anew up to the end, and killed before it could say so.
    const store: CouponStore = {
      ...world.store,
      positions: async () => new Map([[0, { next: 3, published: 0, notified: 3 }]]),
    }
    const again = await world.start({ store })
    await world.pass(100)
    assert.equal(world.events().length, 2)
    await again.close()
  })

  it('waits in order while the database is away, and skips nothing', async () => {
    const world = createWorld()
    let away = true
    const store: CouponStore = {
      ...world.store,
      async apply(batch) {
        if (away) throw new PortError('store_unavailable', 'away', { retryable: true })
        return world.store.apply(batch)
      },
    }
    const issuer = await world.start({ store })
    await world.append(created(3), claimed('kim'))
    await world.pass(5_000)
    await world.append(claimed('lee'))
    await world.pass(5_000)
    assert.deepEqual(await world.rows(), [])
    away = false
    await world.pass(2_000)
    assert.deepEqual(
      (await world.rows()).map(({ userId }) => userId),
      ['kim', 'lee'],
    )
    assert.deepEqual(world.errors, [])
    await issuer.close()
  })

  it('starts again from what is stored where another owner has moved the position', async () => {
    const world = createWorld()
    await world.append(created(3), claimed('kim'))
    const first = await world.start()
    await world.pass(100)
    // Another owner applies the next record before this one gets to it.
    let meanwhile = true
    const store: CouponStore = {
      ...world.store,
      async apply(batch) {
        if (meanwhile) {
          meanwhile = false
          assert.equal(await world.store.apply(batch), 'applied')
        }
        return world.store.apply(batch)
      },
    }
    await first.close()
    const second = await world.start({ store })
    await world.append(claimed('lee'))
    await world.pass(fencedWaitMs - 1)
    await world.append(claimed('park'))
    await world.pass(0)
    assert.equal((await world.rows()).length, 2, 'it must first hear whether it still owns this')
    await world.pass(100)
    assert.deepEqual(
      (await world.rows()).map(({ slot }) => slot),
      [1, 2, 3],
    )
    assert.deepEqual(world.errors, [])
    await second.close()
  })

  it('derives dropped rows anew, and publishes nothing twice', async () => {
    const world = createWorld()
    await world.append(created(3), claimed('kim'), claimed('lee'))
    const notified = 3
    const store: CouponStore = {
      ...world.store,
      async positions() {
        const stored = await world.store.positions()
        return stored.size > 0 ? stored : new Map([[0, { next: 0, published: 0, notified }]])
      },
    }
    const issuer = await world.start({ store })
    await world.pass(100)
    assert.equal((await world.rows()).length, 2)
    assert.deepEqual(world.events(), [])
    await world.append(claimed('park'))
    await world.pass(100)
    assert.deepEqual(world.events(), ['coupon.issued/sale/3'])
    await issuer.close()
  })

  it('goes on without a partition that has no leader, and takes it up when it has one', async () => {
    const world = createWorld(2)
    const ids = ['one', 'two', 'three', 'four'].filter((id, _, all) => {
      return id === all.find((other) => partitionFor(other, 2) === partitionFor(id, 2))
    })
    for (const id of ids) {
      const claim = { type: 'coupon.claimed', userId: 'kim', claimId: id } as const
      await world.append({ ...created(1), couponId: id }, { ...claim, couponId: id })
    }
    const leader = Promise.withResolvers<void>()
    const log: Log = {
      ...world.log,
      async partitionBounds(topic, partition) {
        if (topic === claimsTopic && partition === 1) await leader.promise
        return world.log.partitionBounds(topic, partition)
      },
    }
    const issuer = await world.start({ log })
    await world.pass(leaderWaitMsMax + 100)
    assert.deepEqual([...issuer.positions()], [[0, 2]])
    assert.equal((await world.rows()).length, 1)
    leader.resolve()
    await world.pass(1_000)
    assert.deepEqual(
      new Map(issuer.positions()),
      new Map([
        [0, 2],
        [1, 2],
      ]),
    )
    assert.equal((await world.rows()).length, 2)
    assert.deepEqual(world.errors, [])
    await issuer.close()
  })

  it('refuses a log that ends before what it has issued', async () => {
    const world = createWorld()
    await world.append(created(3), claimed('kim'))
    await (await world.start().then(async (issuer) => (await world.pass(100), issuer))).close()
    const shorter = openLogMemory({
      topics: { [claimsTopic]: 1, [couponEventsTopic]: 1 },
      clock: world.clock,
    })
    const issuer = await world.start({ log: shorter })
    await world.pass(100)
    assert.match(
      messageOf(world.errors[0]),
      /log_damaged: issuer has read partition 0 of firstcome.claims up to 2/,
    )
    await issuer.close()
  })

  it('stops at a gap between its position and the first record it is given', async () => {
    const world = createWorld()
    const log: Log = {
      ...world.log,
      tail: (options) =>
        world.log.tail({
          ...options,
          onBatch: ({ partition, records }) =>
            options.onBatch({ partition, records: records.slice(1) }),
        }),
    }
    await world.append(created(3), claimed('kim'))
    const issuer = await world.start({ log })
    await world.pass(100)
    assert.match(messageOf(world.errors[0]), /log_damaged: .* goes on at 1, but 0 is next/)
    assert.deepEqual(await world.rows(), [])
    await issuer.close()
  })

  it('stops and says so where a constraint fires, for then somebody else has written', async () => {
    const world = createWorld()
    await world.append(created(3), claimed('kim'))
    const issuer = await world.start()
    await world.pass(100)
    const [row] = await world.rows()
    assert.ok(row)
    const stranger = { ...row, slot: 2, userId: 'stranger', claimId: 'x', offset: 99 }
    const batch = {
      partition: 0,
      expected: 2,
      next: 2,
      fingerprint: null,
      coupons: [],
      issued: [stranger],
    }
    assert.equal(await world.store.apply(batch), 'applied')
    await world.append(claimed('lee'))
    await world.pass(100)
    assert.match(messageOf(world.errors[0]), /^store_broken: /)
    await issuer.close()
  })

  const stranger = { userId: 'stranger', claimId: 'x' }
  const plants: [string, Partial<IssuedRow>, Partial<Coupon>, RegExp][] = [
    ['behind the position', { ...stranger, offset: 99 }, {}, /record 99, but the rows end at 4/],
    ['of another claim', { ...stranger, offset: 3 }, {}, /which is no claim of its holder/],
    ['and a quantity of its own', stranger, { quantity: 9 }, /is 9, but 3 and 0 more were ordered/],
  ]
  for (const [what, row, coupon, said] of plants) {
    it(`takes no row for a winner that the log cannot have made: ${what}`, async () => {
      const world = createWorld()
      const paused = { couponId, by: 'operator' }
      const pause = { ...paused, type: 'coupon.paused', commandId: 'pause' } as const
      await world.append(created(3), claimed('kim'), pause, claimed('lee'))
      const first = await world.start()
      await world.pass(100)
      await first.close()
      const [won] = await world.rows()
      const stored = (await world.store.snapshot()).coupons[0]
      assert.ok(won && stored)
      const batch = { partition: 0, expected: 4, next: 4, fingerprint: null }
      const coupons = [{ ...stored, ...coupon }]
      const issued = [{ ...won, slot: 2, offset: 2, ...row }]
      assert.equal(await world.store.apply({ ...batch, coupons, issued }), 'applied')
      const resume = { ...paused, type: 'coupon.resumed', commandId: 'resume' } as const
      await world.append(resume, claimed('ann'))
      const again = await world.start()
      await world.pass(100)
      assert.match(messageOf(world.errors[0]), said)
      assert.equal((await world.rows()).length, 2)
      await again.close()
    })
  }

  it('halts at a record of a newer version', async () => {
    const world = createWorld()
    await world.append(created(3))
    const value = Buffer.from('{"type":"coupon.claimed","v":2}')
    await world.log.append(claimsTopic, [{ key: couponId, value }])
    await world.append(claimed('kim'))
    const issuer = await world.start()
    await world.pass(100)
    assert.match(messageOf(world.errors[0]), /cannot read record 1 of partition 0: version 2/)
    assert.deepEqual(await world.rows(), [])
    await issuer.close()
  })

  it('publishes at its next start what a crash left unpublished', async () => {
    const world = createWorld()
    // Its group forgets it, and its events never leave: it was killed in between.
    const { join } = createLocalGroups(() => 1)
    const log: Log = { ...world.log, join, append: () => new Promise(() => {}) }
    await world.append(created(3), claimed('kim'), claimed('lee'))
    await world.start({ log })
    await world.pass(100)
    assert.equal((await world.rows()).length, 2)
    assert.deepEqual(world.events(), [])
    const next = await world.start()
    await world.pass(100)
    assert.deepEqual(world.events(), ['coupon.issued/sale/1', 'coupon.issued/sale/2'])
    assert.deepEqual([...(await world.store.positions())], [[0, { next: 3, published: 3 }]])
    await next.close()
  })
})

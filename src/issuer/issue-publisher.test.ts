// Events behind the rows: what a crash left is published at the next start, and a partition whose
// events cannot be appended holds up no other.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { createCouponStoreMemory } from '../adapters/memory/coupon-store.ts'
import { openLogMemory } from '../adapters/memory/log.ts'
import { couponEventsTopic } from '../domain/coupons/messages.ts'
import { noRevocations } from '../domain/coupons/revocations.ts'
import type { Coupon } from '../domain/coupons/state.ts'
import type { IssuedRow } from '../ports/coupons.ts'
import { PortError } from '../ports/port-error.ts'
import { createIssuePublisher, rowsWaitingMax } from './issue-publisher.ts'

function coupon(couponId: string): Coupon {
  return {
    status: 'open',
    couponId,
    partition: 0,
    rules: 1,
    terms: { name: couponId, quantity: 50_000 },
    name: 'named',
    opensAt: 0,
    closesAt: Number.POSITIVE_INFINITY,
    quantity: 50_000,
    paused: false,
    commands: new Map(),
    revocations: noRevocations(),
    lastAct: 3,
    winners: new Map(),
  }
}

function row(couponId: string, slot: number, offset: number): IssuedRow {
  const userId = `user-${offset}`
  const claimId = `claim-${offset}`
  return { couponId, slot, userId, claimId, code: 'X', partition: 0, offset, appendedAt: 0 }
}

/** A store with rows of 'a' and 'b' in two partitions, and a log that may refuse events of one. */
function createWorld() {
  const clock = virtualClock(0)
  const store = createCouponStoreMemory()
  const log = openLogMemory({ topics: { [couponEventsTopic]: 1 }, clock })
  const ending = new AbortController()
  const world = {
    clock,
    store,
    log,
    /** The coupon whose events nobody takes. */
    refused: null as string | null,
    publisher: createIssuePublisher({
      log: {
        ...log,
        append(topic, entries) {
          if (!entries.some(({ key }) => key === world.refused)) return log.append(topic, entries)
          const error = new PortError('log_unavailable', 'no leader', { retryable: true })
          return Promise.reject(error)
        },
      },
      store,
      retry: { clock, signal: ending.signal },
      onPublished: () => Promise.resolve(),
      onError: assert.ifError,
    }),
    ending,
    async commit(partition: number, { from, issued }: { from: number; issued: IssuedRow[] }) {
      const next = (issued.at(-1)?.offset ?? 0) + 1
      const coupons = [...new Set(issued.map(({ couponId }) => couponId))].map(coupon)
      const own = issued.map((one) => ({ ...one, partition }))
      const batch = { partition, expected: from, next, fingerprint: null, coupons, issued: own }
      assert.equal(await store.apply(batch), 'applied')
      return { issued: own, next }
    },
    /** Of a coupon, the slots of the events in the order of the log. */
    slots: (couponId: string) => {
      const records = log.records(couponEventsTopic).flat()
      return records
        .filter(({ key }) => key === couponId)
        .map(({ value }) => (JSON.parse(value.toString()) as { slot: number }).slot)
    },
    published: async (partition: number) => (await store.positions()).get(partition)?.published,
    pass: (ms: number) => clock.runUntil(clock.now() + ms),
  }
  return world
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1)

describe('the events of committed rows', () => {
  it('are all published, of more than one page, although their coupons won in turns', async () => {
    const { store, log, publisher, commit, published, pass } = createWorld()
    const issued = upTo(6_000).flatMap((slot) => [
      row('a', slot, 2 * slot),
      row('b', slot, 2 * slot + 1),
    ])
    const { next } = await commit(0, { from: 0, issued })
    publisher.begin(0, { next, published: 0 })
    await pass(100)
    await publisher.close()
    const records = log.records(couponEventsTopic).flat()
    const ids = new Set(records.map(({ headers }) => headers?.ce_id))
    assert.equal(ids.size, 12_000)
    assert.deepEqual((await store.positions()).get(0), { next, published: next })

    publisher.begin(0, { next, published: next })
    await publisher.close()
    assert.equal(log.records(couponEventsTopic).flat().length, records.length, 'published again')
    assert.equal(await published(0), next)
  })

  it('that came at once are published whole, however many fit in one append', async () => {
    const { log, publisher, commit, pass } = createWorld()
    publisher.begin(0, { next: 0, published: 0 })
    const issued = upTo(10_001).map((slot) => row('a', slot, slot - 1))
    publisher.publish(0, await commit(0, { from: 0, issued }))
    await pass(1_000)
    await publisher.close()
    const ids = log
      .records(couponEventsTopic)
      .flat()
      .map(({ headers }) => headers?.ce_id)
    assert.equal(ids.length, 10_001)
    assert.equal(new Set(ids).size, 10_001)
  })

  it('wait for no other partition, at the start or later, and keep their order', async () => {
    const world = createWorld()
    const { publisher, commit, slots, published, pass } = world
    world.refused = 'a'
    const old = await commit(0, { from: 0, issued: [row('a', 1, 0)] })
    publisher.begin(0, { next: old.next, published: 0 })
    publisher.begin(1, { next: 0, published: 0 })
    let from = 0
    for (const slot of upTo(3)) {
      await publisher.publish(
        0,
        await commit(0, { from: slot, issued: [row('a', slot + 1, slot)] }),
      )
      const fresh = await commit(1, { from, issued: [row('b', slot, slot)] })
      await publisher.publish(1, fresh)
      from = fresh.next
      await pass(50)
      assert.deepEqual(slots('b'), upTo(slot))
    }
    assert.deepEqual(slots('a'), [])
    assert.deepEqual([await published(0), await published(1)], [0, 4])
    world.refused = null
    await pass(2_000)
    await publisher.close()
    assert.deepEqual(slots('a'), upTo(4))
    assert.deepEqual([await published(0), await published(1)], [4, 4])
  })

  it('are read again where too many wait to be kept', async () => {
    const world = createWorld()
    const { publisher, commit, slots, published, pass } = world
    world.refused = 'a'
    publisher.begin(0, { next: 0, published: 0 })
    const each = rowsWaitingMax / 2
    for (const batch of [0, 1, 2, 3]) {
      const from = batch * each
      const issued = upTo(each).map((n) => row('a', from + n, from + n - 1))
      // Waited for, and not for ever.
      const waited = publisher.publish(0, await commit(0, { from, issued }))
      await pass(5_000)
      await waited
    }
    world.refused = null
    await pass(2_000)
    const last = await commit(0, { from: 4 * each, issued: [row('a', 4 * each + 1, 4 * each)] })
    await publisher.publish(0, last)
    await pass(2_000)
    await publisher.close()
    assert.deepEqual(slots('a'), upTo(4 * each + 1))
    assert.equal(await published(0), last.next)
  })
})

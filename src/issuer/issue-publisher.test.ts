// A crash after the commit and before the events: they are published at the next start.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { createCouponStoreMemory } from '../adapters/memory/coupon-store.ts'
import { openLogMemory } from '../adapters/memory/log.ts'
import { couponEventsTopic } from '../domain/coupons/messages.ts'
import type { Coupon } from '../domain/coupons/state.ts'
import type { IssuedRow } from '../ports/coupons.ts'
import { createIssuePublisher } from './issue-publisher.ts'

function coupon(couponId: string): Coupon {
  return {
    status: 'open',
    couponId,
    partition: 0,
    rules: 1,
    terms: { name: couponId, quantity: 6_000 },
    opensAt: 0,
    closesAt: Number.POSITIVE_INFINITY,
    quantity: 6_000,
    paused: false,
    commands: new Map(),
    winners: new Map(),
  }
}

function row(couponId: string, slot: number, offset: number): IssuedRow {
  const userId = `user-${offset}`
  const claimId = `claim-${offset}`
  return { couponId, slot, userId, claimId, code: 'X', partition: 0, offset, appendedAt: 0 }
}

test('Rows of more than one page are all published, although their coupons won in turns.', async () => {
  const clock = virtualClock(0)
  const store = createCouponStoreMemory()
  const log = openLogMemory({ topics: { [couponEventsTopic]: 1 }, clock })
  const retry = { clock, signal: new AbortController().signal }
  const slots = Array.from({ length: 6_000 }, (_, n) => n + 1)
  const issued = [
    ...slots.map((slot) => row('a', slot, 2 * slot)),
    ...slots.map((slot) => row('b', slot, 2 * slot + 1)),
  ]
  const next = 20_000
  const coupons = [coupon('a'), coupon('b')]
  await store.apply({ partition: 0, expected: 0, next, fingerprint: null, coupons, issued })

  const publisher = createIssuePublisher({
    log,
    store,
    retry,
    onPublished: () => Promise.resolve(),
    onError: assert.ifError,
  })
  await publisher.publishRows(0, { next, published: 0 })
  const published = log.records(couponEventsTopic).flat()
  const ids = new Set(published.map(({ headers }) => headers?.ce_id))
  assert.equal(ids.size, 12_000)
  assert.deepEqual((await store.positions()).get(0), { next, published: next })

  await publisher.publishRows(0, { next, published: next })
  assert.equal(log.records(couponEventsTopic).flat().length, published.length, 'published again')
})

// The threads of an audit of orders as they are: what goes to them and comes back.

import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { describe, it } from 'node:test'
import { createBuckets } from '../../../src/audit/orders/buckets.ts'
import {
  createGroupComparison,
  type Group,
  type GroupsKnown,
} from '../../../src/audit/orders/compare-groups.ts'
import { type OrderKind, orderKinds } from '../../../src/audit/orders/read-rows.ts'
import { startGroupThreads } from '../../../src/main/commands/group-threads/group-threads.ts'

const alone = availableParallelism() === 1 && 'there is one core'
const known: GroupsKnown = {
  now: 0,
  prices: new Map(),
  isStopped: true,
  rows: { oneMoment: true, charges: { size: 0 }, positions: [], letters: new Map() },
  log: { bounds: new Map(), retried: [], deadLettered: [] },
}

describe('threads that compare orders', { skip: alone }, () => {
  it('find what this one finds, and leave it to do the rest where they have enough', async () => {
    const threads = startGroupThreads(1_000_000)
    assert.ok(threads)
    try {
      threads.know(known)
      const here = createGroupComparison(known)(await group('here'))
      assert.equal(here.found.first[0]?.orderId, 'here')
      const there = threads.compare(await group('here'))
      assert.deepEqual(await there, here)
      const groups = await Promise.all(Array.from({ length: 10 }, (_, n) => group(`${n}`)))
      // In one turn, so that none of them has answered before the last one is asked for.
      const more = groups.flatMap((one) => threads.compare(one) ?? [])
      assert.ok(more.length < 10 && more.length >= 2, `${more.length} were taken`)
      await Promise.all(more)
    } finally {
      await threads.close()
    }
  })

  it('are not started for few', () => {
    assert.equal(startGroupThreads(100), null)
  })

  it('say so when they end', async () => {
    const threads = startGroupThreads(1_000_000)
    threads?.know(known)
    const asked = threads?.compare(await group('late'))
    const failed = assert.rejects(asked ?? Promise.resolve(), /a thread that compares .* has ended/)
    await Promise.all([threads?.close(), failed])
  })
})

/** An order with a row and no record. */
async function group(orderId: string): Promise<Group> {
  const buckets = createBuckets<OrderKind>(orderKinds, null)
  buckets.add(orderId, 'uses', { bytes: JSON.stringify({ userId: 'ann', couponId: 'c', orderId }) })
  const { value } = await buckets.groups().next()
  assert.ok(value)
  return value
}

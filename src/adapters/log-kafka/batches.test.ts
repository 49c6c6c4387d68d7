import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogPlace } from '../../ports/log.ts'
import type { PortError } from '../../ports/port-error.ts'
import { type Append, type Batch, giveUp, type Part, settle, stored, takeBatch } from './batches.ts'
import { add, createLane, endBatch, refuseLate, takeNext } from './lane.ts'
import { entryBytesMax } from './record-batch.ts'

const roomy = { batchBytesMax: 1_000_000, recordsPerBatchMax: 1_000 }

type Outcome = { places?: LogPlace[]; error?: PortError }

/** One part for each partition, with so many entries. */
function appendOf(...counts: number[]): { parts: Part[]; outcome: Outcome } {
  const outcome: Outcome = {}
  const entries = counts.flatMap((count, partition) => {
    return Array.from({ length: count }, (_, n) => {
      return { key: `key-${partition}`, value: Buffer.from(`${n}`) }
    })
  })
  const append: Append = {
    entries,
    places: entries.map(() => ({ partition: -1, offset: -1 })),
    openParts: counts.length,
    touched: false,
    failure: null,
    resolve(places) {
      outcome.places = places
    },
    reject(error) {
      outcome.error = error
    },
  }
  let next = 0
  const parts = counts.map((count): Part => {
    const indexes = Array.from({ length: count }, () => next++)
    return { append, indexes, taken: 0, beginBefore: 0 }
  })
  return { parts, outcome }
}

function taken(queue: Part[], limits = roomy): Batch {
  const batch = takeBatch(queue, limits)
  assert.ok(batch)
  return batch
}

const away = { reason: 'away', retryable: true }

describe('what waits to be appended to a partition', () => {
  it('becomes one batch, in the order in which it came', () => {
    const [first, second] = [appendOf(30), appendOf(20)]
    const queue = [...first.parts, ...second.parts]
    const batch = taken(queue)
    assert.equal(queue.length, 0)
    assert.equal(batch.entries.length, 50)
    stored(batch, { partition: 0, offset: 100 })
    settle(batch, queue)
    const places = [...(first.outcome.places ?? []), ...(second.outcome.places ?? [])]
    assert.deepEqual(
      places,
      Array.from({ length: 50 }, (_, n) => ({ partition: 0, offset: 100 + n })),
    )
  })

  it('is cut where a batch is full, to the byte', () => {
    const { parts } = appendOf(10)
    const [one] = parts[0]?.append.entries ?? []
    assert.ok(one)
    const limits = { ...roomy, batchBytesMax: 4 * entryBytesMax(one) }
    const sizes = [1, 2, 3].map(() => taken(parts, limits).entries.length)
    assert.deepEqual(sizes, [4, 4, 2])
    assert.equal(takeBatch(parts, limits), null)
  })

  it('is cut where enough is in flight', () => {
    const { parts } = appendOf(10)
    const limits = { ...roomy, recordsPerBatchMax: 7 }
    assert.equal(taken(parts, limits).entries.length, 7)
    assert.equal(taken(parts, limits).entries.length, 3)
  })

  it('goes alone where one record is larger than a batch', () => {
    const { parts } = appendOf(2)
    assert.equal(taken(parts, { ...roomy, batchBytesMax: 1 }).entries.length, 1)
  })

  it('is refused where it has waited for too long, unless a part of it was sent', () => {
    const lane = createLane('claims', 0)
    const [begun, late, inTime] = [appendOf(3), appendOf(2), appendOf(1)]
    for (const { parts } of [begun, late, inTime]) for (const part of parts) add(lane, part)
    for (const { indexes } of inTime.parts) assert.equal(indexes.length, 1)
    for (const part of inTime.parts) part.beginBefore = 2_000
    takeNext(lane, { ...roomy, recordsPerBatchMax: 2 }, 0)
    assert.equal(lane.waiting, 6)
    refuseLate(lane, 1_000)
    const lateAppended = () => late.outcome.error?.appended
    assert.equal(lateAppended(), undefined, 'it waits behind what was begun')
    assert.ok(lane.batch)
    stored(lane.batch, { partition: 0, offset: 0 })
    endBatch(lane, lane.batch)
    takeNext(lane, { ...roomy, recordsPerBatchMax: 1 }, 0)
    refuseLate(lane, 1_000)
    assert.equal(lateAppended(), 'no')
    assert.deepEqual([begun.outcome, inTime.outcome], [{}, {}])
    assert.equal(lane.waiting, 2, 'what is under way counts, too')
  })
})

describe('the outcome of an append', () => {
  /** Of two partitions, so that each can have an outcome of its own. */
  const cases: [string, ('stored' | 'refused' | 'in doubt')[], 'no' | 'unknown' | 'stored'][] = [
    ['stored', ['stored', 'stored'], 'stored'],
    ['certainly not stored', ['refused', 'refused'], 'no'],
    ['unknown where one part is stored', ['stored', 'refused'], 'unknown'],
    ['unknown where the other part is stored later', ['refused', 'stored'], 'unknown'],
    ['unknown where one part is in doubt', ['refused', 'in doubt'], 'unknown'],
  ]
  for (const [what, outcomes, expected] of cases) {
    it(`is ${what}`, () => {
      const { parts, outcome } = appendOf(2, 2)
      parts.forEach((part, partition) => {
        assert.deepEqual(outcome, {}, 'it is over while a part of it is not')
        const queue = [part]
        const batch = taken(queue)
        if (outcomes[partition] === 'stored') stored(batch, { partition, offset: 0 })
        else giveUp(Object.assign(batch, { inDoubt: outcomes[partition] === 'in doubt' }), away)
        settle(batch, queue)
      })
      assert.equal(outcome.error?.appended ?? 'stored', expected)
    })
  }

  it('is settled once, and nothing more of it is sent, when its first part has failed', () => {
    for (const inDoubt of [true, false]) {
      const { parts, outcome } = appendOf(3)
      const later = appendOf(1)
      const queue = [...parts, ...later.parts]
      const batch = taken(queue, { ...roomy, recordsPerBatchMax: 2 })
      giveUp(Object.assign(batch, { inDoubt }), away)
      settle(batch, queue)
      assert.equal(outcome.error?.appended, inDoubt ? 'unknown' : 'no')
      assert.deepEqual(queue, later.parts)
    }
  })

  it('is unknown where the first cut is stored and the second is refused', () => {
    const { parts, outcome } = appendOf(3)
    const first = taken(parts, { ...roomy, recordsPerBatchMax: 2 })
    stored(first, { partition: 0, offset: 0 })
    settle(first, parts)
    assert.deepEqual(outcome, {})
    const second = taken(parts)
    giveUp(second, away)
    settle(second, parts)
    assert.equal(outcome.error?.appended, 'unknown')
  })

  it('can be tried again only where each of its parts can', () => {
    const { parts, outcome } = appendOf(1, 1)
    for (const [n, part] of parts.entries()) {
      const batch = taken([part])
      giveUp(batch, { reason: 'away', retryable: n > 0 })
      settle(batch, [])
    }
    assert.equal(outcome.error?.retryable, false)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { partitionFor } from '../../domain/partitioner.ts'
import type { LogPlace } from '../../ports/log.ts'
import type { PortError } from '../../ports/port-error.ts'
import { type Append, type Batch, settle, stored, takeBatches } from './batches.ts'
import { entryBytesMax } from './record-batch.ts'

const partitions = 3
const roomy = { batchBytesMax: 1_000_000, recordsInFlightMax: 1_000 }

type Outcome = { places?: LogPlace[]; error?: PortError }

function appendOf(...keys: string[]): { append: Append; outcome: Outcome } {
  const outcome: Outcome = {}
  const append: Append = {
    topic: 'claims',
    partitions,
    entries: keys.map((key, n) => ({ key, value: Buffer.from(`${n}`) })),
    beginBefore: 0,
    taken: 0,
    places: keys.map(() => ({ partition: -1, offset: -1 })),
    placed: 0,
    touched: false,
    resolve(places) {
      outcome.places = places
    },
    reject(error) {
      outcome.error = error
    },
    settled: false,
  }
  return { append, outcome }
}

function giveUp(batch: Batch, inDoubt: boolean): void {
  Object.assign(batch, { outcome: 'given up', reason: 'away', inDoubt })
}

describe('what waits to be appended', () => {
  it('becomes one batch for each partition, in the order in which it came', () => {
    const keys = Array.from({ length: 50 }, (_, n) => `key-${n}`)
    const first = appendOf(...keys.slice(0, 30))
    const second = appendOf(...keys.slice(30))
    const queue = [first.append, second.append]
    const batches = takeBatches(queue, roomy)
    assert.equal(queue.length, 0)
    assert.deepEqual(batches.map(({ partition }) => partition).toSorted(), [0, 1, 2])
    for (const { partition, entries } of batches) {
      const wanted = keys.filter((key) => partitionFor(key, partitions) === partition)
      assert.deepEqual(
        entries.map(({ key }) => key),
        wanted,
      )
    }
    for (const batch of batches) stored(batch, 100)
    settle(batches, queue)
    const places = [...(first.outcome.places ?? []), ...(second.outcome.places ?? [])]
    const next = [100, 100, 100]
    assert.deepEqual(
      places,
      keys.map((key) => {
        const partition = partitionFor(key, partitions)
        const offset = next[partition] ?? 0
        next[partition] = offset + 1
        return { partition, offset }
      }),
    )
  })

  it('is cut where a batch is full, to the byte', () => {
    const keys = Array.from({ length: 10 }, () => 'key')
    const { append } = appendOf(...keys)
    const [one] = append.entries
    assert.ok(one)
    const queue = [append]
    const limits = { ...roomy, batchBytesMax: 4 * entryBytesMax(one) }
    const sizes: number[] = []
    for (let batches = takeBatches(queue, limits); batches.length > 0; ) {
      sizes.push(...batches.map(({ entries }) => entries.length))
      batches = takeBatches(queue, limits)
    }
    assert.deepEqual(sizes, [4, 4, 2])
  })

  it('is cut where enough is in flight', () => {
    const queue = [appendOf(...Array.from({ length: 10 }, () => 'key')).append]
    const limits = { ...roomy, recordsInFlightMax: 7 }
    assert.equal(takeBatches(queue, limits)[0]?.entries.length, 7)
    assert.equal(takeBatches(queue, limits)[0]?.entries.length, 3)
  })

  it('goes alone where one record is larger than a batch', () => {
    const queue = [appendOf('key', 'key').append]
    assert.equal(takeBatches(queue, { ...roomy, batchBytesMax: 1 })[0]?.entries.length, 1)
  })
})

describe('the outcome of an append', () => {
  /** Of two partitions, so that each can have an outcome of its own. */
  const cases: [string, ('stored' | 'refused' | 'in doubt')[], 'no' | 'unknown' | 'stored'][] = [
    ['stored', ['stored', 'stored'], 'stored'],
    ['certainly not stored', ['refused', 'refused'], 'no'],
    ['unknown where one part is stored', ['stored', 'refused'], 'unknown'],
    ['unknown where one part is in doubt', ['refused', 'in doubt'], 'unknown'],
  ]
  for (const [what, outcomes, expected] of cases) {
    it(`is ${what}`, () => {
      const { append, outcome } = appendOf('key-0', 'key-1', 'key-0', 'key-1')
      const queue = [append]
      const batches = takeBatches(queue, roomy)
      assert.equal(batches.length, 2)
      batches.forEach((batch, n) => {
        if (outcomes[n] === 'stored') stored(batch, 0)
        else giveUp(batch, outcomes[n] === 'in doubt')
      })
      settle(batches, queue)
      assert.equal(outcome.error?.appended ?? 'stored', expected)
    })
  }

  it('of one caller is not that of another in flight with it', () => {
    const [a, b] = [appendOf('key-0'), appendOf('key-1')]
    const queue = [a.append, b.append]
    const batches = takeBatches(queue, roomy)
    assert.equal(batches.length, 2)
    for (const batch of batches) {
      if (batch.appends[0] === a.append) stored(batch, 7)
      else giveUp(batch, false)
    }
    settle(batches, queue)
    assert.equal(a.outcome.places?.[0]?.offset, 7)
    assert.equal(b.outcome.error?.appended, 'no')
  })

  it('is settled once, and nothing more of it is sent, when its first part has failed', () => {
    for (const inDoubt of [true, false]) {
      const { append, outcome } = appendOf('key', 'key', 'key')
      const later = appendOf('key')
      const queue = [append, later.append]
      const batches = takeBatches(queue, { ...roomy, recordsInFlightMax: 2 })
      for (const batch of batches) giveUp(batch, inDoubt)
      settle(batches, queue)
      assert.equal(outcome.error?.appended, inDoubt ? 'unknown' : 'no')
      assert.deepEqual(queue, [later.append])
    }
  })

  it('is unknown where the first part is stored and the second is refused', () => {
    const { append, outcome } = appendOf('key', 'key', 'key')
    const queue = [append]
    const first = takeBatches(queue, { ...roomy, recordsInFlightMax: 2 })
    for (const batch of first) stored(batch, 0)
    settle(first, queue)
    assert.deepEqual(outcome, {})
    const second = takeBatches(queue, roomy)
    for (const batch of second) giveUp(batch, false)
    settle(second, queue)
    assert.equal(outcome.error?.appended, 'unknown')
  })
})

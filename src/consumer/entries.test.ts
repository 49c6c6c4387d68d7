import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recordFingerprint } from '../domain/fingerprint.ts'
import { ordersTopic } from '../domain/orders/messages.ts'
import { entryOf, ordersInput } from '../domain/orders/records.ts'
import { attemptsMax, readRetryNote, retryHeaders, retryTopics } from '../domain/orders/retries.ts'
import type { LogRecord } from '../ports/log.ts'
import type { AnyWork } from './consumer-work.ts'
import {
  checksOf,
  deadLettered,
  type Entry,
  fail,
  forwarded,
  movesOf,
  readEntry,
  standing,
} from './entries.ts'
import { createQueue, type PartitionQueue } from './partition-queue.ts'

const lines = [{ productId: 'tea', quantity: 1 }]
const placed = {
  type: 'order.placed',
  orderId: 'o',
  userId: 'ann',
  lines,
  timeLimitMs: 9,
} as const
const origin = { topic: ordersTopic, partition: 0, offset: 4, appendedAt: 7 }

function workOf({ strict = false } = {}): AnyWork {
  const input = { ...ordersInput, strict }
  return { name: 'stock-step', inputs: [input] } as unknown as AnyWork
}

type At = { topic?: string; published?: number }

function queueAt(next: number, { topic = ordersTopic, published = next }: At = {}) {
  const stored = { topic, partition: 0, next, published, tries: 0 }
  const delayMs = topic === ordersTopic ? 0 : 1_000
  return createQueue({ topic, partition: 0, delayMs, stored, end: 99 })
}

function recordAt(offset: number, headers?: Record<string, string>): LogRecord {
  const entry = entryOf(placed)
  const place = { partition: 0, offset, appendedAt: 7 }
  return { ...entry, ...place, headers: { ...entry.headers, ...headers } }
}

/** `attempts` that have failed before; 0: it is read for the first time. */
function entryAfter(attempts: number, { strict = false, redrives = 0 } = {}): Entry {
  const work = workOf({ strict })
  if (attempts === 0) {
    return readEntry(work, { queue: queueAt(4), record: recordAt(4) }, 1)
  }
  const note = { consumer: 'stock-step', attempts, origin, reason: 'it is away', redrives }
  const queue = queueAt(2, { topic: retryTopics[0] })
  return readEntry(work, { queue, record: recordAt(2, retryHeaders(note)) }, 1)
}

describe('a record that fails', () => {
  for (let failed = 0; failed < attemptsMax; failed++) {
    const isLast = failed + 1 === attemptsMax
    test(`for the ${failed + 1}. time is ${isLast ? 'a dead letter' : 'tried again'}`, () => {
      const entry = entryAfter(failed)
      assert.equal(entry.attempts, failed + 1)
      fail(entry, 'the database said no')
      assert.equal(entry.outcome, isLast ? 'buried' : 'postponed')
      assert.equal(entry.reason, 'the database said no')
      assert.deepEqual(entry.origin, origin)
    })
  }

  test('of a topic in strict order is a dead letter at once', () => {
    const entry = entryAfter(0, { strict: true })
    fail(entry, 'no')
    assert.equal(entry.outcome, 'buried')
  })

  test('keeps how often it was tried and re-driven, and where it came from', () => {
    const entry = entryAfter(1, { redrives: 3 })
    fail(entry, 'again')
    const note = readRetryNote(forwarded('stock-step', entry).entry.headers ?? {})
    assert.deepEqual(note, {
      consumer: 'stock-step',
      attempts: 2,
      origin,
      reason: 'again',
      redrives: 3,
    })
    const letter = JSON.parse(deadLettered('stock-step', entry).entry.value.toString()) as object
    const { redrives, attempts, redrivable } = letter as Record<string, unknown>
    assert.deepEqual([redrives, attempts, redrivable], [3, 2, true])
  })

  test('is nobody’s but that consumer’s', () => {
    const note = { consumer: 'coupon-step', attempts: 1, origin, reason: '', redrives: 0 }
    const queue = queueAt(2, { topic: retryTopics[0] })
    const entry = readEntry(workOf(), { queue, record: recordAt(2, retryHeaders(note)) }, 1)
    assert.equal(entry.outcome, 'passedBy')
  })
})

describe('the position behind a batch', () => {
  const moveOf = (queue: PartitionQueue, offsets: readonly number[], saying = offsets) => {
    const records = offsets.map((offset) => recordAt(offset))
    const entries = records.map((record) => readEntry(workOf(), { queue, record }, 1))
    const [move] = movesOf(entries, {
      outcomeOf: () => 'applied',
      saying: new Set(entries.filter(({ record }) => saying.includes(record.offset))),
    })
    return { move, last: records.at(-1) }
  }

  test('is one behind its last record, which it names', () => {
    const { move, last } = moveOf(queueAt(4), [4, 5, 6])
    assert.ok(move !== undefined && last !== undefined)
    assert.equal(move.next, 7)
    assert.equal(move.fingerprint, recordFingerprint(last))
    assert.equal(move.taken.applied, 3)
  })

  test('counts what was through before neither again nor as published', () => {
    const { move } = moveOf(queueAt(6, { published: 4 }), [4, 5, 6])
    assert.ok(move !== undefined)
    assert.deepEqual([move.next, move.published, move.taken.applied], [7, 4, 1])
    assert.equal(moveOf(queueAt(7), [4, 5, 6]).move, undefined)
  })

  test('says that all is published up to the first record from which something follows', () => {
    for (const [saying, published] of [
      [[4, 5, 6], 4],
      [[6], 6],
      [[5], 5],
      [[], 7],
    ] as const) {
      assert.equal(moveOf(queueAt(4), [4, 5, 6], [...saying]).move?.published, published)
    }
  })

  test('says nothing of what was read again and may not be published again', () => {
    assert.equal(moveOf(queueAt(6, { published: 4 }), [4, 5, 6], [4]).move?.published, 4)
    assert.equal(moveOf(queueAt(6, { published: 4 }), [4, 5, 6], []).move?.published, 7)
  })

  test('never says that more is published than is stored', () => {
    const queue = queueAt(4)
    queue.published = 9
    assert.equal(standing(queue, 1).published, 4)
  })

  test('is checked against where it stood', () => {
    const check = { topic: ordersTopic, partition: 0, expected: 4 }
    assert.deepEqual(checksOf([queueAt(4)]), [check])
  })
})

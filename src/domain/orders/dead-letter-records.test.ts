import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { partitionFor } from '../partitioner.ts'
import { type DeadLetter, decideDeadLetter, evolveDeadLetter } from './dead-letter.ts'
import {
  decodeDeadLetterMessage,
  letterHeadersCharactersMax,
  letterKeyCharactersMax,
  letterValueBytesMax,
} from './dead-letter-messages.ts'
import { deadLetterEntry, type FailedRecord, redriveEntry } from './dead-letter-records.ts'
import { entryOf, readAt } from './records.ts'
import { readRetryNote, reasonCharactersMax, retryHeaders, withoutRetryHeaders } from './retries.ts'

const origin = { topic: 'firstcome.orders', partition: 3, offset: 17, appendedAt: 5 }
const record = { key: 'order-1', value: Buffer.from('{"a":1}'), headers: { ce_id: 'x' } }
const failed: FailedRecord = {
  consumer: 'stock-step',
  record,
  origin,
  reason: 'the database said no',
  attempts: 3,
  redrivable: true,
  redrives: 0,
}

function read(entry: { value: Buffer }) {
  const decoded = decodeDeadLetterMessage(entry.value)
  assert.equal(decoded.kind, 'message', JSON.stringify(decoded))
  assert.ok(decoded.kind === 'message')
  return decoded.message
}

function letterOf(of: FailedRecord): DeadLetter {
  const message = read(deadLetterEntry(of).entry)
  const { event } = decideDeadLetter({ message, at: 9, before: null }, null)
  assert.ok(event !== null)
  return evolveDeadLetter(null, event)
}

describe('a dead letter', () => {
  test('stands in the dead letters’ topic under its letter’s id', () => {
    const { topic, entry } = deadLetterEntry(failed)
    assert.equal(topic, 'firstcome.dead-letters')
    assert.equal(entry.key, 'stock-step.orders.3.17')
    assert.deepEqual(entry.headers, {
      ce_specversion: '1.0',
      ce_type: 'dead_letter.buried',
      ce_source: '/firstcome/stock-step',
      ce_id: 'dead_letter.buried/stock-step.orders.3.17/0',
      'content-type': 'application/json',
    })
    assert.deepEqual(deadLetterEntry(failed), deadLetterEntry(failed))
  })

  test('keeps the record, without what the retry topics added to it', () => {
    const note = { consumer: 'stock-step', attempts: 3, origin, reason: 'no', redrives: 1 }
    const headers = { ...record.headers, ...retryHeaders(note) }
    const letter = letterOf({ ...failed, record: { ...record, headers } })
    assert.deepEqual(letter.headers, record.headers)
    assert.equal(Buffer.from(letter.value, 'base64').toString(), '{"a":1}')
    assert.deepEqual([letter.key, letter.attempts, letter.reason], ['order-1', 3, failed.reason])
  })

  const bytes = (length: number) => ({ ...record, value: Buffer.alloc(length, 1) })
  const header = (value: string) => ({ ...record, headers: { x: value } })
  const cut: readonly [string, FailedRecord['record'], RegExp | null][] = [
    ['as large as may be', bytes(letterValueBytesMax), null],
    ['too large', bytes(letterValueBytesMax + 1), /65536 of 65537 bytes/],
    ['with the longest key', { ...record, key: 'k'.repeat(letterKeyCharactersMax) }, null],
    ['with a longer key', { ...record, key: 'k'.repeat(letterKeyCharactersMax + 1) }, /the key/],
    ['with a NUL in its key', { ...record, key: 'a\0b' }, /the key was changed/],
    ['with the largest headers', header('v'.repeat(letterHeadersCharactersMax - 1)), null],
    ['with larger headers', header('v'.repeat(letterHeadersCharactersMax)), /headers were left/],
    ['with a NUL in a header', header('a\0b'), /headers were left out/],
  ]
  for (const [name, odd, note] of cut) {
    test(`of a record ${name} is ${note === null ? 'whole' : 'cut, and not re-drivable'}`, () => {
      const long = 'because '.repeat(500)
      const letter = letterOf({ ...failed, record: odd, reason: long })
      assert.equal(letter.redrivable, note === null)
      if (note !== null) assert.match(letter.reason, note)
      assert.ok(letter.reason.length <= reasonCharactersMax)
    })
  }

  test('of any record whatever is understood, and small enough for any broker', () => {
    const text = fc.string({ unit: 'binary' })
    const value = fc.uint8Array({ maxLength: 300 })
    const parts = fc.record({ key: text, value, headers: fc.dictionary(text, text), reason: text })
    fc.assert(
      fc.property(parts, ({ reason, ...odd }) => {
        const whole = { ...odd, value: Buffer.from(odd.value) }
        read(deadLetterEntry({ ...failed, record: whole, reason }).entry)
      }),
    )
    const worst = {
      key: '\u{ffff}'.repeat(letterKeyCharactersMax),
      value: Buffer.alloc(letterValueBytesMax),
      headers: { '\u0001': '\u0001'.repeat(letterHeadersCharactersMax - 1) },
    }
    const { entry } = deadLetterEntry({ ...failed, record: worst })
    assert.ok(entry.value.length < 200_000, String(entry.value.length))
  })
})

describe('a re-driven record', () => {
  test('goes to the first retry topic as it was, for its consumer alone', () => {
    const { topic, entry } = redriveEntry(letterOf(failed), 2)
    assert.equal(topic, 'firstcome.retries-1s')
    assert.equal(entry.key, record.key)
    assert.deepEqual(entry.value, record.value)
    assert.deepEqual(withoutRetryHeaders(entry.headers), record.headers)
    assert.deepEqual(readRetryNote(entry.headers), {
      consumer: 'stock-step',
      attempts: 0,
      origin,
      reason: failed.reason,
      redrives: 2,
    })
  })
})

describe('the headers of a retried record', () => {
  const headers = retryHeaders({ ...failed, attempts: 1, origin, redrives: 0 })
  const odd: Readonly<Record<string, Record<string, string>>> = {
    'no consumer': { 'firstcome-consumer': '' },
    'a negative count of attempts': { 'firstcome-attempts': '-1' },
    'a count of re-drives that is no number': { 'firstcome-redrives': 'x' },
    'an origin without a time': { 'firstcome-origin': 'firstcome.orders 3 17' },
    'an origin without an offset': { 'firstcome-origin': 'firstcome.orders 3' },
    'an origin at a negative offset': { 'firstcome-origin': 'firstcome.orders 3 -17 5' },
    'an origin without a topic': { 'firstcome-origin': ' 3 17 5' },
  }
  for (const [what, changed] of Object.entries(odd)) {
    test(`with ${what} are those of no retried record`, () => {
      assert.notEqual(readRetryNote(headers), null)
      assert.equal(readRetryNote({ ...headers, ...changed }), null)
    })
  }
})

describe('a record of a dead letter', () => {
  const command = {
    type: 'dead_letter.redriven',
    deadLetterId: 'stock-step.orders.3.17',
    by: 'op',
    commandId: 'c',
  } as const

  test('by an operator is read as it was written', () => {
    const entry = entryOf(command)
    assert.deepEqual(read(entry), command)
    assert.equal(entry.key, command.deadLetterId)
    assert.equal(entry.headers.ce_id, 'dead_letter.redriven/stock-step.orders.3.17/c')
  })

  test('in another partition than its letter’s is void', () => {
    const entry = entryOf(command)
    const home = partitionFor(entry.key, 4)
    const kinds = [0, 1, 2, 3].map((partition) => {
      const decoded = decodeDeadLetterMessage(entry.value)
      return readAt(decoded, { partition, partitions: 4 }).kind
    })
    assert.deepEqual(
      kinds,
      [0, 1, 2, 3].map((partition) => (partition === home ? 'message' : 'void')),
    )
  })

  const wire = JSON.parse(deadLetterEntry(failed).entry.value.toString()) as Record<string, unknown>
  const asked = { ...command, v: 1 }
  const odd: readonly [string, object, 'void' | 'unknown'][] = [
    ['an id of another record', { ...wire, deadLetterId: 'stock-step.orders.3.18' }, 'void'],
    ['no origin', { ...wire, origin: null }, 'void'],
    ['a negative offset', { ...wire, origin: { ...origin, offset: -1 } }, 'void'],
    ['a value that is not base64', { ...wire, value: 'ä' }, 'void'],
    ['a header that is no text', { ...wire, headers: { a: 1 } }, 'void'],
    ['a NUL in the key', { ...wire, key: '\0' }, 'void'],
    ['half a re-drive', { ...wire, redrives: 0.5 }, 'void'],
    ['no word on re-driving', { ...wire, redrivable: 'yes' }, 'void'],
    ['a command without an operator', { ...asked, by: '' }, 'void'],
    ['a command without an id', { ...asked, commandId: undefined }, 'void'],
    ['a command on no letter', { ...asked, deadLetterId: 'a letter' }, 'void'],
    ['another version', { ...asked, v: 2 }, 'unknown'],
    ['another type', { ...asked, type: 'dead_letter.resurrected' }, 'unknown'],
  ]
  for (const [name, json, kind] of odd) {
    test(`with ${name} is ${kind}`, () => {
      assert.equal(decodeDeadLetterMessage(Buffer.from(JSON.stringify(json))).kind, kind)
    })
  }
})

// How a failed record becomes a dead letter, and how a dead letter becomes a record to retry. The
// key is the letter's id, so all records of a letter keep their order. What a broker or SQL would
// refuse is cut, and a letter that was cut is not re-drivable.

import type { DeadLetter } from './dead-letter.ts'
import {
  type DeadLetterAdded,
  deadLetterId,
  letterHeadersCharactersMax,
  letterKeyCharactersMax,
  letterValueBytesMax,
} from './dead-letter-messages.ts'
import { entryOf, type RecordEntry, topicOf } from './records.ts'
import { retryHeaders, retryTopics, shortReason, withoutRetryHeaders } from './retries.ts'

/** What becomes a dead letter. `redrives`: from its `RetryNote`; 0 where it has none. */
export type FailedRecord = Omit<DeadLetterAdded, 'type' | 'deadLetterId' | keyof RecordEntry> & {
  record: { key: string; value: Buffer; headers?: Readonly<Record<string, string>> }
}
export type TopicEntry = { topic: string; entry: RecordEntry }

/** The same for the same failed record, so that one appended twice is one letter. */
export function deadLetterEntry(failed: FailedRecord): TopicEntry {
  const { record, ...facts } = failed
  const { note, ...cut } = cutRecord(record)
  const addition = note === '' ? '' : ` (not whole: ${note})`
  const message: DeadLetterAdded = {
    ...facts,
    ...cut,
    type: 'dead_letter.buried',
    deadLetterId: deadLetterId(failed.consumer, failed.origin),
    reason: shortReason(failed.reason.slice(0, reasonUnitsMax - addition.length)) + addition,
    redrivable: failed.redrivable && note === '',
  }
  return { topic: topicOf(message), entry: entryOf(message) }
}

/** For its next attempt: in the topic that waits as long as those that have failed call for. */
export function retryEntry(failed: Omit<FailedRecord, 'redrivable'>): TopicEntry {
  const { record, ...note } = failed
  const { key, value, headers } = record
  const topic = retryTopics[note.attempts - 1]
  if (topic === undefined) throw new Error(`no retry topic for attempt ${note.attempts}`)
  return { topic, entry: { key, value, headers: { ...headers, ...retryHeaders(note) } } }
}

/** The record as it was, for the consumer that could not handle it. `redrive`: which, from 1. */
export function redriveEntry(letter: DeadLetter, redrive: number): TopicEntry {
  const { consumer, origin, reason } = letter
  const note = retryHeaders({ consumer, attempts: 0, origin, reason, redrives: redrive })
  const headers = { ...letter.headers, ...note }
  const value = Buffer.from(letter.value, 'base64')
  return { topic: retryTopics[0], entry: { key: letter.key, value, headers } }
}

/** What `shortReason` leaves of it, so that the note at its end is never cut off. */
const reasonUnitsMax = 400

type Cut = { key: string; value: string; headers: Record<string, string>; note: string }

function cutRecord({ key, value, headers = {} }: FailedRecord['record']): Cut {
  const notes: string[] = []
  const ownKey = storable(key.slice(0, letterKeyCharactersMax))
  if (ownKey !== key) notes.push('the key was changed')
  const own = Object.entries(withoutRetryHeaders(headers))
  const characters = own.reduce((sum, [name, text]) => sum + name.length + text.length, 0)
  const isKept =
    characters <= letterHeadersCharactersMax &&
    own.every(([name, text]) => storable(name) === name && storable(text) === text)
  if (!isKept) notes.push('headers were left out')
  if (value.length > letterValueBytesMax) {
    notes.push(`${letterValueBytesMax} of ${value.length} bytes`)
  }
  return {
    key: ownKey,
    value: value.subarray(0, letterValueBytesMax).toString('base64'),
    headers: isKept ? Object.fromEntries(own) : {},
    note: notes.join(', '),
  }
}

/** SQL takes no NUL, and UTF-8 has no half of a surrogate pair. */
function storable(text: string): string {
  return text.replaceAll('\0', '\u{fffd}').toWellFormed()
}

// How dead letters stand in their topic, and how a re-driven record goes back among the living.
// The key is the letter's id, so all that is said of a letter keeps its order. What a broker or
// SQL would refuse is cut, and a letter that is not whole is not re-drivable.

import { partitionFor } from '../partitioner.ts'
import type { Decoded } from '../wire.ts'
import {
  type DeadLetter,
  type DeadLetterBuried,
  type DeadLetterCommand,
  type DeadLetterMessage,
  deadLetterId,
} from './dead-letter.ts'
import type { RecordEntry, StoredPlace } from './records.ts'
import {
  deadLettersTopic,
  type Origin,
  retryHeaders,
  retryTopics,
  shortReason,
  withoutRetryHeaders,
} from './retries.ts'

/** The longest record of ours has 6 KB; a page of letters to re-drive stays some megabytes. */
export const letterValueBytesMax = 64 * 1024
/** Keys of ours are shorter; brokers take keys and headers of any length up to the record's. */
export const letterKeyCharactersMax = 1_000
/** Names and values together, in characters. */
export const letterHeadersCharactersMax = 8_000

export type Burial = {
  consumer: string
  record: { key: string; value: Buffer; headers?: Readonly<Record<string, string>> }
  origin: Origin
  reason: string
  /** Since it was read first, or last re-driven. */
  attempts: number
  redrivable: boolean
  /** From its `RetryNote`; 0 where it has none. */
  redrives: number
}
export type TopicEntry = { topic: string; entry: RecordEntry }

/** The same for the same burial, so that one appended twice is one letter. */
export function burialEntry(burial: Burial): TopicEntry {
  const { consumer, origin, attempts, redrives } = burial
  const id = deadLetterId(consumer, origin)
  const cut = cutRecord(burial.record)
  const note = cut.note === '' ? '' : ` (not whole: ${cut.note})`
  const buried: DeadLetterBuried = {
    type: 'dead_letter.buried',
    deadLetterId: id,
    consumer,
    origin: pickOrigin(origin),
    key: cut.key,
    value: cut.value,
    headers: cut.headers,
    reason: shortReason(burial.reason.slice(0, reasonRoom - note.length)) + note,
    attempts,
    redrivable: burial.redrivable && note === '',
    redrives,
  }
  return letterEntry(buried, { writer: consumer, eventId: `${buried.type}/${id}/${redrives}` })
}

export function letterCommandEntry(command: DeadLetterCommand): TopicEntry {
  const eventId = `${command.type}/${command.deadLetterId}/${command.commandId}`
  return letterEntry(command, { writer: 'api', eventId })
}

/** The record as it was, for the consumer that could not handle it. `redrive`: which, from 1. */
export function redriveEntry(letter: DeadLetter, redrive: number): TopicEntry {
  const { consumer, origin, reason } = letter
  const note = retryHeaders({ consumer, attempts: 0, origin, reason, redrives: redrive })
  const headers = { ...letter.headers, ...note }
  const value = Buffer.from(letter.value, 'base64')
  return { topic: retryTopics[0], entry: { key: letter.key, value, headers } }
}

/** A record in another partition than its letter's would be out of order there: it is void. */
export function readLetterAt(
  decoded: Decoded<DeadLetterMessage>,
  place: StoredPlace,
): Decoded<DeadLetterMessage> {
  if (decoded.kind !== 'message') return decoded
  const home = partitionFor(decoded.message.deadLetterId, place.partitions)
  return home === place.partition ? decoded : { kind: 'void', reason: 'in the wrong partition' }
}

/** What `shortReason` leaves of it, so that the note at its end is never cut off. */
const reasonRoom = 400

type Cut = { key: string; value: string; headers: Record<string, string>; note: string }

function cutRecord({ key, value, headers = {} }: Burial['record']): Cut {
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

function pickOrigin({ topic, partition, offset, appendedAt }: Origin): Origin {
  return { topic, partition, offset, appendedAt }
}

function letterEntry(
  message: DeadLetterMessage,
  { writer, eventId }: { writer: string; eventId: string },
): TopicEntry {
  return {
    topic: deadLettersTopic,
    entry: {
      key: message.deadLetterId,
      value: Buffer.from(JSON.stringify({ ...message, v: 1 })),
      headers: {
        ce_specversion: '1.0',
        ce_type: message.type,
        ce_source: `/firstcome/${writer}`,
        ce_id: eventId,
        'content-type': 'application/json',
      },
    },
  }
}

// A record that could not be handled goes through the retry topics and may end as a dead letter.
// It keeps its key and its bytes; where it comes from and what has happened to it stand in headers.

import { like, type Values, whole } from '../field.ts'

export const retryTopics = ['firstcome.retries-1s', 'firstcome.retries-2s'] as const
export const deadLettersTopic = 'firstcome.dead-letters'
/** How long a record waits in each of the retry topics, in the order of `retryTopics`. */
export const retryDelaysMs: readonly number[] = [1_000, 2_000]
/** The first, and one after each of the retry topics. */
export const attemptsMax = 3

export const originFields = {
  topic: like('^[A-Za-z0-9._-]{1,249}$', 'In which topic.'),
  partition: whole(2_147_483_647, 'In which partition.'),
  offset: whole(Number.MAX_SAFE_INTEGER, 'At which offset.'),
  appendedAt: whole(Number.MAX_SAFE_INTEGER, 'When it was appended: milliseconds since 1970 UTC.'),
}
export type Origin = Values<typeof originFields>
export type RetryNote = {
  /** Who could not handle it; the retry topics are shared, and others pass it by. */
  consumer: string
  /** Attempts that have failed since it was read first, or last re-driven. */
  attempts: number
  origin: Origin
  /** Of the last attempt. */
  reason: string
  /** How often an operator has re-driven it. */
  redrives: number
}

const names = {
  consumer: 'firstcome-consumer',
  attempts: 'firstcome-attempts',
  origin: 'firstcome-origin',
  reason: 'firstcome-reason',
  redrives: 'firstcome-redrives',
} as const

/** Reasons are for people; a broker's limit on headers must never be met. */
export const reasonCharactersMax = 500

export function retryHeaders(note: RetryNote): Record<string, string> {
  const { topic, partition, offset, appendedAt } = note.origin
  return {
    [names.consumer]: note.consumer,
    [names.attempts]: String(note.attempts),
    [names.origin]: `${topic} ${partition} ${offset} ${appendedAt}`,
    [names.reason]: shortReason(note.reason),
    [names.redrives]: String(note.redrives),
  }
}

export function shortReason(reason: string): string {
  return reason.toWellFormed().replaceAll('\0', '').slice(0, reasonCharactersMax).toWellFormed()
}

/** Null where the headers are not those of a record in a retry topic. */
export function readRetryNote(headers: Readonly<Record<string, string>>): RetryNote | null {
  const consumer = headers[names.consumer]
  const attempts = readCount(headers[names.attempts])
  const redrives = readCount(headers[names.redrives])
  const [topic, ...numbers] = (headers[names.origin] ?? '').split(' ')
  const [partition = null, offset = null, appendedAt = null] = numbers.map(readCount)
  if (consumer === undefined || consumer === '' || topic === undefined || topic === '') return null
  if (attempts === null || redrives === null) return null
  if (partition === null || offset === null || appendedAt === null) return null
  const origin = { topic, partition, offset, appendedAt }
  return { consumer, attempts, origin, reason: headers[names.reason] ?? '', redrives }
}

/** As the record had them before it was forwarded. */
export function withoutRetryHeaders(
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const own: readonly string[] = Object.values(names)
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.includes(name)))
}

function readCount(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : null
}

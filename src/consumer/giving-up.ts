// What becomes of a record that cannot be handled: the next retry topic, or the dead letters.

import { burialEntry } from '../domain/orders/dead-letter-records.ts'
import { attemptsMax, retryHeaders, retryTopics } from '../domain/orders/retries.ts'
import type { LogEntry } from '../ports/coupons.ts'
import type { HelpFailure, Publish } from './consumer-work.ts'
import { type Entry, ownHeaders } from './entries.ts'

/** The attempt has failed. */
export function fail<Message>(
  entry: Entry<Message>,
  { reason, patient }: Pick<HelpFailure, 'reason' | 'patient'>,
): void {
  entry.reason = reason
  // The last attempt is for other failures than that it has to wait.
  if (patient === true) entry.attempts = Math.min(entry.attempts, attemptsMax - 1)
  entry.fate = entry.strict || entry.attempts >= attemptsMax ? 'buried' : 'postponed'
}

export function giveUp<Message>(entry: Entry<Message>): void {
  if (entry.fate !== null) return
  entry.reason = 'processes died of it, the last two while they tried it alone'
  entry.fate = 'buried'
}

export function forwarded<Message>(consumer: string, entry: Entry<Message>): Publish {
  const { record, note, origin, reason, attempts } = entry
  const topic = retryTopics[attempts - 1]
  if (topic === undefined) throw new Error(`no retry topic for attempt ${attempts}`)
  const redrives = note?.redrives ?? 0
  const headers = retryHeaders({ consumer, attempts, origin, reason, redrives })
  const { key, value } = record
  const forwardedEntry: LogEntry = { key, value, headers: { ...ownHeaders(entry), ...headers } }
  return { topic, entry: forwardedEntry }
}

export function buriedAs<Message>(consumer: string, entry: Entry<Message>): Publish {
  const { record, note, origin, reason, attempts, item } = entry
  return burialEntry({
    consumer,
    record: { key: record.key, value: record.value, headers: ownHeaders(entry) },
    origin,
    reason,
    attempts,
    redrivable: item !== null,
    redrives: note?.redrives ?? 0,
  })
}

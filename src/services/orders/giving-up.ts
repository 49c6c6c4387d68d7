// What becomes of a record that cannot be handled: the next retry topic, or the dead letters.

import { burialEntry } from '../../domain/orders/dead-letter-records.ts'
import { attemptsMax, retryHeaders, retryTopics } from '../../domain/orders/retries.ts'
import type { LogEntry } from '../../ports.ts'
import type { Publish } from './consumer-work.ts'
import { type Entry, ownHeaders } from './entries.ts'
import { triesMax } from './lanes.ts'

/** The attempt has failed. */
export function fail<Message>(entry: Entry<Message>, reason: string): void {
  const attempts = (entry.note?.attempts ?? 0) + 1
  entry.reason = reason
  entry.fate = entry.strict || attempts >= attemptsMax ? 'buried' : 'postponed'
}

export function giveUp<Message>(entry: Entry<Message>): void {
  if (entry.fate !== null) return
  entry.reason = `${triesMax} processes in a row died of it`
  entry.fate = 'buried'
}

export function forwarded<Message>(consumer: string, entry: Entry<Message>): Publish {
  const { record, note, origin, reason } = entry
  const attempts = (note?.attempts ?? 0) + 1
  const topic = retryTopics[attempts - 1]
  if (topic === undefined) throw new Error(`no retry topic for attempt ${attempts}`)
  const redrives = note?.redrives ?? 0
  const headers = retryHeaders({ consumer, attempts, origin, reason, redrives })
  const { key, value } = record
  const forwardedEntry: LogEntry = { key, value, headers: { ...ownHeaders(entry), ...headers } }
  return { topic, entry: forwardedEntry }
}

export function buriedAs<Message>(consumer: string, entry: Entry<Message>): Publish {
  const { record, note, origin, reason, item } = entry
  return burialEntry({
    consumer,
    record: { key: record.key, value: record.value, headers: ownHeaders(entry) },
    origin,
    reason,
    attempts: (note?.attempts ?? 0) + 1,
    redrivable: item !== null,
    redrives: note?.redrives ?? 0,
  })
}

// The records of one batch on their way: what each means to this consumer, and what becomes of it,
// the next retry topic or the dead letters where it cannot be handled. And their positions: what is
// checked before, where they move to, and what is counted.

import { recordFingerprint } from '../domain/fingerprint.ts'
import { deadLetterEntry, retryEntry } from '../domain/orders/dead-letter-records.ts'
import {
  attemptsMax,
  type Origin,
  type RetryNote,
  readRetryNote,
  withoutRetryHeaders,
} from '../domain/orders/retries.ts'
import type { LogRecord } from '../ports/log.ts'
import { nothingTaken, type PositionCheck, type PositionMove, type Taken } from '../ports/orders.ts'
import { writtenByNewer } from '../ports/partition-reader.ts'
import type { AnyWork, Item, Publish } from './consumer-work.ts'
import type { TakenRecord } from './message-loop.ts'
import { type PartitionQueue, triesAfter } from './partition-queue.ts'

/** Null while it is being handled. */
export type Outcome = keyof Taken | null
export type Entry = {
  queue: PartitionQueue
  record: LogRecord
  origin: Origin
  /** Of a record that was read from a retry topic. */
  note: RetryNote | null
  /** Null where there is nothing to handle. */
  item: Item<unknown> | null
  strict: boolean
  /** Nobody waits for what it means. */
  isPatient: boolean
  outcome: Outcome
  /** Why it was postponed or dead-lettered. */
  reason: string
  /** That have failed, this one among them. */
  attempts: number
}

/** `partitions`: how many the topics of this consumer have. */
export function readEntry(
  { name, inputs }: AnyWork,
  { queue, record, isPatient = false }: TakenRecord,
  partitions: number,
): Entry {
  const { topic, partition } = queue
  const { offset, appendedAt } = record
  const isRetry = queue.delayMs > 0
  const note = isRetry ? readRetryNote(record.headers ?? {}) : null
  const origin = note?.origin ?? { topic, partition, offset, appendedAt }
  const input = inputs.find((one) => one.topic === origin.topic)
  const strict = input?.strict === true
  const attempts = (note?.attempts ?? 0) + 1
  const read = { queue, record, origin, note, isPatient }
  const entry = { ...read, item: null, strict, reason: '', attempts }
  if (isRetry && note?.consumer !== name) return { ...entry, outcome: 'passedBy' }
  const decoded = input?.decode(record.value, { partition: record.partition, partitions })
  if (decoded?.kind === 'unknown') {
    const where = `the record at offset ${offset} of partition ${partition} of ${topic}`
    const stopped = `${name} cannot read ${where}: ${decoded.reason}`
    throw writtenByNewer(stopped, 'start that version here too')
  }
  if (decoded?.kind !== 'message') {
    const reason = decoded?.reason ?? `${name} does not read ${origin.topic}`
    return { ...entry, outcome: 'buried', reason }
  }
  const { message } = decoded
  const { attempts: failed, redrives } = note ?? { attempts: 0, redrives: 0 }
  const item = {
    message,
    topic: origin.topic,
    partition: origin.partition,
    at: origin.appendedAt,
    source: { origin, attempts: failed, redrives },
  }
  return { ...entry, item, outcome: null }
}

/** Whether it was through before, and only what followed may have to be published again. */
export function isRepeated({ queue, record }: Entry): boolean {
  return record.offset < queue.next
}

/** The attempt has failed. */
export function fail(entry: Entry, reason: string): void {
  entry.reason = reason
  entry.outcome = entry.strict || entry.attempts >= attemptsMax ? 'buried' : 'postponed'
}

/** It is a poison pill. */
export function giveUp(entry: Entry): void {
  if (entry.outcome !== null) return
  entry.reason = 'processes died of it, the last two while they tried it alone'
  entry.outcome = 'buried'
}

export function forwarded(consumer: string, entry: Entry): Publish {
  return retryEntry(failedRecord(consumer, entry))
}

export function deadLettered(consumer: string, entry: Entry): Publish {
  return deadLetterEntry({ ...failedRecord(consumer, entry), redrivable: entry.item !== null })
}

/** With its headers as they were when it was appended first. */
function failedRecord(consumer: string, { record, note, origin, reason, attempts }: Entry) {
  const { key, value, headers = {} } = record
  const own = { key, value, headers: withoutRetryHeaders(headers) }
  return { consumer, record: own, origin, reason, attempts, redrives: note?.redrives ?? 0 }
}

type OutcomeOf = (entry: Entry) => Outcome

export function checksOf(queues: readonly PartitionQueue[]): PositionCheck[] {
  return queues.map(({ topic, partition, next }) => ({ topic, partition, expected: next }))
}

/** As they are, but with other tries. */
export function standing(queue: PartitionQueue, tries: number): PositionMove {
  const { topic, partition, next } = queue
  const published = Math.min(queue.published, next)
  return { topic, partition, next, published, tries, taken: nothingTaken }
}

/** `saying`: those from which something follows that is still to be published. */
type Decided = { outcomeOf: OutcomeOf; saying: ReadonlySet<Entry> }

/** Where nothing follows, the same transaction says that all is published. */
export function movesOf(entries: readonly Entry[], { outcomeOf, saying }: Decided): PositionMove[] {
  const moves: PositionMove[] = []
  for (const [queue, all] of Map.groupBy(entries, (entry) => entry.queue)) {
    const own = all.filter((entry) => !isRepeated(entry))
    const last = own.at(-1)?.record
    if (last === undefined) continue
    const next = last.offset + 1
    const published = all.find((entry) => saying.has(entry))?.record.offset ?? next
    const tries = triesAfter(queue, next)
    const taken = countOf(own, outcomeOf)
    const fingerprint = recordFingerprint(last)
    moves.push({ ...standing(queue, tries), next, published, taken, fingerprint })
  }
  return moves
}

export function countOf(entries: readonly Entry[], outcomeOf: OutcomeOf): Taken {
  const taken = { ...nothingTaken }
  for (const entry of entries) {
    const outcome = outcomeOf(entry)
    if (outcome !== null) taken[outcome] += 1
  }
  return taken
}

// The records of one batch on their way: what each means to this consumer, and what becomes of it.

import {
  type Origin,
  type RetryNote,
  readRetryNote,
  withoutRetryHeaders,
} from '../domain/orders/retries.ts'
import type { LogRecord } from '../ports/coupons.ts'
import type { Taken } from '../ports/orders.ts'
import type { ConsumerWork, Input, Item } from './consumer-work.ts'
import type { Lane } from './partition-queue.ts'

export type Entry<Message> = {
  lane: Lane
  record: LogRecord
  origin: Origin
  /** Of a record that was read from a retry topic. */
  note: RetryNote | null
  /** Null where there is nothing to handle. */
  item: Item<Message> | null
  strict: boolean
  /** Null while it is being handled. */
  fate: keyof Taken | null
  /** Why it was postponed or buried. */
  reason: string
  /** That have failed, this one among them. */
  attempts: number
}
type AnyWork<Message> = Pick<
  ConsumerWork<Message, unknown, unknown, unknown, unknown>,
  'name' | 'inputs'
>

export function readEntry<Message>(
  { name, inputs }: AnyWork<Message>,
  { lane, record, partitions }: { lane: Lane; record: LogRecord; partitions: number },
): Entry<Message> {
  const { topic, partition } = lane
  const { offset, appendedAt } = record
  const isRetry = lane.delayMs > 0
  const note = isRetry ? readRetryNote(record.headers ?? {}) : null
  const origin = note?.origin ?? { topic, partition, offset, appendedAt }
  const attempts = (note?.attempts ?? 0) + 1
  const entry = { lane, record, origin, note, strict: false, reason: '', attempts }
  if (isRetry && note?.consumer !== name) return { ...entry, item: null, fate: 'passedBy' }
  const input = inputs.find((one) => one.topic === origin.topic)
  if (input === undefined) return unreadable(entry, `${name} does not read ${origin.topic}`)
  return { ...entry, strict: input.strict === true, ...read(input, { record, origin, partitions }) }
}

type Reading = { record: LogRecord; origin: Origin; partitions: number }

function read<Message>(
  input: Input<Message>,
  { record, origin, partitions }: Reading,
): Pick<Entry<Message>, 'item' | 'fate' | 'reason'> {
  const { topic, partition, appendedAt: at } = origin
  const decoded = input.decode(record.value, { partition: record.partition, partitions })
  if (decoded.kind !== 'message') return { item: null, fate: 'buried', reason: decoded.reason }
  return { item: { message: decoded.message, topic, partition, at }, fate: null, reason: '' }
}

function unreadable<Message>(
  entry: Omit<Entry<Message>, 'item' | 'fate'>,
  reason: string,
): Entry<Message> {
  return { ...entry, item: null, fate: 'buried', reason }
}

/** Whether it was through before, and only what followed may have to be published again. */
export function isRepeated({ lane, record }: Pick<Entry<unknown>, 'lane' | 'record'>): boolean {
  return record.offset < lane.next
}

/** Its headers as they were when it was appended first. */
export function ownHeaders({ record }: Pick<Entry<unknown>, 'record'>): Record<string, string> {
  return withoutRetryHeaders(record.headers ?? {})
}

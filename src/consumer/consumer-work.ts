// What one consumer of orders does with records; how they are read, tried again, given up and
// counted is the message loop's business, the same for all.

import { type OrdersRecord } from '../domain/orders/messages.ts'
import { entryOf, type TopicInput, topicOf } from '../domain/orders/records.ts'
import type { Origin } from '../domain/orders/retries.ts'
import type { Instant } from '../ports/clock.ts'
import type { LogEntry } from '../ports/log.ts'
import type { ConsumerName, ConsumerStore, PositionCheck } from '../ports/orders.ts'

/** A record to handle. `at`: when it was first appended, by the log's clock. */
export type Item<Message> = {
  message: Message
  /** Of the topic it was first appended to. */
  topic: string
  partition: number
  at: Instant
  /** How it came here; absent where it did not come from a topic. */
  source?: { origin: Origin; attempts: number; redrives: number }
  /** It was through before: only what follows from it may have to be published again. */
  isRepeated?: boolean
}
export type ItemResult = {
  kind: 'applied' | 'dropped'
  /** Published after the commit, and again whenever the record is read again. */
  publish: readonly Publish[]
}
export type Publish = { topic: string; entry: LogEntry }

export type ConsumerWork<Message, Wanted, Loaded, Changes> = {
  name: ConsumerName
  store: ConsumerStore<Wanted, Loaded, Changes>
  inputs: readonly Input<Message>[]
  wantedBy(items: readonly Item<Message>[]): Wanted
  /**
   * One result for each item, in order. Pure: it may be called again with the same items. Items
   * see the effects of those before them; `loaded` may be changed in place for that.
   */
  decide(
    items: readonly Item<Message>[],
    loaded: Loaded,
  ): { changes: Changes; results: readonly ItemResult[] }
  /** Called with what was decided, once that is committed. */
  stored?(changes: Changes): void
  /**
   * What there is to do besides records; no batch is decided meanwhile, in whichever loop. Run when
   * a session begins, then after the milliseconds that it resolves to, or when it is woken.
   */
  task?: { start(parts: TaskParts): () => Promise<number> }
}
/** As the message loop takes it: what its parts have to do with each other is its own business. */
export type AnyWork = ConsumerWork<unknown, unknown, unknown, unknown>
export type TaskParts = {
  /** Those that this member owns now. */
  partitions: readonly number[]
  /** Its positions in a topic: a transaction that checks them is fenced like any other. */
  checks(topic: string): PositionCheck[]
  partitionOf(key: string): number
  publish(records: readonly Publish[]): Promise<void>
  /** Runs it within so many milliseconds. */
  wake(ms: number): void
  /** To be called where a transaction was fenced. */
  fenced(): never
}
export type Input<Message> = TopicInput<Message> & {
  /** Records must keep their order: they are never postponed, only dead-lettered. */
  strict?: boolean
  /**
   * How many milliseconds a record that nobody waits for may wait for company: it says nothing to
   * this consumer, or what it does with it is seen by nobody soon. Absent, or 0: none.
   */
  patienceMs?(type: string, value: Buffer): number
}
/** What says nothing to a consumer, or is only noted. */
export const patienceMsMax = 500
/** What follows an end, so that whoever waits for that as well takes both together. */
export const endPatienceMs = 400

export function publishing(messages: readonly OrdersRecord[]): Publish[] {
  return messages.map((message) => ({ topic: topicOf(message), entry: entryOf(message) }))
}

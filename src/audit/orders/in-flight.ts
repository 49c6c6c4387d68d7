// What may still be in flight: a difference between log and rows is none where the consumer has
// not come to the record yet, or the record waits in a retry topic or as a dead letter. A row may
// also be ahead of the positions, because they were read first.

import type { OrderHistory } from '../../domain/orders/history.ts'
import { orderStepsTopic, ordersTopic } from '../../domain/orders/messages.ts'
import { deadLettersTopic, type Origin } from '../../domain/orders/retries.ts'
import type { ConsumerName } from '../../ports/orders.ts'
import type { AuditedPosition } from '../../ports/orders-audit.ts'
import type { Findings } from '../findings.ts'
import type { OrdersLog, Retried } from './read-log.ts'
import type { OrderRows, OrdersRows } from './read-rows.ts'

export type ComparisonParts = {
  rows: OrdersRows
  log: OrdersLog
  inFlight: InFlight
  findings: Findings
}
/** What one topic says of one key. */
export type Subject = {
  topic: string
  partition: number
  key: string
  /** The last record of the topic that is about the key; -1: there is none. */
  lastOffset: number
}
export type InFlight = {
  /** Whether the consumer's rows must show all that the topic says of the key. */
  isSettled(consumer: ConsumerName, subject: Subject): boolean
  /** Whether what the consumer published about the key must be in the log by now. */
  isPublished(consumer: ConsumerName, subject: Subject): boolean
  positionOf: PositionOf
  forwarded: AllForwarded
  /** Records of retry topics that are still to be handled. */
  waitingRetries: number
  waitingLetters: number
}
/** Of some orders. */
export type OrdersInFlight = InFlight & {
  /** Whether the consumer's rows must show all that it reads about an order. */
  isOrderSettled(consumer: ConsumerName, order: OrderHistory): boolean
  /** Whether what the consumer published about an order must be in the log by now. */
  isAnswered(consumer: ConsumerName, order: OrderHistory): boolean
  /** Whether two tables may show an order as of different moments. */
  isMoving(consumer: ConsumerName, orderId: string): boolean
}
export type PositionOf = (consumer: string, topic: string, partition: number) => Reached
/** How far a consumer has come; 0 where it has not begun. */
export type Reached = Pick<AuditedPosition, 'next' | 'published'> & {
  /**
   * The first offset of which the rows need not show anything. A consumer that has counted more
   * records as forwarded than there are had not published all of them yet, so what became of them
   * is only known below `published`.
   */
  settledTo: number
}
/** By `partitionName`. */
export type AllForwarded = ReadonlyMap<PartitionName, Forwarded>
/** What a consumer has counted as forwarded, and what of it is in the log. */
export type Forwarded = {
  postponed: Counted
  buried: Counted
  /** Records below `next` of which it is not known that all was published. */
  unpublished: number
}
/** `found`: the names of records, twice where one was stored twice. */
type Counted = { counted: number; found: string[] }

/** What it is seen from; small, however many orders there are. */
export type InFlightParts = {
  rows: Pick<OrdersRows, 'positions' | 'letters'>
  log: Pick<OrdersLog, 'retried' | 'deadLettered'>
}

export function createInFlight({ rows, log }: InFlightParts): InFlight {
  const forwarded = forwardedOf({ rows, log })
  const positionOf = positionsOf(rows, forwarded)
  const retries = retriesOf(log, positionOf)
  const pending = new Set([...retries.pending, ...lettersOf({ rows, log }, positionOf)])
  // Mostly there are none, and no name has to be made to see that.
  const isIn = (names: ReadonlySet<string>, consumer: ConsumerName, { topic, key }: Subject) => {
    return names.size > 0 && names.has(pendingKey(consumer, topic, key))
  }
  return {
    isSettled(consumer, subject) {
      const { topic, partition, lastOffset } = subject
      if (lastOffset >= positionOf(consumer, topic, partition).settledTo) return false
      return !isIn(pending, consumer, subject)
    },
    isPublished(consumer, subject) {
      const { topic, partition, lastOffset } = subject
      if (lastOffset >= positionOf(consumer, topic, partition).published) return false
      return !isIn(pending, consumer, subject) && !isIn(retries.unpublished, consumer, subject)
    },
    positionOf,
    forwarded,
    waitingRetries: retries.waiting,
    waitingLetters: [...rows.letters.values()].filter(({ status }) => status === 'waiting').length,
  }
}

export function inFlightOf(
  inFlight: InFlight,
  rows: OrderRows,
  orders: ReadonlyMap<string, OrderHistory>,
): OrdersInFlight {
  /** What the step's row says without a record of the order. */
  const openOf = (consumer: ConsumerName, { orderId }: OrderHistory) => {
    const name = stepTables[consumer]
    const stored = name === undefined ? undefined : rows[name].get(orderId)
    const isOpen = stored?.unannounced === true
    const waits = stored?.row.status === 'waiting'
    return { isOpen, waits, isAsked: isOpen && 'record' in stored.row }
  }
  function isOrderSettled(consumer: ConsumerName, order: OrderHistory): boolean {
    // It may have been decided, without a record, while the tables were read.
    const { waits, isAsked } = openOf(consumer, order)
    if ((waits && !rows.oneMoment) || isAsked) return false
    return subjectsOf(consumer, order).every((subject) => inFlight.isSettled(consumer, subject))
  }
  return {
    ...inFlight,
    isOrderSettled,
    isAnswered(consumer, order) {
      if (openOf(consumer, order).isOpen) return false
      return subjectsOf(consumer, order).every((subject) => inFlight.isPublished(consumer, subject))
    },
    isMoving(consumer, orderId) {
      if (rows.oneMoment) return false
      const order = orders.get(orderId)
      return order === undefined || !isOrderSettled(consumer, order)
    },
  }
}

const stepTables: Partial<Record<ConsumerName, 'stock-rows' | 'coupon-rows' | 'payment-rows'>> = {
  'stock-step': 'stock-rows',
  'coupon-step': 'coupon-rows',
  'payment-step': 'payment-rows',
}

/** The steps know an order from the orders topic alone. */
function subjectsOf(consumer: ConsumerName, order: OrderHistory): Subject[] {
  const { orderId: key, partition, lastOffsets } = order
  const orders = { topic: ordersTopic, partition, key, lastOffset: lastOffsets.orders }
  if (consumer !== 'order-process') return [orders]
  return [orders, { ...orders, topic: orderStepsTopic, lastOffset: lastOffsets.steps }]
}

function positionsOf({ positions }: InFlightParts['rows'], all: AllForwarded): PositionOf {
  const known = new Map<string, Map<string, Reached[]>>()
  for (const { consumer, topic, partition, next, published } of positions) {
    const { postponed, buried } = all.get(partitionName(consumer, partition)) ?? noneForwarded()
    const isMissing = [postponed, buried].some(({ counted, found }) => {
      return counted > new Set(found).size
    })
    const settledTo = isMissing ? published : next
    const topics = known.get(consumer) ?? new Map<string, Reached[]>()
    known.set(consumer, topics)
    const reached = topics.get(topic) ?? []
    topics.set(topic, reached)
    reached[partition] = { next, published, settledTo }
  }
  return (consumer, topic, partition) => known.get(consumer)?.get(topic)?.[partition] ?? notBegun
}

const notBegun: Reached = { next: 0, published: 0, settledTo: 0 }

/** A record keeps its key, and so its partition, wherever it goes. */
function forwardedOf({ rows: { positions }, log }: InFlightParts): AllForwarded {
  const all = new Map<PartitionName, Forwarded>()
  for (const { consumer, partition, next, published, taken } of positions) {
    const name = partitionName(consumer, partition)
    const forwarded = all.get(name) ?? noneForwarded()
    forwarded.postponed.counted += taken.postponed
    forwarded.buried.counted += taken.buried
    forwarded.unpublished += next - published
    all.set(name, forwarded)
  }
  for (const { note } of log.retried) {
    // One that an operator has re-driven was not postponed.
    if (note === null || note.attempts === 0) continue
    const { consumer, origin, attempts, redrives } = note
    const forwarded = all.get(partitionName(consumer, origin.partition))
    forwarded?.postponed.found.push(`${originKey(consumer, origin)} ${attempts} ${redrives}`)
  }
  for (const { consumer, origin, deadLetterId, redrives } of log.deadLettered) {
    const forwarded = all.get(partitionName(consumer, origin.partition))
    forwarded?.buried.found.push(`${deadLetterId} ${redrives}`)
  }
  return all
}

function noneForwarded(): Forwarded {
  const none = (): Counted => ({ counted: 0, found: [] })
  return { postponed: none(), buried: none(), unpublished: 0 }
}

export type PartitionName = `${string}, partition ${number}`

export function partitionName(consumer: string, partition: number): PartitionName {
  return `${consumer}, partition ${partition}`
}

type Retries = {
  waiting: number
  pending: Set<string>
  /** What was published about them may be missing in the log. */
  unpublished: Set<string>
}

function retriesOf({ retried }: InFlightParts['log'], positionOf: PositionOf): Retries {
  const retries: Retries = { waiting: 0, pending: new Set(), unpublished: new Set() }
  for (const { note, topic, partition, offset, key } of retried) {
    if (note === null) continue
    const { next, published, settledTo } = positionOf(note.consumer, topic, partition)
    const name = pendingKey(note.consumer, note.origin.topic, key)
    if (offset >= published) retries.unpublished.add(name)
    if (offset >= next) retries.waiting += 1
    if (offset >= settledTo) retries.pending.add(name)
  }
  return retries
}

function lettersOf({ rows, log }: InFlightParts, positionOf: PositionOf): Set<string> {
  const pending = new Set<string>()
  const redriven = redrivesOf(log.retried)
  for (const { consumer, status, origin, key, redrivable, acts } of rows.letters.values()) {
    // Nobody will ever understand it; so nothing is waiting for it.
    if (!redrivable) continue
    const redrives = acts.filter(({ act }) => act === 'redriven').length
    const found = redriven.get(originKey(consumer, origin)) ?? 0
    const underWay = status === 'redriven' && found < redrives
    // What the process was not told of an ended order is nobody's stock or money.
    const setAside = status === 'discarded' && consumer === 'order-process'
    if (status === 'waiting' || underWay || setAside) {
      pending.add(pendingKey(consumer, origin.topic, key))
    }
  }
  for (const { consumer, origin, key, partition, offset } of log.deadLettered) {
    const isNew = offset >= positionOf('dead-letters', deadLettersTopic, partition).next
    if (isNew) pending.add(pendingKey(consumer, origin.topic, key))
  }
  return pending
}

/** How often each record was found re-driven in the retry topics. */
function redrivesOf(retried: readonly Retried[]): Map<string, number> {
  const redrives = new Map<string, number>()
  for (const { note } of retried) {
    if (note === null) continue
    const name = originKey(note.consumer, note.origin)
    redrives.set(name, Math.max(redrives.get(name) ?? 0, note.redrives))
  }
  return redrives
}

function originKey(consumer: string, { topic, partition, offset }: Origin): string {
  return `${consumer} ${topic} ${partition} ${offset}`
}

function pendingKey(consumer: string, topic: string, key: string): string {
  return `${consumer} ${topic} ${key}`
}

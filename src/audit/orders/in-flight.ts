// What may still be in flight: a difference between log and rows is none where the consumer has
// not come to the record yet, or the record waits in a retry topic or as a dead letter. A row may
// also be ahead of the positions, because they were read first.

import { orderStepsTopic, ordersTopic } from '../../domain/orders/messages.ts'
import { deadLettersTopic } from '../../domain/orders/retries.ts'
import type { ConsumerName } from '../../ports/orders.ts'
import type { AuditedPosition } from '../../ports/orders-audit.ts'
import { type AllForwarded, forwardedOf, originKey, partitionName } from './forwarded.ts'
import type { OrderLedger } from './ledger.ts'
import type { OrdersLog, Retried } from './read-log.ts'
import type { OrdersRows } from './read-rows.ts'

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
  /** The same of all that the consumer reads about an order. */
  isOrderSettled(consumer: ConsumerName, ledger: OrderLedger): boolean
  /** Whether what the consumer published about an order must be in the log by now. */
  isAnswered(consumer: ConsumerName, ledger: OrderLedger): boolean
  /** Whether two tables may show an order as of different moments. */
  isMoving(consumer: ConsumerName, orderId: string): boolean
  forwarded: AllForwarded
  /** Records of retry topics that are still to be handled. */
  waitingRetries: number
  waitingLetters: number
}

export function createInFlight(rows: OrdersRows, log: OrdersLog): InFlight {
  const positions = positionsOf(rows.positions)
  const forwarded = forwardedOf(rows, log)
  const boundaries = boundariesOf(rows, forwarded)
  const known = { rows, log, positions, boundaries }
  const retries = retriesOf(known)
  const pending = new Set([...retries.pending, ...lettersOf(known)])

  function isSettled(consumer: ConsumerName, subject: Subject): boolean {
    const { topic, partition, key, lastOffset } = subject
    return (
      lastOffset < (boundaries.get(placeKey(consumer, topic, partition)) ?? 0) &&
      !pending.has(pendingKey(consumer, topic, key))
    )
  }
  function isOrderSettled(consumer: ConsumerName, ledger: OrderLedger): boolean {
    return subjectsOf(consumer, ledger).every((subject) => isSettled(consumer, subject))
  }

  return {
    isSettled,
    isOrderSettled,
    isAnswered(consumer, ledger) {
      return subjectsOf(consumer, ledger).every(({ topic, partition, key, lastOffset }) => {
        const published = positions.get(placeKey(consumer, topic, partition))?.published ?? 0
        const name = pendingKey(consumer, topic, key)
        return lastOffset < published && !pending.has(name) && !retries.unpublished.has(name)
      })
    },
    isMoving(consumer, orderId) {
      if (rows.oneMoment) return false
      const ledger = log.ledgers.get(orderId)
      return ledger === undefined || !isOrderSettled(consumer, ledger)
    },
    forwarded,
    waitingRetries: retries.waiting,
    waitingLetters: [...rows.letters.values()].filter(({ status }) => status === 'waiting').length,
  }
}

/** The steps know an order from the orders topic alone. */
function subjectsOf(consumer: ConsumerName, ledger: OrderLedger): Subject[] {
  const { orderId: key, partition, lastOffsets } = ledger
  const orders = { topic: ordersTopic, partition, key, lastOffset: lastOffsets.orders }
  if (consumer !== 'order-process') return [orders]
  return [orders, { ...orders, topic: orderStepsTopic, lastOffset: lastOffsets.steps }]
}

/**
 * By `placeKey`, the first offset of which the rows need not show anything. A consumer that has
 * counted more records as forwarded than there are had not published all of them yet, so what
 * became of them is only known below `published`.
 */
function boundariesOf({ positions }: OrdersRows, all: AllForwarded): Map<string, number> {
  return new Map(
    positions.map(({ consumer, topic, partition, next, published }) => {
      const forwarded = all.get(partitionName(consumer, partition))
      const kinds = forwarded === undefined ? [] : [forwarded.postponed, forwarded.buried]
      const isMissing = kinds.some(({ counted, distinct }) => counted > distinct.size)
      return [placeKey(consumer, topic, partition), isMissing ? published : next]
    }),
  )
}

type Known = {
  rows: OrdersRows
  log: OrdersLog
  positions: ReadonlyMap<string, AuditedPosition>
  boundaries: ReadonlyMap<string, number>
}

type Retries = {
  waiting: number
  pending: Set<string>
  /** What was published about them may be missing in the log. */
  unpublished: Set<string>
}

function retriesOf({ log, positions, boundaries }: Known): Retries {
  const retries: Retries = { waiting: 0, pending: new Set(), unpublished: new Set() }
  for (const { note, topic, partition, offset, key } of log.retried) {
    if (note === null) continue
    const place = placeKey(note.consumer, topic, partition)
    const { next = 0, published = 0 } = positions.get(place) ?? {}
    const name = pendingKey(note.consumer, note.origin.topic, key)
    if (offset >= published) retries.unpublished.add(name)
    if (offset >= next) retries.waiting += 1
    if (offset >= (boundaries.get(place) ?? 0)) retries.pending.add(name)
  }
  return retries
}

function lettersOf({ rows, log, positions }: Known): Set<string> {
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
    const position = positions.get(placeKey('dead-letters', deadLettersTopic, partition))
    if (offset >= (position?.next ?? 0)) pending.add(pendingKey(consumer, origin.topic, key))
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

export function placeKey(consumer: string, topic: string, partition: number): string {
  return `${consumer} ${topic} ${partition}`
}

export function positionsOf(positions: readonly AuditedPosition[]): Map<string, AuditedPosition> {
  return new Map(
    positions.map((position) => {
      const { consumer, topic, partition } = position
      return [placeKey(consumer, topic, partition), position]
    }),
  )
}

function pendingKey(consumer: string, topic: string, key: string): string {
  return `${consumer} ${topic} ${key}`
}

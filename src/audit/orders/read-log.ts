// Everything that the topics of orders say, read once from start to end: the history of each order,
// supplies and top-ups, retried records and dead letters. The orders topic comes first, so that the
// others reach at least as far as what it was decided from, and because it decides (see
// docs/decisions/0020).

import { createHash } from 'node:crypto'
import type {
  DeadLetterAdded,
  DeadLetterMessage,
} from '../../domain/orders/dead-letter-messages.ts'
import { enter, historyOf, type Logged, type OrderHistory } from '../../domain/orders/history.ts'
import type {
  OrderMessage,
  ProductMessage,
  StepMessage,
  WalletMessage,
} from '../../domain/orders/messages.ts'
import {
  deadLettersInput,
  ordersInput,
  orderTopics,
  productsInput,
  stepsInput,
  type TopicInput,
  walletsInput,
} from '../../domain/orders/records.ts'
import { type RetryNote, readRetryNote, retryTopics } from '../../domain/orders/retries.ts'
import type { AcceptedClock, Log, LogBounds, LogPlace, LogRecord } from '../../ports/log.ts'
import { readToEnd } from '../../ports/partition-reader.ts'
import { brokenOrder, type Findings, recordAt } from '../findings.ts'
import { checkRecord } from './check-record.ts'

export type LogReader = Pick<Log, 'bounds' | 'tail'> & {
  /** Where append times went back by the word of an operator; absent: nowhere. */
  acceptedClocks?: readonly AcceptedClock[]
}
/** `note` is null where its headers are not those of a retried record. */
export type Retried = LogPlace & { topic: string; key: string; note: RetryNote | null }
export type DeadLettered = LogPlace &
  Pick<DeadLetterAdded, 'deadLetterId' | 'consumer' | 'redrives' | 'redrivable' | 'origin' | 'key'>
/** Instead of what a buried record carries, its SHA-256: see AuditedLetter. */
export type LetterRecord = Logged<DeadLetterMessage>
export type OrdersLog = {
  /** By topic. */
  bounds: Map<string, LogBounds[]>
  orders: Map<string, OrderHistory>
  /** By product, when a step first said that it holds some, ms UTC. */
  heldSince: Map<string, number>
  products: Logged<ProductMessage>[]
  topUps: Logged<WalletMessage>[]
  retried: Retried[]
  deadLettered: DeadLettered[]
  letterRecords: LetterRecord[]
  records: number
  voidRecords: number
  /** The latest append time in these topics; 0: there is nothing. */
  newestAt: number
}

/** A log in which the topics besides `topics` are empty: they were never made. */
export function withoutTopics(log: LogReader, topics: readonly string[]): LogReader {
  return {
    ...log,
    bounds: async (topic) => (topics.includes(topic) ? log.bounds(topic) : []),
  }
}

export type OrdersLogParts = {
  log: LogReader
  findings: Findings
  onProgress?: ((done: number, total: number) => void) | undefined
}

export async function readOrdersLog(parts: OrdersLogParts): Promise<OrdersLog> {
  const read: OrdersLog = {
    bounds: new Map(),
    orders: new Map(),
    heldSince: new Map(),
    products: [],
    topUps: [],
    retried: [],
    deadLettered: [],
    letterRecords: [],
    records: 0,
    voidRecords: 0,
    newestAt: 0,
  }
  const reading = await readingInto(read, parts)
  const take = (logged: Logged<OrderMessage | StepMessage>) => {
    enterChecked(historyOf(read.orders, logged), logged, parts.findings)
  }
  await reading(ordersInput, take)
  await reading(stepsInput, (logged) => {
    take(logged)
    noteHeld(read.heldSince, logged)
  })
  await reading(productsInput, (logged) => read.products.push(logged))
  await reading(walletsInput, (logged) => read.topUps.push(logged))
  for (const topic of retryTopics) {
    // Their headers say it all; the record itself is its consumer's business.
    const decode = () => ({ kind: 'message', message: null }) as const
    await reading({ topic, decode }, (_, { key, partition, offset, headers }) => {
      read.retried.push({ topic, key, partition, offset, note: readRetryNote(headers ?? {}) })
    })
  }
  await reading(deadLettersInput, ({ message, origin: place }) => {
    if (message.type !== 'dead_letter.buried') {
      read.letterRecords.push({ message, origin: place })
      return
    }
    const value = createHash('sha256').update(message.value).digest('hex')
    read.letterRecords.push({ message: { ...message, value }, origin: place })
    const { partition, offset } = place
    const { deadLetterId, consumer, redrives, redrivable, origin, key } = message
    const buried = { deadLetterId, consumer, redrives, redrivable, origin, key }
    read.deadLettered.push({ partition, offset, ...buried })
  })
  return read
}

function noteHeld(since: Map<string, number>, { message, origin }: Logged<StepMessage>): void {
  if (message.type !== 'stock.held') return
  for (const { productId } of message.lines) {
    since.set(productId, Math.min(since.get(productId) ?? origin.appendedAt, origin.appendedAt))
  }
}

type Reading = <Message>(
  input: TopicInput<Message>,
  take: (logged: Logged<Message>, record: LogRecord) => void,
) => Promise<void>

/** Reads a topic. What cannot be read is a dead letter for its consumers; here it is counted. */
async function readingInto(
  read: OrdersLog,
  { log, findings, onProgress }: OrdersLogParts,
): Promise<Reading> {
  const all = await Promise.all(orderTopics.map((topic) => log.bounds(topic)))
  const total = all.flat().reduce((records, { start, end }) => records + end - start, 0)
  const lost = (text: string) => findings.add('I14', {}, `${text}: records are lost`)
  return async ({ topic, decode }, take) => {
    const bounds = await log.bounds(topic)
    read.bounds.set(topic, bounds)
    for (const [partition, { start }] of bounds.entries()) {
      if (start > 0) lost(`partition ${partition} of ${topic} starts at offset ${start}`)
    }
    await readToEnd({
      log,
      topic,
      bounds,
      decode({ value, partition, appendedAt }) {
        read.records += 1
        read.newestAt = Math.max(read.newestAt, appendedAt)
        return decode(value, { partition, partitions: bounds.length })
      },
      onMessage(message, record) {
        const { partition, offset, appendedAt } = record
        take({ message, origin: { topic, partition, offset, appendedAt } }, record)
      },
      onVoid: () => void (read.voidRecords += 1),
      onGap({ partition, expected, found }) {
        lost(`partition ${partition} of ${topic} goes on at offset ${found} after ${expected - 1}`)
      },
      onBatch: () => onProgress?.(Math.min(read.records, total), total),
    })
  }
}

function enterChecked(
  history: OrderHistory,
  logged: Logged<OrderMessage | StepMessage>,
  findings: Findings,
): void {
  const found = findings.total()
  checkRecord(history, logged, findings)
  const outcome = enter(history, logged)
  // Where it breaks a rule of the audit's own, too, it has been found already.
  if (outcome !== 'contradiction' || findings.total() > found) return
  const record = `${logged.message.type} (${recordAt(logged.origin)})`
  brokenOrder(findings, history.orderId)('I10', `${record} contradicts what was said before`)
}

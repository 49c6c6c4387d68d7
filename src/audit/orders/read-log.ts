// Everything that the topics of orders say, read once from start to end: the history of each order,
// supplies and top-ups, retried records and dead letters. The orders topic comes first, so that the
// others reach at least as far as what it was decided from, and because it decides (see
// docs/decisions/0020).

import { createHash } from 'node:crypto'
import type {
  DeadLetterAdded,
  DeadLetterMessage,
} from '../../domain/orders/dead-letter-messages.ts'
import type { Logged } from '../../domain/orders/history.ts'
import {
  type OrderMessage,
  ordersTopic,
  type ProductMessage,
  type StepMessage,
} from '../../domain/orders/messages.ts'
import {
  deadLettersInput,
  ordersInput,
  productsInput,
  stepsInput,
  type TopicInput,
  walletsInput,
} from '../../domain/orders/records.ts'
import { type RetryNote, readRetryNote, retryTopics } from '../../domain/orders/retries.ts'
import type { AcceptedClock, Log, LogBounds, LogPlace, LogRecord } from '../../ports/log.ts'
import { readToEnd } from '../../ports/partition-reader.ts'
import type { Findings } from '../findings.ts'
import type { OrdersRows } from './read-rows.ts'

export type LogReader = Pick<Log, 'bounds' | 'tail'> & {
  /** Where append times went back by the word of an operator; absent: nowhere. */
  acceptedClocks?: readonly AcceptedClock[]
  /** What tells it from another of its name; absent: it has nothing of the kind. */
  identity?: string
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
  products: Logged<ProductMessage>[]
  topUps: number
  retried: Retried[]
  deadLettered: DeadLettered[]
  letterRecords: LetterRecord[]
  records: number
  voidRecords: number
  /** The latest append time in these topics; 0: there is nothing. */
  newestAt: number
  /** When the oldest order was placed that the order process has not taken yet, ms UTC. */
  untakenSince: number
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
  /** Records are put into its buckets, behind the rows. */
  rows: Pick<OrdersRows, 'byOrder' | 'byUser' | 'positions'>
  findings: Findings
  onRecords?: ((count: number) => void) | undefined
}

export async function readOrdersLog(parts: OrdersLogParts): Promise<OrdersLog> {
  const { byUser } = parts.rows
  const read: OrdersLog = {
    bounds: new Map(),
    products: [],
    topUps: 0,
    retried: [],
    deadLettered: [],
    letterRecords: [],
    records: 0,
    voidRecords: 0,
    newestAt: 0,
    untakenSince: Number.POSITIVE_INFINITY,
  }
  const reading = readingInto(read, parts)
  await gatherOrders({ ...parts.rows, read, reading })
  await reading(productsInput, (logged) => read.products.push(logged))
  await reading(walletsInput, ({ message: { userId } }, record) => {
    read.topUps += 1
    byUser.add(userId, 'topUp', { bytes: record.value, place: record })
  })
  for (const topic of retryTopics) {
    // Their headers say it all; the record itself is its consumer's business.
    await reading({ topic, decode: asItIs }, (_, { key, partition, offset, headers }) => {
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

type Gathering = Pick<OrdersRows, 'byOrder' | 'positions'> & { read: OrdersLog; reading: Reading }

/** They are decoded once all that is about the same order is there. */
async function gatherOrders({ read, reading, byOrder, positions }: Gathering): Promise<void> {
  const taken = new Map<number, number>()
  for (const { consumer, topic, partition, next } of positions) {
    if (consumer === 'order-process' && topic === ordersTopic) taken.set(partition, next)
  }
  const noteUntaken = (record: LogRecord) => {
    if (record.offset < (taken.get(record.partition) ?? 0)) return
    const type = decodedOf(ordersInput, record, read)?.type
    if (type !== 'order.placed' && type !== 'redemption.placed') return
    read.untakenSince = Math.min(read.untakenSince, record.appendedAt)
  }
  for (const [kind, input] of [
    ['record', ordersInput],
    ['answer', stepsInput],
  ] as const) {
    await reading({ topic: input.topic, decode: asItIs }, (_, record) => {
      if (kind === 'record') noteUntaken(record)
      const orderId = orderIdIn(record) ?? decodedOf<AnyMessage>(input, record, read)?.orderId
      if (orderId === undefined) read.voidRecords += 1
      else byOrder.add(orderId, kind, { bytes: record.value, place: record })
    })
  }
}

type AnyMessage = OrderMessage | StepMessage

const asItIs = () => ({ kind: 'message', message: null }) as const

/** Null where the record is void, as it will be found to be again. */
function decodedOf<Message>(
  { topic, decode }: TopicInput<Message>,
  { value, partition }: LogRecord,
  { bounds }: OrdersLog,
): Message | null {
  const partitions = bounds.get(topic)?.length ?? 0
  const decoded = decode(value, { partition, partitions })
  return decoded.kind === 'message' ? decoded.message : null
}

/** As every writer of this version has it; null: only whoever decodes the record knows. */
function orderIdIn({ key, value }: LogRecord): string | null {
  const text = value.toString('latin1')
  const at = text.indexOf(orderIdStart)
  const isKey = at >= 0 && text.startsWith(`${key}"`, at + orderIdStart.length)
  if (!isKey || text.includes('"orderId"', at + 1) || text.includes('\\')) return null
  return key
}
const orderIdStart = '"orderId":"'

type Lost =
  | `partition ${number} of ${string} starts at offset ${number}`
  | `partition ${number} of ${string} goes on at offset ${number} after ${number}`

type Reading = <Message>(
  input: TopicInput<Message>,
  take: (logged: Logged<Message>, record: LogRecord) => void,
) => Promise<void>

/** Reads a topic. What cannot be read is a dead letter for its consumers; here it is counted. */
function readingInto(read: OrdersLog, { log, findings, rows, onRecords }: OrdersLogParts): Reading {
  const lost = (text: Lost) => findings.add('I14', {}, `${text}: records are lost`)
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
      withoutHeaders: !(retryTopics as readonly string[]).includes(topic),
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
      async onBatch({ records }) {
        onRecords?.(records.length)
        await rows.byOrder.settle()
        await rows.byUser.settle()
      },
    })
  }
}

// Everything that the topics of orders say, read once from start to end: a ledger and the replayed
// state of each order, supplies and top-ups, retried records and dead letters. The orders topic
// comes first, so that the others reach at least as far as what it was decided from, and because
// it decides (see docs/decisions/0020).

import { isObject } from '../../domain/field.ts'
import { type DeadLetterAdded } from '../../domain/orders/dead-letter-messages.ts'
import {
  decodeOrderMessage,
  decodeProductMessage,
  decodeStepMessage,
  decodeWalletMessage,
  type OrderMessage,
  type OrdersRecord,
  orderStepsTopic,
  ordersTopic,
  type ProductMessage,
  productsTopic,
  type StepMessage,
  type WalletMessage,
  walletsTopic,
} from '../../domain/orders/messages.ts'
import { decide, evolve, initialState } from '../../domain/orders/process.ts'
import { orderTopics, readAt } from '../../domain/orders/records.ts'
import { deadLettersTopic, type RetryNote, readRetryNote } from '../../domain/orders/retries.ts'
import type { OrderState } from '../../domain/orders/state.ts'
import { type Decoded } from '../../domain/record.ts'
import type { LogBounds, LogPlace, LogRecord } from '../../ports/log.ts'
import { brokenOrder, type Findings } from '../findings.ts'
import { type LogReader, readTopic } from '../read-topic.ts'
import { enterOrder, enterStep, type OrderLedger, openLedger } from './ledger.ts'

export type Supplied<Message> = LogPlace & { message: Message }
/** `note` is null where its headers are not those of a retried record. */
export type Retried = LogPlace & { topic: string; key: string; note: RetryNote | null }
export type DeadLettered = LogPlace &
  Pick<DeadLetterAdded, 'deadLetterId' | 'consumer' | 'redrives' | 'origin' | 'key'>
export type OrdersLog = {
  /** By topic. */
  bounds: Map<string, LogBounds[]>
  ledgers: Map<string, OrderLedger>
  /** As the domain's own `decide` and `evolve` rebuild them. */
  states: Map<string, OrderState>
  products: Supplied<ProductMessage>[]
  topUps: Supplied<WalletMessage>[]
  retried: Retried[]
  deadLettered: DeadLettered[]
  records: number
  voidRecords: number
  /** The latest append time in these topics; 0: there is nothing. */
  newestAt: number
}

export type OrdersLogParts = {
  log: LogReader
  findings: Findings
  onProgress?: ((done: number, total: number) => void) | undefined
}

export async function readOrdersLog(parts: OrdersLogParts): Promise<OrdersLog> {
  const { log, findings, onProgress } = parts
  const read: OrdersLog = {
    bounds: new Map(),
    ledgers: new Map(),
    states: new Map(),
    products: [],
    topUps: [],
    retried: [],
    deadLettered: [],
    records: 0,
    voidRecords: 0,
    newestAt: 0,
  }
  const total = await recordsOf(log)
  for (const topic of orderTopics) {
    const partitions = (await log.bounds(topic)).length
    const onRecord = entryInto(read, { topic, partitions, findings })
    const bounds = await readTopic({
      log,
      topic,
      onRecord(record) {
        read.records += 1
        read.newestAt = Math.max(read.newestAt, record.appendedAt)
        onRecord(record)
        if (read.records % recordsPerProgress === 0) {
          onProgress?.(Math.min(read.records, total), total)
        }
      },
      onLost: (text) => findings.add('I14', null, () => `${text}: records are lost`),
    })
    read.bounds.set(topic, bounds)
  }
  return read
}

const recordsPerProgress = 10_000

async function recordsOf(log: LogReader): Promise<number> {
  let records = 0
  for (const topic of orderTopics) {
    for (const { start, end } of await log.bounds(topic)) records += end - start
  }
  return records
}

type Topic = { topic: string; partitions: number; findings: Findings }

function entryInto(read: OrdersLog, topic: Topic): (record: LogRecord) => void {
  switch (topic.topic) {
    case ordersTopic:
      return decoded(read, { ...topic, decode: decodeOrderMessage }, (message, record) => {
        enter(read, { message, record, findings: topic.findings })
      })
    case orderStepsTopic:
      return decoded(read, { ...topic, decode: decodeStepMessage }, (message, record) => {
        enter(read, { message, record, findings: topic.findings })
      })
    case productsTopic:
      return decoded(read, { ...topic, decode: decodeProductMessage }, (message, record) => {
        read.products.push({ message, partition: record.partition, offset: record.offset })
      })
    case walletsTopic:
      return decoded(read, { ...topic, decode: decodeWalletMessage }, (message, record) => {
        read.topUps.push({ message, partition: record.partition, offset: record.offset })
      })
    case deadLettersTopic:
      return (record) => enterDeadLetter(read, record)
    default:
      return ({ key, partition, offset, headers }) => {
        const note = readRetryNote(headers ?? {})
        read.retried.push({ topic: topic.topic, key, partition, offset, note })
      }
  }
}

type Decoding<Message extends OrdersRecord> = Topic & {
  decode(value: Buffer): Decoded<Message>
}

/** What cannot be read is a dead letter for its consumers, and nothing for the audit. */
function decoded<Message extends OrdersRecord>(
  read: OrdersLog,
  { decode, partitions }: Decoding<Message>,
  onMessage: (message: Message, record: LogRecord) => void,
): (record: LogRecord) => void {
  return (record) => {
    const place = { partition: record.partition, partitions }
    const result = readAt(decode(record.value), place)
    if (result.kind === 'message') onMessage(result.message, record)
    else read.voidRecords += 1
  }
}

type Entering = { message: OrderMessage | StepMessage; record: LogRecord; findings: Findings }

function enter(read: OrdersLog, { message, record, findings }: Entering): void {
  const { orderId } = message
  const { partition, offset, appendedAt: at } = record
  let ledger = read.ledgers.get(orderId)
  if (ledger === undefined) {
    ledger = openLedger(orderId, partition)
    read.ledgers.set(orderId, ledger)
  }
  const found = findings.total()
  if (isOfOrder(message)) enterOrder(ledger, { message, offset, at }, findings)
  else enterStep(ledger, { message, offset, at }, findings)
  const state = read.states.get(orderId) ?? initialState()
  const { outcome, events } = decide({ kind: 'record', message, at }, state)
  if (events.length > 0) read.states.set(orderId, events.reduce(evolve, state))
  // Where it breaks a rule of the ledger's, too, it has been found already.
  if (outcome !== 'contradiction' || findings.total() > found) return
  brokenOrder(findings, orderId)('I10', () => {
    const where = `record ${offset} of partition ${partition}`
    return `${message.type} (${where}) contradicts what was said before`
  })
}

function isOfOrder(message: OrderMessage | StepMessage): message is OrderMessage {
  return message.type.startsWith('order.')
}

/** Operators' commands stand in the same topic; the letters themselves say what became of them. */
function enterDeadLetter(read: OrdersLog, { value, partition, offset }: LogRecord): void {
  const buried = readDeadLettered(value)
  if (buried === null) return
  const { consumer, redrives, deadLetterId, origin, key } = buried
  read.deadLettered.push({ partition, offset, deadLetterId, consumer, redrives, origin, key })
}

function readDeadLettered(value: Buffer): DeadLetterAdded | null {
  try {
    const wire: unknown = JSON.parse(value.toString())
    if (!isObject(wire) || wire.type !== 'dead_letter.buried') return null
    return wire as DeadLetterAdded
  } catch {
    return null
  }
}

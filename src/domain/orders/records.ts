// How a message stands in its topic: its key, its bytes, and CloudEvents attributes in headers. The
// event id is derived from the message, so what is published again after a crash is the same
// event, and its reader can drop it.

import { partitionFor } from '../partitioner.ts'
import { type Decoded, encoderOf, eventHeaders, idFieldOf, type Topic } from '../record.ts'
import {
  type DeadLetterMessage,
  deadLetters,
  decodeDeadLetterMessage,
} from './dead-letter-messages.ts'
import {
  decodeOrderMessage,
  decodeProductMessage,
  decodeStepMessage,
  decodeWalletMessage,
  type OrdersRecord,
  orderSteps,
  orderStepsTopic,
  orders,
  ordersTopic,
  products,
  productsTopic,
  wallets,
  walletsTopic,
} from './messages.ts'
import { deadLettersTopic, retryTopics } from './retries.ts'

export type AnyRecord = OrdersRecord | DeadLetterMessage
export type RecordEntry = { key: string; value: Buffer; headers: Record<string, string> }
/** `partitions`: how many its topic has. */
export type StoredPlace = { partition: number; partitions: number }

export function entryOf(message: AnyRecord): RecordEntry {
  const { encode, declared } = standingOf(message)
  const { writer } = declared
  return {
    key: keyOf(message),
    value: encode(message),
    headers: eventHeaders({
      type: message.type,
      writer: typeof writer === 'string' ? writer : fieldOf(message, writer.field),
      id: eventIdOf(message),
    }),
  }
}

export function topicOf(message: AnyRecord): string {
  return standingOf(message).topic
}

/** What keeps records in order: the order, the product, the user with the wallet, the letter. */
export function keyOf(message: AnyRecord): string {
  return fieldOf(message, standingOf(message).key)
}

/** Every type stands at most once for an order; what operators do has the id of its command. */
export function eventIdOf(message: AnyRecord): string {
  const { declared, key } = standingOf(message)
  const id = `${message.type}/${fieldOf(message, key)}`
  const idField = idFieldOf(declared)
  return idField === null ? id : `${id}/${fieldOf(message, idField)}`
}

/** A record in another partition than its key's would be out of order there: it is void. */
export function readAt<Message extends AnyRecord>(
  decoded: Decoded<Message>,
  place: StoredPlace,
): Decoded<Message> {
  if (decoded.kind !== 'message') return decoded
  const home = partitionFor(keyOf(decoded.message), place.partitions)
  return home === place.partition ? decoded : { kind: 'void', reason: 'in the wrong partition' }
}

/** A topic, and how its records are read. */
export type TopicInput<Message> = {
  topic: string
  decode(value: Buffer, place: StoredPlace): Decoded<Message>
}

function inputFrom<Message extends AnyRecord>(
  topic: string,
  decode: (value: Buffer) => Decoded<Message>,
): TopicInput<Message> {
  return { topic, decode: (value, place) => readAt(decode(value), place) }
}

export const ordersInput = inputFrom(ordersTopic, decodeOrderMessage)
export const stepsInput = inputFrom(orderStepsTopic, decodeStepMessage)
export const productsInput = inputFrom(productsTopic, decodeProductMessage)
export const walletsInput = inputFrom(walletsTopic, decodeWalletMessage)
export const deadLettersInput = inputFrom(deadLettersTopic, decodeDeadLetterMessage)

type Standing = {
  topic: string
  key: string
  declared: Topic['records'][string]
  encode(message: AnyRecord): Buffer
}
/**
 * Every topic of orders. Whoever reads all of them, or opens them to fix their ends, does so in
 * this order: what is decided comes before what was said about it, and what failed comes last.
 */
export const orderTopics = [
  ordersTopic,
  orderStepsTopic,
  productsTopic,
  walletsTopic,
  ...retryTopics,
  deadLettersTopic,
] as const

const topics: readonly Topic[] = [orders, orderSteps, products, wallets, deadLetters]
const standings: ReadonlyMap<string, Standing> = new Map(
  topics.flatMap(({ topic, key, records }) => {
    const encode = encoderOf({ topic, key, records })
    return Object.entries(records).map(([type, declared]) => {
      return [type, { topic, key, declared, encode }]
    })
  }),
)

function standingOf({ type }: AnyRecord): Standing {
  const standing = standings.get(type)
  if (standing === undefined) throw new Error(`${type} is not declared`)
  return standing
}

function fieldOf(message: AnyRecord, name: string): string {
  return String((message as Readonly<Record<string, unknown>>)[name])
}

// The two requests that carry records, in the versions that every Kafka since 3.1 speaks. The
// client library has them too, but takes every record apart into objects of its own.

import { createAPI, protocolErrorsCodesById, type Reader, Writer } from '@platformatic/kafka'

export type ProducePartition = { topic: string; partition: number; batch: Buffer }
export type ProduceRequest = { timeoutMs: number; partitions: readonly ProducePartition[] }
export type ProducedPartition = {
  topic: string
  partition: number
  errorCode: number
  baseOffset: number
  reason: string | null
}

/** Acknowledged by every replica in sync. */
const acknowledgedByAll = -1

function encodeProduce({ timeoutMs, partitions }: ProduceRequest): Writer {
  const topics = Map.groupBy(partitions, ({ topic }) => topic)
  return Writer.create()
    .appendString(null)
    .appendInt16(acknowledgedByAll)
    .appendInt32(timeoutMs)
    .appendArray([...topics], (writer, [topic, batches]) => {
      writer.appendString(topic).appendArray(batches, (to, { partition, batch }) => {
        to.appendInt32(partition).appendBytes(batch)
      })
    })
    .appendTaggedFields()
}

function decodeProduce(reader: Reader): ProducedPartition[] {
  return reader
    .readArray((topicReader) => {
      const topic = topicReader.readString()
      return topicReader.readArray((from): ProducedPartition => {
        const partition = from.readInt32()
        const errorCode = from.readInt16()
        const baseOffset = Number(from.readInt64())
        // The append time is read with the record; where the log starts is asked elsewhere.
        from.skip(16)
        from.readArray((errors) => void errors.skip(4).readNullableString())
        return { topic, partition, errorCode, baseOffset, reason: from.readNullableString() }
      })
    })
    .flat()
}

export const produceApi = createAPI<[ProduceRequest], ProducedPartition[]>(
  0,
  9,
  encodeProduce,
  onlyReader(decodeProduce),
)

export type ProduceOutcome =
  | 'stored'
  | 'not stored'
  | 'in doubt'
  | 'in the log, place unknown'
  | 'fatal'
  | 'wrong number'
  | 'unknown producer'

/**
 * What an error code means for the records. Only what a broker refuses before it writes is
 * certainly not stored: a leader that is replaced while it waits for the others answers NOT_LEADER
 * too, although the records may live on with its successor.
 */
export function produceOutcome(code: number): ProduceOutcome {
  const name = protocolErrorsCodesById[code] ?? ''
  return outcomes[name] ?? (fatalErrors.has(name) ? 'fatal' : 'in doubt')
}

/** By the names of Kafka's documentation. */
const outcomes: Readonly<Record<string, ProduceOutcome>> = {
  NONE: 'stored',
  // Before writing: afterwards it is another code.
  NOT_ENOUGH_REPLICAS: 'not stored',
  THROTTLING_QUOTA_EXCEEDED: 'not stored',
  DUPLICATE_SEQUENCE_NUMBER: 'in the log, place unknown',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'wrong number',
  UNKNOWN_PRODUCER_ID: 'wrong number',
  INVALID_PRODUCER_EPOCH: 'unknown producer',
  INVALID_PRODUCER_ID_MAPPING: 'unknown producer',
}
const fatalErrors = new Set(
  (
    'CORRUPT_MESSAGE MESSAGE_TOO_LARGE RECORD_LIST_TOO_LARGE INVALID_RECORD INVALID_TIMESTAMP ' +
    'INVALID_TOPIC_EXCEPTION INVALID_REQUIRED_ACKS POLICY_VIOLATION UNSUPPORTED_VERSION ' +
    'UNSUPPORTED_FOR_MESSAGE_FORMAT UNSUPPORTED_COMPRESSION_TYPE ' +
    'TOPIC_AUTHORIZATION_FAILED CLUSTER_AUTHORIZATION_FAILED'
  ).split(' '),
)

export type FetchPartition = {
  partition: number
  /** The leader's, as it is known here: an older leader refuses. */
  leaderEpoch: number
  offset: number
  /** Under which the last record was read; −1: none was. */
  readEpoch: number
}
export type FetchRequest = {
  topicId: string
  partitions: readonly FetchPartition[]
  waitMsMax: number
  bytesMax: number
}
export type FetchedPartition = {
  partition: number
  errorCode: number
  /** What is known to survive the leader ends here, and so does what may be read. */
  end: number
  start: number
  /** What was read before is not what the log holds now, from here on; −1: it is. */
  divergesAt: number
  records: Buffer | null
}
export type Fetched = { errorCode: number; partitions: FetchedPartition[] }

/** Without a session: what one request asks for does not depend on those before. */
const noSession = { id: 0, epoch: -1 }

function encodeFetch({ topicId, partitions, waitMsMax, bytesMax }: FetchRequest): Writer {
  return Writer.create()
    .appendInt32(-1)
    .appendInt32(waitMsMax)
    .appendInt32(1)
    .appendInt32(bytesMax)
    .appendInt8(0)
    .appendInt32(noSession.id)
    .appendInt32(noSession.epoch)
    .appendArray([topicId], (writer, id) => {
      writer.appendUUID(id).appendArray([...partitions], (to, wanted) => {
        to.appendInt32(wanted.partition)
          .appendInt32(wanted.leaderEpoch)
          .appendInt64(BigInt(wanted.offset))
          .appendInt32(wanted.readEpoch)
          .appendInt64(-1n)
          .appendInt32(bytesMax)
      })
    })
    .appendArray([], () => {})
    .appendString('')
    .appendTaggedFields()
}

function decodeFetch(reader: Reader): Fetched {
  reader.skip(4)
  const errorCode = reader.readInt16()
  reader.skip(4)
  const partitions = reader
    .readArray((topicReader) => {
      topicReader.readUUID()
      return topicReader.readArray(decodeFetchedPartition, true, false)
    })
    .flat()
  return { errorCode, partitions }
}

function decodeFetchedPartition(reader: Reader): FetchedPartition {
  const partition = reader.readInt32()
  const errorCode = reader.readInt16()
  const end = Number(reader.readInt64())
  reader.skip(8)
  const start = Number(reader.readInt64())
  reader.readNullableArray((aborted) => void aborted.skip(16))
  reader.skip(4)
  const records = reader.readNullableBytes()
  let divergesAt = -1
  for (let count = reader.readUnsignedVarInt(); count > 0; count--) {
    const tag = reader.readUnsignedVarInt()
    const bytes = reader.readUnsignedVarInt()
    const after = reader.position + bytes
    if (tag === 0) divergesAt = Number(reader.skip(4).readInt64())
    reader.position = after
  }
  return { partition, errorCode, end, start, divergesAt, records }
}

export const fetchApi = createAPI<[FetchRequest], Fetched>(
  1,
  13,
  encodeFetch,
  onlyReader(decodeFetch),
)

/** The ids and versions that come before the reader are known here. */
function onlyReader<Answer>(decode: (reader: Reader) => Answer) {
  return (...[, , , reader]: [id: number, key: number, version: number, reader: Reader]): Answer =>
    decode(reader)
}

// The two requests that carry records, in the versions that every Kafka since 3.1 speaks. The
// client library has them too, but takes every record apart into objects of its own.

import { createAPI, type Reader, Writer } from '@platformatic/kafka'

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

// What the members of a group tell each other through the coordinator, in the format of Kafka's
// own consumers, so that its tools can show who reads what. The leader shares the partitions out.

import { Reader, Writer } from '@platformatic/kafka'

/** Of the format that every version of it can read. */
const version = 0

export function encodeSubscription(topic: string): Buffer {
  return Writer.create()
    .appendInt16(version)
    .appendArray([topic], (writer, name) => void writer.appendString(name, false), false, false)
    .appendBytes(null, false).buffer
}

export function decodeSubscription(bytes: Buffer): string[] {
  return readerOf(bytes).readArray((reader) => reader.readString(false), false, false)
}

export function encodeAssignment(topic: string, partitions: readonly number[]): Buffer {
  return Writer.create()
    .appendInt16(version)
    .appendArray(
      [topic],
      (writer, name) =>
        void writer
          .appendString(name, false)
          .appendArray([...partitions], (to, p) => void to.appendInt32(p), false, false),
      false,
      false,
    )
    .appendBytes(null, false).buffer
}

/** Empty where the coordinator has nothing for this member. */
export function decodeAssignment(bytes: Buffer, topic: string): number[] {
  if (bytes.length === 0) return []
  const shares = readerOf(bytes).readArray(
    (reader) => ({
      topic: reader.readString(false),
      partitions: reader.readArray((from) => from.readInt32(), false, false),
    }),
    false,
    false,
  )
  return shares.filter((share) => share.topic === topic).flatMap(({ partitions }) => partitions)
}

function readerOf(bytes: Buffer): Reader {
  const reader = Reader.from(bytes)
  reader.readInt16()
  return reader
}

/** Every partition to one member, each member about as many, the same whoever computes it. */
export function shareOut(members: readonly string[], partitions: number): Map<string, number[]> {
  const sorted = members.toSorted()
  const shares = new Map(sorted.map((member): [string, number[]] => [member, []]))
  for (let p = 0; p < partitions && sorted.length > 0; p++) {
    shares.get(sorted[p % sorted.length] ?? '')?.push(p)
  }
  return shares
}

// The one way to read partitions of a topic: record by record, each offset once, in order. It
// notices offsets that are missing, bytes that are no message, and what a newer version wrote;
// whether that is counted, skipped, or stops the reader is for each reader to say.

import { type Decoded } from '../domain/record.ts'
import type { Moment } from './clock.ts'
import type { Log, LogBatch, LogBounds, LogRecord, TailOptions } from './log.ts'
import { PortError } from './port-error.ts'

export type PartitionReading<Message> = {
  log: Pick<Log, 'tail'>
  topic: string
  /** By partition, the first offset wanted; partitions that are not named are not read. */
  from: ReadonlyMap<number, number>
  /** By partition, as the reading began; absent: it has nothing to catch up with. */
  bounds?: readonly LogBounds[]
  /** Leaves alone what lies behind `bounds`. */
  stopsAtEnd?: boolean
  /** As of `Log.tail`. */
  lingerMs?: number
  restMsMax?: number
  withoutHeaders?: boolean
  decode(record: LogRecord): Decoded<Message>
  /** What the message cannot do without: nothing more is read before it is there. */
  before?(message: Message): Promise<void> | undefined
  onMessage(message: Message, record: LogRecord): void
  /** Bytes that are no message, for every reader alike. Absent: they are skipped. */
  onVoid?(reason: string, record: LogRecord): void
  /** An unknown type or a newer version. Absent: it is treated like void bytes. */
  onUnknown?(reason: string, record: LogRecord): void
  /** Called before the record behind the gap. Absent: the reader does not depend on it. */
  onGap?(gap: Gap): void
  /** After the records of a batch; awaited before the next one. */
  onBatch?(batch: LogBatch): void | Promise<void>
  /** The reading has ended: the log cannot be read, or one of the functions above threw. */
  onError(error: unknown): void
}
export type Gap = { topic: string; partition: number; expected: number; found: number }

export type PartitionReader = {
  /** By partition, the next offset to read. */
  next: readonly number[]
  hasCaughtUp(): boolean
  /** Resolves when each partition has been read up to its end in `bounds`. */
  caughtUp: Promise<void>
  lastReadAt(partition: number): Moment
  close(): Promise<void>
}

/** Reads for ever. */
export function followPartitions<Message>(reading: PartitionReading<Message>): PartitionReader {
  const { log, topic, from, bounds = [] } = reading
  const next: number[] = []
  for (const [partition, offset] of from) next[partition] = offset
  const caughtUp = Promise.withResolvers<void>()
  let behind = [...from.keys()].filter((partition) => isBehind(partition)).length
  if (behind === 0) caughtUp.resolve()

  function isBehind(partition: number): boolean {
    return (next[partition] ?? 0) < (bounds[partition]?.end ?? 0)
  }

  /** A promise: the record is taken once it resolves. */
  function take(record: LogRecord): Promise<void> | undefined {
    const { partition, offset } = record
    const expected = next[partition] ?? 0
    if (offset !== expected) reading.onGap?.({ topic, partition, expected, found: offset })
    const decoded = reading.decode(record)
    const ready = decoded.kind === 'message' ? reading.before?.(decoded.message) : undefined
    if (ready !== undefined) return ready.then(() => takeDecoded(record, decoded))
    takeDecoded(record, decoded)
    return undefined
  }

  function takeDecoded(record: LogRecord, decoded: Decoded<Message>): void {
    next[record.partition] = record.offset + 1
    if (decoded.kind === 'message') reading.onMessage(decoded.message, record)
    else if (decoded.kind === 'unknown' && reading.onUnknown !== undefined) {
      reading.onUnknown(decoded.reason, record)
    } else reading.onVoid?.(decoded.reason, record)
  }

  function onBatch(batch: LogBatch): void | Promise<void> {
    const wasBehind = behind > 0 && isBehind(batch.partition)
    const taking = takeFrom(batch, 0)
    return taking === undefined
      ? taken(batch, wasBehind)
      : taking.then(() => taken(batch, wasBehind))
  }

  function takeFrom(batch: LogBatch, first: number): Promise<void> | undefined {
    const { partition, records } = batch
    const end = reading.stopsAtEnd ? (bounds[partition]?.end ?? 0) : Number.POSITIVE_INFINITY
    for (let n = first; n < records.length; n++) {
      const record = records[n] as LogRecord
      const ready = record.offset < end ? take(record) : undefined
      if (ready !== undefined) return ready.then(() => takeFrom(batch, n + 1))
    }
    return undefined
  }

  function taken(batch: LogBatch, wasBehind: boolean): void | Promise<void> {
    if (wasBehind && !isBehind(batch.partition)) behind--
    if (wasBehind && behind === 0) caughtUp.resolve()
    return reading.onBatch?.(batch)
  }

  const { onError } = reading
  const tail = log.tail({ topic, from, ...paceOf(reading), onBatch, onError })
  return {
    next,
    hasCaughtUp: () => behind === 0,
    caughtUp: caughtUp.promise,
    lastReadAt: tail.lastReadAt,
    close: tail.close,
  }
}

type Pace = Pick<TailOptions, 'lingerMs' | 'restMsMax' | 'withoutHeaders'>

function paceOf({
  lingerMs,
  restMsMax,
  withoutHeaders,
}: Pick<PartitionReading<never>, keyof Pace>): Pace {
  return {
    ...(lingerMs === undefined ? {} : { lingerMs }),
    ...(restMsMax === undefined ? {} : { restMsMax }),
    ...(withoutHeaders === undefined ? {} : { withoutHeaders }),
  }
}

export type ReadingToEnd<Message> = Omit<
  PartitionReading<Message>,
  'from' | 'onError' | 'lingerMs' | 'restMsMax' | 'stopsAtEnd'
> & {
  bounds: readonly LogBounds[]
  /** Absent: all of them. */
  only?: number
}

/** Reads from the start to the end as `bounds` has it; what was appended later is left alone. */
export async function readToEnd<Message>(reading: ReadingToEnd<Message>): Promise<void> {
  const { bounds, only } = reading
  const wanted = [...bounds.entries()].filter(([n, { start, end }]) => {
    return start < end && (only === undefined || n === only)
  })
  if (wanted.length === 0) return
  const ended = Promise.withResolvers<never>()
  const from = new Map(wanted.map(([partition, { start }]) => [partition, start]))
  const onError = ended.reject
  const reader = followPartitions({ ...reading, from, stopsAtEnd: true, onError })
  try {
    await Promise.race([reader.caughtUp, ended.promise])
  } finally {
    await reader.close()
  }
}

/** For readers that cannot go on behind a gap. */
export function stopAtGap({ topic, partition, expected, found }: Gap): never {
  const where = `partition ${partition} of ${topic}`
  throw new PortError('log_damaged', `${where} goes on at ${found}, but ${expected} is next`)
}

/** For readers that cannot skip what a newer version wrote. */
export function writtenByNewer(stopped: string, wayOut: string): NewerRecord {
  return new NewerRecord('log_damaged', `${stopped}. A newer version wrote it; ${wayOut}`)
}
/** Nothing is wrong with the log: its reader is too old. */
export class NewerRecord extends PortError {}

/** The `decode` of readers that look into the bytes later. */
export function undecoded(record: LogRecord): Decoded<LogRecord> {
  return { kind: 'message', message: record }
}

// Reads one topic of the log from its start to its end as it stood when asked, in the order of each
// partition, for the audits. What is appended meanwhile is left alone.

import type { Log, LogBatch, LogBounds, LogRecord } from '../ports/coupons.ts'

export type LogReader = Pick<Log, 'bounds' | 'tail'>
/** A log in which the topics besides `topics` are empty: they were never made. */
export function withoutTopics(log: LogReader, topics: readonly string[]): LogReader {
  return {
    bounds: async (topic) => (topics.includes(topic) ? log.bounds(topic) : []),
    tail: log.tail,
  }
}

export type EndReading = {
  log: Pick<Log, 'tail'>
  topic: string
  bounds: readonly LogBounds[]
  /** Kept up by `onBatch`: the next offset of each partition. */
  next: readonly number[]
}

export async function readToEnd(
  { log, topic, bounds, next }: EndReading,
  onBatch: (batch: LogBatch) => void,
): Promise<void> {
  const atEnd = () => bounds.every(({ end }, partition) => (next[partition] ?? 0) >= end)
  if (atEnd()) return
  const reached = Promise.withResolvers<void>()
  const tail = log.tail({
    topic,
    from: new Map(bounds.map(({ start }, partition) => [partition, start])),
    async onBatch(batch) {
      onBatch(batch)
      if (atEnd()) reached.resolve()
    },
    onError: reached.reject,
  })
  try {
    await reached.promise
  } finally {
    await tail.close()
  }
}

export type TopicReading = {
  log: LogReader
  topic: string
  onRecord(record: LogRecord): void
  /** Records that should be there and are not. */
  onLost(text: string): void
}

export async function readTopic(reading: TopicReading): Promise<LogBounds[]> {
  const { log, topic, onRecord, onLost } = reading
  const bounds = await log.bounds(topic)
  for (const [partition, { start }] of bounds.entries()) {
    if (start > 0) onLost(`partition ${partition} of ${topic} starts at offset ${start}`)
  }
  const next = bounds.map(({ start }) => start)
  await readToEnd({ log, topic, bounds, next }, ({ partition, records }) => {
    const end = bounds[partition]?.end ?? 0
    for (const record of records) {
      if (record.offset >= end) break
      const expected = next[partition] ?? 0
      if (record.offset !== expected) {
        const after = `after ${expected - 1}`
        onLost(`partition ${partition} of ${topic} goes on at offset ${record.offset} ${after}`)
      }
      next[partition] = record.offset + 1
      onRecord(record)
    }
  })
  return bounds
}

// Reads one topic of the log from its start to its end as it stood when asked, in the order of each
// partition, for the audits. What is appended meanwhile is left alone.

import type { Log, LogBounds, LogRecord } from '../ports/log.ts'
import { readToEnd, undecoded } from '../ports/partition-reader.ts'

export type LogReader = Pick<Log, 'bounds' | 'tail'>
/** A log in which the topics besides `topics` are empty: they were never made. */
export function withoutTopics(log: LogReader, topics: readonly string[]): LogReader {
  return {
    bounds: async (topic) => (topics.includes(topic) ? log.bounds(topic) : []),
    tail: log.tail,
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
  await readToEnd({
    log,
    topic,
    bounds,
    decode: undecoded,
    onMessage: onRecord,
    onGap({ partition, expected, found }) {
      onLost(`partition ${partition} of ${topic} goes on at offset ${found} after ${expected - 1}`)
    },
  })
  return bounds
}

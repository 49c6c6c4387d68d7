// The embedded log: one checksummed, append-only file per topic, in one process. Keeps what Log
// promises without a server; see docs/decisions/0001 for why it is not a library's store.

import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { createLocalGroups } from './group-local.ts'
import {
  createTopicReaders,
  highWaterMarkPath,
  known,
  type Topics,
  topicPath,
} from './topic-readers.ts'
import { openTopicFile, type TopicEnd, type TopicFile, type WriteDurably } from './topic-writer.ts'

export type LogFileOptions = {
  /** The data directory: files go to `log/`, their high-water marks to `acknowledged/`. */
  directory: string
  topics: Topics
  clock: Clock
  writeDurably?: WriteDurably | undefined
  onProgress?: ((done: number, total: number) => void) | undefined
  onAcknowledged?: ((topic: string, end: TopicEnd) => void) | undefined
}

export type LogFile = Log & { end(topic: string): TopicEnd }

/** Checks every byte first. Throws log_damaged where acknowledged records cannot be read. */
export async function openLogFile(options: LogFileOptions): Promise<LogFile> {
  const { directory, topics, clock } = options
  const files = new Map<string, TopicFile>()
  const { grow, ...readers } = createTopicReaders(directory, topics, clock)
  for (const [topic, partitions] of Object.entries(topics)) {
    const file = await openTopicFile({
      path: topicPath(directory, topic),
      highWaterMarkPath: highWaterMarkPath(directory, topic),
      partitions,
      clock,
      writeDurably: options.writeDurably,
      onProgress: options.onProgress,
      onAcknowledged(end) {
        grow(topic, end)
        options.onAcknowledged?.(topic, end)
      },
    })
    grow(topic, file.end())
    files.set(topic, file)
  }
  return {
    ...readers,
    append: (topic, entries) => known(files.get(topic), topic).append(entries),
    join: createLocalGroups(readers.partitionsOf).join,
    async close() {
      for (const file of files.values()) await file.close()
    },
  }
}

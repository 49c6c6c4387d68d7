// The embedded log: one checksummed, append-only file per topic, in one process. Keeps what Log
// promises without a server; see docs/decisions/0001 for why it is not a library's store.

import { open } from 'node:fs/promises'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { readHighWaterMark } from './acknowledged.ts'
import { scanTopicFile } from './scan.ts'
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
      ...options,
      path: topicPath(directory, topic),
      highWaterMarkPath: highWaterMarkPath(directory, topic),
      partitions,
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
    async close() {
      for (const file of files.values()) await file.close()
    },
  }
}

/**
 * For who reads from outside its process: the log as it stands now, whether or not the service is
 * running. Writes nothing and needs no lock. Throws log_damaged where acknowledged records cannot
 * be read, log_unavailable without a log.
 */
export async function openLogFileReader(
  options: Omit<LogFileOptions, 'writeDurably' | 'onAcknowledged'>,
): Promise<Pick<Log, 'partitionsOf' | 'bounds' | 'tail'>> {
  const { directory, topics, clock, onProgress } = options
  const readers = createTopicReaders(directory, topics, clock)
  for (const [topic, partitions] of Object.entries(topics)) {
    const path = topicPath(directory, topic)
    // Read before the scan: what is acknowledged later must not be missed by it.
    const acknowledged = readHighWaterMark(highWaterMarkPath(directory, topic))
    const file = await open(path, 'r').catch((cause: unknown) => {
      throw new PortError('log_unavailable', `there is no log at ${path}`, { cause })
    })
    try {
      const scan = await scanTopicFile(file, { path, partitions, onProgress })
      if (scan.bytes < acknowledged) {
        const reason = `${scan.torn ?? 'the file ends there'}; ${acknowledged} were acknowledged`
        throw new PortError('log_damaged', `${path} is damaged at byte ${scan.bytes}: ${reason}`)
      }
      readers.grow(topic, scan)
    } finally {
      await file.close()
    }
  }
  return readers
}

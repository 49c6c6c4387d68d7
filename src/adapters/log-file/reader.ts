// Reads the embedded log from outside its process: as it stood when opened, whether or not the
// service is running. For the auditor; it writes nothing and needs no lock.

import { open } from 'node:fs/promises'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { readHighWaterMark } from './acknowledged.ts'
import { scanTopicFile } from './scan.ts'
import { createTopicReaders, highWaterMarkPath, type Topics, topicPath } from './topic-readers.ts'

export type LogReader = Pick<Log, 'partitionsOf' | 'bounds' | 'tail'>
export type LogReaderOptions = {
  directory: string
  topics: Topics
  clock: Clock
  onProgress?: ((done: number, total: number) => void) | undefined
}

/** Throws log_damaged where acknowledged records cannot be read, log_unavailable without a log. */
export async function openLogFileReader(options: LogReaderOptions): Promise<LogReader> {
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

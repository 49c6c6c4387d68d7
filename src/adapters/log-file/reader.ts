// Reads the embedded log from outside its process: as it stood when opened, whether or not the
// service is running. For the auditor; it writes nothing and needs no lock.

import { open } from 'node:fs/promises'
import type { Clock } from '../../ports/clock.ts'
import { type Log, PortError } from '../../ports/coupons.ts'
import { readWitness } from './acknowledged.ts'
import { createGrowth, known, topicPath, witnessPath } from './log-file.ts'
import { scanTopicFile } from './scan.ts'
import { tailTopicFile } from './tail.ts'

export type LogReader = Pick<Log, 'partitionsOf' | 'bounds' | 'tail'>
export type LogReaderOptions = {
  directory: string
  topics: Readonly<Record<string, number>>
  clock: Clock
  onProgress?: ((done: number, total: number) => void) | undefined
}

/** Throws log_damaged where acknowledged records cannot be read, log_unavailable without a log. */
export async function openLogFileReader(options: LogReaderOptions): Promise<LogReader> {
  const { directory, topics, clock } = options
  const ends = new Map<string, number[]>()
  const growths = new Map<string, ReturnType<typeof createGrowth>>()
  for (const [topic, partitions] of Object.entries(topics)) {
    const path = topicPath(directory, topic)
    // Read before the scan: what is acknowledged later must not be missed by it.
    const acknowledged = readWitness(witnessPath(directory, topic))
    const file = await open(path, 'r').catch((cause: unknown) => {
      throw new PortError('log_unavailable', `there is no log at ${path}`, { cause })
    })
    try {
      const scan = await scanTopicFile(file, { path, partitions, onProgress: options.onProgress })
      if (scan.bytes < acknowledged) {
        const reason = `${scan.torn ?? 'the file ends there'}; ${acknowledged} were acknowledged`
        throw new PortError('log_damaged', `${path} is damaged at byte ${scan.bytes}: ${reason}`)
      }
      const growth = createGrowth()
      growth.grow(scan.bytes)
      growths.set(topic, growth)
      ends.set(topic, scan.ends)
    } finally {
      await file.close()
    }
  }
  return {
    partitionsOf: (topic) => known(topics[topic], topic),
    bounds: async (topic) => known(ends.get(topic), topic).map((end) => ({ start: 0, end })),
    tail(tailOptions) {
      const { topic } = tailOptions
      const growth = known(growths.get(topic), topic)
      return tailTopicFile({ path: topicPath(directory, topic), growth, clock }, tailOptions)
    },
  }
}

// The embedded log: one checksummed, append-only file per topic, in one process. Keeps what Log
// promises without a server; see docs/decisions/0001 for why it is not a library's store.

import { join } from 'node:path'
import type { Clock } from '../../ports/clock.ts'
import { type Log, PortError } from '../../ports/coupons.ts'
import { createLocalGroups } from './group-local.ts'
import { type Growth, tailTopicFile } from './tail.ts'
import { openTopicFile, type TopicEnd, type TopicFile, type WriteDurably } from './topic-writer.ts'

export type LogFileOptions = {
  /** The data directory: files go to `log/`, their witnesses to `acknowledged/`. */
  directory: string
  /** Topics and their partition counts, which may never change. */
  topics: Readonly<Record<string, number>>
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
  const growths = new Map<string, WritableGrowth>()
  for (const [topic, partitions] of Object.entries(topics)) {
    const growth = createGrowth()
    const file = await openTopicFile({
      path: topicPath(directory, topic),
      witnessPath: witnessPath(directory, topic),
      partitions,
      clock,
      writeDurably: options.writeDurably,
      onProgress: options.onProgress,
      onAcknowledged(end) {
        growth.grow(end.bytes)
        options.onAcknowledged?.(topic, end)
      },
    })
    growth.grow(file.end().bytes)
    files.set(topic, file)
    growths.set(topic, growth)
  }
  const fileOf = (topic: string) => known(files.get(topic), topic)
  const partitionsOf = (topic: string) => known(topics[topic], topic)
  return {
    partitionsOf,
    append: (topic, entries) => fileOf(topic).append(entries),
    tail(tailOptions) {
      const growth = known(growths.get(tailOptions.topic), tailOptions.topic)
      const path = topicPath(directory, tailOptions.topic)
      return tailTopicFile({ path, growth, clock }, tailOptions)
    },
    bounds: async (topic) =>
      fileOf(topic)
        .end()
        .ends.map((end) => ({ start: 0, end })),
    join: createLocalGroups(partitionsOf).join,
    end: (topic) => fileOf(topic).end(),
    async close() {
      for (const file of files.values()) await file.close()
    },
  }
}

export function topicPath(directory: string, topic: string): string {
  return join(directory, 'log', `${topic}.log`)
}

export function witnessPath(directory: string, topic: string): string {
  return join(directory, 'acknowledged', topic)
}

export type WritableGrowth = Growth & { grow(bytes: number): void }

export function createGrowth(): WritableGrowth {
  let bytes = 0
  let waiting: (() => void)[] = []
  return {
    bytes: () => bytes,
    grown: (beyond) =>
      bytes > beyond ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    grow(to) {
      bytes = to
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    },
  }
}

export function known<T>(found: T | undefined, topic: string): T {
  if (found === undefined) throw new PortError('log_unavailable', `no topic ${topic}`)
  return found
}

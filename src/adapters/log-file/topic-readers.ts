// The reading half of the embedded log, over the files of its topics: who writes them, in this
// thread or another, says how far each is acknowledged.

import { join } from 'node:path'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { type Growth, tailTopicFile } from './tail.ts'
import type { TopicEnd } from './topic-writer.ts'

/** Topics and their partition counts, which may never change. */
export type Topics = Readonly<Record<string, number>>
export type TopicReaders = Pick<Log, 'partitionsOf' | 'bounds' | 'tail'> & {
  /** The topic is acknowledged up to here now. */
  grow(topic: string, end: TopicEnd): void
  end(topic: string): TopicEnd
}

/** `directory`: the data directory. */
export function createTopicReaders(directory: string, topics: Topics, clock: Clock): TopicReaders {
  const ends = new Map<string, TopicEnd>()
  const growths = new Map(Object.keys(topics).map((topic) => [topic, createGrowth()]))

  function end(topic: string): TopicEnd {
    return known(ends.get(topic), topic)
  }

  return {
    partitionsOf: (topic) => known(topics[topic], topic),
    bounds: async (topic) => end(topic).ends.map((next) => ({ start: 0, end: next })),
    tail(options) {
      const path = topicPath(directory, options.topic)
      const growth = known(growths.get(options.topic), options.topic)
      return tailTopicFile({ path, growth, clock }, options)
    },
    grow(topic, to) {
      ends.set(topic, to)
      growths.get(topic)?.grow(to.bytes)
    },
    end,
  }
}

export function topicPath(directory: string, topic: string): string {
  return join(directory, 'log', `${topic}.log`)
}

export function highWaterMarkPath(directory: string, topic: string): string {
  return join(directory, 'acknowledged', topic)
}

function createGrowth(): Growth & { grow(bytes: number): void } {
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

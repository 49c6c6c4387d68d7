// The embedded log seen from another thread of the same process: reading goes to the files,
// appending to the thread that owns them. `serveLog` is the owner's end, `connectLog` the other.

import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../../ports/clock.ts'
import type { Log, LogEntry, LogPlace } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { answerCalls, callThread } from '../thread-call.ts'
import { FrameIndex, type IndexedFrame } from './frame-places.ts'
import type { LogFile } from './log-file.ts'
import { createTopicReaders, type Topics } from './topic-readers.ts'
import type { TopicEnd } from './topic-writer.ts'

type Append = { topic: string; entries: LogEntry[] }
type Grown = { grown: string; end: TopicEnd }

/** The returned function reports every acknowledged append to the other end. */
export function serveLog(log: LogFile, port: MessagePort) {
  const append = ({ topic, entries }: Append) => {
    const received = entries.map((entry) => ({ ...entry, value: Buffer.from(entry.value) }))
    return log.append(topic, received)
  }
  answerCalls(port, append, 'log_failed')
  return (grown: string, end: TopicEnd) => port.postMessage({ grown, end } satisfies Grown)
}

export type ConnectLogOptions = {
  directory: string
  topics: Topics
  /** Where each topic ended when the port was made. */
  ends: Readonly<Record<string, TopicEnd>>
  /** What was known of its file by then. */
  frames: Readonly<Record<string, readonly IndexedFrame[]>>
  port: MessagePort
  clock: Clock
}

export function connectLog(options: ConnectLogOptions): Log {
  const { directory, topics, ends, frames, port, clock } = options
  const {
    grow,
    begin,
    end: _,
    index: __,
    ...readers
  } = createTopicReaders(directory, topics, clock)
  for (const [topic, end] of Object.entries(ends)) {
    begin(topic, end, new FrameIndex(topics[topic] ?? 0, frames[topic]))
  }
  const closed = () => new PortError('log_unavailable', 'log closed')
  const calls = callThread<Append, LogPlace[]>(port, closed)
  port.on('message', (message: Grown | { call: number }) => {
    if ('grown' in message) grow(message.grown, message.end)
  })
  return {
    ...readers,
    append: (topic, entries) => calls.ask({ topic, entries: [...entries] }),
    close: async () => port.close(),
  }
}

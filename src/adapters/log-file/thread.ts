// The embedded log seen from another thread of the same process: reading goes to the files,
// appending to the thread that owns them. `serveLog` is the owner's end, `connectLog` the other.

import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../../ports/clock.ts'
import { type Log, type LogEntry, type LogPlace, PortError } from '../../ports/coupons.ts'
import { createLocalGroups } from './group-local.ts'
import { createGrowth, known, type LogFile, topicPath } from './log-file.ts'
import { tailTopicFile } from './tail.ts'
import type { TopicEnd } from './topic-writer.ts'

type ToOwner = { call: number; topic: string; entries: LogEntry[] }
type FromOwner =
  | { kind: 'grown'; topic: string; end: TopicEnd }
  | { kind: 'appended'; call: number; places: LogPlace[] }
  | { kind: 'failed'; call: number; failure: Failure }
type Failure = Pick<PortError, 'code' | 'message' | 'retryable' | 'appended'>

/** The returned function tells the other end of every acknowledged append. */
export function serveLog(log: LogFile, port: MessagePort) {
  const send = (message: FromOwner) => port.postMessage(message)
  port.on('message', ({ call, topic, entries }: ToOwner) => {
    const received = entries.map((entry) => ({ ...entry, value: Buffer.from(entry.value) }))
    log.append(topic, received).then(
      (places) => send({ kind: 'appended', call, places }),
      (error: unknown) => send({ kind: 'failed', call, failure: failureOf(error) }),
    )
  })
  return (topic: string, end: TopicEnd) => send({ kind: 'grown', topic, end })
}

export type ConnectLogOptions = {
  directory: string
  topics: Readonly<Record<string, number>>
  /** Where each topic ended when the port was made. */
  ends: Readonly<Record<string, TopicEnd>>
  port: MessagePort
  clock: Clock
}

export function connectLog(options: ConnectLogOptions): Log {
  const { directory, topics, port, clock } = options
  const ends = new Map(Object.entries(options.ends))
  const growths = new Map(Object.keys(topics).map((topic) => [topic, createGrowth()]))
  const calls = new Map<number, PromiseWithResolvers<LogPlace[]>>()
  let lastCall = 0
  for (const [topic, end] of ends) growths.get(topic)?.grow(end.bytes)

  port.on('message', (message: FromOwner) => {
    if (message.kind === 'grown') {
      ends.set(message.topic, message.end)
      growths.get(message.topic)?.grow(message.end.bytes)
      return
    }
    const call = calls.get(message.call)
    calls.delete(message.call)
    if (message.kind === 'appended') call?.resolve(message.places)
    else call?.reject(portError(message.failure))
  })
  port.on('close', () => {
    for (const call of calls.values()) call.reject(new PortError('log_unavailable', 'log closed'))
    calls.clear()
  })

  const partitionsOf = (topic: string) => known(topics[topic], topic)
  return {
    partitionsOf,
    append(topic, entries) {
      const call = Promise.withResolvers<LogPlace[]>()
      lastCall++
      calls.set(lastCall, call)
      port.postMessage({ call: lastCall, topic, entries: [...entries] } satisfies ToOwner)
      return call.promise
    },
    tail(tailOptions) {
      const growth = known(growths.get(tailOptions.topic), tailOptions.topic)
      return tailTopicFile(
        { path: topicPath(directory, tailOptions.topic), growth, clock },
        tailOptions,
      )
    },
    bounds: async (topic) => known(ends.get(topic), topic).ends.map((end) => ({ start: 0, end })),
    join: createLocalGroups(partitionsOf).join,
    close: async () => port.close(),
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof PortError) {
    const { code, message, retryable, appended } = error
    return { code, message, retryable, appended }
  }
  return { code: 'log_failed', message: String(error), retryable: false, appended: 'unknown' }
}

function portError({ code, message, retryable, appended }: Failure): PortError {
  return new PortError(code, message, { retryable, appended })
}

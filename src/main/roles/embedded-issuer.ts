// The main thread's end of the issuer thread: starts it, hands it its ports, and asks SQL
// through it.

import { MessageChannel, Worker } from 'node:worker_threads'
import type { Queryable } from '../../adapters/database/database.ts'
import { connectDatabase } from '../../adapters/database/thread.ts'
import type { LogFile } from '../../adapters/log-file/log-file.ts'
import { serveLog } from '../../adapters/log-file/thread.ts'
import { createGivenKeysSql } from '../../adapters/stores/nodes/given-keys.ts'
import { callThread, portErrorOf } from '../../adapters/thread-call.ts'
import type { StoredRedemptions } from '../../ports/orders.ts'
import { readsOver } from './api-node.ts'
import type {
  IssuerNews,
  IssuerQuestion,
  IssuerThreadData,
  IssuerThreadPorts,
  IssuerThreadSettings,
} from './issuer-thread.ts'

export type EmbeddedIssuerParts = {
  log: LogFile
  settings: IssuerThreadSettings
  /** The rows are derived anew, or a consumer of orders cannot go on. */
  onNews(news: IssuerNews & { reason: string }): void
  onWaiting(text: string): void
  onStored(stored: StoredRedemptions): void
  onError(error: unknown): void
}
export type EmbeddedIssuer = ReturnType<typeof startEmbeddedIssuer>

export function startEmbeddedIssuer(parts: EmbeddedIssuerParts) {
  const logChannel = new MessageChannel()
  const databaseChannel = new MessageChannel()
  const control = new MessageChannel()
  const onAcknowledged = serveLog(parts.log, logChannel.port1)
  const worker = startThread(parts, {
    logPort: logChannel.port2,
    databasePort: databaseChannel.port2,
    controlPort: control.port2,
  })
  const ended = () => new Error('the issuer thread has ended')
  const thread = callThread<IssuerQuestion, string>(control.port1, ended)
  const checked = Promise.withResolvers<void>()
  let isChecked = false
  let rows: ReturnType<typeof rowsOver> | null = null
  let closing = false

  /** Before it is checked the start fails; afterwards the service cannot go on. */
  function failed(error: unknown): void {
    if (isChecked) parts.onError(error)
    else checked.reject(error)
  }

  worker.on('error', failed)
  worker.on('exit', (code) => {
    if (!closing) failed(new Error(`the issuer thread ended with ${code}`))
  })
  // Whoever starts waits for it, unless the start has failed before.
  checked.promise.catch(() => {})

  control.port1.on('message', (message: IssuerNews | { kind?: never }) => {
    switch (message.kind) {
      case 'checked':
        isChecked = true
        checked.resolve()
        break
      case 'up':
        rows = rowsOver(connectDatabase(databaseChannel.port1))
        break
      case 'rebuilding':
      case 'halted':
      case 'waiting':
      case 'stored':
        passOn(message, parts)
        break
      case 'failed':
        failed(portErrorOf(message.failure))
        break
      case undefined: // the answer to a call
        break
    }
  })

  return {
    /** Resolves once the log is known to be the one that the rows were made from. */
    checked: checked.promise,
    /** null until SQL is up. */
    rows: () => rows,
    /** To be called after every acknowledged append. */
    onAcknowledged,
    metricsText: (): Promise<string> => thread.ask('metrics').catch(() => ''),
    async close() {
      closing = true
      await thread.ask('close').catch(() => {})
      for (const port of [logChannel.port1, databaseChannel.port1, control.port1]) port.close()
      await worker.terminate()
    },
  }
}

type Passed = Extract<IssuerNews, { kind: 'rebuilding' | 'halted' | 'waiting' | 'stored' }>

function passOn(news: Passed, parts: EmbeddedIssuerParts): void {
  if (news.kind === 'stored') parts.onStored(news.stored)
  else if (news.kind === 'waiting') parts.onWaiting(news.text)
  else parts.onNews(news)
}

function rowsOver(database: Queryable) {
  return { reads: readsOver(database), givenKeys: createGivenKeysSql(database) }
}

function startThread({ log, settings }: EmbeddedIssuerParts, ports: IssuerThreadPorts): Worker {
  const topics = Object.keys(settings.topics)
  const ends = Object.fromEntries(topics.map((topic) => [topic, log.end(topic)]))
  const frames = Object.fromEntries(topics.map((topic) => [topic, log.index(topic).frames()]))
  return new Worker(new URL('./issuer-thread.ts', import.meta.url), {
    workerData: { settings, ends, frames, ...ports } satisfies IssuerThreadData,
    transferList: Object.values(ports),
    // The thread has no arguments of its own.
    argv: [],
  })
}

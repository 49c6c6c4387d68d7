// The main thread's end of the issuer thread: starts it, hands it its ports, and reads SQL
// through it.

import { MessageChannel, Worker } from 'node:worker_threads'
import type { Queryable } from '../../adapters/database/database.ts'
import { connectDatabase } from '../../adapters/database/thread.ts'
import type { LogFile } from '../../adapters/log-file/log-file.ts'
import { serveLog } from '../../adapters/log-file/thread.ts'
import type { TopicEnd } from '../../adapters/log-file/topic-writer.ts'
import { type CouponReader, createCouponReaderSql } from '../../adapters/stores/coupon-reader.ts'
import { createOrdersAuditReaderSql } from '../../adapters/stores/orders-audit.ts'
import { createOrdersReaderSql } from '../../adapters/stores/orders-reader.ts'
import { callThread, portErrorOf } from '../../adapters/thread-call.ts'
import type { OrdersAuditReader } from '../../ports/orders-audit.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
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
  onRebuilding(reason: string): void
  onError(error: unknown): void
}
export type EmbeddedIssuer = {
  /** Both null until SQL is up. */
  store(): CouponReader | null
  reader(): OrdersReader | null
  ordersAudit(): OrdersAuditReader | null
  /** Resolves when SQL is up. */
  up: Promise<void>
  /** To be called after every acknowledged append. */
  onAcknowledged(topic: string, end: TopicEnd): void
  metricsText(): Promise<string>
  close(): Promise<void>
}

export function startEmbeddedIssuer(parts: EmbeddedIssuerParts): EmbeddedIssuer {
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
  const up = Promise.withResolvers<void>()
  let reads: ReturnType<typeof readsOver> | null = null
  let closing = false
  worker.on('error', parts.onError)
  worker.on('exit', (code) => {
    if (!closing) parts.onError(new Error(`the issuer thread ended with ${code}`))
  })

  control.port1.on('message', (message: IssuerNews | { kind?: never }) => {
    switch (message.kind) {
      case 'up':
        reads = readsOver(connectDatabase(databaseChannel.port1))
        up.resolve()
        break
      case 'rebuilding':
        parts.onRebuilding(message.reason)
        break
      case 'failed':
        parts.onError(portErrorOf(message.failure))
        break
      case undefined:
        // The answer to a call.
        break
    }
  })

  return {
    store: () => reads?.store ?? null,
    reader: () => reads?.reader ?? null,
    ordersAudit: () => reads?.ordersAudit ?? null,
    up: up.promise,
    onAcknowledged,
    metricsText: () => thread.ask('metrics').catch(() => ''),
    async close() {
      closing = true
      await thread.ask('close').catch(() => {})
      for (const port of [logChannel.port1, databaseChannel.port1, control.port1]) port.close()
      await worker.terminate()
    },
  }
}

function readsOver(database: Queryable) {
  return {
    store: createCouponReaderSql(database),
    reader: createOrdersReaderSql(database),
    ordersAudit: createOrdersAuditReaderSql(database),
  }
}

function startThread({ log, settings }: EmbeddedIssuerParts, ports: IssuerThreadPorts): Worker {
  const topics = Object.keys(settings.topics)
  const ends = Object.fromEntries(topics.map((topic) => [topic, log.end(topic)]))
  return new Worker(new URL('./issuer-thread.ts', import.meta.url), {
    workerData: { settings, ends, ...ports } satisfies IssuerThreadData,
    transferList: Object.values(ports),
    // The thread has no arguments of its own.
    argv: [],
  })
}

// Where an audit finds log and rows. Embedded: the log in its files, the rows in the data directory
// while no service runs on it, else with that service. Distributed: the log in Kafka, the rows in
// PostgreSQL, or with an API node. Writes nothing; while it reads a directory's rows itself it
// holds the directory's lock, so that no service starts under it.

import { existsSync } from 'node:fs'
import { systemClock } from '../../adapters/clock-system.ts'
import {
  DataDirectoryError,
  openDataDirectory,
  readOwner,
  readSecrets,
} from '../../adapters/data-directory.ts'
import type { Database } from '../../adapters/database/database.ts'
import { startPostgres } from '../../adapters/database/postgres.ts'
import { openLogFileReader } from '../../adapters/log-file/log-file.ts'
import { topicPath } from '../../adapters/log-file/topic-readers.ts'
import { startKafkaLog } from '../../adapters/log-kafka/log-kafka.ts'
import { describeTopics } from '../../adapters/log-kafka/topics.ts'
import { createCouponReaderSql } from '../../adapters/stores/coupon-reader.ts'
import { createOrdersAuditSql } from '../../adapters/stores/orders-audit.ts'
import type { ProjectionSource } from '../../audit/audit.ts'
import type { OrdersAudit } from '../../audit/orders/audit-orders.ts'
import { type LogReader, withoutTopics } from '../../audit/orders/read-log.ts'
import { ordersAuditOver, projectionOver } from '../../client/audit-rows.ts'
import type { Progress } from '../../client/progress.ts'
import { callService, problemOf } from '../../client/service-client.ts'
import type { Settings } from '../../config/settings.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { orderTopics } from '../../domain/orders/records.ts'
import { sleep } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { CommandError, exitCodes } from '../context.ts'
import { given, kafkaConnection } from '../roles/distributed.ts'
import { isProjectionTrusted, openMigrated, projectionDirectory } from '../roles/projection.ts'
import { embeddedTopics } from '../roles/topics.ts'
import { operatorToken } from './service-address.ts'

export type AuditSource = AuditedRows & { openLog(): Promise<LogReader> }
type AuditedRows = {
  source: ProjectionSource
  orders: OrdersAudit
  codeSecret: string
  /** As people should read it. */
  where: string
  /**
   * 'none': there is a log alone, as in a backup; 'untrusted': the next start derives the rows
   * anew, so nothing can be said of them.
   */
  rows: 'compared' | 'none' | 'untrusted'
  close(): Promise<void>
}
export type SourceOptions = {
  settings: Settings
  progress: Progress
  url?: string | undefined
  token?: string | undefined
}

/** Coupons of a service come in one answer; 500 bytes each leave room for half a million. */
const projectionBytesMax = 256 * 1024 * 1024
/** A service lets a call wait for SQL for 30 s. */
const answerMsMax = 40_000
/** The first start of the rows' database takes some seconds, more on a busy machine. */
const upWaitMsMax = 30_000
const askAgainMs = 250

/** The log of the embedded profile is in its data directory; with brokers, it is theirs. */
export function isDistributed({ kafka }: Settings): boolean {
  return kafka !== undefined
}

export function openAuditSource(options: SourceOptions): Promise<AuditSource> {
  return isDistributed(options.settings) ? openDistributed(options) : openEmbedded(options)
}

async function openDistributed(options: SourceOptions): Promise<AuditSource> {
  const { settings, url } = options
  const clock = systemClock()
  const connection = kafkaConnection(settings, 'audit')
  let log: Log | null = null
  const rows = url === undefined ? rowsOfPostgres(settings) : rowsOfService(url, options)
  return {
    ...rows,
    async openLog() {
      const existing = await describeTopics(connection, orderTopics)
      // Before this version's "firstcome migrate" there are none of orders.
      const topics = [claimsTopic, ...existing.map(({ name }) => name)]
      await log?.close()
      log = await startKafkaLog({ connection, topics, clock })
      return withoutTopics(log, topics)
    },
    async close() {
      await log?.close()
      await rows.close()
    },
  }
}

function rowsOfPostgres({ postgres, codeSecret: secret }: Settings): AuditedRows {
  if (postgres === undefined) {
    const missingText = 'FIRSTCOME_POSTGRES_URL is missing: the rows of this log are there'
    throw new CommandError(exitCodes.wrongUsage, `${missingText}; or ask an API node with --url`)
  }
  const codeSecret = given(secret, 'FIRSTCOME_CODE_SECRET')
  const database = startPostgres({ ...postgres, clock: systemClock() })
  const close = () => database.close()
  const where = 'the rows in PostgreSQL'
  return { ...rowsIn(database, Date.now), codeSecret, where, rows: 'compared', close }
}

async function openEmbedded(options: SourceOptions): Promise<AuditSource> {
  const { settings, progress } = options
  const { dataDirectory: directory } = settings
  // Before anything is locked or made there.
  if (!existsSync(topicPath(directory, claimsTopic))) {
    const message = `there is no log in ${directory}: name the service's directory with --data`
    throw new CommandError(exitCodes.wrongUsage, message)
  }
  return {
    ...(await openEmbeddedRows(options)),
    async openLog() {
      const topics = topicsIn(directory)
      const onProgress = (done: number, total: number) => {
        progress.show('Checking the stored log', done / total)
      }
      const log = await openLogFileReader({ directory, topics, clock: systemClock(), onProgress })
      return withoutTopics(log, Object.keys(topics))
    },
  }
}

/** Those that are there, in the order in which the audit needs their ends. */
function topicsIn(directory: string): Record<string, number> {
  const partitions: Readonly<Record<string, number>> = embeddedTopics
  const names = [claimsTopic, ...orderTopics].filter((topic) => {
    return partitions[topic] !== undefined && existsSync(topicPath(directory, topic))
  })
  return Object.fromEntries(names.map((topic) => [topic, partitions[topic] ?? 0]))
}

async function openEmbeddedRows(options: SourceOptions): Promise<AuditedRows> {
  const { settings, url } = options
  if (url !== undefined) return rowsOfService(url, options)
  const path = settings.dataDirectory
  try {
    return await rowsOfStopped(openDataDirectory({ path, secrets: settings, now: Date.now() }))
  } catch (error) {
    if (!(error instanceof DataDirectoryError) || error.code !== 'in_use') throw error
    const owner = readOwner(path)
    if (owner?.url !== undefined) return rowsOfService(owner.url, options)
    throw new CommandError(exitCodes.unreachable, `${error.message}. Try again in a moment`)
  }
}

async function rowsOfStopped(
  directory: ReturnType<typeof openDataDirectory>,
): Promise<AuditedRows> {
  const { codeSecret } = directory.secrets
  const projection = projectionDirectory(directory.path)
  const where = `the rows in ${directory.path}; no service runs on it`
  const letGo = async () => directory.close()
  if (!existsSync(projection)) {
    const none = `no rows in ${directory.path}: the next start derives them`
    return { ...noRows, codeSecret, where: none, rows: 'none', close: letGo }
  }
  if (!isProjectionTrusted(directory.path)) {
    const old = `rows in ${directory.path} that the next start derives anew, because the machine`
    const untrusted = `no ${old} was started again since they were written`
    return { ...noRows, codeSecret, where: untrusted, rows: 'untrusted', close: letGo }
  }
  try {
    const database = await openMigrated(projection)
    const close = () => database.close().finally(directory.close)
    // Nothing has happened since: no order is older than the last record says.
    return { ...rowsIn(database, null), codeSecret, where, rows: 'compared', close }
  } catch (error) {
    directory.close()
    throw error
  }
}

function rowsIn(database: Database, now: OrdersAudit['now']) {
  const orders = { source: createOrdersAuditSql(database), now }
  return { source: createCouponReaderSql(database), orders }
}

const noRows: Pick<AuditedRows, 'source' | 'orders'> = {
  source: {
    snapshot: async () => ({ positions: new Map(), coupons: [] }),
    issuedRows: async () => [],
  },
  orders: {
    source: {
      oneMoment: true,
      read: (run) => run({ positions: async () => [], page: async () => ({ rows: [] }) }),
    },
    now: null,
  },
}

function rowsOfService(url: string, { settings, token }: SourceOptions): AuditedRows {
  const codeSecret = settings.codeSecret ?? readSecrets(settings.dataDirectory).codeSecret
  if (codeSecret === undefined) {
    const none = `there is no code secret in ${settings.dataDirectory}`
    const message = `${none}: name the service's directory with --data`
    throw new CommandError(exitCodes.wrongUsage, message)
  }
  const ask = (path: string) => {
    return askUntilUp({ url, path, token: () => operatorToken(settings, Date.now(), token) })
  }
  return {
    source: projectionOver(ask),
    orders: {
      // Each answer is of its own moment (docs/decisions/0031).
      source: { oneMoment: false, read: (run) => run(ordersAuditOver(ask)) },
      now: Date.now,
    },
    codeSecret,
    where: `the rows of the service at ${url}`,
    rows: 'compared',
    close: async () => {},
  }
}

type Asked = { url: string; path: string; token: () => string }

/** A service answers claims before its rows can be read, so it is asked again for a while. */
async function askUntilUp({ url, path, token }: Asked): Promise<unknown> {
  const clock = systemClock()
  const deadline = clock.monotonic() + upWaitMsMax
  for (;;) {
    const answer = await callService({
      method: 'GET',
      url,
      path,
      token: token(),
      deadlineMs: answerMsMax,
      bytesMax: projectionBytesMax,
    })
    const problem = problemOf(answer)
    if (problem === null) return answer.body
    const unavailable = answer.status >= 502 && answer.status <= 504
    if (!unavailable || clock.monotonic() >= deadline) {
      const message = `${url} gives no rows: ${problem.detail || problem.title}`
      throw new CommandError(unavailable ? exitCodes.unreachable : exitCodes.failed, message)
    }
    await sleep(clock, askAgainMs)
  }
}

// Where an audit finds log and rows. Embedded: the log in its files, the rows in the data directory
// while no service runs on it, else with that service. Distributed: audit-distributed.ts. Writes
// nothing; while it reads a directory's rows itself it holds the directory's lock, so that no
// service starts under it.

import { existsSync } from 'node:fs'
import { systemClock } from '../../adapters/clock-system.ts'
import { DataDirectoryError, openDataDirectory, readOwner } from '../../adapters/data-directory.ts'
import type { Database } from '../../adapters/database/database.ts'
import { openLogFileReader } from '../../adapters/log-file/log-file.ts'
import { topicPath } from '../../adapters/log-file/topic-readers.ts'
import { withoutTopics } from '../../audit/orders/read-log.ts'
import type { Settings } from '../../config/settings.ts'
import { claimsTopic, couponEventsTopic } from '../../domain/coupons/messages.ts'
import { orderTopics } from '../../domain/orders/records.ts'
import { CommandError, exitCodes } from '../context.ts'
import { isProjectionTrusted, openMigrated, projectionDirectory } from '../roles/projection.ts'
import { embeddedTopics } from '../roles/topics.ts'
import {
  type AuditedRows,
  type AuditSource,
  refuseOtherSchema,
  rowsIn,
  rowsOfService,
  type SourceOptions,
} from './audited-rows.ts'

/** The log of the embedded profile is in its data directory; with brokers, it is theirs. */
export function isDistributed({ kafka }: Settings): boolean {
  return kafka !== undefined
}

/** Before anything is locked or made there: only a start makes a directory into a service's. */
export function refuseWithoutLog(directory: string): void {
  if (existsSync(topicPath(directory, claimsTopic))) return
  const message = `there is no log in ${directory}: name the service's directory with --data`
  throw new CommandError(exitCodes.wrongUsage, message)
}

export async function openAuditSource(options: SourceOptions): Promise<AuditSource> {
  if (!isDistributed(options.settings)) return openEmbedded(options)
  const { openDistributed } = await import('./audit-distributed.ts')
  return openDistributed(options)
}

async function openEmbedded(options: SourceOptions): Promise<AuditSource> {
  const { settings, progress } = options
  const { dataDirectory: directory } = settings
  refuseWithoutLog(directory)
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
  const names = [couponEventsTopic, claimsTopic, ...orderTopics].filter((topic) => {
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
    // Brought to this version, unless they are of a newer one.
    const isComparable = (rows: Database) => refuseOtherSchema(rows, 'older ones too')
    const database = await openMigrated(projection, isComparable)
    const close = () => database.close().finally(directory.close)
    // Nothing has happened since: no order is older than the last record says.
    return { ...rowsIn(database, null), codeSecret, where, rows: 'compared', close }
  } catch (error) {
    directory.close()
    throw error
  }
}

const noRows: Pick<AuditedRows, 'source' | 'orders'> = {
  source: {
    snapshot: async () => ({ positions: new Map(), coupons: [] }),
    issuedRows: async () => [],
    issuedColumns: async () => [],
  },
  orders: {
    source: {
      oneMoment: true,
      read: (run) =>
        run({ positions: async () => [], page: async () => ({ rows: '', about: [] }) }),
    },
    now: null,
  },
}

// The rows of an audit, wherever they are: in a database that is open here, or with a service that
// is asked for them. Writes nothing.

import { systemClock } from '../../adapters/clock-system.ts'
import { readSecrets } from '../../adapters/data-directory.ts'
import type { Database, Queryable } from '../../adapters/database/database.ts'
import { migrationFaults, otherVersionHint } from '../../adapters/database/migrations.ts'
import { createScratchFile } from '../../adapters/scratch-file.ts'
import { createCouponReaderSql } from '../../adapters/stores/coupon-reader.ts'
import { createOrdersAuditSql } from '../../adapters/stores/orders-audit.ts'
import { readPlaces } from '../../adapters/stores/places-reader.ts'
import type { ProjectionSource } from '../../audit/audit.ts'
import type { OrdersAudit } from '../../audit/orders/audit-orders.ts'
import type { LogReader } from '../../audit/orders/read-log.ts'
import { lanesMax } from '../../audit/orders/read-rows.ts'
import { ordersAuditOver, projectionOver } from '../../client/audit-rows.ts'
import type { Progress } from '../../client/progress.ts'
import {
  jsonOf,
  problemOf,
  type ServiceCalls,
  startServiceCalls,
} from '../../client/service-client.ts'
import type { Settings } from '../../config/settings.ts'
import { sleep } from '../../ports/clock.ts'
import type { ReadPlace } from '../../ports/log-check.ts'
import { CommandError, exitCodes } from '../context.ts'
import { startGroupThreads } from './group-threads/group-threads.ts'
import { operatorToken } from './service-address.ts'

export type AuditSource = AuditedRows & { openLog(): Promise<LogReader> }
export type AuditedRows = {
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
  /** By what the log is known that the rows were made from; absent: nobody could say. */
  places?(): Promise<ReadPlace[]>
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

const means = { openScratch: () => createScratchFile(), startThreads: startGroupThreads }

export function rowsIn(database: Database, now: OrdersAudit['now']) {
  const source = createOrdersAuditSql(database)
  const orders = { source, now, ...means }
  const places = () => readPlaces(database)
  return { source: createCouponReaderSql(database), orders, places }
}

export function rowsOfService(url: string, { settings, token }: SourceOptions): AuditedRows {
  const codeSecret = settings.codeSecret ?? readSecrets(settings.dataDirectory).codeSecret
  if (codeSecret === undefined) {
    const none = `there is no code secret in ${settings.dataDirectory}`
    const message = `${none}: name the service's directory with --data`
    throw new CommandError(exitCodes.wrongUsage, message)
  }
  const limits = { deadlineMs: answerMsMax, bytesMax: projectionBytesMax }
  const calls = startServiceCalls({ url, ...limits, connections: lanesMax })
  const given = { calls, url, token: () => operatorToken(settings, Date.now(), { token }) }
  const ask = (path: string) => askUntilUp({ ...given, path })
  return {
    source: projectionOver(ask),
    orders: {
      // Each answer is of its own moment (docs/decisions/0031).
      source: { oneMoment: false, read: (run) => run(ordersAuditOver(ask)) },
      now: Date.now,
      ...means,
    },
    codeSecret,
    where: `the rows of the service at ${url}`,
    rows: 'compared',
    close: calls.close,
  }
}

type Asked = { calls: ServiceCalls; url: string; path: string; token: () => string }

/** A service answers claims before its rows can be read, so it is asked again for a while. */
async function askUntilUp({ calls, url, path, token }: Asked): Promise<string> {
  const clock = systemClock()
  const deadline = clock.monotonic() + upWaitMsMax
  for (;;) {
    const { status, body } = await calls.call({ method: 'GET', path, token: token() })
    if (status < 400) return body
    const problem = problemOf({ status, body: jsonOf(body, { url, status }) })
    if (problem === null) return body
    const unavailable = status >= 502 && status <= 504
    if (!unavailable || clock.monotonic() >= deadline) {
      const message = `${url} gives no rows: ${problem.detail || problem.title}`
      throw new CommandError(unavailable ? exitCodes.unreachable : exitCodes.failed, message)
    }
    await sleep(clock, askAgainMs)
  }
}

/**
 * Rows of another version are not what this one would compare: nothing is said of them. Older ones
 * may be brought to this version where they are a directory's own.
 */
export async function refuseOtherSchema(
  database: Queryable,
  taken: 'as it is' | 'older ones too',
): Promise<void> {
  const faults = await migrationFaults(database)
  const mayGoOn = taken === 'older ones too' && !faults.includes(otherVersionHint)
  if (faults.length === 0 || mayGoOn) return
  const message = ['nothing was compared: the rows are those of another version:', ...faults]
  throw new CommandError(exitCodes.wrongUsage, message.join('\n  '))
}

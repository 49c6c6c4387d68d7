// Where an audit finds the rows: in the data directory itself while no service runs on it, else
// with that service. The log is always read from its files. Writes nothing; while it reads the
// rows itself it holds the directory's lock, so that no service starts under it.

import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import {
  DataDirectoryError,
  openDataDirectory,
  readOwner,
  readSecrets,
} from '../../adapters/data-directory.ts'
import { migrate } from '../../adapters/database/migrations.ts'
import { openDatabasePglite } from '../../adapters/database/pglite.ts'
import { createCouponReaderSql } from '../../adapters/stores/coupon-reader.ts'
import { createOrdersAuditSql } from '../../adapters/stores/orders-audit.ts'
import {
  type IssuedRowsJson,
  issuedRowsFrom,
  type ProjectionJson,
  projectionFrom,
} from '../../api/http/audit-json.ts'
import { ordersAuditOver } from '../../api/routes/orders-audit.ts'
import type { ProjectionSource } from '../../audit/audit.ts'
import type { OrdersAudit } from '../../audit/orders/audit-orders.ts'
import { callService, problemOf, ServiceError } from '../../client/service-client.ts'
import type { Settings } from '../../config/settings.ts'
import { PortError, type RowsQuery } from '../../ports/coupons.ts'
import { CommandError, exitCodes } from '../context.ts'
import { isProjectionTrusted, projectionDirectory } from '../roles/projection.ts'
import { operatorToken } from './service-address.ts'

export type AuditSource = {
  source: ProjectionSource
  orders: OrdersAudit
  codeSecret: string
  /** As people should read it. */
  where: string
  close(): Promise<void>
}
export type SourceOptions = {
  settings: Settings
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

export async function openAuditSource(options: SourceOptions): Promise<AuditSource> {
  const { settings, url } = options
  if (url !== undefined) return askService(url, options)
  const { jwtSecret, codeSecret, dataDirectory: path } = settings
  const secrets = { ...(jwtSecret ? { jwtSecret } : {}), ...(codeSecret ? { codeSecret } : {}) }
  try {
    return await readStopped(openDataDirectory({ path, secrets, now: Date.now() }))
  } catch (error) {
    if (!(error instanceof DataDirectoryError) || error.code !== 'in_use') throw error
    const owner = readOwner(path)
    if (owner?.url !== undefined) return askService(owner.url, options)
    throw new CommandError(exitCodes.unreachable, `${error.message}. Try again in a moment`)
  }
}

async function readStopped(directory: ReturnType<typeof openDataDirectory>): Promise<AuditSource> {
  const { codeSecret } = directory.secrets
  const projection = projectionDirectory(directory.path)
  const where = `the rows in ${directory.path}; no service runs on it`
  // Never written, deleted, or not to be trusted: the next start derives all rows anew. They are
  // behind, and nothing else is wrong with them.
  if (!existsSync(projection) || !isProjectionTrusted(directory.path)) {
    const none = `no rows in ${directory.path}: the next start derives them`
    const close = async () => directory.close()
    return { source: noRows, orders: noOrders, codeSecret, where: none, close }
  }
  try {
    const database = await openDatabasePglite({ directory: projection })
    const close = () => database.close().finally(directory.close)
    try {
      await migrate(database)
      const source = createCouponReaderSql(database)
      // Nothing has happened since: no order is older than the last record says.
      const orders = { source: createOrdersAuditSql(database), now: null }
      return { source, orders, codeSecret, where, close }
    } catch (error) {
      await database.close()
      throw error
    }
  } catch (error) {
    directory.close()
    throw error
  }
}

const noRows: ProjectionSource = {
  snapshot: async () => ({ positions: new Map(), coupons: [] }),
  issuedRows: async () => [],
}

const noOrders: OrdersAudit = {
  source: {
    oneMoment: true,
    read: (run) => run({ positions: async () => [], page: async () => [] }),
  },
  now: null,
}

export function askService(url: string, options: SourceOptions): AuditSource {
  const { settings, token } = options
  const codeSecret = settings.codeSecret ?? readSecrets(settings.dataDirectory).codeSecret
  if (codeSecret === undefined) {
    const missing = `there is no code secret in ${settings.dataDirectory}`
    const message = `${missing}: name the service's directory with --data`
    throw new CommandError(exitCodes.wrongUsage, message)
  }
  const ask = (path: string) => {
    return askUntilUp({ url, path, token: () => operatorToken(settings, Date.now(), token) })
  }
  return {
    source: {
      snapshot: async () => projectionFrom((await ask('/projection')) as ProjectionJson),
      issuedRows: async (query) => issuedRowsFrom((await ask(rowsPath(query))) as IssuedRowsJson),
    },
    orders: {
      // Each answer is of its own moment.
      source: { oneMoment: false, read: (run) => run(ordersAuditOver(ask)) },
      now: Date.now,
    },
    codeSecret,
    where: `the rows of the service at ${url}`,
    close: async () => {},
  }
}

type Asked = { url: string; path: string; token: () => string }

/** A service answers claims before its rows can be read, so it is asked again for a while. */
async function askUntilUp({ url, path, token }: Asked): Promise<unknown> {
  const deadline = Date.now() + upWaitMsMax
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
    if (!unavailable || Date.now() >= deadline) {
      const message = `${url} gives no rows: ${problem.detail || problem.title}`
      throw new CommandError(unavailable ? exitCodes.unreachable : exitCodes.failed, message)
    }
    await setTimeout(askAgainMs)
  }
}

function rowsPath({ limit, couponId, after }: RowsQuery): string {
  const query = new URLSearchParams({ limit: String(limit) })
  if (couponId !== undefined) query.set('couponId', couponId)
  if (after !== undefined) {
    query.set('afterCouponId', after.couponId)
    query.set('afterSlot', String(after.slot))
  }
  return `/issued-coupons?${query.toString()}`
}

/** What the exit code says of an audit that could not be made. */
export function exitCodeOf(error: unknown): 1 | 3 | null {
  if (error instanceof ServiceError) return exitCodes.unreachable
  if (!(error instanceof PortError)) return null
  const away = error.code === 'log_unavailable' || error.code === 'store_unavailable'
  return away ? exitCodes.unreachable : exitCodes.failed
}

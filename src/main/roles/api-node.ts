// An API node on whatever log and rows it is given: the fold, the claim path and the HTTP server.
// Both profiles start it, so that both take the same paths.

import { randomUUIDv7 } from 'node:crypto'
import type { Logger } from 'pino'
import type { Queryable } from '../../adapters/database/database.ts'
import { createCouponReaderSql } from '../../adapters/stores/coupon-reader.ts'
import { createOrdersAuditReaderSql } from '../../adapters/stores/orders-audit.ts'
import { createOrdersReaderSql } from '../../adapters/stores/orders-reader.ts'
import { createApiMetrics } from '../../api/claims/api-metrics.ts'
import type { ClaimLimits } from '../../api/claims/claim-parts.ts'
import { startClaimService } from '../../api/claims/claim-service.ts'
import type { ServerParts } from '../../api/http/server-parts.ts'
import { startOrderService } from '../../api/orders/order-service.ts'
import { startServer } from '../../api/server.ts'
import type { Settings } from '../../config/settings.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Gate } from '../../ports/gate.ts'
import type { Log } from '../../ports/log.ts'
import { crashingClaims, crashingGate, crashingLog, crashWhileAnswering } from './crash-points.ts'
import { type Stops, unlessStopped } from './stops.ts'
import type { Faults } from './test-faults.ts'

export type ApiNodeParts = {
  log: Log
  /** In front of the log; whoever gives it closes it. */
  gate?: Gate | undefined
  clock: Clock
  settings: Settings & { jwtSecret: string; codeSecret: string }
  limits?: Partial<ClaimLimits>
  /** Waited for before the first answer; what it rejects with ends the start. */
  mayAnswer?(): Promise<void>
  /** null while SQL is not up. */
  reads: () => SqlReads | null
  /** Of what else runs in this process, in the text format of Prometheus. */
  otherMetrics: () => Promise<string>
  faults: Faults
  logger: Logger
  onReading?: ((done: number, total: number) => void) | undefined
  onFatal(error: unknown): void
  /** Ends the start while it reads the log. */
  signal?: AbortSignal | undefined
  extraRoutes?: ServerParts['extraRoutes'] | undefined
}

/** All that a node reads of SQL. */
export type SqlReads = ReturnType<typeof readsOver>

export function readsOver(database: Queryable) {
  return {
    coupons: createCouponReaderSql(database),
    orders: createOrdersReaderSql(database),
    ordersAudit: createOrdersAuditReaderSql(database),
  }
}

/** Resolves to its address once it knows the whole log and listens. */
export async function startApiNode(parts: ApiNodeParts, stops: Stops): Promise<string> {
  const { gate, clock, settings, logger } = parts
  const { crashPoint } = parts.faults
  const log = crashPoint ? crashingLog(parts.log, crashPoint) : parts.log
  const metrics = createApiMetrics({
    clock,
    foldReadAt: () => claims?.lastReadAt(),
    logTime: () => claims?.logTime(),
    isReady: () => claims?.readiness().ready ?? false,
    gateIsHere: gate && (() => gate.isHere()),
  })
  const started = await startClaimService({
    log,
    gate: gate && crashPoint ? crashingGate(gate, crashPoint) : gate,
    clock,
    newId: randomUUIDv7,
    codeSecret: settings.codeSecret,
    limits: parts.limits,
    observe: metrics.observer,
    onProgress: parts.onReading,
    onClockDiffers: (seconds) =>
      logger.warn({ seconds }, 'the clock of this machine is not that of the log'),
    onError: parts.onFatal,
  })
  stops.defer(() => started.close())
  const claims = crashPoint ? crashingClaims(started, crashPoint) : started
  await unlessStopped(parts.signal, Promise.all([claims.caughtUp, parts.mayAnswer?.()]))

  const orders = startOrderService({
    log,
    clock,
    reader: () => parts.reads()?.orders ?? null,
    claims,
    timeLimitMs: settings.orderTimeLimitSeconds * 1000,
    onTransientError: (error) =>
      logger.warn({ err: error }, 'orders could not be asked or followed'),
    onError: parts.onFatal,
  })
  stops.defer(() => orders.close())

  const server = await startServer({
    claims,
    orders,
    store: () => parts.reads()?.coupons ?? null,
    ordersAudit: () => parts.reads()?.ordersAudit ?? null,
    clock,
    newId: randomUUIDv7,
    metricsText: async () => (await metrics.registry.metrics()) + (await parts.otherMetrics()),
    settings,
    logger,
    extraRoutes(app, hooks) {
      if (crashPoint) crashWhileAnswering(app, crashPoint)
      parts.extraRoutes?.(app, hooks)
    },
  })
  stops.defer(() => server.close())
  return server.address
}

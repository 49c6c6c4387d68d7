// An API node on whatever log and rows it is given: the fold, the claim path and the HTTP server.
// Both profiles start it, so that both take the same paths.

import { randomUUIDv7 } from 'node:crypto'
import type { Logger } from 'pino'
import type { Queryable } from '../../adapters/database/database.ts'
import { createRunBoardMemory } from '../../adapters/memory/run-board.ts'
import { createConsoleReaderSql } from '../../adapters/stores/console-reader.ts'
import { createCouponReaderSql } from '../../adapters/stores/coupon-reader.ts'
import { createOrdersAuditReaderSql } from '../../adapters/stores/orders-audit.ts'
import { createOrdersReaderSql } from '../../adapters/stores/orders-reader.ts'
import { createProofReaderSql } from '../../adapters/stores/proof-reader.ts'
import { createApiMetrics } from '../../api/claims/api-metrics.ts'
import type { Readiness } from '../../api/claims/claim-answers.ts'
import type { ClaimLimits } from '../../api/claims/claim-parts.ts'
import { type RunningClaimService, startClaimService } from '../../api/claims/claim-service.ts'
import type { SnapshotParts } from '../../api/claims/snapshots/fold-snapshots.ts'
import type { ProofParts, ServerParts, Services } from '../../api/http/server-parts.ts'
import { type RunningOrderService, startOrderService } from '../../api/orders/order-service.ts'
import type { ToldRedemptions } from '../../api/redemptions/told-redemptions.ts'
import { makeDemoCoupon } from '../../api/routes/demo.ts'
import { openServer } from '../../api/server.ts'
import type { Settings } from '../../config/settings.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ConsoleCodes } from '../../ports/console-codes.ts'
import type { NodeBoard } from '../../ports/console-figures.ts'
import type { RunBoard } from '../../ports/console-runs.ts'
import type { Gate } from '../../ports/gate.ts'
import type { GivenKeys } from '../../ports/given-keys.ts'
import type { GuessCounts } from '../../ports/guess-counts.ts'
import type { Log } from '../../ports/log.ts'
import type { KeySetSource } from '../../ports/tokens.ts'
import { crashingClaims, crashingGate, crashingLog, crashWhileAnswering } from './crash-points.ts'
import { launchOver } from './runs/run-process.ts'
import { startReadiness } from './start-readiness.ts'
import { type Stops, unlessStopped } from './stops.ts'
import type { Faults } from './test-faults.ts'

export type ApiServerParts = {
  clock: Clock
  settings: Settings & { jwtSecret: string; codeSecret: string }
  /** In front of the log; whoever gives it closes it. */
  gate?: Gate | undefined
  /** Whoever gives it closes it; absent: no node makes any. */
  consoleCodes?: ConsoleCodes | undefined
  /** The same; absent: each node counts unknown codes by itself. */
  guessCounts?: GuessCounts | undefined
  /** What keys were given for; null while SQL is not up. Absent: this is the only node. */
  givenKeys?: (() => GivenKeys | null) | undefined
  /** Where the nodes report; null while SQL is not up. Absent: this is the only node. */
  board?: (() => NodeBoard | null) | undefined
  /** Where the nodes tell of runs; null while SQL is not up. Absent: this is the only node. */
  runBoard?: (() => RunBoard | null) | undefined
  /** Absent: none is made. */
  proof?: Omit<ProofParts, 'reader'> | undefined
  /** null while SQL is not up. */
  reads: () => SqlReads | null
  /** Of what else runs in this process, in the text format of Prometheus. */
  otherMetrics: () => Promise<string>
  faults: Faults
  /** Absent: it is no demo. */
  demoToken?: ServerParts['demoToken']
  logger: Logger
  /** Ends the start while it reads the log; later it says that a stop was asked for. */
  signal?: AbortSignal | undefined
  extraRoutes?: ServerParts['extraRoutes'] | undefined
}
export type ApiNodeParts = ApiServerParts & {
  log: Log
  limits?: Partial<ClaimLimits>
  snapshots?: SnapshotParts | undefined
  /** Of the consumers in this process; absent: they are elsewhere. */
  told?: ToldRedemptions | undefined
  /** Waited for before the first answer; what it rejects with ends the start. */
  mayAnswer?(): Promise<void>
  onReading?: ((done: number, total: number) => void) | undefined
  onFatal(error: unknown): void
}
type NodeServices = Services & { claims: RunningClaimService; orders: RunningOrderService }
export type ApiServer = Awaited<ReturnType<typeof openApiServer>>

/** All that a node reads of SQL. */
export type SqlReads = ReturnType<typeof readsOver>

export function readsOver(database: Queryable) {
  return {
    console: createConsoleReaderSql(database),
    coupons: createCouponReaderSql(database),
    orders: createOrdersReaderSql(database),
    ordersAudit: createOrdersAuditReaderSql(database),
    proof: createProofReaderSql(database),
  }
}

/** Listens at once, and answers probes; `startApiNode` gives it what answers the other calls. */
export async function openApiServer(parts: ApiServerParts, stops: Stops) {
  const { gate, clock, settings, logger, signal, proof } = parts
  const { crashPoint } = parts.faults
  const start = startReadiness(signal)
  let claims: RunningClaimService | null = null
  let orders: RunningOrderService | null = null

  function readiness(): Readiness {
    const known = start.unready()
    if (known !== null) return known
    const { ready = false, reasons = [] } = claims?.readiness() ?? {}
    if (parts.reads() !== null) return { ready, reasons }
    return { ready: false, reasons: [...reasons, 'the database is starting'] }
  }

  const metrics = createApiMetrics({
    clock,
    foldReadAt: () => claims?.lastReadAt(),
    logTime: () => claims?.logTime(),
    orders: () => orders?.admission(),
    isReady: () => readiness().ready,
    couponsAway: () => claims?.couponsAway(),
    gateIsHere: gate && (() => gate.isHere()),
  })
  const server = await openServer({
    readiness,
    isDraining: () => signal?.aborted === true,
    store: () => parts.reads()?.coupons ?? null,
    ordersAudit: () => parts.reads()?.ordersAudit ?? null,
    proof: proof && { ...proof, reader: () => parts.reads()?.proof ?? null },
    keySet: await keySetOf(settings),
    consoleCodes: parts.consoleCodes,
    guessCounts: parts.guessCounts,
    givenKeys: parts.givenKeys,
    figures: {
      claimCounts: metrics.claimCounts,
      arrivals: metrics.arrivals,
      readUpTo: () => claims?.positions(),
      reader: () => parts.reads()?.console ?? null,
      board: parts.board,
      gateIsHere: gate && (() => gate.isHere()),
    },
    runs: runsOf(parts, () => server.address),
    clock,
    newId: randomUUIDv7,
    metricsText: async () => (await metrics.registry.metrics()) + (await parts.otherMetrics()),
    demoToken: parts.demoToken,
    settings,
    logger,
    extraRoutes(app, hooks) {
      if (crashPoint) crashWhileAnswering(app, crashPoint)
      parts.extraRoutes?.(app, hooks)
    },
  })
  stops.defer(() => server.close())
  return {
    address: server.address,
    observer: metrics.observer,
    onStep: start.onStep,
    onWaiting: start.onWaiting,
    serve(services: NodeServices): void {
      claims = services.claims
      orders = services.orders
      start.started()
      server.serve(services)
    },
    close: () => server.close(),
  }
}

function runsOf({ settings, runBoard }: ApiServerParts, url: () => string): ServerParts['runs'] {
  const own = createRunBoardMemory()
  return { board: runBoard ?? (() => own), launch: launchOver({ settings, url }) }
}

async function keySetOf({ keySet }: Settings): Promise<KeySetSource | undefined> {
  if (keySet === undefined) return undefined
  // Its HTTP client is loaded where it is used: it takes a tenth of a second.
  const { keySetAt, keySetIn } = await import('../../adapters/key-sets.ts')
  return 'url' in keySet ? keySetAt(keySet.url) : keySetIn(keySet.path)
}

/** Resolves once it knows the whole log, and all calls are answered. */
export async function startApiNode(
  parts: ApiNodeParts,
  server: ApiServer,
  stops: Stops,
): Promise<void> {
  const { gate, clock, settings, logger } = parts
  const { crashPoint } = parts.faults
  const log = crashPoint ? crashingLog(parts.log, crashPoint) : parts.log
  const started = await startClaimService({
    log,
    gate: gate && crashPoint ? crashingGate(gate, crashPoint) : gate,
    clock,
    newId: randomUUIDv7,
    codeSecret: settings.codeSecret,
    limits: parts.limits,
    snapshots: parts.snapshots,
    rows: () => parts.reads()?.coupons ?? null,
    closedCouponMs: settings.closedCouponHours * 3_600_000,
    observe: server.observer,
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
    returnWithinMs: settings.returnDays * 86_400_000,
    reservationMs: settings.reservationSeconds * 1000,
    told: parts.told,
    onTransientError: (error) =>
      logger.warn({ err: error }, 'orders could not be asked or followed'),
    onError: parts.onFatal,
  })
  stops.defer(() => orders.close())

  server.serve({ claims, orders })
  if (parts.demoToken !== undefined) await makeDemoCoupon(claims, randomUUIDv7)
  // It was opened first and would be closed last; but it answers before anything behind it ends.
  stops.defer(() => server.close())
}

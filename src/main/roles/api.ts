// The api role: one of any number of nodes, each with a fold of its own, in front of Kafka. It
// answers probes from its first moment on, and other calls once it has read the log. It needs
// PostgreSQL to start, for what the topics were when they were created lies there, and for the
// calls that read rows; claims are answered without it.

import type { Registry } from 'prom-client'
import { systemClock } from '../../adapters/clock-system.ts'
import { startConsoleCodesRedis } from '../../adapters/redis/console-codes.ts'
import { startRedisGate } from '../../adapters/redis/gate.ts'
import { startGuessCountsRedis } from '../../adapters/redis/guess-counts.ts'
import { createGivenKeysSql } from '../../adapters/stores/nodes/given-keys.ts'
import { createNodeBoardSql } from '../../adapters/stores/nodes/node-board.ts'
import { createRunBoardSql } from '../../adapters/stores/nodes/run-board.ts'
import type { ClaimLimits } from '../../api/claims/claim-parts.ts'
import { createDatabaseMetrics } from '../../api/metrics/process-metrics.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import type { Clock } from '../../ports/clock.ts'
import type { NodeBoard } from '../../ports/console-figures.ts'
import type { RunBoard } from '../../ports/console-runs.ts'
import type { Gate } from '../../ports/gate.ts'
import type { GivenKeys } from '../../ports/given-keys.ts'
import { CommandError, exitCodes } from '../context.ts'
import {
  type ApiServer,
  openApiServer,
  readsOver,
  type SqlReads,
  startApiNode,
} from './api-node.ts'
import { given, openDistributed } from './distributed.ts'
import { proofSettings, settleProof } from './proof/proof.ts'
import { type ShownKeys, shownKeysIn } from './proof/proof-keys.ts'
import type { RoleParts, RunningRole } from './run-role.ts'
import { keptInRows } from './snapshots/kept-fold.ts'
import { type Stops, withStops } from './stops.ts'
import { createFaults } from './test-faults.ts'

/** What differs where the log's clock and its other writers are on other machines. */
export const distributedClaimLimits: Partial<ClaimLimits> = {
  // Machines without any keeping of time drift by a second a day; five are a fault of their own.
  clockSkewMsMax: 5_000,
  // A fold is a few milliseconds behind; one that is behind by more is not ready.
  foldWaitMsMax: 2_000,
}

export function startApi(parts: RoleParts): Promise<RunningRole> {
  return withStops(async (stops) => {
    const { settings, logger } = parts
    const jwtSecret = given(settings.jwtSecret, 'FIRSTCOME_JWT_SECRET')
    const codeSecret = given(settings.codeSecret, 'FIRSTCOME_CODE_SECRET')
    const clock = systemClock()
    let isStarting = true
    // Later, no gate is worth ending a node that answers.
    const onCluster = (message: string) => {
      if (isStarting) parts.onFatal(new CommandError(exitCodes.failed, message))
    }
    const gate = startGate(parts, clock, onCluster)
    if (gate !== undefined) stops.defer(() => gate.close())
    const { redisUrl: url } = settings
    const shared = url === undefined ? {} : sharedOver({ url, clock }, stops)
    let reads: SqlReads | null = null
    let givenKeys: GivenKeys | null = null
    let board: NodeBoard | null = null
    let runBoard: RunBoard | null = null
    let metrics: Registry | null = null
    let keys: ShownKeys = async () => []
    const proof = proofSettings(settings)
    const node = {
      gate,
      ...shared,
      proof: proof && { prefix: proof.origin, secret: proof.secret, keys: () => keys() },
      clock,
      settings: { ...settings, jwtSecret, codeSecret },
      reads: () => reads,
      givenKeys: () => givenKeys,
      board: () => board,
      runBoard: () => runBoard,
      otherMetrics: async () => (await metrics?.metrics()) ?? '',
      faults: createFaults(settings.testFaults),
      logger,
      signal: parts.signal,
    }
    const server = await openApiServer(node, stops)
    const { onWaiting } = server
    const { log, database } = await openDistributed(
      { ...parts, onWaiting, without: { topic: claimsTopic, onFatal: parts.onFatal } },
      'api',
      stops,
    )
    if (proof !== undefined) {
      keys = shownKeysIn(database, { known: await settleProof(database, proof), clock })
    }
    reads = readsOver(database)
    givenKeys = createGivenKeysSql(database)
    board = createNodeBoardSql(database)
    runBoard = createRunBoardSql(database)
    metrics = createDatabaseMetrics(database.state)
    const reading = sayReading(parts, server.onStep)
    const claims = { limits: distributedClaimLimits, onReading: reading.onReading }
    const { snapshotEveryRecords: everyRecords } = node.faults
    const snapshots = await keptInRows({ database, clock, logger, everyRecords })
    const { onFatal } = parts
    await startApiNode({ ...node, ...claims, log, snapshots, onFatal }, server, stops)
    reading.ended()
    isStarting = false
    return { url: server.address }
  })
}

/** It may be away at any time, also now: then every claim goes to the log. */
function startGate(
  { settings, logger }: RoleParts,
  clock: Clock,
  onCluster: (message: string) => void,
): Gate | undefined {
  const { redisUrl: url } = settings
  if (url === undefined) return undefined
  return startRedisGate({ url, clock, onWarning: (message) => logger.warn(message), onCluster })
}

/** What nodes tell each other for a minute. */
function sharedOver(redis: { url: string; clock: Clock }, stops: Stops) {
  const consoleCodes = startConsoleCodesRedis(redis)
  stops.defer(() => consoleCodes.close())
  const guessCounts = startGuessCountsRedis(redis)
  stops.defer(() => guessCounts.close())
  return { consoleCodes, guessCounts }
}

/** A long log takes seconds to read, in which nobody should have to guess. */
function sayReading({ logger }: RoleParts, onStep: ApiServer['onStep']) {
  let saidAt = performance.now()
  let records = 0
  return {
    onReading(done: number, total: number): void {
      records = total
      onStep(`reading the log, ${done} of ${total}`)
      if (performance.now() - saidAt < 1_000) return
      saidAt = performance.now()
      logger.info({ done, total }, 'reading the log')
    },
    /** `records`: those that no snapshot had. */
    ended: () => logger.info({ records }, 'the log was read'),
  }
}

// The worker thread of the embedded profile: PGlite, the issuer and the consumers of orders, at a
// lower priority than the answers. It reads the log's files itself; the main thread owns them and
// reads SQL through here.

import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { type MessagePort, workerData } from 'node:worker_threads'
import { Registry } from 'prom-client'
import { systemClock } from '../../adapters/clock-system.ts'
import type { Database } from '../../adapters/database/database.ts'
import { serveDatabase } from '../../adapters/database/thread.ts'
import { type ConnectLogOptions, connectLog } from '../../adapters/log-file/thread.ts'
import type { TopicEnd } from '../../adapters/log-file/topic-writer.ts'
import { openKeptCheckpoints } from '../../adapters/published-checkpoints.ts'
import { openReadMarks, type ReadMarks } from '../../adapters/read-marks.ts'
import { createCouponStoreSql, noteLostRows } from '../../adapters/stores/coupon-store.ts'
import { createProofStoreSql } from '../../adapters/stores/proof-store.ts'
import { answerCalls, type Failure, failureOf } from '../../adapters/thread-call.ts'
import type { TestFault } from '../../config/setting-table.ts'
import type { PaymentSettings } from '../../config/settings.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { orderTopics } from '../../domain/orders/records.ts'
import type { ClaimsConsumer } from '../../issuer/claims-consumer.ts'
import { startIssuer } from '../../issuer/issuer.ts'
import { createIssuerMetrics } from '../../issuer/issuer-metrics.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { type LogEnds, watchLogEnds } from '../../ports/log-ends.ts'
import type { StoredRedemptions } from '../../ports/orders.ts'
import { NewerRecord } from '../../ports/partition-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import { crashingIssuerLog } from './crash-points.ts'
import { unknownReplies } from './older-rows.ts'
import { newConsumerMetrics, restoreOrderRows, startOrderConsumers } from './order-consumers.ts'
import { settlePaymentSetting } from './payment-setting.ts'
import { hasTrustedRows, openProjection, readMarksDirectory } from './projection.ts'
import { type ProofSettings, startProof } from './proof/proof.ts'
import { keptInFiles } from './snapshots/kept-fold.ts'
import { checkStart, refuseOlderRows } from './start-check.ts'
import { type Stops, withStops } from './stops.ts'
import { createFaults } from './test-faults.ts'
import { lineLogger, waitFor } from './wait-for.ts'

export type IssuerThreadSettings = {
  dataDirectory: string
  topics: Readonly<Record<string, number>>
  codeSecret: string
  closedCouponMs: number
  /** Absent: the built-in wallet. */
  payment: PaymentSettings | undefined
  /** Absent: none is made. */
  proof: ProofSettings | undefined
  testFaults: readonly TestFault[]
}
export type IssuerThreadPorts = Record<'logPort' | 'databasePort' | 'controlPort', MessagePort>
/** `ends`: where each topic ended when the thread was started. */
export type IssuerThreadData = IssuerThreadPorts & {
  settings: IssuerThreadSettings
  ends: Readonly<Record<string, TopicEnd>>
  frames: ConnectLogOptions['frames']
}
/** What the main thread asks for; answered by text, which is empty for 'close'. */
export type IssuerQuestion = 'metrics' | 'close'
/** What the thread says unasked. */
export type IssuerNews =
  /** The log is the one that the rows were made from, or there are none. */
  | { kind: 'checked' }
  | { kind: 'up' }
  | { kind: 'rebuilding'; reason: string }
  /** A shortage of files or space, or a witness that is away; it goes on by itself. */
  | { kind: 'waiting'; text: string }
  /** A consumer of orders cannot go on; claims do. */
  | { kind: 'halted'; reason: string }
  /** Redemptions, by the consumers of orders. */
  | { kind: 'stored'; stored: StoredRedemptions }
  | { kind: 'failed'; failure: Failure }

/** Below the answers, above what runs in idle time only. */
const niceness = 10

await run(workerData as IssuerThreadData)

async function run(data: IssuerThreadData): Promise<void> {
  const { controlPort, logPort, databasePort, settings } = data
  const say = (news: IssuerNews) => controlPort.postMessage(news)
  let database: Database | null = null
  let issuer: ClaimsConsumer | null = null
  let marks: ReadMarks | null = null
  let ends: LogEnds | null = null
  let orders: { close(): Promise<void> } | null = null
  const closing = new AbortController()
  const positions = () => issuer?.positions() ?? new Map<number, number>()
  const metrics = createIssuerMetrics({ positions, ends: () => ends })
  const consumers = newConsumerMetrics(() => ends)
  const registry = Registry.merge([metrics.registry, consumers.metrics.registry])

  async function close(): Promise<void> {
    ends?.close()
    await orders?.close()
    await issuer?.close()
    await database?.close()
    marks?.close()
    for (const port of [logPort, databasePort]) port.close()
  }

  async function answer(question: IssuerQuestion): Promise<string> {
    if (question === 'metrics') return registry.metrics()
    closing.abort()
    await opened.then(close, close)
    return ''
  }

  const failed = (error: unknown) => say(failedBy(error))

  async function open(): Promise<void> {
    const { crashPoint } = createFaults(settings.testFaults)
    const clock = systemClock()
    const { dataDirectory: directory, topics, codeSecret, closedCouponMs, payment } = settings
    const connected = connectLog({ ...data, directory, topics, port: logPort, clock })
    database = await openRows({ say, clock, signal: closing.signal }, { log: connected, settings })
    marks = openReadMarks(readMarksDirectory(directory), topics, { clock, onWaiting: waits(say) })
    const log = marks.noting(connected)
    serveDatabase(database, databasePort)
    // Not before: making the rows' directory for the first time takes long enough.
    yieldToAnswers()
    ends = watchLogEnds({ log, topics: [claimsTopic, ...orderTopics], clock })
    const issuing = { clock, codeSecret, closedCouponMs }
    issuer = await startIssuer({
      log: crashPoint === undefined ? log : crashingIssuerLog(log, crashPoint),
      store: createCouponStoreSql({ database, crashPoint }),
      ...issuing,
      observe: metrics.observer,
      onError: failed,
    })
    const common = { log, database, clock, payment, crashPoint, ...consumers }
    // Nobody else takes payments while this process runs.
    await settlePaymentSetting({ database, url: payment?.url, members: async () => 0 })
    await restoreOrderRows(common)
    refuseOlderRows(await unknownReplies(common))
    const making = { log, ends, database, clock, settings, failed, registry, say }
    orders = await withStops(async (stops) => {
      await makeProof(making, stops)
      await startOrderConsumers({ ...common, ...saidOfOrders(say) }, stops)
      return {}
    })
    say({ kind: 'up' })
  }

  answerCalls(controlPort, answer, 'store_broken')
  const opened = open()
  await opened.catch((error: unknown) => closing.signal.aborted || failed(error))
}

function waits(say: (news: IssuerNews) => void) {
  return (text: string) => say({ kind: 'waiting', text })
}

type Making = Parameters<typeof openRows>[1] & {
  ends: LogEnds
  database: Database
  clock: Clock
  failed(error: unknown): void
  registry: Registry
  say(news: IssuerNews): void
}

async function makeProof({ settings, failed, say, ...parts }: Making, stops: Stops): Promise<void> {
  const { proof, dataDirectory } = settings
  const { database } = parts
  if (proof === undefined) return
  const kept = await openKeptCheckpoints(dataDirectory, createProofStoreSql(database))
  stops.defer(() => kept.close())
  const warn = waits(say)
  const snapshots = keptInFiles(dataDirectory, { logger: lineLogger(warn), reader: 'the proof' })
  const making = { ...parts, proof, snapshots, keep: kept.keep, warn, onError: failed }
  await startProof(making, stops)
}

type Opening = { say(news: IssuerNews): void; clock: Clock; signal: AbortSignal }

/** Says when the log is known to be theirs: at once where there are none to be trusted. */
async function openRows(
  { say, clock, signal }: Opening,
  { log, settings }: { log: Log; settings: IssuerThreadSettings },
): Promise<Database> {
  const { dataDirectory: directory, codeSecret } = settings
  if (!hasTrustedRows(directory)) say({ kind: 'checked' })
  const logger = lineLogger(waits(say))
  const database = await waitFor({ clock, logger, signal }, 'the rows', () =>
    openProjection(directory, (reason) => say({ kind: 'rebuilding', reason })),
  )
  try {
    await checkStart({ log, database, codeSecret })
    await noteLostRows(database, await log.bounds(claimsTopic))
  } catch (error) {
    await database.close()
    throw error
  }
  say({ kind: 'checked' })
  return database
}

/** Linux only: elsewhere a thread has no priority of its own. */
function yieldToAnswers(): void {
  if (process.platform !== 'linux') return
  const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  setPriority(thread, niceness)
}

function failedBy(error: unknown): IssuerNews {
  return { kind: 'failed', failure: failureOf(error, 'store_broken') }
}

function saidOfOrders(say: (news: IssuerNews) => void) {
  return {
    onStored: (stored: StoredRedemptions) => say({ kind: 'stored', stored }),
    onError: (error: unknown) => say(newsOf(error)),
  }
}

/** Of a consumer of orders. */
function newsOf(error: unknown): IssuerNews {
  const isOfOrders = error instanceof NewerRecord || (error instanceof PortError && error.isOfTable)
  return isOfOrders ? { kind: 'halted', reason: error.message } : failedBy(error)
}

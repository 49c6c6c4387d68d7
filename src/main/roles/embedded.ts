// The embedded profile: one process that owns a data directory and does everything. Parts start
// in the order of their dependence and stop in the reverse one.

import type { FileHandle } from 'node:fs/promises'
import type { Logger } from 'pino'
import { systemClock } from '../../adapters/clock-system.ts'
import { openDataDirectory } from '../../adapters/data-directory.ts'
import { type LogFile, type LogFileOptions, openLogFile } from '../../adapters/log-file/log-file.ts'
import { type WriteDurably, writeAll } from '../../adapters/log-file/topic-writer.ts'
import { createConsoleCodesMemory } from '../../adapters/memory/console-codes.ts'
import { settleProofFile } from '../../adapters/proof-identity-file.ts'
import type { ServerParts } from '../../api/http/server-parts.ts'
import { ToldRedemptions } from '../../api/redemptions/told-redemptions.ts'
import type { Settings } from '../../config/settings.ts'
import { verifierKeysOf } from '../../domain/proof/identity.ts'
import { formatInstant } from '../../domain/time.ts'
import type { Clock } from '../../ports/clock.ts'
import { type ApiServerParts, openApiServer, startApiNode } from './api-node.ts'
import { type EmbeddedIssuer, startEmbeddedIssuer } from './embedded-issuer.ts'
import type { IssuerThreadSettings } from './issuer-thread.ts'
import { readMarksOf } from './projection.ts'
import { identityOf, type ProofSettings, proofSettings } from './proof/proof.ts'
import { keptInFiles } from './snapshots/kept-fold.ts'
import { checkPlaces } from './start-check.ts'
import { type Stops, withStops } from './stops.ts'
import { createFaults, type Faults } from './test-faults.ts'
import { embeddedTopics } from './topics.ts'

export type StartParts = {
  settings: Settings
  logger: Logger
  /** Checking the stored log, then reading it. */
  onProgress?: (step: 'check' | 'read', done: number, total: number) => void
  /** See LogFileOptions. */
  acceptClockBy?: string
  /** The service cannot go on; it should be closed and the process end. */
  onFatal(error: unknown): void
  /** Ends a start that is still reading the log. */
  signal?: AbortSignal
  /** Signs what lets anybody be anybody, where `isDemo` is set. */
  demoSigner?: (secret: string) => (userId: string, now: number) => string
  /** For the benchmark: see ServerParts. */
  extraRoutes?: ServerParts['extraRoutes'] | undefined
}
export type Running = {
  url: string
  dataDirectory: string
  firstRun: boolean
  close(): Promise<void>
}

export function startEmbedded(parts: StartParts): Promise<Running> {
  return withStops((stops) => startParts(parts, stops))
}

async function startParts(parts: StartParts, stops: Stops): Promise<Omit<Running, 'close'>> {
  const { settings, logger, onFatal } = parts
  const clock = systemClock()
  const faults = createFaults(settings.testFaults)
  const path = settings.dataDirectory
  const directory = openDataDirectory({ path, secrets: settings, now: clock.now() })
  stops.defer(() => directory.close())

  const proof = proofSettings(settings, directory.secrets)
  const shown = proof && shownProof(directory.path, proof, clock)
  const told = new ToldRedemptions()
  let issuer: EmbeddedIssuer | null = null
  const node = {
    clock,
    demoToken: demoTokens(parts, directory.secrets.jwtSecret, clock),
    consoleCodes: createConsoleCodesMemory(clock),
    proof: shown,
    settings: { ...settings, ...directory.secrets },
    reads: () => issuer?.rows()?.reads ?? null,
    givenKeys: () => issuer?.rows()?.givenKeys ?? null,
    otherMetrics: async () => (await issuer?.metricsText()) ?? '',
    faults,
    logger,
    signal: parts.signal,
    extraRoutes: parts.extraRoutes,
  }
  const server = await openApiServer(node, stops)
  const steps = { check: 'checking the stored log', read: 'reading the log' }
  const onProgress: StartParts['onProgress'] = (step, done, total) => {
    server.onStep(`${steps[step]}, ${done} of ${total}`)
    parts.onProgress?.(step, done, total)
  }
  const log = await openLog(parts, {
    directory: directory.path,
    clock,
    writeDurably: faultyWrites(faults),
    onAcknowledged: (topic, end) => issuer?.onAcknowledged(topic, end),
    onProgress: (done, total) => onProgress('check', done, total),
  })
  stops.defer(() => log.close())

  const marks = readMarksOf(directory.path)
  issuer = startEmbeddedIssuer({
    log,
    settings: issuerSettings(settings, directory, proof),
    onWaiting: (text) => logger.warn(text),
    onStored: (stored) => told.tell(stored),
    onNews: (news) => tell(logger, news),
    onError: onFatal,
  })
  const issuing = issuer
  stops.defer(() => issuing.close())

  const onReading = onProgress.bind(null, 'read')
  // By the marks, which takes milliseconds; else by the rows themselves, once they can be read.
  const mayAnswer = () => (marks.length > 0 ? checkPlaces(log, marks) : issuing.checked)
  // Where the marks let it answer first: what the rows say later ends it all the same.
  if (marks.length > 0) issuing.checked.catch(onFatal)
  const { snapshotEveryRecords: everyRecords } = faults
  const snapshots = keptInFiles(directory.path, { logger, everyRecords })
  const reading = { log, snapshots, told, mayAnswer, onReading }
  await startApiNode({ ...node, ...reading, onFatal }, server, stops)
  const { address: url } = server
  directory.announce(url)
  return { url, dataDirectory: directory.path, firstRun: directory.firstRun }
}

function issuerSettings(
  { payment, testFaults, closedCouponHours }: Settings,
  { path: dataDirectory, secrets: { codeSecret } }: ReturnType<typeof openDataDirectory>,
  proof: ProofSettings | undefined,
): IssuerThreadSettings {
  const closedCouponMs = closedCouponHours * 3_600_000
  const own = { dataDirectory, topics: embeddedTopics, codeSecret, closedCouponMs }
  return { ...own, payment, proof, testFaults }
}

function shownProof(
  directory: string,
  proof: ProofSettings,
  clock: Clock,
): ApiServerParts['proof'] {
  const known = settleProofFile(directory, identityOf(proof), formatInstant(clock.now()))
  const keys = verifierKeysOf(known)
  return { prefix: proof.origin, secret: proof.secret, keys: async () => keys }
}

function openLog(
  { acceptClockBy, logger }: StartParts,
  more: Omit<LogFileOptions, 'topics' | 'acceptClockBy' | 'onWarning'>,
): Promise<LogFile> {
  return openLogFile({
    ...more,
    topics: embeddedTopics,
    acceptClockBy,
    onWarning: (message) => logger.warn(message),
  })
}

function demoTokens(
  { settings, demoSigner }: StartParts,
  secret: string,
  clock: Clock,
): ServerParts['demoToken'] {
  const sign = settings.isDemo ? demoSigner?.(secret) : undefined
  return sign && ((userId) => sign(userId, clock.now()))
}

function tell(logger: Logger, { kind, reason }: { kind: string; reason: string }): void {
  if (kind === 'halted') logger.error({ reason }, 'orders have stopped; claims go on')
  else logger.warn({ reason }, 'the rows are derived anew from the log')
}

function faultyWrites({ crashPoint, failSync }: Faults): WriteDurably | undefined {
  if (crashPoint === undefined && failSync === undefined) return undefined
  return async (file: FileHandle, data: Buffer, position: number) => {
    await writeAll(file, data, position)
    crashPoint?.('K7')
    if (failSync?.()) throw Object.assign(new Error('the sync failed on purpose'), { code: 'EIO' })
  }
}

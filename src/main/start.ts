// The embedded profile: one process that owns a data directory and does everything. Parts start
// in the order of their dependence and stop in the reverse one.

import { randomUUIDv7 } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { systemClock } from '../adapters/clock-system.ts'
import { openDataDirectory } from '../adapters/data-directory.ts'
import { type LogFile, openLogFile } from '../adapters/log-file.ts'
import { type WriteDurably, writeAll } from '../adapters/log-file-topic.ts'
import type { Settings } from '../config.ts'
import { createApiMetrics } from '../services/api/api-metrics.ts'
import { startClaimService } from '../services/api/claims.ts'
import { startServer } from '../services/api/server.ts'
import type { ServerParts } from '../services/api/server-parts.ts'
import { type EmbeddedIssuer, startEmbeddedIssuer } from './embedded-issuer.ts'
import { embeddedTopics } from './embedded-topics.ts'
import { createFaults, type Faults } from './test-faults.ts'

export type StartParts = {
  settings: Settings
  logger: Logger
  /** Checking the stored log, then reading it. */
  onProgress?: (step: 'check' | 'read', done: number, total: number) => void
  /** The service cannot go on; it should be closed and the process end. */
  onFatal(error: unknown): void
  /** For the benchmark: see ServerParts. */
  extraRoutes?: ServerParts['extraRoutes'] | undefined
}
export type Running = {
  url: string
  dataDirectory: string
  firstRun: boolean
  close(): Promise<void>
}

export async function startEmbedded(parts: StartParts): Promise<Running> {
  const stops: (() => void | Promise<void>)[] = []
  async function close(): Promise<void> {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop()
  }
  try {
    return { ...(await startParts(parts, stops)), close }
  } catch (error) {
    await close()
    throw error
  }
}

type Stops = (() => void | Promise<void>)[]

async function startParts(parts: StartParts, stops: Stops): Promise<Omit<Running, 'close'>> {
  const { settings, logger } = parts
  const clock = systemClock()
  const faults = createFaults(settings.testFaults)
  const { jwtSecret, codeSecret } = settings
  const directory = openDataDirectory({
    path: settings.dataDirectory,
    secrets: { ...(jwtSecret ? { jwtSecret } : {}), ...(codeSecret ? { codeSecret } : {}) },
    now: clock.now(),
  })
  stops.push(() => directory.close())

  let issuer: EmbeddedIssuer | null = null
  const log: LogFile = await openLogFile({
    directory: directory.path,
    topics: embeddedTopics,
    clock,
    writeDurably: faultyWrites(faults),
    onAcknowledged: (topic, end) => issuer?.onAcknowledged(topic, end),
    onProgress: (done, total) => parts.onProgress?.('check', done, total),
  })
  stops.push(() => log.close())

  issuer = startEmbeddedIssuer({
    log,
    topics: embeddedTopics,
    dataDirectory: directory.path,
    codeSecret: directory.secrets.codeSecret,
    testFaults: settings.testFaults,
    onRebuilding: (reason) => logger.warn({ reason }, 'the rows are derived anew from the log'),
    onError: parts.onFatal,
  })
  const issuing = issuer
  stops.push(() => issuing.close())

  const metrics = createApiMetrics({
    clock,
    foldReadAt: () => claims?.lastReadAt(),
    isReady: () => claims?.readiness().ready ?? false,
  })
  const claims = await startClaimService({
    log,
    clock,
    newId: randomUUIDv7,
    codeSecret: directory.secrets.codeSecret,
    observe: metrics.observer,
    crashPoint: faults.crashPoint,
    onProgress: (done, total) => parts.onProgress?.('read', done, total),
    onError: parts.onFatal,
  })
  stops.push(() => claims.close())
  await claims.caughtUp

  const server = await startServer({
    claims,
    store: () => issuing.store(),
    clock,
    newId: randomUUIDv7,
    metricsText: async () => (await metrics.registry.metrics()) + (await issuing.metricsText()),
    settings: { ...settings, jwtSecret: directory.secrets.jwtSecret },
    logger,
    extraRoutes(app, hooks) {
      crashWhileAnswering(app, faults)
      parts.extraRoutes?.(app, hooks)
    },
  })
  stops.push(() => server.close())
  directory.announce(server.address)
  return { url: server.address, dataDirectory: directory.path, firstRun: directory.firstRun }
}

function faultyWrites({ crashPoint, failSync }: Faults): WriteDurably | undefined {
  if (crashPoint === undefined && failSync === undefined) return undefined
  return async (file: FileHandle, data: Buffer, position: number) => {
    await writeAll(file, data, position)
    crashPoint?.('K7')
    if (failSync?.()) throw Object.assign(new Error('the sync failed on purpose'), { code: 'EIO' })
  }
}

/** K9: half of a winner's answer has left; K10: all of it. */
function crashWhileAnswering(app: FastifyInstance, { crashPoint }: Faults): void {
  if (crashPoint === undefined) return
  app.addHook('onSend', async (request, reply) => {
    if (reply.statusCode !== 201 || !request.url.endsWith('/claims')) return
    crashPoint('K9', () => request.raw.socket.write('HTTP/1.1 201 Created\r\ncontent-ty'))
  })
  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode === 201 && request.url.endsWith('/claims')) crashPoint('K10')
  })
}

// The API role as `firstcome api` starts it, with the constant call that it is held against.
// Prints its address once it is ready, and stops on SIGTERM.

import { pino } from 'pino'
import { startRedisGate } from '../../../src/adapters/redis/gate.ts'
import { environment, readSettings } from '../../../src/config/settings.ts'
import { distributedClaimLimits } from '../../../src/main/roles/api.ts'
import { openApiServer, readsOver, startApiNode } from '../../../src/main/roles/api-node.ts'
import { openDistributed } from '../../../src/main/roles/distributed.ts'
import { withStops } from '../../../src/main/roles/stops.ts'
import { createFaults } from '../../../src/main/roles/test-faults.ts'
import { addConstantRoute } from '../constant-route.ts'

const read = readSettings(environment())
if (!read.ok) throw new Error(read.mistakes.join('\n'))
const { settings } = read
const logger = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }))
const { signal } = new AbortController()
const running = await withStops(async (stops) => {
  const { jwtSecret = '', codeSecret = '', redisUrl } = settings
  const { log, database, clock } = await openDistributed({ settings, logger, signal }, 'api', stops)
  const reads = readsOver(database)
  const onWarning = (message: string) => logger.warn(message)
  const gate =
    redisUrl === undefined ? undefined : startRedisGate({ url: redisUrl, clock, onWarning })
  if (gate !== undefined) stops.defer(() => gate.close())
  const node = {
    log,
    gate,
    clock,
    settings: { ...settings, jwtSecret, codeSecret },
    limits: distributedClaimLimits,
    reads: () => reads,
    otherMetrics: async () => '',
    faults: createFaults(settings.testFaults),
    logger,
    onFatal(error: unknown) {
      throw error
    },
    extraRoutes: addConstantRoute,
  }
  const server = await openApiServer(node, stops)
  await startApiNode(node, server, stops)
  return { url: server.address }
})
process.once('SIGTERM', () => void running.close())
process.stdout.write(`${JSON.stringify({ url: running.url })}\n`)

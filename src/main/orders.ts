// The orders role: the consumers that carry orders through, all of them or one, any number of
// times. It answers probes and metrics from its first moment on, also while it waits for Kafka
// and PostgreSQL.

import { Registry } from 'prom-client'
import { systemClock } from '../adapters/clock-system.ts'
import type { PostgresDatabase } from '../adapters/database-postgres.ts'
import type { Log } from '../ports.ts'
import type { ConsumerName } from '../ports-orders.ts'
import { createDatabaseMetrics } from '../services/database-metrics.ts'
import { startProbeServer } from '../services/probe-server.ts'
import { createRoleMetrics } from '../services/role-metrics.ts'
import { CommandError, exitCodes } from './command-context.ts'
import { openDistributed } from './distributed.ts'
import { newConsumerMetrics, startOrderConsumers } from './order-consumers.ts'
import { areOrderRowsLost } from './order-restore.ts'
import type { RoleParts } from './run-until-told.ts'
import { withStops } from './stops.ts'
import { createFaults } from './test-faults.ts'

export type RunningOrders = { url: string; close(): Promise<void> }

export function startOrdersRole(parts: RoleParts, only?: ConsumerName): Promise<RunningOrders> {
  return withStops(async (stops) => {
    const { settings, logger, signal } = parts
    const { host, port } = settings
    let database: PostgresDatabase | null = null
    let log: Log | null = null
    let started = false
    const { metrics, running } = newConsumerMetrics(() => log)

    function readiness() {
      const reasons: string[] = []
      if (signal.aborted) reasons.push('stopping')
      else if (!started) reasons.push('starting')
      else if (database?.state().reachable !== true) reasons.push('the database is away')
      return { ready: reasons.length === 0, reasons }
    }
    const registries = [createRoleMetrics(() => readiness().ready), metrics.registry]
    const probes = await startProbeServer({
      host,
      port,
      readiness,
      metricsText: () => Registry.merge(registries).metrics(),
      clock: systemClock(),
      logger,
    })
    stops.push(() => probes.close())

    const opened = await openDistributed(parts, 'orders', stops)
    database = opened.database
    log = opened.log
    registries.push(createDatabaseMetrics(database.state))
    if (await areOrderRowsLost(opened)) throw rowsLost()
    const { crashPoint } = createFaults(settings.testFaults)
    const { payment } = settings
    const consumers = { ...opened, payment, only, crashPoint, metrics, running }
    await startOrderConsumers({ ...consumers, onError: parts.onFatal }, stops)
    started = true
    return { url: probes.address }
  })
}

function rowsLost(): CommandError {
  const found = 'Kafka has orders that were carried on, but PostgreSQL has no rows of them'
  const next = 'run "firstcome rebuild" first, while no "firstcome orders" runs'
  return new CommandError(exitCodes.failed, `${found}: ${next}`)
}

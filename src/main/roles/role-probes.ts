// What a role without an API of its own answers from its first moment on, also while it waits for
// Kafka and PostgreSQL: whether it lives, whether it does its work, and its metrics.

import { Registry } from 'prom-client'
import { systemClock } from '../../adapters/clock-system.ts'
import type { PostgresDatabase } from '../../adapters/database/postgres.ts'
import { startProbeServer } from '../../api/probe-server.ts'
import { createDatabaseMetrics, createRoleMetrics } from '../../api/process-metrics.ts'
import type { RoleParts } from './run-role.ts'
import type { Stops } from './stops.ts'

export type RoleProbes = {
  /** As `http://127.0.0.1:8082`. */
  address: string
  /** From now on the state of the database is reported, too. */
  opened(database: PostgresDatabase): void
  /** From now on the role is ready while its database can be reached. */
  started(): void
}

export async function startRoleProbes(
  { settings, logger, signal }: RoleParts,
  own: Registry,
  stops: Stops,
): Promise<RoleProbes> {
  const { host, port } = settings
  let database: PostgresDatabase | null = null
  let isStarted = false

  function readiness() {
    const reasons: string[] = []
    if (signal.aborted) reasons.push('stopping')
    else if (!isStarted) reasons.push('starting')
    else if (database?.state().reachable !== true) reasons.push('the database is away')
    return { ready: reasons.length === 0, reasons }
  }

  const registries = [createRoleMetrics(() => readiness().ready), own]
  const server = await startProbeServer({
    host,
    port,
    readiness,
    metricsText: () => Registry.merge(registries).metrics(),
    clock: systemClock(),
    logger,
  })
  stops.defer(() => server.close())
  return {
    address: server.address,
    opened(opened) {
      database = opened
      registries.push(createDatabaseMetrics(opened.state))
    },
    started() {
      isStarted = true
    },
  }
}

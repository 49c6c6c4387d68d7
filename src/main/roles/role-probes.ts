// What a role without an API of its own answers from its first moment on, also while it waits for
// Kafka and PostgreSQL: whether it lives, whether it does its work, and its metrics.

import { Registry } from 'prom-client'
import { systemClock } from '../../adapters/clock-system.ts'
import type { PostgresDatabase } from '../../adapters/database/postgres.ts'
import type { Readiness } from '../../api/claims/claim-answers.ts'
import { addRoutes } from '../../api/http/route.ts'
import { createServerApp } from '../../api/http/server-app.ts'
import { limitsOf } from '../../api/http/server-limits.ts'
import {
  createDatabaseMetrics,
  createLogMetrics,
  createRoleMetrics,
} from '../../api/metrics/process-metrics.ts'
import { serviceRoutes } from '../../api/routes/service.ts'
import { type LogEnds, silenceMsMax } from '../../ports/log-ends.ts'
import type { RoleParts } from './run-role.ts'
import { createStandstill, type Place } from './standstill.ts'
import { startReadiness } from './start-readiness.ts'
import type { Stops } from './stops.ts'

export type OwnProbes = {
  registry: Registry
  /** Where it is in the partitions that it owns now. */
  places(): readonly Place[]
}

export async function startRoleProbes(
  { settings, logger, signal }: RoleParts,
  { registry, places }: OwnProbes,
  stops: Stops,
) {
  const clock = systemClock()
  let database: PostgresDatabase | null = null
  let standstill: (() => string | null) | null = null
  let log: LogEnds | null = null
  const start = startReadiness(signal)

  function readiness(): Readiness {
    const reasons: string[] = []
    if (database?.state().reachable !== true) reasons.push('the database is away')
    if ((log?.silentMs() ?? 0) > silenceMsMax) reasons.push('the log does not answer')
    // What it cannot reach holds it up: that is said already.
    const stands = standstill?.() ?? null
    if (stands !== null && reasons.length === 0) reasons.push(stands)
    return start.unready() ?? { ready: reasons.length === 0, reasons }
  }

  const registries = [createRoleMetrics(() => readiness().ready), registry]
  const metricsText = () => Registry.merge(registries).metrics()
  const limits = limitsOf(settings)
  const { app, makeUses, listen, stop } = await createServerApp({ clock, logger, limits })
  addRoutes(app, { hooks: { service: [] }, limits }, serviceRoutes({ readiness, metricsText }))
  const url = await listen(settings)
  makeUses()
  stops.defer(stop)
  return {
    url,
    /** From now on the state of both is reported, too. */
    opened(opened: PostgresDatabase, ends: LogEnds): void {
      database = opened
      log = ends
      standstill = createStandstill({ clock, places, ends })
      registries.push(createDatabaseMetrics(opened.state), createLogMetrics(ends.silentMs))
    },
    /** From now on the role is ready while its database and its log can be reached. */
    started: start.started,
    onWaiting: start.onWaiting,
  }
}

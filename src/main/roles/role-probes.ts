// What a role without an API of its own answers from its first moment on, also while it waits for
// Kafka and PostgreSQL: whether it lives, whether it does its work, and its metrics.

import { Registry } from 'prom-client'
import { systemClock } from '../../adapters/clock-system.ts'
import type { PostgresDatabase } from '../../adapters/database/postgres.ts'
import type { Readiness } from '../../api/claims/claim-answers.ts'
import { addRoutes } from '../../api/http/route.ts'
import { createServerApp } from '../../api/http/server-app.ts'
import { limitsOf } from '../../api/http/server-limits.ts'
import { createDatabaseMetrics, createRoleMetrics } from '../../api/process-metrics.ts'
import { serviceRoutes } from '../../api/routes/service.ts'
import type { RoleParts } from './run-role.ts'
import { startReadiness } from './start-readiness.ts'
import type { Stops } from './stops.ts'

export async function startRoleProbes(
  { settings, logger, signal }: RoleParts,
  own: Registry,
  stops: Stops,
) {
  let database: PostgresDatabase | null = null
  const start = startReadiness(signal)

  function readiness(): Readiness {
    const isAway = database?.state().reachable !== true
    return start.unready() ?? { ready: !isAway, reasons: isAway ? ['the database is away'] : [] }
  }

  const registries = [createRoleMetrics(() => readiness().ready), own]
  const metricsText = () => Registry.merge(registries).metrics()
  const limits = limitsOf(settings)
  const { app, listen, stop } = await createServerApp({ clock: systemClock(), logger, limits })
  addRoutes(app, { hooks: { service: [] }, limits }, serviceRoutes({ readiness, metricsText }))
  const url = await listen(settings)
  stops.defer(stop)
  return {
    url,
    /** From now on the state of the database is reported, too. */
    opened(opened: PostgresDatabase): void {
      database = opened
      registries.push(createDatabaseMetrics(opened.state))
    },
    /** From now on the role is ready while its database can be reached. */
    started: start.started,
    onWaiting: start.onWaiting,
  }
}

// The HTTP server: fastify put together from the files beside this one. It answers only JSON and
// problem details, bounds everything a client can stretch, and stops without losing an answer.

import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { useAuth } from './http/auth.ts'
import { useOpenApi } from './http/openapi.ts'
import { useRateLimits } from './http/rate-limits.ts'
import { addRoutes, type Route } from './http/route.ts'
import { createServerApp } from './http/server-app.ts'
import { type ServerLimits, serverLimits } from './http/server-limits.ts'
import type { CallHooks, RouteParts, ServerParts } from './http/server-parts.ts'
import { auditRoutes } from './routes/audit.ts'
import { claimRoutes } from './routes/claims.ts'
import { commandRoutes } from './routes/commands.ts'
import { couponRoutes } from './routes/coupons.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { orderRoutes } from './routes/orders.ts'
import { openApiRoute, serviceRoutes } from './routes/service.ts'
import { supplyRoutes } from './routes/supplies.ts'

export type RunningServer = {
  /** As `http://127.0.0.1:8080`. */
  address: string
  app: FastifyInstance
  /** Answers what was accepted, refuses the rest; resolves when no connection is open. */
  close(): Promise<void>
}

export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const { settings, clock, logger } = parts
  const limits: ServerLimits = { ...serverLimits, ...settings.limits }
  const metrics = new Registry()
  const { app, listen, stop } = await createServerApp({ clock, limits, logger, metrics })
  await useOpenApi(app)
  const hooks = await callHooks(app, { ...parts, metrics }, limits)
  const metricsText = async () => (await parts.metricsText()) + (await metrics.metrics())
  addRoutes(app, { hooks, limits }, allRoutes(app, { ...parts, metricsText, limits }))
  parts.extraRoutes?.(app, hooks)
  return { address: await listen(settings), app, close: stop }
}

async function callHooks(
  app: FastifyInstance,
  { settings, clock, metrics }: ServerParts & { metrics: Registry },
  limits: ServerLimits,
): Promise<CallHooks> {
  const auth = { secret: settings.jwtSecret, clock, metrics }
  const { authenticate, operatorOnly } = await useAuth(app, auth)
  const rates = { clock, ...settings, keysMax: limits.rateKeysMax }
  const { byCaller, byAddress } = await useRateLimits(app, rates)
  return {
    service: [],
    anyone: byAddress,
    user: [...byAddress, authenticate, ...byCaller],
    operator: [...byAddress, authenticate, operatorOnly, ...byCaller],
    auditor: [authenticate, operatorOnly],
  }
}

function allRoutes(app: FastifyInstance, parts: RouteParts): Route[] {
  const { claims, metricsText } = parts
  return [
    ...serviceRoutes({ readiness: () => claims.readiness(), metricsText }),
    openApiRoute(app),
    ...couponRoutes(parts),
    ...commandRoutes(parts),
    ...claimRoutes(parts),
    ...supplyRoutes(parts),
    ...orderRoutes(parts),
    ...auditRoutes(parts),
    ...deadLetterRoutes(parts),
  ]
}

// The HTTP server: fastify put together from the files beside this one. It answers only JSON and
// problem details, bounds everything a client can stretch, and stops without losing an answer.

import type { FastifyInstance } from 'fastify'
import { useAuth } from './http/auth.ts'
import { useOpenApi } from './http/openapi.ts'
import { useRateLimits } from './http/rate-limits.ts'
import { createServerApp } from './http/server-app.ts'
import { type ServerLimits, serverLimits } from './http/server-limits.ts'
import type { Api, CallHooks, RouteParts, ServerParts } from './http/server-parts.ts'
import { addAuditRoutes } from './routes/audit.ts'
import { addClaimRoutes } from './routes/claims.ts'
import { addCommandRoutes } from './routes/commands.ts'
import { addCouponRoutes } from './routes/coupons.ts'
import { addDeadLetterRoutes } from './routes/dead-letters.ts'
import { addMeRoutes } from './routes/me.ts'
import { addOrderRoutes } from './routes/orders.ts'
import { addOrdersAuditRoutes } from './routes/orders-audit.ts'
import { addProductRoutes } from './routes/products.ts'
import { addOpenApiRoute, addServiceRoutes } from './routes/service.ts'
import { addWalletRoutes } from './routes/wallets.ts'

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
  const { app, listen, stop } = await createServerApp({ clock, limits, logger })
  await useOpenApi(app)
  const hooks = await callHooks(app, parts, limits)
  addRoutes(app, { ...parts, hooks, limits })
  parts.extraRoutes?.(app, hooks)
  return { address: await listen(settings), app, close: stop }
}

async function callHooks(
  app: FastifyInstance,
  { settings, clock }: ServerParts,
  limits: ServerLimits,
): Promise<CallHooks> {
  const { userRateMax, addressRateMax } = settings
  const keysMax = limits.rateKeysMax
  const { authenticate, operatorOnly } = await useAuth(app, { secret: settings.jwtSecret, clock })
  const { byUser, byAddress } = await useRateLimits(app, { userRateMax, addressRateMax, keysMax })
  return {
    service: [],
    anyone: byAddress,
    user: [...byAddress, authenticate, ...byUser],
    operator: [...byAddress, authenticate, operatorOnly, ...byUser],
    auditor: [authenticate, operatorOnly],
  }
}

function addRoutes(app: Api, parts: RouteParts): void {
  addServiceRoutes(app, { ...parts, readiness: () => parts.claims.readiness() })
  addOpenApiRoute(app, parts)
  addCouponRoutes(app, parts)
  addCommandRoutes(app, parts)
  addClaimRoutes(app, parts)
  addMeRoutes(app, parts)
  addProductRoutes(app, parts)
  addWalletRoutes(app, parts)
  addOrderRoutes(app, parts)
  addAuditRoutes(app, parts)
  addDeadLetterRoutes(app, parts)
  addOrdersAuditRoutes(app, parts)
}

// The HTTP server: fastify put together from the files beside this one. It answers only JSON and
// problem details, bounds everything a client can stretch, and stops without losing an answer.

import createFastify, { type FastifyInstance } from 'fastify'
import { useAdmission } from './admission.ts'
import { useAuth } from './auth.ts'
import { answerClientError, useClientErrors } from './client-errors.ts'
import { replyWithError, useErrorReplies } from './error-replies.ts'
import { useJsonBodies } from './json-body.ts'
import { useUnknownPaths } from './method-not-allowed.ts'
import { useOpenApi } from './openapi.ts'
import { useRateLimits } from './rate-limits.ts'
import { addAuditRoutes } from './routes-audit.ts'
import { addClaimRoutes } from './routes-claims.ts'
import { addCommandRoutes } from './routes-commands.ts'
import { addCouponRoutes } from './routes-coupons.ts'
import { addMeRoutes } from './routes-me.ts'
import { addServiceRoutes } from './routes-service.ts'
import { useSecurityHeaders } from './security-headers.ts'
import { type ServerLimits, serverLimits } from './server-limits.ts'
import type { Api, CallHooks, RouteParts, ServerParts } from './server-parts.ts'
import { useValidation } from './validation.ts'

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
  const app = createApp(limits, logger)

  useClientErrors(app.server)
  useErrorReplies(app, logger)
  useUnknownPaths(app)
  useValidation(app)
  useJsonBodies(app)
  await useSecurityHeaders(app)
  const admission = useAdmission(app, { clock, limits })
  await useOpenApi(app)
  const hooks = await callHooks(app, parts, limits)
  addRoutes(app, { ...parts, hooks, limits })
  parts.extraRoutes?.(app, hooks)

  try {
    const address = await app.listen({
      // Fastify serves localhost by a second server, which would have none of our limits.
      host: settings.host === 'localhost' ? '127.0.0.1' : settings.host,
      port: settings.port,
      backlog: limits.acceptQueueMax,
    })
    return { address, app, close: () => admission.stop() }
  } catch (error) {
    await app.close()
    throw error
  }
}

function createApp(limits: ServerLimits, logger: ServerParts['logger']): FastifyInstance {
  // No logger for fastify itself: a line, or only a child logger, per request is too dear.
  return createFastify({
    bodyLimit: limits.bodyBytesMax,
    routerOptions: { maxParamLength: limits.pathPartCharactersMax },
    requestTimeout: limits.requestWaitMsMax,
    connectionTimeout: limits.silenceMsMax,
    keepAliveTimeout: limits.keepAliveMsMax,
    return503OnClosing: false,
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersWaitMsMax,
      connectionsCheckingInterval: limits.waitCheckMs,
      // Checked in admission.ts, which answers with a problem.
      requireHostHeader: false,
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => replyWithError({ error, request, reply, logger }),
  })
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
  addServiceRoutes(app, parts)
  addCouponRoutes(app, parts)
  addCommandRoutes(app, parts)
  addClaimRoutes(app, parts)
  addMeRoutes(app, parts)
  addAuditRoutes(app, parts)
}

// What every HTTP server of ours is before it has a route: fastify with bounds on everything that a
// client can stretch, answers in JSON and problems only, and a stop that loses no answer.

import createFastify, { type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { AnswerCounts, countAnswers } from '../metrics/answer-metrics.ts'
import { useArrivals } from '../plain/arrivals.ts'
import { type PlainRequests, usePlainRequests } from '../plain/plain-requests.ts'
import { type AdmissionParts, useAdmission } from './admission.ts'
import { type ConnectionParts, limitConnections } from './connections.ts'
import { useCrossOrigin } from './cross-origin.ts'
import {
  answerClientError,
  replyWithError,
  useErrorReplies,
  useUnknownPaths,
} from './error-replies.ts'
import { createFirstUses, type FirstUses } from './first-uses.ts'
import { useJsonBodies } from './json-body.ts'
import { countUnavailable } from './problems/problems.ts'
import type { Limiter } from './rate-limits.ts'
import { useSecurityHeaders } from './security-headers.ts'
import { serializersAtFirstUse } from './serialization.ts'
import type { ServerLimits } from './server-limits.ts'
import { useValidation } from './validation.ts'

export type ServerAppParts = AdmissionParts &
  ConnectionParts & {
    allowedOrigins?: readonly string[] | undefined
    onUnavailable?: (() => void) | undefined
  }
export type ServerApp = {
  app: FastifyInstance
  uses: FirstUses
  /** To be called once calls are answered: makes what nobody has used yet, a piece now and then. */
  makeUses(): void
  /** To be called once, when all routes are there; resolves to its address. */
  listen(at: { host: string; port: number }): Promise<string>
  /** For what is answered before fastify sees it. */
  plain: PlainRequests
  answers: AnswerCounts
  /** Asked before an unknown path or method is answered. */
  limitUnknown(limiter: Limiter): void
  /** Answers what was accepted, refuses the rest; resolves when no connection is open. */
  stop(): Promise<void>
}

export async function createServerApp(parts: ServerAppParts): Promise<ServerApp> {
  const { limits, logger, clock } = parts
  const uses = createFirstUses()
  const answers = new AnswerCounts(parts.metrics)
  const app = createApp({ limits, logger, uses, answers })
  const closing = new AbortController()
  app.addHook('onClose', async () => closing.abort())
  useArrivals(app, clock)
  countAnswers(app, answers, clock)
  useErrorReplies(app, logger, (status) => answers.sent(status))
  countUnavailable(app, parts.metrics, parts.onUnavailable)
  const answerUnknown = useUnknownPaths(app)
  useValidation(app, uses)
  useJsonBodies(app)
  const securityHeaders = await useSecurityHeaders(app)
  const originHeaders = await useCrossOrigin(app, parts.allowedOrigins ?? [])
  limitConnections(app.server, parts)
  const admission = useAdmission(app, parts)
  let limiter: Limiter = async () => {}
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done()
    limiter(request, reply).then(() => reply.sent || answerUnknown(request, reply), done)
  })
  return {
    app,
    uses,
    makeUses: () => void uses.makeAll(clock, closing.signal),
    answers,
    plain: usePlainRequests(app, { admission, securityHeaders, originHeaders }),
    limitUnknown(limit) {
      limiter = limit
    },
    async listen({ host, port }) {
      try {
        return await app.listen({
          // Fastify serves localhost by a second server, which would have none of our limits.
          host: host === 'localhost' ? '127.0.0.1' : host,
          port,
          backlog: limits.acceptQueueMax,
        })
      } catch (error) {
        await app.close()
        throw error
      }
    },
    stop: admission.stop,
  }
}

type AppParts = {
  limits: ServerLimits
  logger?: Logger | undefined
  uses: FirstUses
  answers: AnswerCounts
}

function createApp({ limits, logger, uses, answers }: AppParts): FastifyInstance {
  // No logger for fastify itself: a line, or only a child logger, per request is too dear.
  return createFastify({
    bodyLimit: limits.bodyBytesMax,
    schemaController: { compilersFactory: { buildSerializer: serializersAtFirstUse(uses) } },
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
    clientErrorHandler(error, socket) {
      const status = answerClientError(error, socket)
      if (status !== null) answers.sent(status)
    },
    frameworkErrors: (error, request, reply) => replyWithError({ error, request, reply, logger }),
  })
}

// About the service itself: alive, ready, measured, described.

import type { Readiness } from '../claims/claim-answers.ts'
import { openApiDocument } from '../http/openapi.ts'
import { ok, type Route, route } from '../http/route.ts'
import { Health, Ready } from '../http/schemas.ts'
import type { ServerApp } from '../http/server-app.ts'

export type ServiceRouteParts = {
  readiness(): Readiness
  /** What does not work though claims do. */
  degraded?(): readonly string[]
  metricsText(): Promise<string>
}

export function serviceRoutes(parts: ServiceRouteParts): Route[] {
  const { readiness, degraded, metricsText } = parts
  return [
    route({
      call: 'GET /healthz',
      caller: 'service',
      operationId: 'getHealth',
      summary: 'Whether the process is alive',
      answers: { 200: Health },
      answer: () => ok({ status: 'alive' }),
    }),
    route({
      call: 'GET /readyz',
      caller: 'service',
      problems: ['not-ready'],
      operationId: 'getReadiness',
      summary: 'Whether this node has caught up with the log and can serve',
      answers: { 200: Ready },
      answer() {
        const { ready, reasons } = readiness()
        const limits = degraded?.() ?? []
        if (ready) return ok({ status: 'ready', ...(limits.length > 0 && { degraded: limits }) })
        return { problem: 'not-ready', members: { reasons }, retryAfterSeconds: 1 }
      },
    }),
    route({
      call: 'GET /metrics',
      caller: 'service',
      operationId: 'getMetrics',
      summary: 'Figures in the text format of Prometheus',
      answers: { 200: { type: 'string' } },
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      answer: async () => ok(await metricsText()),
    }),
  ]
}

export function openApiRoute({ app, uses }: Pick<ServerApp, 'app' | 'uses'>): Route {
  const document = uses.of(() => openApiDocument(app))
  return route({
    call: 'GET /openapi.json',
    caller: 'service',
    operationId: 'getOpenApi',
    summary: 'This contract',
    answers: { 200: { type: 'object', additionalProperties: true } },
    answer: () => ok(document()),
  })
}

// About the service itself: alive, ready, measured, described.

import type { Readiness } from '../claims/claim-answers.ts'
import { callOptions } from '../http/call.ts'
import { openApiDocument } from '../http/openapi.ts'
import { type ProblemSlug, sendProblem } from '../http/problems.ts'
import { Health, Ready } from '../http/schemas.ts'
import type { Api, CallHooks, ServerParts } from '../http/server-parts.ts'

export type ServiceRouteParts = {
  readiness(): Readiness
  metricsText: ServerParts['metricsText']
  hooks: Pick<CallHooks, 'service'>
}

export function addServiceRoutes(app: Api, parts: ServiceRouteParts): void {
  const { readiness, metricsText, hooks } = parts
  const call = (...problems: ProblemSlug[]) => callOptions(hooks, { caller: 'service', problems })
  app.get('/healthz', { ...call(), schema: healthSchema }, (_request, reply) => {
    reply.send({ status: 'alive' })
  })
  app.get('/readyz', { ...call('not-ready'), schema: readySchema }, (_request, reply) => {
    const { ready, reasons } = readiness()
    if (ready) reply.send({ status: 'ready' })
    else sendProblem(reply.header('retry-after', '1'), 'not-ready', { reasons })
  })
  app.get('/metrics', { ...call(), schema: metricsSchema }, async (_request, reply) =>
    reply.type(metricsType).send(await metricsText()),
  )
}

export function addOpenApiRoute(app: Api, { hooks }: Pick<ServiceRouteParts, 'hooks'>): void {
  let document: string | undefined
  app.get(
    '/openapi.json',
    { ...callOptions(hooks, { caller: 'service', problems: [] }), schema: openApiSchema },
    (_request, reply) => {
      reply.type('application/json; charset=utf-8').send((document ??= openApiDocument(app)))
    },
  )
}

const metricsType = 'text/plain; version=0.0.4; charset=utf-8'
const tags = ['service']
const healthSchema = {
  tags,
  operationId: 'getHealth',
  summary: 'Whether the process is alive',
  response: { 200: Health },
}
const readySchema = {
  tags,
  operationId: 'getReadiness',
  summary: 'Whether this node has caught up with the log and can serve',
  response: { 200: Ready },
}
const metricsSchema = {
  tags,
  operationId: 'getMetrics',
  summary: 'Figures in the text format of Prometheus',
  produces: ['text/plain'],
  response: { 200: { type: 'string' } },
}
const openApiSchema = {
  tags,
  operationId: 'getOpenApi',
  summary: 'This contract',
  response: { 200: { type: 'object', additionalProperties: true } },
}

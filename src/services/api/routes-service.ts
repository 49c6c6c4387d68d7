// About the service itself: alive, ready, measured, described.

import { callOptions } from './call.ts'
import { openApiDocument } from './openapi.ts'
import { sendProblem } from './problems.ts'
import { Health, Ready } from './schemas.ts'
import type { Api, RouteParts } from './server-parts.ts'

export function addServiceRoutes(app: Api, { claims, metricsText, hooks }: RouteParts): void {
  app.get(
    '/healthz',
    { ...callOptions(hooks, { caller: 'service', problems: [] }), schema: healthSchema },
    (_request, reply) => {
      reply.send({ status: 'alive' })
    },
  )
  app.get(
    '/readyz',
    { ...callOptions(hooks, { caller: 'service', problems: ['not-ready'] }), schema: readySchema },
    (_request, reply) => {
      const { ready, reasons } = claims.readiness()
      if (ready) reply.send({ status: 'ready' })
      else sendProblem(reply.header('retry-after', '1'), 'not-ready', { reasons })
    },
  )
  app.get(
    '/metrics',
    { ...callOptions(hooks, { caller: 'service', problems: [] }), schema: metricsSchema },
    async (_request, reply) => reply.type(metricsType).send(await metricsText()),
  )
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

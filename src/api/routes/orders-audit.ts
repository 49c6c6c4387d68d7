// What the consumers of orders keep, for the auditor of a running service: their positions, and
// their rows page by page, each as of its own moment. Operators only; not rate limited, since an
// audit reads every row there is.

import type { FastifyReply } from 'fastify'
import { type Static, Type } from 'typebox'
import { auditedTables, type OrdersAuditReader } from '../../ports/orders.ts'
import { callOptions } from '../http/call.ts'
import { sendUnavailable } from '../http/problems.ts'
import type { Api, RouteParts } from '../http/server-parts.ts'
import { storeStarting } from './me.ts'

/** A page of rows with 50 lines each is some 20 MB; most are a tenth of that. */
const pageRowsMax = 5_000
const keyCharactersMax = 400

export function addOrdersAuditRoutes(app: Api, parts: RouteParts): void {
  const { ordersAudit, hooks, limits } = parts
  const call = {
    ...callOptions(hooks, { caller: 'auditor', problems: [] }),
    handlerTimeout: limits.storeWaitMsMax,
  }

  app.get('/orders-projection', { ...call, schema: positionsSchema }, async (_request, reply) => {
    const reader = ordersAudit?.() ?? null
    if (reader === null) {
      sendUnavailable(reply, storeStarting)
      return reply
    }
    return reply.send({ positions: await reader.positions() })
  })
  app.get('/orders-projection/:table', { ...call, schema: pageSchema }, async (request, reply) => {
    const reader = ordersAudit?.() ?? null
    if (reader === null) {
      sendUnavailable(reply, storeStarting)
      return reply
    }
    const { table } = request.params
    const { limit, after, afterSecond } = request.query
    const rows = await reader.page({ table, limit, after: [after, afterSecond] })
    sendJson(reply, { rows })
    return reply
  })
}

/** Past the serializer of the schema: pages are large, and the engine's own JSON is as fast. */
function sendJson(reply: FastifyReply, body: { rows: readonly object[] }): void {
  reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
}

/** How an auditor asks for it: the answers hold what the port of the same name gives. */
export function ordersAuditOver(ask: (path: string) => Promise<unknown>): OrdersAuditReader {
  return {
    async positions() {
      const { positions } = (await ask('/orders-projection')) as Static<typeof Positions>
      return positions as Awaited<ReturnType<OrdersAuditReader['positions']>>
    },
    async page({ table, limit, after: [after, afterSecond] }) {
      const query = new URLSearchParams({ limit: String(limit), after, afterSecond })
      const answer = await ask(`/orders-projection/${table}?${query.toString()}`)
      return (answer as { rows: [] }).rows
    },
  }
}

const Taken = Type.Object({
  applied: Type.Integer(),
  dropped: Type.Integer(),
  postponed: Type.Integer(),
  buried: Type.Integer(),
  passedBy: Type.Integer(),
})
const Positions = Type.Object({
  positions: Type.Array(
    Type.Object({
      consumer: Type.String(),
      topic: Type.String(),
      partition: Type.Integer(),
      next: Type.Integer({ description: 'The first offset not yet applied.' }),
      published: Type.Integer({ description: 'The first offset not yet published.' }),
      taken: Taken,
    }),
  ),
})
const Key = Type.String({ maxLength: keyCharactersMax, default: '' })

const positionsSchema = {
  tags: ['operators'],
  operationId: 'getOrdersProjection',
  summary: 'How far the consumers of orders have come, and what became of the records',
  response: { 200: Positions },
}
const pageSchema = {
  tags: ['operators'],
  operationId: 'listOrdersProjection',
  summary: 'The rows of one table of the consumers of orders, in the order of their keys',
  params: Type.Object({ table: Type.Enum([...auditedTables], { type: 'string' }) }),
  querystring: Type.Object(
    {
      limit: Type.Integer({ minimum: 1, maximum: pageRowsMax, default: 1_000 }),
      after: Key,
      afterSecond: Key,
    },
    { additionalProperties: false },
  ),
  response: {
    200: Type.Object({
      rows: Type.Array(Type.Object({}, { description: 'As the consumer keeps it.' })),
    }),
  },
}

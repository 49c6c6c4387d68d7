// The SQL projection as it stands, for the auditor of a running service. Operators only; not rate
// limited, since an audit reads every row there is.

import type { FastifyReply } from 'fastify'
import type { RowsQuery } from '../../ports/coupons.ts'
import {
  type IssuedRowsJson,
  issuedRowsJson,
  type ProjectionJson,
  projectionJson,
} from '../http/audit-json.ts'
import { callOptions } from '../http/call.ts'
import { sendUnavailable } from '../http/problems.ts'
import { IssuedQuery, IssuedRows, Projection } from '../http/schemas.ts'
import type { Api, RouteParts } from '../http/server-parts.ts'
import { storeStarting } from './me.ts'

export function addAuditRoutes(app: Api, { store, hooks, limits }: RouteParts): void {
  const call = {
    ...callOptions(hooks, { caller: 'auditor', problems: [] }),
    handlerTimeout: limits.storeWaitMsMax,
  }

  app.get('/projection', { ...call, schema: projectionSchema }, async (_request, reply) => {
    const reads = store()
    if (reads === null) {
      sendUnavailable(reply, storeStarting)
      return reply
    }
    sendJson(reply, projectionJson(await reads.snapshot()))
    return reply
  })
  app.get('/issued-coupons', { ...call, schema: rowsSchema }, async (request, reply) => {
    const reads = store()
    if (reads === null) {
      sendUnavailable(reply, storeStarting)
      return reply
    }
    const { limit, couponId, afterCouponId, afterSlot } = request.query
    const query: RowsQuery = { limit }
    if (couponId !== undefined) query.couponId = couponId
    if (afterCouponId !== undefined && afterSlot !== undefined) {
      query.after = { couponId: afterCouponId, slot: afterSlot }
    }
    sendJson(reply, issuedRowsJson(await reads.issuedRows(query), limit))
    return reply
  })
}

/** Past the serializer of the schema: pages are large, and the engine's own JSON is as fast. */
function sendJson(reply: FastifyReply, body: ProjectionJson | IssuedRowsJson): void {
  reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
}

const projectionSchema = {
  tags: ['operators'],
  operationId: 'getProjection',
  summary: 'How far SQL has read the log, and its coupons, as of one moment',
  response: { 200: Projection },
}
const rowsSchema = {
  tags: ['operators'],
  operationId: 'listIssuedCoupons',
  summary: 'The issued rows, in the order of coupon and slot',
  querystring: IssuedQuery,
  response: { 200: IssuedRows },
}

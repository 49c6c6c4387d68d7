// Orders over HTTP: placed with a key of the client's, answered once they have ended. An order that
// ended cancelled was placed all the same: its status and its reason say so.

import type { FastifyReply } from 'fastify'
import type { Line } from '../../domain/orders/messages.ts'
import { orderView } from '../../domain/orders/view.ts'
import { callerOf } from '../http/auth.ts'
import { callOptions } from '../http/call.ts'
import { outcomes, sendProblem, sendUnavailable } from '../http/problems.ts'
import { pendingRef } from '../http/schemas.ts'
import { KeyRequired, NewOrder, OrderPath, orderRef } from '../http/schemas-orders.ts'
import type { Api, RouteParts } from '../http/server-parts.ts'
import type { FieldError } from '../http/validation.ts'
import type { PlaceAnswer } from '../orders/order-answers.ts'

export function addOrderRoutes(app: Api, parts: RouteParts): void {
  addPlace(app, parts)
  addGet(app, parts)
}

function addPlace(app: Api, { hooks, limits, orders }: RouteParts): void {
  const problems = ['idempotency-key-reused', 'coupon-not-held'] as const
  app.post(
    '/orders',
    {
      ...callOptions(hooks, { caller: 'user', problems }),
      schema: placeSchema,
      bodyLimit: limits.orderBodyBytesMax,
    },
    async (request, reply) => {
      const { lines, couponId } = request.body
      const errors = repeatedProducts(lines)
      if (errors.length > 0) {
        sendProblem(reply, 'invalid-request', { errors })
        return reply
      }
      const { userId } = callerOf(request)
      const key = request.headers['idempotency-key']
      sendPlaced(reply, await orders.place({ userId, key, lines, couponId }))
      return reply
    },
  )
}

function addGet(app: Api, { hooks, limits, orders }: RouteParts): void {
  app.get(
    '/orders/:orderId',
    {
      ...callOptions(hooks, { caller: 'user', problems: ['unknown-order'] }),
      schema: getSchema,
      handlerTimeout: limits.storeWaitMsMax,
    },
    async (request, reply) => {
      const { orderId } = request.params
      const found = await orders.order({ orderId, userId: callerOf(request).userId })
      if (found.kind === 'found') reply.send(orderView(found.order))
      else if (found.kind === 'unknown_order') sendProblem(reply, 'unknown-order')
      else sendUnavailable(reply, found)
      return reply
    },
  )
}

const placeSchema = {
  tags: ['orders'],
  operationId: 'placeOrder',
  summary: 'Place an order; with the same Idempotency-Key it is the same order',
  description:
    '201 where this request placed an order that has ended, 200 where it was placed before; ' +
    '202 where it has not ended yet. Whether it is confirmed or cancelled says its status.',
  headers: KeyRequired,
  body: NewOrder,
  response: { 200: orderRef, 201: orderRef, 202: pendingRef },
}
const getSchema = {
  tags: ['orders'],
  operationId: 'getOrder',
  summary: 'Show an order of the caller’s, and what its steps have done so far',
  params: OrderPath,
  response: { 200: orderRef },
}

function sendPlaced(reply: FastifyReply, answer: PlaceAnswer): void {
  switch (answer.kind) {
    case 'ended': {
      const { first, again } = outcomes.place.ended
      const { order } = answer
      if (answer.first) reply.header('location', `/orders/${order.orderId}`)
      reply.code(answer.first ? first : again).send(orderView(order))
      return
    }
    case 'pending':
      reply.code(outcomes.place.pending).header('location', `/orders/${answer.orderId}`)
      reply.send({ outcome: 'pending' })
      return
    case 'unavailable':
      return sendUnavailable(reply, answer)
    case 'key_reused':
    case 'coupon_not_held':
      return sendProblem(reply, outcomes.place[answer.kind])
  }
}

/** What a schema cannot say: a product stands in one line only. */
function repeatedProducts(lines: readonly Line[]): FieldError[] {
  const seen = new Set<string>()
  return lines.flatMap(({ productId }, at) => {
    if (!seen.has(productId)) {
      seen.add(productId)
      return []
    }
    return [{ path: `/lines/${at}/productId`, message: 'stands in another line already' }]
  })
}

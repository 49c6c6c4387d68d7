// Orders over HTTP: placed with a key of the client's, answered once they have ended. An order that
// ended cancelled was placed all the same: its status and its reason say so. And returned, once.

import type { Line } from '../../domain/orders/messages.ts'
import { orderView } from '../../domain/orders/view.ts'
import { callerOf } from '../http/auth.ts'
import { said } from '../http/problems/languages.ts'
import { refusals } from '../http/problems/problems.ts'
import { type Answer, ok, pendingAt, type Route, route } from '../http/route.ts'
import {
  KeyRequired,
  NewOrder,
  OrderPath,
  orderRef,
  pendingRef,
  ReturnReason,
} from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import type { FieldError } from '../http/validation.ts'
import type { PlaceAnswer, ReturnAnswer } from '../orders/order-answers.ts'

export function orderRoutes({ limits, orders }: RouteParts): Route[] {
  return [
    route({
      call: 'POST /orders',
      caller: 'user',
      problems: ['idempotency-key-reused', 'coupon-not-held'],
      bodyBytesMax: limits.orderBodyBytesMax,
      tag: 'orders',
      operationId: 'placeOrder',
      summary: 'Place an order; with the same Idempotency-Key it is the same order',
      description:
        '201 where this request placed an order that has ended, 200 where it was placed before; ' +
        '202 where it has not ended yet. Whether it is confirmed or cancelled says its status. ' +
        '503 with the reason orders_slow where it would not end in time now: nothing was placed.',
      headers: KeyRequired,
      body: NewOrder,
      answers: { 200: orderRef, 201: orderRef, 202: pendingRef },
      async answer(request) {
        const { lines, couponId } = request.body
        const errors = repeatedProducts(lines)
        if (errors.length > 0) return { problem: 'invalid-request', members: { errors } }
        const { userId } = callerOf(request)
        const key = request.headers['idempotency-key']
        return placedAnswer(await orders.place({ userId, key, lines, couponId }))
      },
    }),
    returnRoute({ orders }),
    route({
      call: 'GET /orders/:orderId',
      caller: 'orderReader',
      problems: ['unknown-order'],
      readsStore: true,
      tag: 'orders',
      operationId: 'getOrder',
      summary:
        'Show an order of the caller’s, operators and viewers any, and what its steps have done',
      params: OrderPath,
      answers: { 200: orderRef },
      async answer(request) {
        const { orderId } = request.params
        const { scopes, userId } = callerOf(request)
        const seesAll = scopes.has('operator') || scopes.has('viewer')
        const found = await orders.order({ orderId, userId: seesAll ? null : userId })
        if (found.kind === 'found') return ok(orderView(found.order))
        return found.kind === 'unavailable' ? found : { problem: refusals[found.kind] }
      },
    }),
  ]
}

function returnRoute({ orders }: Pick<RouteParts, 'orders'>): Route {
  return route({
    call: 'POST /orders/:orderId/return',
    caller: 'user',
    problems: [
      'unknown-order',
      'order-not-confirmed',
      'return-too-late',
      'order-already-returned',
      'idempotency-key-reused',
    ],
    tag: 'orders',
    operationId: 'returnOrder',
    summary: 'Return a confirmed order, whole: money, pieces and coupon are given back',
    description:
      'By its user for FIRSTCOME_RETURN_DAYS from its confirmation on, by an operator any time. ' +
      '200 once all is back, 202 while the refund is under way: ask again with the same key, or ' +
      'at Location. An order is returned once; who asks with another key is told so.',
    params: OrderPath,
    headers: KeyRequired,
    body: ReturnReason,
    answers: { 200: orderRef, 202: pendingRef },
    async answer(request) {
      const { orderId } = request.params
      const { scopes, userId: by } = callerOf(request)
      const key = request.headers['idempotency-key']
      const isOperator = scopes.has('operator')
      const reason = request.body?.reason
      return returnedAnswer(await orders.return({ orderId, by, isOperator, key, reason }))
    },
  })
}

function placedAnswer(answer: PlaceAnswer): Answer {
  switch (answer.kind) {
    case 'ended': {
      const body = orderView(answer.order)
      return answer.first ? { status: 201, body, location: `/orders/${body.orderId}` } : ok(body)
    }
    case 'pending':
      return pendingAt(`/orders/${answer.orderId}`)
    case 'unavailable':
      return answer
    case 'key_reused':
    case 'coupon_not_held':
      return { problem: refusals[answer.kind] }
  }
}

function returnedAnswer(answer: ReturnAnswer): Answer {
  switch (answer.kind) {
    case 'returned':
      return ok(orderView(answer.order))
    case 'pending':
      return pendingAt(`/orders/${answer.orderId}`)
    case 'unavailable':
      return answer
    case 'unknown_order':
    case 'order_not_confirmed':
    case 'return_too_late':
    case 'order_already_returned':
    case 'key_reused':
      return { problem: refusals[answer.kind] }
  }
}

const isRepeated = said('stands in another line already', '이미 다른 줄에 있습니다')

/** What a schema cannot say: a product stands in one line only. */
function repeatedProducts(lines: readonly Line[]): FieldError[] {
  const seen = new Set<string>()
  return lines.flatMap(({ productId }, at) => {
    if (!seen.has(productId)) {
      seen.add(productId)
      return []
    }
    return [{ path: `/lines/${at}/productId`, message: isRepeated }]
  })
}

// Orders and redemptions for those who help people: found by their id or by their user, the newest
// first, from the rows of the order process.

import { Type } from 'typebox'
import { orderIdPattern } from '../../domain/orders/messages.ts'
import { standingOf } from '../../domain/orders/redemption-view.ts'
import type { Order as OrderState } from '../../domain/orders/state.ts'
import { orderView } from '../../domain/orders/view.ts'
import { userIdOf } from '../../domain/user-id.ts'
import { lastOfFull, ok, type Route, readStore, route } from '../http/route.ts'
import { closed, Instant, Order, oneOf, pageItemsDefault, pageItemsMax } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'

const orderId = new RegExp(orderIdPattern)

const FoundQuery = closed({
  find: Type.String({ format: 'user-id', description: 'The id of an order, or a user.' }),
  limit: Type.Integer({ minimum: 1, maximum: pageItemsMax, default: pageItemsDefault }),
  after: Type.Optional(Type.String({ pattern: orderIdPattern })),
})
const { steps: _, orderId: __, ...shown } = Order.properties
const reason = Type.Optional(Type.String())
const FoundOrders = Type.Object(
  {
    orders: Type.Array(
      Type.Object(
        {
          orderId: Type.String(),
          userId: Type.String(),
          ...shown,
          reason,
          redemption: Type.Optional(
            Type.Object(
              {
                reference: Type.String(),
                subtotal: Type.Integer(),
                status: oneOf(['pending', 'reserved', 'used', 'released', 'refused']),
              },
              { title: 'RedemptionFound', description: 'Of a redemption: how it stands.' },
            ),
          ),
          steps: Type.Array(
            Type.Object(
              { step: Type.String(), outcome: Type.String(), reason, at: Instant },
              { title: 'FoundStep' },
            ),
          ),
        },
        { title: 'FoundOrder' },
      ),
    ),
    next: Type.Optional(Type.String({ description: 'The `after` of the next page.' })),
  },
  { title: 'FoundOrders' },
)

export function foundOrdersRoute({ orders, claims }: RouteParts): Route {
  return route({
    call: 'GET /orders',
    caller: 'viewer',
    readsStore: true,
    tag: 'orders',
    operationId: 'findOrders',
    summary: 'Orders and redemptions of this id or of this user, the newest first',
    query: FoundQuery,
    answers: { 200: FoundOrders },
    answer: ({ query: { find, limit, after } }) =>
      readStore(orders.reader(), async (reader) => {
        const isFirst = after === undefined
        const [named] = isFirst && orderId.test(find) ? await reader.orders([find]) : []
        const page = await reader.ordersOf(userIdOf(find) ?? find, {
          limit,
          ...(after && { after }),
        })
        const others = page.filter((order) => order.orderId !== named?.orderId)
        const found = named === undefined ? others : [named, ...others]
        const now = claims.logTime()
        const next = lastOfFull(page, limit)?.orderId
        return ok({ orders: found.map((order) => foundJson(order, now)), next })
      }),
  })
}

function foundJson(order: OrderState, now: number) {
  const { userId, redemption } = order
  const view = { ...orderView(order), userId }
  if (redemption === undefined) return view
  const { reference, subtotal: asked } = redemption
  const standing = standingOf(order, now).kind
  return { ...view, redemption: { reference, subtotal: asked, status: standing } }
}

// The service as those see it who sell and order: the calls of products, wallets and orders, and
// what their answers mean. Leaves out: when to ask again (attempts.ts).

import {
  fieldsOf,
  type Json,
  listOf,
  pathBelow,
  problemSlug,
  type Read,
  readOf,
  type Shaped,
} from '../../client/answers.ts'
import type { Attempt, HttpClient } from '../../client/http-client.ts'
import { type Reply, type ReplyRules, replyOf } from '../attempts.ts'
import type { Intent, OrderAnswer, OrderSeen } from './order-ledger.ts'
import type { PlannedProduct } from './plan.ts'

const product = {
  productId: 'string',
  price: 'number',
  available: 'number',
  held: 'number',
  sold: 'number',
} as const
const sums = { subtotal: 'number', discount: 'number', total: 'number' } as const

export type OrderReply = Reply<OrderAnswer>
export type ProductSeen = Shaped<typeof product>
/** `orderId`: of the order that has used it; null where none has. */
export type CouponHeld = { couponId: string; orderId: string | null }

export type ShopService = ReturnType<typeof shopOver>
type TopUp = { userId: string; amount: number; key: string }

export function shopOver({ http, url }: { http: Pick<HttpClient, 'send'>; url: URL }) {
  const get = (path: string, token?: string) => http.send({ method: 'GET', path, token })
  return {
    async createProduct(body: PlannedProduct, token: string): Promise<Read<true>> {
      return doneOf(await http.send({ method: 'POST', path: '/products', token, body }))
    },
    async topUp({ userId, amount, key }: TopUp, token: string): Promise<Read<true>> {
      const path = `/wallets/${encodeURIComponent(userId)}/top-ups`
      const call = { method: 'POST', path, token, idempotencyKey: key } as const
      return doneOf(await http.send({ ...call, body: { amount } }))
    },
    async place({ key, lines, couponId }: Intent, token: string): Promise<OrderReply> {
      const call = { method: 'POST', path: '/orders', token, idempotencyKey: key } as const
      return replyOf(await http.send({ ...call, body: { lines, couponId } }), orders)
    },
    /** Asks at the Location of a pending answer. */
    async poll(location: string, token: string): Promise<OrderReply> {
      const path = pathBelow(url, location)
      if (path === null) return { kind: 'unknown', reason: 'a bad Location' }
      return replyOf(await get(path, token), orders)
    },
    async order(orderId: string, token: string): Promise<Read<OrderSeen>> {
      return readOf(await get(`/orders/${encodeURIComponent(orderId)}`, token), orderSeen)
    },
    async product(productId: string): Promise<Read<ProductSeen>> {
      return readOf(await get(`/products/${productId}`), (content) => fieldsOf(content, product))
    },
    async balance(token: string): Promise<Read<number>> {
      return readOf(await get('/wallets/mine', token), ({ balance }) => numberOf(balance))
    },
    /** What the caller holds; those of a rehearsal hold one at most. */
    async coupons(token: string): Promise<Read<CouponHeld[]>> {
      const read = ({ coupons }: Json) => listOf(coupons, couponHeld)
      return readOf(await get('/me/coupons', token), read)
    },
  }
}

/** What was only accepted is not applied yet: it may be asked for again. */
function doneOf(attempt: Attempt): Read<true> {
  if (attempt.kind !== 'answered' || attempt.status !== 202) return readOf(attempt, () => true)
  const reason = 'it stays pending'
  return { ok: false, reason, again: true, status: 202, retryAfterMs: null }
}

const orders: ReplyRules<OrderAnswer> = {
  answerOf(status, content) {
    if (status === 200 || status === 201) {
      const order = orderSeen(content)
      if (order === null) return { kind: 'unknown', reason: `status ${status}` }
      if (order.status !== 'pending') return { kind: 'ended', order }
      return { kind: 'pending', location: `/orders/${order.orderId}`, retryAfterMs: null }
    }
    const problem = problemSlug(content)
    const isRefusal = (status === 422 || status === 409) && problem !== ''
    return isRefusal ? { kind: 'refused', problem } : null
  },
  none: 'unknown-order',
  isKeyed: true,
}

function orderSeen(content: Json): OrderSeen | null {
  const named = fieldsOf(content, { orderId: 'string', status: 'string' })
  const lines = listOf(content.lines, lineSeen)
  if (named === null || lines === null) return null
  const { reason, couponId } = content
  return {
    ...named,
    reason: typeof reason === 'string' ? reason : null,
    lines,
    couponId: typeof couponId === 'string' ? couponId : null,
    sums: fieldsOf(content, sums),
  }
}

function lineSeen(item: unknown): OrderSeen['lines'][number] | null {
  const line = fieldsOf(item, { productId: 'string', quantity: 'number' })
  return line && { ...line, unitPrice: numberOf((item as Json).unitPrice) }
}

function couponHeld(item: unknown): CouponHeld | null {
  const coupon = fieldsOf(item, { couponId: 'string', status: 'string' })
  if (coupon === null) return null
  const { couponId, status } = coupon
  if (status === 'unused') return { couponId, orderId: null }
  return status === 'used' ? fieldsOf(item, { couponId: 'string', orderId: 'string' }) : null
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

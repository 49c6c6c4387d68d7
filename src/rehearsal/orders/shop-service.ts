// The service as those see it who sell and order: the calls of products, wallets and orders, and
// what their answers mean. An answer that is not in the contract means nothing: it is unknown.
// Leaves out: when to ask again (place.ts, prepare.ts, read-back.ts).

import {
  type Json,
  milliseconds,
  parsed,
  pathBelow,
  problemOf,
  type Read,
  readOf,
} from '../../client/answers.ts'
import type { Attempt, HttpClient, Request } from '../../client/http-client.ts'
import type { Intent, OrderAnswer, OrderSeen } from './order-ledger.ts'
import type { PlannedProduct } from './plan.ts'

/** What one request about an order came to. */
export type OrderReply =
  | Exclude<OrderAnswer, { kind: 'pending' | 'unknown' }>
  | { kind: 'pending'; location: string | null; retryAfterMs: number | null }
  /** Nobody can say, or nothing was done: the same key may be sent again. */
  | { kind: 'again'; reason: string; heard: boolean; retryAfterMs: number | null }
  /** There is no such order of the caller's, as far as this node knows. */
  | { kind: 'none' }
  | { kind: 'unknown'; reason: string; heard: boolean }
export type ProductSeen = {
  productId: string
  price: number
  available: number
  held: number
  sold: number
}
/** `orderId`: of the order that has used it; null where none has. */
export type CouponHeld = { couponId: string; orderId: string | null }
/** 'pending': accepted, and not applied yet; ask again. */
export type Done = Read<'done' | 'pending'>

export type ShopService = {
  createProduct(product: PlannedProduct, token: string): Promise<Done>
  topUp(topUp: { userId: string; amount: number; key: string }, token: string): Promise<Done>
  place(intent: Intent, token: string): Promise<OrderReply>
  /** Asks at the Location of a pending answer. */
  poll(location: string, token: string): Promise<OrderReply>
  order(orderId: string, token: string): Promise<Read<OrderSeen>>
  product(productId: string): Promise<Read<ProductSeen>>
  balance(token: string): Promise<Read<number>>
  /** What the caller holds; those of a rehearsal hold one at most. */
  coupons(token: string): Promise<Read<CouponHeld[]>>
}

export function shopOver({ http, url }: { http: HttpClient; url: URL }): ShopService {
  function post(request: Omit<Request, 'method' | 'body'> & { json: object }): Promise<Attempt> {
    const { json, ...rest } = request
    return http.send({ ...rest, method: 'POST', body: JSON.stringify(json) })
  }
  function get(path: string, token?: string): Promise<Attempt> {
    return http.send({ method: 'GET', path, ...(token === undefined ? {} : { token }) })
  }
  return {
    async createProduct(product, token) {
      return doneOf(await post({ path: '/products', token, json: product }))
    },
    async topUp({ userId, amount, key }, token) {
      const path = `/wallets/${encodeURIComponent(userId)}/top-ups`
      return doneOf(await post({ path, token, idempotencyKey: key, json: { amount } }))
    },
    async place({ key, lines, couponId }, token) {
      const json = { lines, ...(couponId === undefined ? {} : { couponId }) }
      return replyOf(await post({ path: '/orders', token, idempotencyKey: key, json }))
    },
    async poll(location, token) {
      const path = pathBelow(url, location)
      if (path === null) return { kind: 'unknown', reason: 'a bad Location', heard: true }
      return replyOf(await get(path, token))
    },
    async order(orderId, token) {
      return readOf(await get(`/orders/${encodeURIComponent(orderId)}`, token), orderSeen)
    },
    async product(productId) {
      return readOf(await get(`/products/${productId}`), productSeen)
    },
    async balance(token) {
      return readOf(await get('/wallets/mine', token), ({ balance }) => numberOf(balance))
    },
    async coupons(token) {
      return readOf(await get('/me/coupons', token), couponsHeld)
    },
  }
}

function doneOf(attempt: Attempt): Done {
  if (attempt.kind === 'answered' && attempt.status === 202) return { ok: true, value: 'pending' }
  return readOf(attempt, () => 'done')
}

function replyOf(attempt: Attempt): OrderReply {
  if (attempt.kind !== 'answered') {
    return { kind: 'again', reason: attempt.reason, heard: false, retryAfterMs: null }
  }
  const { status, headers, body } = attempt
  const content = parsed(body)
  const retryAfterMs = milliseconds(headers.retryAfter)
  const problem = problemOf(content)
  if (status === 202) return { kind: 'pending', location: headers.location ?? null, retryAfterMs }
  if (status === 200 || status === 201) {
    const order = orderSeen(content)
    if (order === null) return { kind: 'unknown', reason: `status ${status}`, heard: true }
    if (order.status !== 'pending') return { kind: 'ended', order }
    return { kind: 'pending', location: `/orders/${order.orderId}`, retryAfterMs }
  }
  const reason = `status ${status} ${problem}`.trim()
  if (status === 429 || status >= 500) return { kind: 'again', reason, heard: true, retryAfterMs }
  if (status === 404 && problem === 'unknown-order') return { kind: 'none' }
  if ((status === 422 || status === 409) && problem !== '') return { kind: 'refused', problem }
  return { kind: 'unknown', reason, heard: true }
}

function orderSeen(content: Json): OrderSeen | null {
  const { orderId, status, reason, lines, couponId } = content
  if (typeof orderId !== 'string' || typeof status !== 'string') return null
  const seen = linesSeen(lines)
  if (seen === null) return null
  return {
    orderId,
    status,
    reason: typeof reason === 'string' ? reason : null,
    lines: seen,
    couponId: typeof couponId === 'string' ? couponId : null,
    sums: sumsSeen(content),
  }
}

function linesSeen(lines: unknown): OrderSeen['lines'] | null {
  if (!Array.isArray(lines)) return null
  const seen: OrderSeen['lines'][number][] = []
  for (const line of lines as unknown[]) {
    const { productId, quantity, unitPrice } = (line ?? {}) as Json
    if (typeof productId !== 'string' || typeof quantity !== 'number') return null
    seen.push({ productId, quantity, unitPrice: numberOf(unitPrice) })
  }
  return seen
}

function sumsSeen({ subtotal, discount, total }: Json): OrderSeen['sums'] {
  if (typeof subtotal !== 'number' || typeof discount !== 'number') return null
  return typeof total === 'number' ? { subtotal, discount, total } : null
}

function productSeen(content: Json): ProductSeen | null {
  const { productId, price, available, held, sold } = content
  if (typeof productId !== 'string' || typeof price !== 'number') return null
  if (typeof available !== 'number' || typeof held !== 'number') return null
  return typeof sold === 'number' ? { productId, price, available, held, sold } : null
}

function couponsHeld({ coupons }: Json): CouponHeld[] | null {
  if (!Array.isArray(coupons)) return null
  const held: CouponHeld[] = []
  for (const item of coupons as unknown[]) {
    const { couponId, status, orderId } = (item ?? {}) as Json
    if (typeof couponId !== 'string') return null
    if (status === 'used' && typeof orderId === 'string') held.push({ couponId, orderId })
    else if (status === 'unused') held.push({ couponId, orderId: null })
    else return null
  }
  return held
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

// The service as its clients see it: the calls of those who sell, claim and order, and what their
// answers mean. Leaves out: when to ask again (attempts.ts).

import {
  fieldsOf,
  type Json,
  listOf,
  pathBelow,
  problemSlug,
  type Read,
  readOf,
  type Shaped,
} from '../client/answers.ts'
import type { Attempt, HttpClient } from '../client/http-client.ts'
import type { Discount } from '../domain/coupons/messages.ts'
import type { Line } from '../domain/orders/messages.ts'
import { isDefinite, type Reply, type ReplyRules, replyOf } from './attempts.ts'

const coupon = {
  couponId: 'string',
  name: 'string',
  quantity: 'number',
  issued: 'number',
  remaining: 'number',
  status: 'string',
} as const
const row = { slot: 'number', userId: 'string', claimId: 'string', code: 'string' } as const
const product = {
  productId: 'string',
  price: 'number',
  available: 'number',
  held: 'number',
  sold: 'number',
} as const
const sums = { subtotal: 'number', discount: 'number', total: 'number' } as const

export type CouponSeen = Shaped<typeof coupon>
/** A row of SQL, as the operator's list of issued coupons shows it. */
export type RowSeen = Shaped<typeof row>
/** What somebody holds, as the service said it; `userId` is the one the service named. */
export type Issued = { kind: 'issued' } & RowSeen
/** A definite answer to a claim. */
export type ClaimAnswer = Issued | { kind: 'sold_out' | 'not_open' | 'paused' | 'closed' }
/** None: the user has not won, and the coupon is open. */
export type MyClaim = ClaimAnswer | { kind: 'none' }
export type ProductSeen = Shaped<typeof product>
/** `orderId`: of the order that has used it; null where none has. */
export type CouponHeld = { couponId: string; orderId: string | null }
/** What the service says an order is; sums only once payment was due. */
export type OrderSeen = {
  orderId: string
  status: string
  reason: string | null
  lines: readonly { productId: string; quantity: number; unitPrice: number | null }[]
  couponId: string | null
  sums: Shaped<typeof sums> | null
}
export type OrderAnswer =
  | { kind: 'ended'; order: OrderSeen }
  /** The problem that it was refused with; nothing was placed. */
  | { kind: 'refused'; problem: string }

export type NewCoupon = { couponId: string; name: string; quantity: number; discount?: Discount }
export type NewProduct = { productId: string; name: string; price: number; stock: number }
/** The same user and key is the same order, however often it is placed. */
export type NewOrder = { key: string; lines: readonly Line[]; couponId?: string }
type TopUp = { userId: string; amount: number; key: string }

export type Service = ReturnType<typeof serviceOver>
export type ServiceOptions = {
  http: Pick<HttpClient, 'send'>
  url: URL
  /** For reading rows. */
  operatorToken: string
}

/** The longest page that the service gives. */
const rowsPerPage = 1000

export function serviceOver({ http, url, operatorToken }: ServiceOptions) {
  const post = (path: string, token: string, more: { idempotencyKey?: string; body?: object }) => {
    return http.send({ method: 'POST', path, token, ...more })
  }
  const get = (path: string, token?: string) => http.send({ method: 'GET', path, token })
  /** Asks at the Location of a pending answer. */
  function poll<Answer>(rules: ReplyRules<Answer>) {
    return async (location: string, token: string): Promise<Reply<Answer>> => {
      const path = pathBelow(url, location)
      if (path === null) return { kind: 'unknown', reason: 'a bad Location' }
      return replyOf(await get(path, token), rules)
    }
  }
  return {
    async createCoupon(body: NewCoupon): Promise<Read<true>> {
      return doneOf(await post('/coupons', operatorToken, { body }))
    },
    async coupon(couponId: string): Promise<Read<CouponSeen>> {
      return readOf(await get(`/coupons/${couponId}`), (content) => fieldsOf(content, coupon))
    },
    async claim(couponId: string, token: string): Promise<Reply<ClaimAnswer>> {
      return replyOf(await post(`/coupons/${couponId}/claims`, token, {}), claims)
    },
    pollClaim: poll(claims),
    async mine(couponId: string, token: string): Promise<Read<MyClaim>> {
      return mineOf(await get(`/coupons/${couponId}/claims/mine`, token))
    },
    /** Rows of SQL after a slot, in slot order. */
    async issuedRows(
      couponId: string,
      afterSlot: number,
    ): Promise<Read<{ rows: RowSeen[]; more: boolean }>> {
      const after = afterSlot > 0 ? `&afterCouponId=${couponId}&afterSlot=${afterSlot}` : ''
      const path = `/issued-coupons?couponId=${couponId}&limit=${rowsPerPage}${after}`
      return readOf(await get(path, operatorToken), ({ issued, next }) => {
        const rows = listOf(issued, (item) => fieldsOf(item, row))
        return rows && { rows, more: next !== undefined && next !== null }
      })
    },
    async createProduct(body: NewProduct, token: string): Promise<Read<true>> {
      return doneOf(await post('/products', token, { body }))
    },
    async product(productId: string): Promise<Read<ProductSeen>> {
      return readOf(await get(`/products/${productId}`), (content) => fieldsOf(content, product))
    },
    async topUp({ userId, amount, key }: TopUp, token: string): Promise<Read<true>> {
      const path = `/wallets/${encodeURIComponent(userId)}/top-ups`
      return doneOf(await post(path, token, { idempotencyKey: key, body: { amount } }))
    },
    async balance(token: string): Promise<Read<number>> {
      return readOf(await get('/wallets/mine', token), ({ balance }) => numberOf(balance))
    },
    async place({ key, lines, couponId }: NewOrder, token: string): Promise<Reply<OrderAnswer>> {
      const order = { idempotencyKey: key, body: { lines, couponId } }
      return replyOf(await post('/orders', token, order), orders)
    },
    pollOrder: poll(orders),
    async order(orderId: string, token: string): Promise<Read<OrderSeen>> {
      return readOf(await get(`/orders/${encodeURIComponent(orderId)}`, token), orderSeen)
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

function mineOf(attempt: Attempt): Read<MyClaim> {
  const reply = replyOf(attempt, claims)
  if (isDefinite(reply) || reply.kind === 'none') return { ok: true, value: reply }
  // What the service answers with an error is evidence against it.
  const again = reply.kind !== 'unknown' || attempt.kind !== 'answered'
  const reason = reply.kind === 'pending' ? 'still pending' : reply.reason
  const retryAfterMs = reply.kind === 'unknown' ? null : reply.retryAfterMs
  return { ok: false, reason, again, status: null, retryAfterMs }
}

const refusals = new Map<string, ClaimAnswer>([
  ['sold-out', { kind: 'sold_out' }],
  ['not-open', { kind: 'not_open' }],
  ['paused', { kind: 'paused' }],
  ['closed', { kind: 'closed' }],
])

const claims: ReplyRules<ClaimAnswer> = {
  answerOf(status, content) {
    if (status === 409) return refusals.get(problemSlug(content)) ?? null
    const won = status === 200 || status === 201 ? fieldsOf(content, row) : null
    return won !== null && content.outcome === 'issued' ? { kind: 'issued', ...won } : null
  },
  none: 'not-issued',
  isKeyed: false,
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
  const held = fieldsOf(item, { couponId: 'string', status: 'string' })
  if (held?.status === 'unused') return { couponId: held.couponId, orderId: null }
  return held?.status === 'used' ? fieldsOf(item, { couponId: 'string', orderId: 'string' }) : null
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

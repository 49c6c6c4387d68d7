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
import type { PaymentTaker } from '../ports/payments.ts'
import { isDefinite, type Reply, type ReplyRules, replyOf } from './attempts.ts'
import type { CallsOver } from './calls.ts'
import { type ArrivalCounts, arrivalCounts } from './coupons/arrivals.ts'
import { tillCallsOver } from './tills/till-calls.ts'

const coupon = {
  couponId: 'string',
  name: 'string',
  quantity: 'number',
  issued: 'number',
  remaining: 'number',
  status: 'string',
} as const
const row = { slot: 'number', userId: 'string', claimId: 'string', code: 'string' } as const
const held = { couponId: 'string', name: 'string', slot: 'number', code: 'string' } as const
const product = {
  productId: 'string',
  price: 'number',
  available: 'number',
  held: 'number',
  sold: 'number',
} as const
const letter = {
  deadLetterId: 'string',
  consumer: 'string',
  key: 'string',
  reason: 'string',
} as const
/** As the problems are called that refuse a claim. */
const refusals = ['sold_out', 'not_open', 'paused', 'not_eligible', 'closed'] as const
const sums = { subtotal: 'number', discount: 'number', total: 'number' } as const

export type CouponSeen = Shaped<typeof coupon> & { discount: Discount | null }
/** What a coupon is made with. */
export type CouponTerms = {
  name: string
  quantity: number
  discount?: Discount | undefined
  minimum?: number
  validDays?: number
  rehearsal?: true
}
/** A row of SQL, as the operator's list of issued coupons shows it. */
export type RowSeen = Shaped<typeof row>
/** What somebody holds, as the service said it; `userId` is the one the service named. */
export type Issued = { kind: 'issued' } & RowSeen
/** A definite answer to a claim. */
export type ClaimAnswer = Issued | { kind: (typeof refusals)[number] }
/** None: the user has not won, and the coupon is open. */
export type MyClaim = ClaimAnswer | { kind: 'none' }
export type ProductSeen = Shaped<typeof product>
/** `orderId`: of the order that has used it; null where none has. */
export type CouponHeld = Shaped<typeof held> & {
  discount: Discount | null
  status: string
  orderId: string | null
}
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

export type LetterSeen = Shaped<typeof letter>
export type NewCoupon = CouponTerms & { couponId: string }
export type NewProduct = { productId: string; name: string; price: number; stock: number }
/** The same user and key is the same order, however often it is placed. */
export type NewOrder = { key: string; lines: readonly Line[]; couponId?: string }
type TopUp = { userId: string; amount: number; key: string }
/** `key`: the same caller's same one is the same wish. */
type NewReturn = { orderId: string; key: string }

export type Service = ReturnType<typeof serviceOver>
export type ServiceOptions = {
  http: Pick<HttpClient, 'send'>
  url: URL
  /** For reading rows. */
  operatorToken: string
}

/** The longest pages that the service gives. */
const rowsPerPage = 1000
const lettersPerPage = 200

/** Each call, and what its answer means. */
export function serviceOver({ http, url, operatorToken }: ServiceOptions) {
  const get = (path: string, token?: string) => http.send({ method: 'GET', path, token })
  const post: CallsOver['post'] = (path, token, sent = {}) => {
    return http.send({ method: 'POST', path, token, ...sent })
  }
  function poll<Answer>(replyTo: (attempt: Attempt) => Reply<Answer>) {
    return async (location: string, token: string): Promise<Reply<Answer>> => {
      const path = pathBelow(url, location)
      if (path === null) return { kind: 'unknown', reason: 'a bad Location' }
      return replyTo(await get(path, token))
    }
  }
  return {
    createCoupon: (body: NewCoupon) => post('/coupons', operatorToken, { body }).then(doneOf),
    closeCoupon: (couponId: string) => {
      return post(`/coupons/${couponId}/close`, operatorToken).then(doneOf)
    },
    coupon: (couponId: string) => get(`/coupons/${couponId}`).then(couponOf),
    claim: (couponId: string, token: string) => {
      return post(`/coupons/${couponId}/claims`, token).then(claimReply)
    },
    pollClaim: poll(claimReply),
    mine: (couponId: string, token: string) => {
      return get(`/coupons/${couponId}/claims/mine`, token).then(mineOf)
    },
    /** Rows of SQL after a slot, in slot order. */
    issuedRows: (couponId: string, afterSlot: number) => {
      const after = afterSlot > 0 ? `&afterCouponId=${couponId}&afterSlot=${afterSlot}` : ''
      const path = `/issued-coupons?couponId=${couponId}&limit=${rowsPerPage}${after}`
      return get(path, operatorToken).then(rowsOf)
    },
    /** How far the log keeps the order of arrival; null: the service does not say. */
    arrivals: () => get('/metrics').then(arrivalsOf),
    /** Who takes payments: real money moves where it is a service. */
    payments: () => get('/orders-projection', operatorToken).then(paymentsOf),
    /** Dead letters after one of them, of all consumers. */
    deadLetters: (after: string | null) => {
      const page = after === null ? '' : `&after=${encodeURIComponent(after)}`
      return get(`/dead-letters?limit=${lettersPerPage}${page}`, operatorToken).then(lettersOf)
    },
    createProduct: (body: NewProduct, token: string) => {
      return post('/products', token, { body }).then(doneOf)
    },
    product: (productId: string) => get(`/products/${productId}`).then(productOf),
    topUp: ({ userId, amount, key: idempotencyKey }: TopUp, token: string) => {
      const path = `/wallets/${encodeURIComponent(userId)}/top-ups`
      return post(path, token, { idempotencyKey, body: { amount } }).then(doneOf)
    },
    balance: (token: string) => get('/wallets/mine', token).then(balanceOf),
    place: ({ key: idempotencyKey, lines, couponId }: NewOrder, token: string) => {
      const body = { lines, couponId }
      return post('/orders', token, { idempotencyKey, body }).then(orderReply)
    },
    pollOrder: poll(orderReply),
    order: (orderId: string, token: string) => {
      return get(`/orders/${encodeURIComponent(orderId)}`, token).then(orderOf)
    },
    returnOrder: ({ orderId, key: idempotencyKey }: NewReturn, token: string) => {
      const path = `/orders/${encodeURIComponent(orderId)}/return`
      return post(path, token, { idempotencyKey }).then(returnReply)
    },
    /** What the caller holds; those of a rehearsal hold two at most. */
    coupons: (token: string) => get('/me/coupons', token).then(couponsOf),
    ...tillCallsOver({ get, post, poll, operatorToken }),
  }
}

function arrivalsOf(attempt: Attempt): ArrivalCounts | null {
  return attempt.kind === 'answered' ? arrivalCounts(attempt.body) : null
}

function reading<Value>(valueOf: (content: Json) => Value | null) {
  return (attempt: Attempt) => readOf(attempt, valueOf)
}
const couponOf = reading((content) => {
  const seen = fieldsOf(content, coupon)
  return seen && { ...seen, discount: discountOf(content.discount) }
})
const productOf = reading((content) => fieldsOf(content, product))
const balanceOf = reading(({ balance }) => numberOf(balance))
const couponsOf = reading(({ coupons }) => listOf(coupons, couponHeld))
const orderOf = reading(orderSeen)
const rowsOf = reading(({ issued, next }) => {
  const rows = listOf(issued, (item) => fieldsOf(item, row))
  return rows && { rows, more: next !== undefined && next !== null }
})

const lettersOf = reading(({ deadLetters, next }) => {
  const letters = listOf(deadLetters, (item) => fieldsOf(item, letter))
  return letters && { letters, next: typeof next === 'string' ? next : null }
})
/** It may not be settled yet: whoever takes them says so when it starts. */
function paymentsOf(attempt: Attempt): Read<PaymentTaker> {
  const read = readOf(attempt, ({ payments }) => (isTaker(payments) ? payments : null))
  return read.ok || read.status !== 200 ? read : { ...read, again: true }
}

function isTaker(value: unknown): value is PaymentTaker {
  return value === 'wallets' || value === 'service'
}

const claimReply = (attempt: Attempt) => replyOf(attempt, claims)
const orderReply = (attempt: Attempt) => replyOf(attempt, orders)
/** Asked again with its key it is answered as soon as all is given back. */
const returnReply = (attempt: Attempt) => {
  return replyOf<OrderAnswer>(attempt, {
    ...orders,
    answerOf(status, content) {
      const isAway = status === 202 || status === 503
      const again = { kind: 'again', reason: 'it stays pending', retryAfterMs: null } as const
      return isAway ? again : orders.answerOf(status, content)
    },
  })
}

/** What was only accepted is not applied yet: it may be asked for again. */
function doneOf(attempt: Attempt): Read<true> {
  if (attempt.kind !== 'answered' || attempt.status !== 202) return readOf(attempt, () => true)
  const reason = 'it stays pending'
  return { ok: false, reason, again: true, status: 202, retryAfterMs: null }
}

function mineOf(attempt: Attempt): Read<MyClaim> {
  const reply = claimReply(attempt)
  if (isDefinite(reply) || reply.kind === 'none') return { ok: true, value: reply }
  // What the service answers with an error is evidence against it.
  const again = reply.kind !== 'unknown' || attempt.kind !== 'answered'
  const reason = reply.kind === 'pending' ? 'still pending' : reply.reason
  const retryAfterMs = reply.kind === 'unknown' ? null : reply.retryAfterMs
  return { ok: false, reason, again, status: null, retryAfterMs }
}

const claims: ReplyRules<ClaimAnswer> = {
  answerOf(status, content) {
    if (status === 409) {
      const problem = problemSlug(content)
      const kind = refusals.find((name) => name.replace('_', '-') === problem)
      return kind === undefined ? null : { kind }
    }
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
  const seen = fieldsOf(item, held)
  const { status, orderId, discount } = (item ?? {}) as Json
  if (seen === null) return null
  if (typeof status !== 'string') return null
  const used = typeof orderId === 'string' ? orderId : null
  return { ...seen, discount: discountOf(discount), status, orderId: used }
}

function discountOf(value: unknown): Discount | null {
  return fieldsOf(value, { kind: 'string', value: 'number' }) as Discount | null
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

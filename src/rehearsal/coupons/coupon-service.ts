// The service under rehearsal, as its clients see it: the calls of its HTTP contract and what their
// answers mean. An answer that is not in the contract means nothing: it is unknown, never a no.
// Leaves out: when to ask again (ask.ts, read-back.ts).

import {
  type Json,
  milliseconds,
  parsed,
  pathBelow,
  problemOf,
  type Read,
  readOf,
} from '../../client/answers.ts'
import type { Attempt, HttpClient } from '../../client/http-client.ts'
import type { Discount } from '../../domain/coupons/messages.ts'
import type { Told } from '../ledger.ts'
import type { CouponSeen, Mine, RowSeen } from './sale-evidence.ts'

/** What one request came to. */
export type Reply =
  | Told
  | { kind: 'pending'; location: string; retryAfterMs: number | null }
  /** Certainly nothing was done; `heard` where the service itself said so. */
  | { kind: 'turned_away'; reason: string; heard: boolean; retryAfterMs: number | null }
  | { kind: 'none' }
  | { kind: 'unknown'; reason: string; heard: boolean }
export type RowsPage = { rows: RowSeen[]; more: boolean }

export type NewCoupon = { couponId: string; name: string; quantity: number; discount?: Discount }

export type Service = {
  claim(couponId: string, token: string): Promise<Reply>
  /** Asks at the Location of a pending answer. */
  poll(location: string, token: string): Promise<Reply>
  mine(couponId: string, token: string): Promise<Reply>
  createCoupon(coupon: NewCoupon): Promise<Read<true>>
  coupon(couponId: string): Promise<Read<CouponSeen>>
  /** Rows of SQL after a slot, in slot order. */
  issuedRows(couponId: string, afterSlot: number): Promise<Read<RowsPage>>
}
export type ServiceOptions = { http: HttpClient; url: URL; operatorToken: string }

/** The longest page that the service gives. */
const rowsPerPage = 1000

export function serviceOver({ http, url, operatorToken }: ServiceOptions): Service {
  function coupon(couponId: string): string {
    return `/coupons/${couponId}`
  }
  return {
    async claim(couponId, token) {
      const path = `${coupon(couponId)}/claims`
      return replyOf(await http.send({ method: 'POST', path, token }))
    },
    async poll(location, token) {
      const path = pathBelow(url, location)
      if (path === null) return { kind: 'unknown', reason: 'a bad Location', heard: true }
      return replyOf(await http.send({ method: 'GET', path, token }))
    },
    async mine(couponId, token) {
      const path = `${coupon(couponId)}/claims/mine`
      return replyOf(await http.send({ method: 'GET', path, token }))
    },
    async createCoupon(terms) {
      const body = JSON.stringify(terms)
      const request = { method: 'POST', path: '/coupons', token: operatorToken, body } as const
      return readOf(await http.send(request), () => true)
    },
    async coupon(couponId) {
      const attempt = await http.send({ method: 'GET', path: coupon(couponId) })
      return readOf(attempt, couponSeen)
    },
    async issuedRows(couponId, afterSlot) {
      const after = afterSlot > 0 ? `&afterCouponId=${couponId}&afterSlot=${afterSlot}` : ''
      const path = `/issued-coupons?couponId=${couponId}&limit=${rowsPerPage}${after}`
      const attempt = await http.send({ method: 'GET', path, token: operatorToken })
      return readOf(attempt, rowsPage)
    },
  }
}

export function toldOf(reply: Reply): Told | null {
  switch (reply.kind) {
    case 'pending':
    case 'turned_away':
    case 'none':
    case 'unknown':
      return null
    default:
      return reply
  }
}

/** What mine says, once a reply is definite enough to be evidence. */
export function mineOf(reply: Reply): Mine {
  switch (reply.kind) {
    case 'pending':
      return { kind: 'unknown', reason: 'still pending' }
    case 'turned_away':
    case 'unknown':
      return { kind: 'unknown', reason: reply.reason }
    default:
      return reply
  }
}

function replyOf(attempt: Attempt): Reply {
  if (attempt.kind !== 'answered') {
    const { reason } = attempt
    if (attempt.kind === 'lost') return { kind: 'unknown', reason, heard: false }
    return { kind: 'turned_away', reason, heard: false, retryAfterMs: null }
  }
  const { status, headers, body } = attempt
  const content = parsed(body)
  const retryAfterMs = milliseconds(headers.retryAfter)
  const reply = told(status, content)
  if (reply !== null) return reply
  if (status === 202 && headers.location !== undefined) {
    return { kind: 'pending', location: headers.location, retryAfterMs }
  }
  if (status === 429 || (status === 503 && retryAfterMs !== null)) {
    return { kind: 'turned_away', reason: `status ${status}`, heard: true, retryAfterMs }
  }
  if (status === 404 && problemOf(content) === 'not-issued') return { kind: 'none' }
  return { kind: 'unknown', reason: `status ${status} ${problemOf(content)}`.trim(), heard: true }
}

function told(status: number, content: Json): Told | null {
  if (status === 200 || status === 201) {
    const { outcome, userId, slot, code, claimId } = content
    if (outcome !== 'issued' || typeof slot !== 'number') return null
    if (typeof userId !== 'string' || typeof code !== 'string') return null
    if (typeof claimId !== 'string') return null
    return { kind: 'issued', userId, slot, code, claimId }
  }
  const kind = status === 409 ? refusals.get(problemOf(content)) : undefined
  return kind === undefined ? null : { kind }
}

const refusals = new Map<string, Exclude<Told['kind'], 'issued'>>([
  ['sold-out', 'sold_out'],
  ['not-open', 'not_open'],
  ['paused', 'paused'],
  ['closed', 'closed'],
])

function couponSeen(content: Json): CouponSeen | null {
  const { couponId, name, quantity, issued, remaining, status } = content
  if (typeof couponId !== 'string' || typeof name !== 'string') return null
  if (typeof quantity !== 'number' || typeof issued !== 'number') return null
  if (typeof remaining !== 'number' || typeof status !== 'string') return null
  return { couponId, name, quantity, issued, remaining, status }
}

function rowsPage(content: Json): RowsPage | null {
  if (!Array.isArray(content.issued)) return null
  const rows: RowSeen[] = []
  for (const item of content.issued as unknown[]) {
    const { slot, userId, claimId, code } = (item ?? {}) as Json
    if (typeof slot !== 'number' || typeof userId !== 'string') return null
    if (typeof claimId !== 'string' || typeof code !== 'string') return null
    rows.push({ slot, userId, claimId, code })
  }
  return { rows, more: content.next !== undefined && content.next !== null }
}

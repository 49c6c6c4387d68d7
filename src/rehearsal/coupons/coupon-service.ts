// The service as those see it who claim and sell coupons: their calls and what the
// answers mean. An answer that is not in the contract means nothing: it is unknown, never a no.
// Leaves out: when to ask again (attempts.ts).

import {
  fieldsOf,
  type Json,
  jsonOf,
  listOf,
  milliseconds,
  pathBelow,
  problemSlug,
  type Read,
  readOf,
  reasonOf,
  type Shaped,
} from '../../client/answers.ts'
import type { Attempt, HttpClient } from '../../client/http-client.ts'
import type { Discount } from '../../domain/coupons/messages.ts'
import { isAnswer, type Reply } from '../attempts.ts'
import type { ClaimAnswer, Refused } from './claim-ledger.ts'

const coupon = {
  couponId: 'string',
  name: 'string',
  quantity: 'number',
  issued: 'number',
  remaining: 'number',
  status: 'string',
} as const
const row = { slot: 'number', userId: 'string', claimId: 'string', code: 'string' } as const
const issued = { ...row, outcome: 'string' } as const

export type CouponSeen = Shaped<typeof coupon>
/** A row of SQL, as the operator's list of issued coupons shows it. */
export type RowSeen = Shaped<typeof row>
export type RowsPage = { rows: RowSeen[]; more: boolean }
export type ClaimReply = Reply<ClaimAnswer>
export type NewCoupon = { couponId: string; name: string; quantity: number; discount?: Discount }

export type CouponService = {
  claim(couponId: string, token: string): Promise<ClaimReply>
  /** Asks at the Location of a pending answer. */
  poll(location: string, token: string): Promise<ClaimReply>
  /** None: the user has not won, and the coupon is open. */
  mine(couponId: string, token: string): Promise<Read<ClaimAnswer | { kind: 'none' }>>
  createCoupon(coupon: NewCoupon): Promise<Read<true>>
  coupon(couponId: string): Promise<Read<CouponSeen>>
  /** Rows of SQL after a slot, in slot order. */
  issuedRows(couponId: string, afterSlot: number): Promise<Read<RowsPage>>
}
export type CouponServiceOptions = {
  http: Pick<HttpClient, 'send'>
  url: URL
  operatorToken: string
}

/** The longest page that the service gives. */
const rowsPerPage = 1000

export function couponServiceOver(options: CouponServiceOptions): CouponService {
  const { http, url, operatorToken } = options
  const get = (path: string, token?: string) => http.send({ method: 'GET', path, token })
  return {
    async claim(couponId, token) {
      return replyOf(
        await http.send({ method: 'POST', path: `/coupons/${couponId}/claims`, token }),
      )
    },
    async poll(location, token) {
      const path = pathBelow(url, location)
      if (path === null) return { kind: 'unknown', reason: 'a bad Location' }
      return replyOf(await get(path, token))
    },
    async mine(couponId, token) {
      return mineOf(await get(`/coupons/${couponId}/claims/mine`, token))
    },
    async createCoupon(body) {
      const call = { method: 'POST', path: '/coupons', token: operatorToken, body } as const
      return readOf(await http.send(call), () => true)
    },
    async coupon(couponId) {
      return readOf(await get(`/coupons/${couponId}`), (content) => fieldsOf(content, coupon))
    },
    async issuedRows(couponId, afterSlot) {
      const after = afterSlot > 0 ? `&afterCouponId=${couponId}&afterSlot=${afterSlot}` : ''
      const path = `/issued-coupons?couponId=${couponId}&limit=${rowsPerPage}${after}`
      return readOf(await get(path, operatorToken), rowsPage)
    },
  }
}

function rowsPage({ issued: items, next }: Json): RowsPage | null {
  const rows = listOf(items, (item) => fieldsOf(item, row))
  return rows === null ? null : { rows, more: next !== undefined && next !== null }
}

function mineOf(attempt: Attempt): Read<ClaimAnswer | { kind: 'none' }> {
  const reply = replyOf(attempt)
  if (isAnswer(reply) || reply.kind === 'none') return { ok: true, value: reply }
  // What the service answers with an error is evidence against it.
  const again = reply.kind !== 'unknown' || attempt.kind !== 'answered'
  const reason = reply.kind === 'pending' ? 'still pending' : reply.reason
  const retryAfterMs = reply.kind === 'unknown' ? null : reply.retryAfterMs
  return { ok: false, reason, again, status: null, retryAfterMs }
}

function replyOf(attempt: Attempt): ClaimReply {
  if (attempt.kind !== 'answered') {
    const { reason } = attempt
    if (attempt.kind === 'lost') return { kind: 'unknown', reason }
    return { kind: 'again', reason, retryAfterMs: null }
  }
  const { status, headers } = attempt
  const content = jsonOf(attempt)
  const retryAfterMs = milliseconds(headers.retryAfter)
  const answer = answerOf(status, content)
  if (answer !== null) return answer
  if (status === 202 && headers.location !== undefined) {
    return { kind: 'pending', location: headers.location, retryAfterMs }
  }
  if (status === 429 || (status === 503 && retryAfterMs !== null)) {
    return { kind: 'again', reason: `status ${status}`, retryAfterMs }
  }
  if (status === 404 && problemSlug(content) === 'not-issued') return { kind: 'none' }
  return { kind: 'unknown', reason: reasonOf(status, content) }
}

function answerOf(status: number, content: Json): ClaimAnswer | null {
  if (status === 200 || status === 201) {
    const fields = fieldsOf(content, issued)
    if (fields?.outcome !== 'issued') return null
    const { outcome: kind, ...won } = fields
    return { kind, ...won }
  }
  const kind = status === 409 ? refusals.get(problemSlug(content)) : undefined
  return kind === undefined ? null : { kind }
}

const refusals = new Map<string, Refused['kind']>([
  ['sold-out', 'sold_out'],
  ['not-open', 'not_open'],
  ['paused', 'paused'],
  ['closed', 'closed'],
])

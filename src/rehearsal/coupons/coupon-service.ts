// The service as those see it who claim and sell coupons: their calls, and what
// the answers mean. Leaves out: when to ask again (attempts.ts).

import {
  fieldsOf,
  listOf,
  pathBelow,
  problemSlug,
  type Read,
  readOf,
  type Shaped,
} from '../../client/answers.ts'
import type { Attempt, HttpClient } from '../../client/http-client.ts'
import type { Discount } from '../../domain/coupons/messages.ts'
import { isAnswer, type Reply, type ReplyRules, replyOf } from '../attempts.ts'
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

export type CouponService = ReturnType<typeof couponServiceOver>
export type CouponServiceOptions = {
  http: Pick<HttpClient, 'send'>
  url: URL
  operatorToken: string
}

/** The longest page that the service gives. */
const rowsPerPage = 1000

export function couponServiceOver({ http, url, operatorToken }: CouponServiceOptions) {
  const get = (path: string, token?: string) => http.send({ method: 'GET', path, token })
  return {
    async claim(couponId: string, token: string): Promise<ClaimReply> {
      const path = `/coupons/${couponId}/claims`
      return replyOf(await http.send({ method: 'POST', path, token }), claims)
    },
    /** Asks at the Location of a pending answer. */
    async poll(location: string, token: string): Promise<ClaimReply> {
      const path = pathBelow(url, location)
      if (path === null) return { kind: 'unknown', reason: 'a bad Location' }
      return replyOf(await get(path, token), claims)
    },
    async mine(couponId: string, token: string): Promise<Read<ClaimAnswer | { kind: 'none' }>> {
      return mineOf(await get(`/coupons/${couponId}/claims/mine`, token))
    },
    async createCoupon(body: NewCoupon): Promise<Read<true>> {
      const call = { method: 'POST', path: '/coupons', token: operatorToken, body } as const
      return readOf(await http.send(call), () => true)
    },
    async coupon(couponId: string): Promise<Read<CouponSeen>> {
      return readOf(await get(`/coupons/${couponId}`), (content) => fieldsOf(content, coupon))
    },
    /** Rows of SQL after a slot, in slot order. */
    async issuedRows(couponId: string, afterSlot: number): Promise<Read<RowsPage>> {
      const after = afterSlot > 0 ? `&afterCouponId=${couponId}&afterSlot=${afterSlot}` : ''
      const path = `/issued-coupons?couponId=${couponId}&limit=${rowsPerPage}${after}`
      return readOf(await get(path, operatorToken), ({ issued: items, next }) => {
        const rows = listOf(items, (item) => fieldsOf(item, row))
        return rows && { rows, more: next !== undefined && next !== null }
      })
    },
  }
}

/** None: the user has not won, and the coupon is open. */
function mineOf(attempt: Attempt): Read<ClaimAnswer | { kind: 'none' }> {
  const reply = replyOf(attempt, claims)
  if (isAnswer(reply) || reply.kind === 'none') return { ok: true, value: reply }
  // What the service answers with an error is evidence against it.
  const again = reply.kind !== 'unknown' || attempt.kind !== 'answered'
  const reason = reply.kind === 'pending' ? 'still pending' : reply.reason
  const retryAfterMs = reply.kind === 'unknown' ? null : reply.retryAfterMs
  return { ok: false, reason, again, status: null, retryAfterMs }
}

const refusals = new Map<string, Refused>([
  ['sold-out', { kind: 'sold_out' }],
  ['not-open', { kind: 'not_open' }],
  ['paused', { kind: 'paused' }],
  ['closed', { kind: 'closed' }],
])

const claims: ReplyRules<ClaimAnswer> = {
  answerOf(status, content) {
    if (status === 409) return refusals.get(problemSlug(content)) ?? null
    const fields = status === 200 || status === 201 ? fieldsOf(content, issued) : null
    if (fields?.outcome !== 'issued') return null
    const { outcome: kind, ...won } = fields
    return { kind, ...won }
  },
  none: 'not-issued',
  isKeyed: false,
}

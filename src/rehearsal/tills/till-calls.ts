// The calls of a shop that has tills of its own, and of the operator who revokes: how their
// answers are read. Each may be asked again: it has a key, or is done once however often it is.

import {
  fieldsOf,
  type Json,
  problemSlug,
  type Read,
  readOf,
  type Shaped,
} from '../../client/answers.ts'
import type { Attempt } from '../../client/http-client.ts'
import { type Reply, type ReplyRules, replyOf } from '../attempts.ts'
import type { CallsOver } from '../calls.ts'

const redemption = {
  redemptionId: 'string',
  status: 'string',
  couponId: 'string',
  userId: 'string',
  slot: 'number',
  code: 'string',
  reference: 'string',
  subtotal: 'number',
  discount: 'number',
  total: 'number',
} as const
const looked = { couponId: 'string', userId: 'string', status: 'string' } as const

/** A redemption, as it stands. */
export type StandingSeen = Shaped<typeof redemption>
export type TillAnswer =
  | { kind: 'redeemed'; redemption: StandingSeen }
  | { kind: 'revoked'; revoked: number }
  /** The problem that it was refused with. */
  | { kind: 'refused'; problem: string }
export type NewRedemption = {
  idempotencyKey: string
  code: string
  reference: string
  subtotal: number
  use: boolean
}
export type NewRevoke = {
  idempotencyKey: string
  couponId: string
  of: { userId: string } | { all: true }
}
type Word = { redemptionId: string; word: 'use' | 'release' }

export function tillCallsOver({ get, post, poll, operatorToken }: CallsOver) {
  return {
    redeem: ({ idempotencyKey, ...body }: NewRedemption, token: string) => {
      return post('/redemptions', token, { idempotencyKey, body }).then(redeemReply)
    },
    pollRedemption: poll(redeemReply),
    sayOfRedemption: ({ redemptionId, word }: Word, token: string) => {
      const path = `/redemptions/${encodeURIComponent(redemptionId)}/${word}`
      return post(path, token).then(wordReply)
    },
    revoke: ({ idempotencyKey, couponId, of }: NewRevoke) => {
      const body = { ...of, reason: 'A rehearsal' }
      const path = `/coupons/${couponId}/revocations`
      return post(path, operatorToken, { idempotencyKey, body }).then(revokeReply)
    },
    redemption: (redemptionId: string, token: string) => {
      const path = `/redemptions/${encodeURIComponent(redemptionId)}`
      return get(path, token).then(redemptionOf)
    },
    code: ({ code, subtotal }: { code: string; subtotal: number }, token: string) => {
      const path = `/codes/${encodeURIComponent(code)}?subtotal=${subtotal}`
      return get(path, token).then(codeOf)
    },
  }
}

const redemptionOf = (attempt: Attempt): Read<StandingSeen> => {
  return readOf(attempt, (content) => fieldsOf(content, redemption))
}

function codeOf(attempt: Attempt) {
  return readOf(attempt, (content) => {
    const seen = fieldsOf(content, looked)
    const offer = fieldsOf(content.offer, { discount: 'number', total: 'number' })
    return seen && { ...seen, offer: offer === null ? 'none' : `${offer.discount} ${offer.total}` }
  })
}

const redeemReply = (attempt: Attempt): Reply<TillAnswer> => {
  return replyOf(attempt, {
    ...refusals,
    answerOf(status, content) {
      const done = isDone(status) ? fieldsOf(content, redemption) : null
      return done === null ? refusalOf(status, content) : { kind: 'redeemed', redemption: done }
    },
  })
}

/** Of a redemption that was answered: then it is no longer unknown. */
const wordReply = (attempt: Attempt): Reply<TillAnswer> => {
  const reply = redeemReply(attempt)
  return reply.kind === 'none' ? { kind: 'refused', problem: refusals.none } : reply
}

/** What is only accepted is asked for again: its Location is the coupon. */
const revokeReply = (attempt: Attempt): Reply<TillAnswer> => {
  return replyOf(attempt, {
    ...refusals,
    answerOf(status, content) {
      if (status === 202) return { kind: 'again', reason: 'it stays pending', retryAfterMs: null }
      const done = isDone(status) ? fieldsOf(content, { revoked: 'number' }) : null
      return done === null ? refusalOf(status, content) : { kind: 'revoked', ...done }
    },
  })
}

const refusals: Pick<ReplyRules<TillAnswer>, 'none' | 'isKeyed'> = {
  none: 'unknown-redemption',
  isKeyed: true,
}

function isDone(status: number): boolean {
  return status === 200 || status === 201
}

/** A code that was won is known, and nobody else may say that it is not. */
function refusalOf(status: number, content: Json): TillAnswer | null {
  const problem = problemSlug(content)
  const isRefusal = [404, 409, 422].includes(status) && problem !== ''
  return isRefusal && problem !== refusals.none ? { kind: 'refused', problem } : null
}

// Revoking issued coupons over HTTP: the record is appended like every command on a coupon, and the
// answer is how many unspent ones it took, which the issuer counts as it applies the record. Whose
// order came first, or whose use at once, is not counted, and whoever comes later is refused; what
// a redemption has only reserved is counted, and may still be used.

import type { CouponRevoked } from '../../domain/coupons/messages.ts'
import type { Revocation } from '../../domain/coupons/revocations.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { userIdOf } from '../../domain/user-id.ts'
import { sleep } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import { callerOf } from '../http/auth.ts'
import { ActHeaders, NewRevocation, Preview, revokedOrPreview } from '../http/command-schemas.ts'
import { said } from '../http/problems/languages.ts'
import { type Route, route } from '../http/route.ts'
import { CouponPath, pendingRef } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import { idOfKey } from '../orders/order-answers.ts'
import { actAnswer } from './act-answers.ts'

/** The issuer is a few milliseconds behind as a rule. */
const lookEveryMs = 20

const eitherWhom = said('needs either userId or all', 'userId와 all 중 하나가 필요합니다')

export function revokeRoute(parts: RouteParts): Route {
  return route({
    call: 'POST /coupons/:couponId/revocations',
    caller: 'operator',
    problems: ['unknown-coupon', 'user-has-none', 'idempotency-key-reused', 'changed'],
    operationId: 'revokeCoupon',
    summary: 'Revoke what one user, or everybody by now, has won: it cannot be spent any more',
    description:
      'Answers how many unspent ones it took: what was spent stays so, and no slot is given to ' +
      'another. With preview=true nothing is done, and the answer says how many it would take.',
    params: CouponPath,
    query: Preview,
    headers: ActHeaders,
    body: NewRevocation,
    answers: { 200: revokedOrPreview, 202: pendingRef },
    async answer(request) {
      const { userId, all, reason } = request.body
      if ((userId === undefined) === (all === undefined)) {
        const errors = [{ path: '', message: eitherWhom }]
        return { problem: 'invalid-request', members: { errors } }
      }
      const by = callerOf(request).userId
      const key = request.headers['idempotency-key']
      const message: CouponRevoked = {
        type: 'coupon.revoked',
        couponId: request.params.couponId,
        ...(userId === undefined ? { all: true } : { userId: userIdOf(userId) ?? userId }),
        reason,
        by,
        commandId: key === undefined ? parts.newId() : idOfKey(by, `revoke\n${key}`),
      }
      const { query, headers } = request
      const show = (coupon: Coupon) => revokedJson(parts, coupon, message)
      return actAnswer(parts, message, { query, headers, show })
    },
  })
}

async function revokedJson(
  parts: RouteParts,
  coupon: Coupon,
  { commandId }: CouponRevoked,
): Promise<object | null> {
  const revocation = coupon.revocations.commands.get(commandId)
  if (revocation === undefined) return null
  const revoked = await unspentOf(parts, coupon, revocation)
  return revoked === null ? null : { revoked }
}

/** As the issuer has counted them; null: it has not in time. */
async function unspentOf(
  { store, clock, limits }: RouteParts,
  { partition }: Coupon,
  { offset }: Revocation,
): Promise<number | null> {
  const until = clock.monotonic() + limits.readBackWaitMsMax
  while (clock.monotonic() < until) {
    try {
      const found = await store()?.revocations({ partition, from: offset, to: offset + 1 })
      if (found?.[0] !== undefined) return found[0].unspent
    } catch (error) {
      if (!(error instanceof PortError && error.retryable)) throw error
    }
    await sleep(clock, lookEveryMs)
  }
  return null
}

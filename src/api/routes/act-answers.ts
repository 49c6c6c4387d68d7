// How every act on a coupon is answered: the coupon, and the record that did it; or, with
// preview=true, what it would change, with nothing done; or, where it expects a state that the
// coupon is not in, that it has changed.

import type { Static } from 'typebox'
import type { ControlMessage } from '../../domain/coupons/messages.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { formatInstant } from '../../domain/time.ts'
import type { Act } from '../claims/coupon-acts.ts'
import { expectedBy } from '../http/act-conditions.ts'
import { decidedAnswer } from '../http/command-answers.ts'
import type { ActHeaders, Preview } from '../http/command-schemas.ts'
import { type Answer, pendingAt } from '../http/route.ts'
import type { RouteParts } from '../http/server-parts.ts'
import { previewAnswer } from './command-preview.ts'
import { couponJson } from './coupons.ts'

/** `show`: what is answered in place of the coupon; null: it is not known in time. */
export type AskedAct = {
  query: Static<typeof Preview>
  headers: Static<typeof ActHeaders>
  show?: (coupon: Coupon) => Promise<object | null>
}

/** `given`: without what it expects, which `asked` says. */
export async function actAnswer(
  parts: RouteParts,
  given: ControlMessage,
  asked?: AskedAct,
): Promise<Answer> {
  const { claims } = parts
  const expected = expectedBy(asked?.headers['if-match'])
  const { couponId } = given
  if (expected === null) {
    const found = await claims.find(couponId)
    if (found.kind === 'unknown_coupon') return { problem: 'unknown-coupon' }
    return found.kind === 'unavailable' ? found : { problem: 'changed' }
  }
  const message: ControlMessage =
    expected === undefined || given.type === 'coupon.created' ? given : { ...given, expected }
  if (asked?.query.preview !== undefined) return previewAnswer(parts, message)
  const location = `/coupons/${couponId}`
  const answer = await claims.command(message)
  if (answer.kind === 'unavailable') return answer
  if (answer.kind === 'pending') return pendingAt(location)
  if (answer.kind === 'key_reused') return { problem: 'idempotency-key-reused' }
  return decidedAnswer({
    message,
    outcome: answer.outcome.kind,
    location,
    async show() {
      const coupon = answer.coupon ?? claims.coupon(couponId)
      if (coupon === undefined) return null
      const shown = asked?.show?.(coupon) ?? couponJson(coupon, claims.logTime())
      const body = await shown
      return body && { ...body, ...(answer.act && whoAndWhere(answer.act)) }
    },
  })
}

/** Who did an act, and the record that says so. */
export function whoAndWhere({ message, partition, offset, appendedAt }: Act) {
  return { by: message.by, log: { partition, offset, appendedAt: formatInstant(appendedAt) } }
}

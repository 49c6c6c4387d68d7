// What a code is worth, looked at without taking it. Codes cannot be tried out: see
// code-guesses.ts.

import { offerOf } from '../../domain/coupons/offer.ts'
import { callerOf } from '../http/auth.ts'
import { type Answer, ok, type Route, readStore, route } from '../http/route.ts'
import type { RouteParts } from '../http/server-parts.ts'
import type { CodeGuesses } from '../redemptions/code-guesses.ts'
import type { KnownCodes } from '../redemptions/code-holders.ts'
import { usesOf } from '../redemptions/holders.ts'
import { CodePath, CodeQuery, LookedUpCode } from '../redemptions/schemas.ts'
import { heldState } from './held-coupons.ts'

export function codeRoute(parts: RouteParts, { guesses, holders }: KnownCodes): Route {
  const { store, orders, claims } = parts
  return route({
    call: 'GET /codes/:code',
    caller: 'till',
    problems: ['unknown-code'],
    readsStore: true,
    tag: 'redemptions',
    operationId: 'lookUpCode',
    summary: 'Look a code up without taking it, in whatever way it is typed',
    params: CodePath,
    query: CodeQuery,
    answers: { 200: LookedUpCode },
    async answer(request) {
      const { userId: by } = callerOf(request)
      const seconds = await guesses.retryAfterSeconds(by)
      if (seconds > 0) return { problem: 'too-many-requests', retryAfterSeconds: seconds }
      return readStore(store(), async () => {
        const held = await holders.find(request.params.code)
        if (held === null) return unknownCode(guesses, by)
        const uses = await usesOf(orders.reader(), [held])
        const { couponId, userId, slot, code, terms } = held
        const { discount = null, minimum = 0 } = terms
        const order = uses.get(held.orderId ?? '')
        const { orderId: _, ...state } = heldState(held, order, claims.logTime())
        const { subtotal } = request.query
        const offer = subtotal === undefined ? undefined : offerJson(offerOf(terms, subtotal))
        return ok({ couponId, userId, slot, code, discount, minimum, ...state, offer })
      })
    },
  })
}

/** Unless it was one too many. */
export async function unknownCode(guesses: CodeGuesses, by: string): Promise<Answer> {
  const retryAfterSeconds = await guesses.note(by)
  return retryAfterSeconds > 0
    ? { problem: 'too-many-requests', retryAfterSeconds }
    : { problem: 'unknown-code' }
}

function offerJson(offer: ReturnType<typeof offerOf>) {
  return 'refused' in offer ? { refused: offer.refused.replaceAll('_', '-') } : offer
}

// Questions about one user of a coupon whose winners may not be in memory: what is to be answered
// waits until he was looked up, and is said at once where there is nothing to look up.

import type { ControlMessage } from '../../../domain/coupons/messages.ts'
import type { Asked } from '../../../ports/coupons.ts'
import type { Unavailable } from '../claim-answers.ts'
import type { ClaimPathParts } from '../claim-parts.ts'

type Knowing = Pick<ClaimPathParts, 'fold' | 'closed'>

export function onceLookedUp<Answer>(
  asked: Asked,
  parts: Knowing,
  answer: () => Answer,
): Answer | Promise<Answer | Unavailable> {
  if (isHere(asked, parts)) return answer()
  return parts.closed.lookUp(asked).then((missing) => missing ?? answer())
}

/**
 * Null: the command may be appended. A revoke waits at every node until its user is known, so
 * while he cannot be looked up nothing is stored that all of them would have to wait for.
 */
export async function missingFor(
  message: ControlMessage,
  parts: Knowing,
): Promise<Unavailable | null> {
  if (message.type !== 'coupon.revoked' || message.userId === undefined) return null
  const { couponId, userId } = message
  return onceLookedUp({ couponId, userId }, parts, () => null)
}

function isHere({ couponId, userId }: Asked, { fold }: Knowing): boolean {
  return fold.coupons.get(couponId)?.winners.knows?.(userId) !== false
}

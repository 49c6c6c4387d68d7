// One claim, from its first request to its end in the ledger.

import { follow } from '../attempts.ts'
import type { Entry } from '../ledger.ts'
import type { Run } from '../rehearsal.ts'
import type { ClaimAnswer } from './claim-ledger.ts'
import type { CouponService } from './coupon-service.ts'

export type Claimer = { couponId: string; user: number; token: string }

const spreadMsMax = 100

export function claim(
  { clock, limits }: Pick<Run, 'clock'> & { limits: Pick<Run['limits'], 'claimMsMax'> },
  service: Pick<CouponService, 'claim' | 'poll'>,
  { couponId, user, token }: Claimer,
): Promise<Entry<ClaimAnswer>> {
  return follow(clock, {
    msMax: limits.claimMsMax,
    spreadMs: user % spreadMsMax,
    givenUp: 'turned away to the end',
    async first() {
      const reply = await service.claim(couponId, token)
      const isNone = reply.kind === 'none'
      return isNone ? { kind: 'unknown', reason: 'no answer to a claim' } : reply
    },
    async poll(location) {
      const reply = await service.poll(location, token)
      // Once accepted, nothing but an answer ends it.
      const isOpen = reply.kind === 'none' || reply.kind === 'unknown'
      return isOpen ? { kind: 'pending', location, retryAfterMs: null } : reply
    },
  })
}

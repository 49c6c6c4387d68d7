// The storm itself: every claim of every user, each ended in the ledger; and afterwards, once more,
// those that ended without an answer. A user's claims leave together, as from impatient fingers.

import { type Latency, startLatency } from '../latency.ts'
import { isDefinite } from '../ledger.ts'
import { doAll, type Run } from '../rehearsal.ts'
import { type Load, runLoad } from '../scheduler.ts'
import { claim } from './claim.ts'
import type { ClaimEntry } from './claim-ledger.ts'
import type { CouponService } from './coupon-service.ts'

export type StormPlan = {
  service: CouponService
  couponId: string
  asksPerUser: number
  load: Load
  /** By index of the user. */
  tokens: readonly string[]
}
export type Storm = {
  entries: ClaimEntry[]
  seconds: number
  behindMsMax: number
  /** From when each claim should have started to its end, retries included. */
  latency: Latency
}

/** Fills `entries`, which can be watched, and are there whatever ends it. */
export async function blow(run: Run, plan: StormPlan, entries: ClaimEntry[]): Promise<Storm> {
  const { clock } = run
  const { service, couponId, asksPerUser, load, tokens } = plan
  const latency = startLatency()
  const asks = tokens.length * asksPerUser
  const startedAt = clock.now()
  const { behindMsMax } = await runLoad(clock, { ...load, asks }, async (index, intendedAt) => {
    const user = Math.floor(index / asksPerUser)
    const entry = await claim(run, service, { couponId, user, token: tokens[user] ?? '' })
    entries.push({ user, ...entry })
    latency.record(entry.endedAt - intendedAt)
  })
  const seconds = (clock.now() - startedAt) / 1000
  return { entries, seconds, behindMsMax, latency: latency.figures() }
}

/**
 * Asks again, through `mine` and where that knows of nothing by claiming once more, for whoever
 * got no answer: claims are idempotent, so a user may keep asking.
 */
export async function settle(
  run: Run,
  { service, couponId, tokens }: Pick<StormPlan, 'service' | 'couponId' | 'tokens'>,
  entries: readonly ClaimEntry[],
): Promise<void> {
  const undecided = entries.filter(({ answer }) => !isDefinite(answer))
  const again = { title: 'Asking again for those without an answer', items: undecided }
  await doAll(run, again, async (entry) => {
    const { user } = entry
    const token = tokens[user] ?? ''
    const mine = await service.mine(couponId, token)
    entry.settled =
      mine.ok && mine.value.kind !== 'none'
        ? mine.value
        : (await claim(run, service, { couponId, user, token })).answer
  })
}

// The storm itself: every ask of every user, each ended in the ledger; and afterwards, once more,
// those that ended without an answer. A user's asks leave together, as from impatient fingers.

import { type Latency, startLatency } from '../latency.ts'
import { type Entry, isDefinite, noOutcomes, type Outcomes } from '../ledger.ts'
import { type Run, runClosedLoop, runOpenLoop } from '../scheduler.ts'
import { type AskParts, ask } from './claim.ts'
import { toldOf } from './coupon-service.ts'

export type Load = { kind: 'closed'; concurrency: number } | { kind: 'open'; ratePerSecond: number }
export type StormPlan = {
  couponId: string
  asksPerUser: number
  load: Load
  /** By index of the user. */
  tokens: readonly string[]
}
/** What can be watched while it blows. */
export type Tally = { ended: number; outcomes: Outcomes; retries: number }
export type Storm = {
  entries: Entry[]
  seconds: number
  behindMsMax: number
  /** From when each ask should have started to its end, retries included. */
  latency: Latency
}

/** Above it the latencies measure the generator: they are marked void. */
export const behindMsMaxAllowed = 100
/** Requests at once after the storm: enough to keep the service busy, too few to be one. */
export const askAgainConcurrency = 64

export function noTally(): Tally {
  return { ended: 0, outcomes: noOutcomes(), retries: 0 }
}

export async function blow(parts: AskParts, plan: StormPlan, tally: Tally): Promise<Storm> {
  const { clock } = parts
  const { couponId, asksPerUser, load, tokens } = plan
  const entries: Entry[] = []
  const latency = startLatency()
  const run: Run = async (index, intendedAt) => {
    const user = Math.floor(index / asksPerUser)
    const entry = await ask(parts, { couponId, user, token: tokens[user] ?? '' })
    entries.push(entry)
    latency.record(entry.endedAt - intendedAt)
    tally.ended += 1
    tally.outcomes[entry.answer.kind] += 1
    tally.retries += entry.retries
  }

  const asks = tokens.length * asksPerUser
  const startedAt = clock.now()
  const { behindMsMax } =
    load.kind === 'closed'
      ? await runClosedLoop(clock, { asks, concurrency: load.concurrency }, run)
      : await runOpenLoop(clock, { asks, ratePerSecond: load.ratePerSecond }, run)
  const seconds = (clock.now() - startedAt) / 1000
  return { entries, seconds, behindMsMax, latency: latency.figures() }
}

/**
 * Asks again, through `mine` and where that knows of nothing by claiming once more, for whoever
 * got no answer: claims are idempotent, so a user may keep asking.
 */
export async function settle(
  parts: AskParts,
  plan: Pick<StormPlan, 'couponId' | 'tokens'>,
  entries: readonly Entry[],
): Promise<void> {
  const undecided = entries.filter(({ answer }) => !isDefinite(answer))
  const loop = { asks: undecided.length, concurrency: askAgainConcurrency }
  await runClosedLoop(parts.clock, loop, async (index) => {
    const entry = undecided[index]
    if (entry === undefined) return
    const { user } = entry
    const token = plan.tokens[user] ?? ''
    const reply = await parts.service.mine(plan.couponId, token)
    parts.hearing.note('heard' in reply ? reply : null)
    const told = toldOf(reply)
    const asked = { couponId: plan.couponId, user, token }
    entry.settled = told ?? (await ask(parts, asked)).answer
  })
}

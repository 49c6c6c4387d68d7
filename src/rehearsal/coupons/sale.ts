// A rehearsal, from the first token to the verdict: storms one coupon of a running service as its
// clients would, then asks the service what it remembers and holds it against what they were told.
// Trusts nothing but answers; the service needs no special mode for it.

import { type HttpClient, startHttpClient } from '../../client/http-client.ts'
import type { Progress } from '../../client/progress.ts'
import { signToken } from '../../client/tokens.ts'
import type { Discount } from '../../domain/coupons/messages.ts'
import type { Clock } from '../../ports/clock.ts'
import { count } from '../phrases.ts'
import { RehearsalError, silenceMsMax, startHearing } from '../silence.ts'
import { mintTokens, tokenSeconds, userIds } from '../users.ts'
import { type AskLimits, askMsMax } from './claim.ts'
import { type Service, serviceOver } from './coupon-service.ts'
import {
  type ReadLimits,
  type ReadParts,
  readCoupon,
  readMine,
  readMsMax,
  readRows,
  rowsMsMax,
} from './read-sale.ts'
import type { CouponSeen, Evidence } from './sale-evidence.ts'
import { reconcile, type Verdict } from './sale-promises.ts'
import {
  blow,
  type Load,
  noTally,
  type Storm,
  type StormPlan,
  settle,
  type Tally,
} from './storm.ts'

export type RehearsalPlan = {
  /** Names the users and the fresh coupon: the same id storms with the same users again. */
  runId: string
  url: URL
  secret: string
  users: number
  asksPerUser: number
  load: Load
  /** A coupon that is there, or how many a fresh one has. */
  coupon: { couponId: string } | { quantity: number; discount?: Discount }
}
export type RehearsalParts = {
  clock: Clock
  progress: Progress
  limits?: Partial<RehearsalLimits>
}
export type RehearsalLimits = AskLimits &
  ReadLimits & {
    /** One request, then it is unknown. Longer than the service takes to answer 202. */
    requestMsMax: number
    silenceMsMax: number
  }
export type Rehearsal = {
  plan: RehearsalPlan
  storm: Storm
  before: CouponSeen
  after: CouponSeen
  verdicts: Verdict[]
  /** From the end of the storm until SQL showed every row. */
  rowsAfterMs: number
}

/** One connection for each who asks at once, up to what a process may have open. */
export const connectionsMax = 1000

export const limitsDefault: RehearsalLimits = {
  askMsMax,
  readMsMax,
  rowsMsMax,
  requestMsMax: 15_000,
  silenceMsMax,
}

/** Throws a RehearsalError where the service does not answer, or lets nobody rehearse. */
export async function rehearse(parts: RehearsalParts, plan: RehearsalPlan): Promise<Rehearsal> {
  const { requestMsMax } = { ...limitsDefault, ...parts.limits }
  const http = startHttpClient({ url: plan.url, connections: connectionsOf(plan), requestMsMax })
  try {
    const opened = await openSale(parts, { plan, http })
    return await judgeSale(parts, await holdSale(parts, opened))
  } finally {
    await http.close()
  }
}

/** A coupon that is there, and people with tokens. */
export type OpenedSale = {
  plan: RehearsalPlan
  service: Service
  limits: RehearsalLimits
  users: readonly string[]
  /** By index of the user. */
  tokens: readonly string[]
  before: CouponSeen
}
/** Everybody has asked and was answered, as far as anybody could say. */
export type HeldSale = OpenedSale & { storm: Storm; asking: Asking; endedAt: number }

export async function openSale(
  parts: RehearsalParts,
  { plan, http }: { plan: RehearsalPlan; http: HttpClient },
): Promise<OpenedSale> {
  const { clock, progress } = parts
  const limits = { ...limitsDefault, ...parts.limits }
  const users = userIds(plan.runId, plan.users)
  const service = serviceOver({ http, url: plan.url, operatorToken: operatorToken(clock, plan) })
  const before = await prepare({ clock, service, limits }, plan)
  const made = { made: 0 }
  const minted = progress.during(() => `Making tokens: ${share(made.made, plan.users)}`)
  const tokens = await mintTokens({ clock, users, secret: plan.secret }, made).finally(minted)
  return { plan, service, limits, users, tokens, before }
}

export async function holdSale(parts: RehearsalParts, opened: OpenedSale): Promise<HeldSale> {
  const { clock } = parts
  const { plan, service, limits, tokens, before } = opened
  const { couponId } = before
  await openConnections(service, { couponId, connections: connectionsOf(plan) })
  const hearing = startHearing(clock, limits.silenceMsMax)
  const asking = { clock, service, hearing, limits }
  const { asksPerUser, load } = plan
  const storm = await blowing(parts, asking, { couponId, asksPerUser, load, tokens })
  return { ...opened, storm, asking, endedAt: clock.now() }
}

/** Reads back what the service remembers, and holds it against what everyone was told. */
export async function judgeSale(parts: RehearsalParts, held: HeldSale): Promise<Rehearsal> {
  const { plan, users, tokens, before, storm, endedAt } = held
  const seen = await readBack(parts, held.asking, { couponId: before.couponId, tokens })
  const fresh = 'quantity' in plan.coupon
  const evidence: Evidence = { users, fresh, entries: storm.entries, before, ...seen }
  const rowsAfterMs = seen.rowsAt - endedAt
  return { plan, storm, before, after: seen.after, verdicts: reconcile(evidence), rowsAfterMs }
}

type Preparing = Pick<ReadParts, 'clock' | 'service' | 'limits'>

/** Makes or finds the coupon; the first words with the service, so nobody there means the end. */
async function prepare(parts: Preparing, plan: RehearsalPlan): Promise<CouponSeen> {
  const fresh = 'quantity' in plan.coupon
  const couponId = 'quantity' in plan.coupon ? `rehearsal-${plan.runId}` : plan.coupon.couponId
  if ('quantity' in plan.coupon) {
    const terms = { couponId, name: `Rehearsal ${plan.runId}`, ...plan.coupon }
    const made = await parts.service.createCoupon(terms)
    if (!made.ok && !made.heard) throw new RehearsalError('unreachable', made.reason)
    if (!made.ok && made.status === 401) throw wrongSecret()
    if (!made.ok && made.status !== 202) {
      throw new RehearsalError('refused', `the service made no coupon: ${made.reason}`)
    }
  }
  const read = await parts.service.coupon(couponId)
  if (!read.ok && !read.heard) throw new RehearsalError('unreachable', read.reason)
  if (!read.ok) {
    const what = fresh ? 'the new coupon' : `the coupon ${couponId}`
    throw new RehearsalError('refused', `${what} cannot be read: ${read.reason}`)
  }
  const rows = await parts.service.issuedRows(couponId, 0)
  if (!rows.ok && rows.status === 401) throw wrongSecret()
  return read.value
}

function wrongSecret(): RehearsalError {
  const message = 'the service does not take tokens of this secret: is --data its own directory?'
  return new RehearsalError('refused', message)
}

/** Otherwise the storm would measure how fast this process opens connections. */
async function openConnections(
  service: Service,
  { couponId, connections }: { couponId: string; connections: number },
): Promise<void> {
  await Promise.all(Array.from({ length: connections }, () => service.coupon(couponId)))
}

type Asking = Parameters<typeof blow>[0] & ReadParts

async function blowing(parts: RehearsalParts, asking: Asking, plan: StormPlan): Promise<Storm> {
  const tally = noTally()
  const asks = plan.tokens.length * plan.asksPerUser
  const startedAt = parts.clock.now()
  const ended = parts.progress.during(() => {
    const seconds = (parts.clock.now() - startedAt) / 1000
    return stormLine({ tally, asks, seconds })
  })
  const storm = await blow(asking, plan, tally).finally(ended)
  const undecided = tally.outcomes.unknown + tally.outcomes.pending
  const settled = parts.progress.during(() => `Asking again for ${count(undecided)} of them`)
  await settle(asking, plan, storm.entries).finally(settled)
  return storm
}

function stormLine({ tally, asks, seconds }: { tally: Tally; asks: number; seconds: number }) {
  const { issued, sold_out, unknown, pending } = tally.outcomes
  const others = tally.ended - issued - sold_out - unknown - pending
  const figures = [
    `${count(issued)} issued`,
    `${count(sold_out)} sold out`,
    ...(others > 0 ? [`${count(others)} other refusals`] : []),
    ...(unknown + pending > 0 ? [`${count(unknown + pending)} without an answer`] : []),
    ...(tally.retries > 0 ? [`${count(tally.retries)} asked again`] : []),
    `${count(Math.round(tally.ended / seconds))}/s`,
  ]
  return `Asking: ${share(tally.ended, asks)}  ${figures.join(' · ')}`
}

type ReadBack = Pick<Evidence, 'mine' | 'after' | 'rows'> & { rowsAt: number }

async function readBack(
  parts: RehearsalParts,
  asking: Asking,
  plan: { couponId: string; tokens: readonly string[] },
): Promise<ReadBack> {
  const { progress, clock } = parts
  const { tokens, couponId } = plan
  const after = await readCoupon(asking, couponId)
  const rowsRead = { read: 0 }
  const rowsShown = progress.during(
    () => `Waiting for the rows in SQL: ${share(rowsRead.read, after.issued)}`,
  )
  const expected = { couponId, expected: after.issued }
  const rows = await readRows(asking, expected, rowsRead).finally(rowsShown)
  const rowsAt = clock.now()
  const mineRead = { read: 0 }
  const mineShown = progress.during(
    () => `Asking everyone what they have: ${share(mineRead.read, tokens.length)}`,
  )
  const mine = await readMine(asking, { couponId, tokens }, mineRead).finally(mineShown)
  return { mine, after, rows, rowsAt }
}

export function share(part: number, whole: number): string {
  return `${count(part).padStart(count(whole).length)} of ${count(whole)}`
}

function connectionsOf({ load, users, asksPerUser }: RehearsalPlan): number {
  const atOnce = load.kind === 'closed' ? load.concurrency : connectionsMax
  return Math.min(atOnce, users * asksPerUser, connectionsMax)
}

function operatorToken(clock: Clock, { secret }: RehearsalPlan): string {
  const now = clock.now()
  const expiresInSeconds = tokenSeconds
  return signToken({ secret, sub: 'rehearsal', operator: true, expiresInSeconds, now })
}

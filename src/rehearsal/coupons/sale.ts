// A sale as its clients hold it: one coupon of a running service, which is made or found, and the
// storm of all who claim it. What each was told stands in the ledger at every moment.

import type { Failed } from '../../client/answers.ts'
import { follow, isDefinite } from '../attempts.ts'
import { count, share, sumOf } from '../figures.ts'
import type { Verdict } from '../promises.ts'
import {
  doAll,
  type Ended,
  mintTokens,
  type RehearsalPlan,
  type Run,
  refuseNobody,
} from '../rehearsal.ts'
import { RehearsalError } from '../rehearsal-error.ts'
import type { Load } from '../scheduler.ts'
import type { ClaimAnswer, CouponSeen, CouponTerms, Service } from '../service.ts'
import { blow, type Ledger, newLedger, type Storm } from '../storm.ts'
import { type Arrivals, arrivalsSince } from './arrivals.ts'
import { type ClaimEntry, countOutcomes } from './sale-evidence.ts'

export type SalePlan = RehearsalPlan & {
  asksPerUser: number
  load: Load
  /** A coupon that is there, or how many a fresh one has. */
  coupon: { couponId: string } | Omit<CouponTerms, 'name'>
}
/** A coupon that is there, and people with tokens. */
export type OpenSale = {
  plan: SalePlan
  /** By index of the user. */
  tokens: readonly string[]
  before: CouponSeen
}
/** Everybody has claimed and was answered, as far as anybody could say. */
export type HeldSale = OpenSale & {
  storm: Storm<ClaimEntry>
  endedAt: number
  /** During the storm; null: not known of one node. */
  arrivals: Arrivals | null
}
/** What is known of a sale at every moment: null while it is not open. */
export type SaleLedger = Ledger<ClaimEntry> & { open: OpenSale | null }
/** What is reported of it. */
export type SaleReport = Pick<HeldSale, 'plan' | 'storm' | 'before' | 'arrivals'> & {
  /** Null where the service could not be asked any more. */
  after: CouponSeen | null
  /** From the end of the storm until SQL showed every row. */
  rowsAfterMs: number | null
  verdicts: Verdict[]
}
export type SaleRehearsal = SaleReport & Ended

/** One connection for each who claims at once, up to what a process may have open. */
const connectionsMax = 1000
const spreadMsMax = 100

export function newSaleLedger(): SaleLedger {
  return { ...newLedger<ClaimEntry>(), open: null }
}

/**
 * How many ask at once. Some have to ask after others were answered, else nobody could say
 * whether who came first was served first.
 */
export function askingAtOnce({ load, users, asksPerUser }: SalePlan): number {
  const asks = users * asksPerUser
  const atOnce = load.kind === 'closed' ? load.concurrency : connectionsMax
  return Math.max(1, Math.min(atOnce, asks - Math.ceil(asks / oneLaterIn)))
}
const oneLaterIn = 20

export function connectionsOf(plan: SalePlan): number {
  return Math.min(askingAtOnce(plan), connectionsMax)
}

export async function openSale(run: Run, plan: SalePlan, ledger: SaleLedger): Promise<OpenSale> {
  const { clock, users, progress } = run
  const before = await findCoupon(run, plan)
  const made = { made: 0 }
  const tokens = await progress.during(
    () => `Making tokens: ${share(made.made, plan.users)}`,
    mintTokens({ clock, users, secret: plan.secret, rules: plan.rules }, made),
  )
  ledger.open = { plan, tokens, before }
  return ledger.open
}

/** Makes or finds the coupon. */
async function findCoupon(run: Run, plan: SalePlan): Promise<CouponSeen> {
  const { service, made: known } = run
  const { runId, coupon } = plan
  const asked = askedOf(plan)
  const isFresh = asked !== null
  const couponId = 'couponId' in coupon ? coupon.couponId : `${madeHere}${runId}`
  if (isFresh) {
    refuseNobody(await service.coupon(couponId))
    known.couponIds.push(couponId)
    const made = await service.createCoupon({ couponId, ...asked })
    if (!made.ok && made.status !== 202) throw failure('the service made no coupon', made)
  }
  const read = await service.coupon(couponId)
  const what = isFresh ? 'the new coupon' : `the coupon ${couponId}`
  if (!read.ok) throw failure(`${what} cannot be read`, read)
  // Which coupon it is follows from what was asked, too.
  const before = { ...read.value, couponId }
  const rows = await service.issuedRows(couponId, 0)
  if (!rows.ok && rows.status === 401) throw failure('the rows cannot be read', rows)
  if (!isFresh && !couponId.startsWith(madeHere)) await mayBeTaken(run, before)
  return before
}

/** What the coupon is asked for with; null where it is there. */
export function askedOf({ runId, coupon, mark }: SalePlan): CouponTerms | null {
  if (!('quantity' in coupon)) return null
  const asked = { name: `Rehearsal ${runId}`, ...coupon }
  return mark === true ? { ...asked, rehearsal: true } : asked
}

/** How the coupons of rehearsals begin. */
const madeHere = 'rehearsal-'

/** Made-up users win what real ones were to have. */
async function mayBeTaken(run: Run, { couponId, name, remaining }: CouponSeen): Promise<void> {
  const what = `${couponId} (${name}) was not made by a rehearsal: made-up users would take`
  if (await run.confirm(`${what} up to ${count(remaining)} of it, for good`)) return
  const none = `nothing was taken of ${couponId}, which no rehearsal has made`
  const message = `${none}: --yes says that it may be`
  throw new RehearsalError('unconfirmed', message)
}

function failure(what: string, { status, reason }: Failed): RehearsalError {
  if (status === null) return new RehearsalError('unreachable', reason)
  if (status !== 401) return new RehearsalError('refused', `${what}: ${reason}`)
  const message = 'the service does not take tokens of this secret: is --data its own directory?'
  return new RehearsalError('refused', message)
}

/** A user's claims leave together, as from impatient fingers. */
export async function holdSale(run: Run, open: OpenSale, ledger: SaleLedger): Promise<HeldSale> {
  const { plan, tokens, before } = open
  const { couponId } = before
  const { asksPerUser } = plan
  const { load } = plan
  const paced = load.kind === 'open' ? load : { ...load, concurrency: askingAtOnce(plan) }
  // Opens the connections: else the storm would measure how fast this process does.
  const connections = Array.from({ length: connectionsOf(plan) })
  await Promise.all(connections.map(() => run.service.coupon(couponId)))
  const attempts = tokens.length * asksPerUser
  const stormPlan = {
    load: { ...paced, asks: attempts },
    ask(index: number) {
      const user = Math.floor(index / asksPerUser)
      return [claim(run, { couponId, user, token: tokens[user] ?? '' })]
    },
    attempts,
    title: 'Asking',
    figures: stormFigures,
  }
  const begun = await run.service.arrivals()
  const storm = await blow<ClaimEntry>(run, stormPlan, ledger)
  await settle(run, open, storm.entries)
  const endedAt = run.clock.monotonic()
  return { ...open, storm, endedAt, arrivals: arrivalsSince(begun, await run.service.arrivals()) }
}

function stormFigures(entries: readonly ClaimEntry[]): [figure: number, what: string][] {
  const { issued, sold_out, unknown, pending, ...others } = countOutcomes(
    entries.map(({ answer }) => answer),
  )
  return [
    [issued, 'issued'],
    [sold_out, 'sold out'],
    [others.closed + others.not_open + others.paused, 'other refusals'],
    [unknown + pending, 'without an answer'],
    [sumOf(entries, 'retries'), 'asked again'],
  ]
}

export type Claimer = { couponId: string; user: number; token: string }
type Claiming = Pick<Run, 'clock'> & {
  limits: Pick<Run['limits'], 'claimMsMax'>
  service: Pick<Service, 'claim' | 'pollClaim'>
}

/** One claim, from its first request to its end. */
export async function claim(
  { clock, limits, service }: Claiming,
  { couponId, user, token }: Claimer,
): Promise<ClaimEntry> {
  const entry = await follow<ClaimAnswer>(clock, {
    msMax: limits.claimMsMax,
    spreadMs: user % spreadMsMax,
    givenUp: 'turned away to the end',
    async first() {
      const reply = await service.claim(couponId, token)
      const isNone = reply.kind === 'none'
      return isNone ? { kind: 'unknown', reason: 'no answer to a claim' } : reply
    },
    async poll(location) {
      const reply = await service.pollClaim(location, token)
      // Once accepted, nothing but an answer ends it.
      const isOpen = reply.kind === 'none' || reply.kind === 'unknown'
      return isOpen ? { kind: 'pending', location, retryAfterMs: null } : reply
    },
  })
  return { user, ...entry }
}

/**
 * Asks again, through `mine` and where that knows of nothing by claiming once more, for whoever
 * got no answer: claims are idempotent, so a user may keep asking.
 */
async function settle(
  run: Run,
  { tokens, before: { couponId } }: OpenSale,
  entries: readonly ClaimEntry[],
): Promise<void> {
  const undecided = entries.filter(({ answer }) => !isDefinite(answer))
  const again = { title: 'Asking again for those without an answer', items: undecided }
  await doAll(run, again, async (entry) => {
    const { user } = entry
    const token = tokens[user] ?? ''
    const mine = await run.service.mine(couponId, token)
    entry.settled =
      mine.ok && mine.value.kind !== 'none'
        ? mine.value
        : (await claim(run, { couponId, user, token })).answer
  })
}

// A rehearsal of a sale: storms one coupon of a running service as its clients would, then asks
// the service what it remembers and holds it against what they were answered. A read that the
// service answers with an error is evidence against it, one that nobody answers ends it all.

import type { Failed } from '../../client/answers.ts'
import type { Discount } from '../../domain/coupons/messages.ts'
import { sleep } from '../../ports/clock.ts'
import { follow, isDefinite } from '../attempts.ts'
import { share, sumOf } from '../figures.ts'
import type { Verdict } from '../promises.ts'
import {
  doAll,
  mintTokens,
  RehearsalError,
  type RehearsalParts,
  type RehearsalPlan,
  type Run,
  runRehearsal,
  see,
} from '../rehearsal.ts'
import type { Load } from '../scheduler.ts'
import type { ClaimAnswer, CouponSeen, RowSeen, Service } from '../service.ts'
import { blow, type Storm } from '../storm.ts'
import { type ClaimEntry, countOutcomes, type Mine, type SaleEvidence } from './sale-evidence.ts'
import { reconcileSale } from './sale-promises.ts'

export type SalePlan = RehearsalPlan & {
  asksPerUser: number
  load: Load
  /** A coupon that is there, or how many a fresh one has. */
  coupon: { couponId: string } | { quantity: number; discount?: Discount }
}
/** A coupon that is there, and people with tokens. */
export type OpenSale = {
  plan: SalePlan
  /** By index of the user. */
  tokens: readonly string[]
  before: CouponSeen
}
/** Everybody has claimed and was answered, as far as anybody could say. */
export type HeldSale = OpenSale & { storm: Storm<ClaimEntry>; endedAt: number }
/** What is reported of it. */
export type SaleRehearsal = Pick<HeldSale, 'plan' | 'storm' | 'before'> & {
  after: CouponSeen
  /** From the end of the storm until SQL showed every row. */
  rowsAfterMs: number
  verdicts: Verdict[]
}

/** One connection for each who claims at once, up to what a process may have open. */
const connectionsMax = 1000
const spreadMsMax = 100
const rowsPollMs = 50

/** Throws a RehearsalError where the service does not answer, or lets nobody rehearse. */
export function rehearseSale(parts: RehearsalParts, plan: SalePlan): Promise<SaleRehearsal> {
  return runRehearsal(parts, { ...plan, connections: connectionsOf(plan) }, async (run) => {
    return readSale(run, await holdSale(run, await openSale(run, plan)))
  })
}

function connectionsOf({ load, users, asksPerUser }: SalePlan): number {
  const atOnce = load.kind === 'closed' ? load.concurrency : connectionsMax
  return Math.min(atOnce, users * asksPerUser, connectionsMax)
}

export async function openSale(run: Run, plan: SalePlan): Promise<OpenSale> {
  const { clock, service, users, progress } = run
  const before = await findCoupon(service, plan)
  const made = { made: 0 }
  const tokens = await progress.during(
    () => `Making tokens: ${share(made.made, plan.users)}`,
    mintTokens({ clock, users, secret: plan.secret }, made),
  )
  return { plan, tokens, before }
}

/** Makes or finds the coupon; the first words with the service, so nobody there means the end. */
async function findCoupon(service: Service, { runId, coupon }: SalePlan): Promise<CouponSeen> {
  const isFresh = 'quantity' in coupon
  const couponId = isFresh ? `rehearsal-${runId}` : coupon.couponId
  if (isFresh) {
    const made = await service.createCoupon({ couponId, name: `Rehearsal ${runId}`, ...coupon })
    if (!made.ok && made.status !== 202) throw failure('the service made no coupon', made)
  }
  const read = await service.coupon(couponId)
  const what = isFresh ? 'the new coupon' : `the coupon ${couponId}`
  if (!read.ok) throw failure(`${what} cannot be read`, read)
  const rows = await service.issuedRows(couponId, 0)
  if (!rows.ok && rows.status === 401) throw failure('the rows cannot be read', rows)
  return read.value
}

function failure(what: string, { status, reason }: Failed): RehearsalError {
  if (status === null) return new RehearsalError('unreachable', reason)
  if (status !== 401) return new RehearsalError('refused', `${what}: ${reason}`)
  const message = 'the service does not take tokens of this secret: is --data its own directory?'
  return new RehearsalError('refused', message)
}

/** A user's claims leave together, as from impatient fingers. */
export async function holdSale(run: Run, open: OpenSale): Promise<HeldSale> {
  const { plan, tokens, before } = open
  const { couponId } = before
  const { asksPerUser, load } = plan
  // Opens the connections: else the storm would measure how fast this process does.
  const connections = Array.from({ length: connectionsOf(plan) })
  await Promise.all(connections.map(() => run.service.coupon(couponId)))
  const attempts = tokens.length * asksPerUser
  const storm = await blow<ClaimEntry>(run, {
    load: { ...load, asks: attempts },
    ask(index) {
      const user = Math.floor(index / asksPerUser)
      return [claim(run, { couponId, user, token: tokens[user] ?? '' })]
    },
    attempts,
    title: 'Asking',
    figures: stormFigures,
  })
  await settle(run, open, storm.entries)
  return { ...open, storm, endedAt: run.clock.monotonic() }
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

/** What everyone holds, how the coupon counts, and the rows of SQL, which come a moment later. */
export async function readSale(run: Run, held: HeldSale): Promise<SaleRehearsal> {
  const { clock, service, users } = run
  const { tokens, before, plan, storm, endedAt } = held
  const { couponId } = before
  const coupon = await see(run, () => service.coupon(couponId))
  if ('missing' in coupon) {
    const message = `the coupon ${couponId} cannot be read: ${coupon.missing}`
    throw new RehearsalError('refused', message)
  }
  const after = coupon.value
  const rows = await readRows(run, after)
  const rowsAfterMs = clock.monotonic() - endedAt
  const mine: Mine[] = []
  const everyone = { title: 'Asking everyone what they have', items: tokens }
  await doAll(run, everyone, async (token, user) => {
    const seen = await see(run, () => service.mine(couponId, token))
    mine[user] = 'value' in seen ? seen.value : { kind: 'unknown', reason: seen.missing }
  })
  const fresh = 'quantity' in plan.coupon
  const { entries } = storm
  const verdicts = reconcileSale({ users, fresh, entries, mine, before, after, rows })
  return { plan, storm, before, after, rowsAfterMs, verdicts }
}

/** All rows of the coupon, as soon as all are there, or what is there in the end. */
async function readRows(
  { clock, limits, service, progress }: Run,
  { couponId, issued }: CouponSeen,
): Promise<SaleEvidence['rows']> {
  const rows: RowSeen[] = []
  const deadline = clock.monotonic() + limits.rowsMsMax
  async function fill(): Promise<SaleEvidence['rows']> {
    for (;;) {
      const after = rows.at(-1)?.slot ?? 0
      const read = await service.issuedRows(couponId, after)
      if (read.ok) {
        for (const row of read.value.rows) rows.push(row)
        const last = rows.at(-1)?.slot ?? 0
        if (read.value.more && last > after) continue
        if (rows.length >= issued || last >= issued) return rows
      }
      const isOver = clock.monotonic() >= deadline
      if (!read.ok && (isOver || !read.again)) {
        return { missing: `the rows cannot be read: ${read.reason}` }
      }
      if (isOver) return rows
      await sleep(clock, rowsPollMs)
    }
  }
  const line = () => `Waiting for the rows in SQL: ${share(rows.length, issued)}`
  return progress.during(line, fill())
}

// A rehearsal of a sale: storms one coupon of a running service as its clients would, then asks
// the service what it remembers and holds it against what they were answered.

import type { Discount } from '../../domain/coupons/messages.ts'
import type { Verdict } from '../promises.ts'
import {
  type RehearsalParts,
  type RehearsalPlan,
  type Run,
  runRehearsal,
  type Scenario,
  share,
} from '../rehearsal.ts'
import { count } from '../report.ts'
import type { Load } from '../scheduler.ts'
import { RehearsalError } from '../silence.ts'
import { mintTokens } from '../users.ts'
import { type CouponSeen, type CouponService, couponServiceOver } from './coupon-service.ts'
import { readCoupon, readMine, readRows } from './read-sale.ts'
import type { SaleEvidence } from './sale-evidence.ts'
import { reconcileSale } from './sale-promises.ts'
import { blow, noTally, type Storm, settle, type Tally } from './storm.ts'

export type SalePlan = RehearsalPlan & {
  asksPerUser: number
  load: Load
  /** A coupon that is there, or how many a fresh one has. */
  coupon: { couponId: string } | { quantity: number; discount?: Discount }
}
/** A coupon that is there, and people with tokens. */
export type OpenSale = {
  plan: SalePlan
  service: CouponService
  /** By index of the user. */
  tokens: readonly string[]
  before: CouponSeen
}
/** Everybody has claimed and was answered, as far as anybody could say. */
export type HeldSale = OpenSale & { storm: Storm; endedAt: number }
export type SaleRead = HeldSale &
  SaleEvidence & {
    /** From the end of the storm until SQL showed every row. */
    rowsAfterMs: number
  }
/** What is reported of it. */
export type SaleRehearsal = Pick<
  SaleRead,
  'plan' | 'storm' | 'before' | 'after' | 'rowsAfterMs'
> & { verdicts: Verdict[] }

/** One connection for each who claims at once, up to what a process may have open. */
const connectionsMax = 1000

export const sale: Scenario<SalePlan, OpenSale, HeldSale, SaleRead> = {
  connections({ load, users, asksPerUser }) {
    const atOnce = load.kind === 'closed' ? load.concurrency : connectionsMax
    return Math.min(atOnce, users * asksPerUser, connectionsMax)
  },
  prepare: openSale,
  storm: holdSale,
  readBack: readSale,
  reconcile: reconcileSale,
}

/** Throws a RehearsalError where the service does not answer, or lets nobody rehearse. */
export function rehearseSale(parts: RehearsalParts, plan: SalePlan): Promise<SaleRehearsal> {
  return runRehearsal(sale, parts, plan)
}

async function openSale(run: Run, plan: SalePlan): Promise<OpenSale> {
  const { clock, http, url, users, progress } = run
  const operatorToken = run.operatorToken('rehearsal')
  const service = couponServiceOver({ http, url, operatorToken })
  const before = await findCoupon(service, plan)
  const made = { made: 0 }
  const tokens = await progress.during(
    () => `Making tokens: ${share(made.made, plan.users)}`,
    mintTokens({ clock, users, secret: plan.secret }, made),
  )
  return { plan, service, tokens, before }
}

/** Makes or finds the coupon; the first words with the service, so nobody there means the end. */
async function findCoupon(service: CouponService, plan: SalePlan): Promise<CouponSeen> {
  const { runId, coupon } = plan
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

function failure(
  what: string,
  { status, reason }: { status: number | null; reason: string },
): RehearsalError {
  if (status === null) return new RehearsalError('unreachable', reason)
  if (status !== 401) return new RehearsalError('refused', `${what}: ${reason}`)
  const message = 'the service does not take tokens of this secret: is --data its own directory?'
  return new RehearsalError('refused', message)
}

async function holdSale(run: Run, open: OpenSale): Promise<HeldSale> {
  const { clock, progress } = run
  const { plan, service, tokens, before } = open
  const { couponId } = before
  const { asksPerUser, load } = plan
  // Opens the connections: else the storm would measure how fast this process does.
  const connections = Array.from({ length: sale.connections(plan) })
  await Promise.all(connections.map(() => service.coupon(couponId)))
  const stormPlan = { service, couponId, asksPerUser, load, tokens }
  const tally = noTally()
  const startedAt = clock.now()
  const storm = await progress.during(
    () => {
      const seconds = (clock.now() - startedAt) / 1000
      return stormLine({ tally, asks: tokens.length * asksPerUser, seconds })
    },
    blow(run, stormPlan, tally),
  )
  const undecided = tally.outcomes.unknown + tally.outcomes.pending
  await progress.during(
    () => `Asking again for ${count(undecided)} of them`,
    settle(run, stormPlan, storm.entries),
  )
  return { ...open, storm, endedAt: clock.now() }
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

async function readSale(run: Run, held: HeldSale): Promise<SaleRead> {
  const { progress, clock, users } = run
  const { service, tokens, before, plan, storm } = held
  const reading = { service, couponId: before.couponId }
  const after = await readCoupon(run, reading)
  const rowsRead = { read: 0 }
  const rows = await progress.during(
    () => `Waiting for the rows in SQL: ${share(rowsRead.read, after.issued)}`,
    readRows(run, { ...reading, expected: after.issued }, rowsRead),
  )
  const rowsAfterMs = clock.now() - held.endedAt
  const mineRead = { read: 0 }
  const mine = await progress.during(
    () => `Asking everyone what they have: ${share(mineRead.read, tokens.length)}`,
    readMine(run, { ...reading, tokens }, mineRead),
  )
  const fresh = 'quantity' in plan.coupon
  return { ...held, users, fresh, entries: storm.entries, mine, after, rows, rowsAfterMs }
}

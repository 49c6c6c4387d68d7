// A rehearsal of a sale: storms one coupon of a running service as its clients would, then asks
// the service what it remembers and holds it against what they were answered.

import type { Discount } from '../../domain/coupons/messages.ts'
import { sumOf } from '../ledger.ts'
import type { Verdict } from '../promises.ts'
import {
  type RehearsalParts,
  type RehearsalPlan,
  type Run,
  runRehearsal,
  type Scenario,
  share,
} from '../rehearsal.ts'
import { progressLine } from '../report.ts'
import type { Load } from '../scheduler.ts'
import { RehearsalError } from '../silence.ts'
import { mintTokens } from '../users.ts'
import { type ClaimEntry, countOutcomes } from './claim-ledger.ts'
import { type CouponSeen, type CouponService, couponServiceOver } from './coupon-service.ts'
import { readCoupon, readMine, readRows } from './read-sale.ts'
import type { SaleEvidence } from './sale-evidence.ts'
import { reconcileSale } from './sale-promises.ts'
import { blow, type Storm, settle } from './storm.ts'

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
  const entries: ClaimEntry[] = []
  const asks = tokens.length * asksPerUser
  const startedAt = clock.now()
  const line = () => stormLine(entries, { asks, ms: clock.now() - startedAt })
  const storm = await progress.during(line, blow(run, stormPlan, entries))
  await settle(run, stormPlan, entries)
  return { ...open, storm, endedAt: clock.now() }
}

function stormLine(
  entries: readonly ClaimEntry[],
  { asks, ms }: { asks: number; ms: number },
): string {
  const { issued, sold_out, unknown, pending, ...others } = countOutcomes(
    entries.map(({ answer }) => answer),
  )
  return progressLine(`Asking: ${share(entries.length, asks)}`, [
    [issued, 'issued'],
    [sold_out, 'sold out'],
    [others.closed + others.not_open + others.paused, 'other refusals'],
    [unknown + pending, 'without an answer'],
    [sumOf(entries, 'retries'), 'asked again'],
    [(entries.length * 1000) / ms, 'a second'],
  ])
}

async function readSale(run: Run, held: HeldSale): Promise<SaleRead> {
  const { clock, users } = run
  const { service, tokens, before, plan, storm, endedAt } = held
  const reading = { service, couponId: before.couponId }
  const after = await readCoupon(run, reading)
  const rows = await readRows(run, { ...reading, expected: after.issued })
  const rowsAfterMs = clock.now() - endedAt
  const mine = await readMine(run, { ...reading, tokens })
  const fresh = 'quantity' in plan.coupon
  return { ...held, users, fresh, entries: storm.entries, mine, after, rows, rowsAfterMs }
}

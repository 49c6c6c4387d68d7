// A rehearsal of orders: makes a shop of its own at a running service, holds a sale, lets everyone
// order at once as clients would, and holds what they were answered against what the service says.

import { finalAnswer } from '../coupons/claim-ledger.ts'
import {
  type HeldSale,
  type OpenSale,
  type SalePlan,
  type SaleRehearsal,
  sale,
} from '../coupons/sale.ts'
import { type Latency, startLatency } from '../latency.ts'
import { type Verdict, verdictOf } from '../promises.ts'
import {
  type RehearsalParts,
  type RehearsalPlan,
  type Run,
  runRehearsal,
  type Scenario,
  share,
} from '../rehearsal.ts'
import { count, progressLine } from '../report.ts'
import { runClosedLoop } from '../scheduler.ts'
import type { OrderEvidence } from './order-evidence.ts'
import { countAnswers, type OrderEntry } from './order-ledger.ts'
import { isSettled, reconcileOrders } from './order-promises.ts'
import { place } from './place.ts'
import { discountOfRehearsal, errandsOf, type ShopPlan, shopOf, topUpsOf } from './plan.ts'
import { furnish } from './prepare.ts'
import { readUntilSettled } from './read-shop.ts'
import { type ShopService, shopOver } from './shop-service.ts'

export type OrdersPlan = RehearsalPlan &
  ShopPlan & {
    /** Coupons of the sale. */
    quantity: number
    /** Claims, and then orders, under way at a time. */
    concurrency: number
  }
export type Ordered = {
  entries: OrderEntry[]
  seconds: number
  /** From the first request of each order to its end. */
  latency: Latency
}
/** What is reported of it. */
export type OrdersRehearsal = {
  plan: OrdersPlan
  sale: SaleRehearsal
  orders: Ordered
  verdicts: Verdict[]
  /** From the last answer until everything agreed. */
  settledAfterMs: number
}

type OpenShop = { plan: OrdersPlan; shop: ShopService; open: OpenSale }
type ShopLeft = OpenShop & { held: HeldSale; won: boolean[]; orders: Ordered; endedAt: number }
type ShopRead = Omit<OrdersRehearsal, 'verdicts'> & { evidence: OrderEvidence }

const shopping: Scenario<OrdersPlan, OpenShop, ShopLeft, ShopRead> = {
  connections: ({ concurrency }) => concurrency,
  async prepare(run, plan) {
    const open = await sale.prepare(run, salePlanOf(plan))
    const shop = shopOver(run)
    await furnish(run, shop, plan)
    return { plan, shop, open }
  },
  async storm(run, ready) {
    const held = await sale.storm(run, ready.open)
    const won = winnersOf(run, held)
    // At once: whoever has won may order in the very next request.
    const orders = await orderAll(run, { ...ready, won })
    return { ...ready, held, won, orders, endedAt: run.clock.now() }
  },
  readBack: readShopAndSale,
  reconcile({ sale: saleSeen, evidence }) {
    return [saleVerdict(saleSeen), ...reconcileOrders(evidence)]
  },
}

/** Throws a RehearsalError where the service does not answer, or lets nobody rehearse. */
export function rehearseOrders(parts: RehearsalParts, plan: OrdersPlan): Promise<OrdersRehearsal> {
  return runRehearsal(shopping, parts, plan)
}

function salePlanOf(plan: OrdersPlan): SalePlan {
  const { runId, url, secret, users, quantity, concurrency } = plan
  return {
    runId,
    url,
    secret,
    users,
    asksPerUser: 1,
    load: { kind: 'closed', concurrency },
    coupon: { quantity, discount: discountOfRehearsal },
  }
}

function winnersOf({ users }: Run, { storm }: HeldSale): boolean[] {
  const won = users.map(() => false)
  for (const entry of storm.entries) {
    if (finalAnswer(entry).kind === 'issued') won[entry.user] = true
  }
  return won
}

async function orderAll(
  run: Run,
  { plan, shop, open, won }: OpenShop & { won: readonly boolean[] },
): Promise<Ordered> {
  const { clock, progress } = run
  const errands = errandsOf(plan, won)
  const latency = startLatency()
  const entries: OrderEntry[] = []
  const startedAt = clock.now()
  // So many errands; those of two orders have both under way.
  const loop = { asks: errands.length, concurrency: plan.concurrency }
  const all = runClosedLoop(clock, loop, async (index) => {
    const placing = (errands[index] ?? []).map(async (intent) => {
      const entry = await place(run, shop, { intent, token: open.tokens[intent.user] ?? '' })
      entries.push(entry)
      latency.record(entry.endedAt - entry.firstSentAt)
    })
    await Promise.all(placing)
  })
  const orders = errands.flat().length
  const line = () => orderingLine(entries, { orders, ms: clock.now() - startedAt })
  await progress.during(line, all)
  return { entries, seconds: (clock.now() - startedAt) / 1000, latency: latency.figures() }
}

function orderingLine(
  entries: readonly OrderEntry[],
  { orders, ms }: { orders: number; ms: number },
): string {
  const { confirmed, cancelled, refused, pending, unknown } = countAnswers(entries)
  const sumOf = (figures: ReadonlyMap<string, number>) => {
    return [...figures.values()].reduce((sum, figure) => sum + figure, 0)
  }
  return progressLine(`Ordering: ${share(entries.length, orders)}`, [
    [confirmed, 'confirmed'],
    [sumOf(cancelled), 'cancelled'],
    [sumOf(refused), 'refused'],
    [pending + unknown, 'without an end'],
    [(entries.length * 1000) / ms, 'a second'],
  ])
}

async function readShopAndSale(run: Run, left: ShopLeft): Promise<ShopRead> {
  const { clock, users } = run
  const { plan, shop, open, held, won, orders, endedAt } = left
  const { entries } = orders
  const discount = discountOfRehearsal
  const known = { users, shop: shopOf(plan), discount, topUps: topUpsOf(plan), won, entries }
  const toRead = {
    shop,
    tokens: open.tokens,
    productIds: known.shop.products.map(({ productId }) => productId),
    orders: new Map(
      entries.flatMap(({ answer, intent }) => {
        return answer.kind === 'ended' ? [[answer.order.orderId, intent.user] as const] : []
      }),
    ),
  }
  const seen = await readUntilSettled(run, toRead, (read) => {
    return isSettled(reconcileOrders({ ...known, seen: read }))
  })
  const settledAfterMs = clock.now() - endedAt
  const saleRead = await sale.readBack(run, held)
  const saleSeen = { ...saleRead, verdicts: sale.reconcile(saleRead) }
  return { plan, sale: saleSeen, orders, settledAfterMs, evidence: { ...known, seen } }
}

function saleVerdict({ verdicts, after, plan }: SaleRehearsal): Verdict {
  const kept = verdicts.filter((verdict) => verdict.kept).length
  const breaches = verdicts.flatMap((verdict) => {
    return verdict.breaches.map((breach) => `${verdict.title}: ${breach}`)
  })
  const issued = `${count(after.issued)} issued to ${count(plan.users)} users`
  const detail = `${issued}, ${kept} of ${verdicts.length} promises`
  return verdictOf({ promise: 'sale', title: 'the sale kept its promises', detail, breaches })
}

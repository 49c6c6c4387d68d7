// A rehearsal of orders, from the first product to the verdict: makes a shop of its own at a
// running service, holds a sale, lets everyone order at once as clients would, and holds what they
// were told against what the service says. Trusts nothing but answers.

import { type HttpClient, startHttpClient } from '../../client/http-client.ts'
import {
  type HeldSale,
  holdSale,
  judgeSale,
  limitsDefault,
  openSale,
  type Rehearsal,
  type RehearsalLimits,
  type RehearsalParts,
  type RehearsalPlan,
  share,
} from '../coupons/sale.ts'
import { type Latency, startLatency } from '../latency.ts'
import { finalAnswer } from '../ledger.ts'
import { count } from '../phrases.ts'
import { runClosedLoop } from '../scheduler.ts'
import { startHearing } from '../silence.ts'
import { addAnswer, noAnswers, type OrderCounts, type OrderEntry } from './order-ledger.ts'
import { isSettled, type OrderVerdict, orderVerdict, reconcileOrders } from './order-promises.ts'
import { orderMsMax, type PlaceLimits, place } from './place.ts'
import {
  discountOfRehearsal,
  type Errand,
  errandsOf,
  type ShopPlan,
  shopOf,
  topUpsOf,
} from './plan.ts'
import { commandMsMax, fillWallets, makeProducts, type PrepareLimits } from './prepare.ts'
import { type ReadBackLimits, readUntilSettled, type ShopSeen, settleMsMax } from './read-shop.ts'
import { type ShopService, shopOver } from './shop-service.ts'

export type OrdersPlan = ShopPlan & {
  url: URL
  secret: string
  /** Coupons of the sale. */
  quantity: number
  /** Claims, and then orders, under way at a time. */
  concurrency: number
}
export type OrdersLimits = RehearsalLimits & PlaceLimits & PrepareLimits & ReadBackLimits
export type OrdersParts = Omit<RehearsalParts, 'limits'> & { limits?: Partial<OrdersLimits> }
export type OrdersRehearsal = {
  plan: OrdersPlan
  sale: Rehearsal
  orders: Ordered
  verdicts: OrderVerdict[]
  /** From the last answer until everything agreed. */
  settledAfterMs: number
}
export type Ordered = {
  entries: OrderEntry[]
  seconds: number
  /** From the first request of each order to its end. */
  latency: Latency
}

/** Throws a RehearsalError where the service does not answer, or lets nobody rehearse. */
export async function rehearseOrders(
  parts: OrdersParts,
  plan: OrdersPlan,
): Promise<OrdersRehearsal> {
  const limits = { ...limitsDefault, orderMsMax, commandMsMax, settleMsMax, ...parts.limits }
  const { requestMsMax } = limits
  const http = startHttpClient({ url: plan.url, connections: plan.concurrency, requestMsMax })
  try {
    return await rehearseOver({ ...parts, limits, http }, plan)
  } finally {
    await http.close()
  }
}

type Parts = RehearsalParts & { limits: OrdersLimits; http: HttpClient }

async function rehearseOver(parts: Parts, plan: OrdersPlan): Promise<OrdersRehearsal> {
  const { clock, http } = parts
  const { concurrency } = plan
  const shop = shopOver({ http, url: plan.url })
  const opened = await openSale(parts, { plan: salePlanOf(plan), http })
  await furnish(parts, { plan, shop, users: opened.users })
  const held = await holdSale(parts, opened)
  const won = winnersOf(held)
  // At once: whoever has won may order in the very next request.
  const orders = await ordering(parts, { shop, held, errands: errandsOf(plan, won), concurrency })
  const endedAt = clock.now()
  const evidence = {
    users: held.users,
    shop: shopOf(plan),
    discount: discountOfRehearsal,
    topUps: topUpsOf(plan),
    won,
    entries: orders.entries,
  }
  const seen = await readBack(parts, { shop, held, evidence })
  const settledAfterMs = clock.now() - endedAt
  const sale = await judgeSale(parts, held)
  const verdicts = [saleVerdict(sale), ...reconcileOrders({ ...evidence, seen })]
  return { plan, sale, orders, verdicts, settledAfterMs }
}

function salePlanOf(plan: OrdersPlan): RehearsalPlan {
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

/** Products with stock, and money for those who are to have some. */
async function furnish(
  parts: Parts,
  { plan, shop, users }: { plan: OrdersPlan; shop: ShopService; users: readonly string[] },
): Promise<void> {
  const { clock, limits, progress } = parts
  const hearing = startHearing(clock, limits.silenceMsMax)
  const { secret, runId } = plan
  const preparing = { clock, shop, hearing, limits, operators: { secret, runId } }
  const { products } = shopOf(plan)
  const made = { done: 0 }
  const productsShown = progress.during(
    () => `Making products: ${share(made.done, products.length)}`,
  )
  await makeProducts(preparing, products, made).finally(productsShown)
  const amounts = topUpsOf(plan)
  const topUps = users.map((userId, user) => ({ userId, amount: amounts[user] ?? 0 }))
  const filled = { done: 0 }
  const filledShown = progress.during(
    () => `Filling wallets: ${share(filled.done, amounts.filter((amount) => amount > 0).length)}`,
  )
  await fillWallets(preparing, topUps, filled).finally(filledShown)
}

function winnersOf({ users, storm }: HeldSale): boolean[] {
  const won = users.map(() => false)
  for (const entry of storm.entries) {
    if (finalAnswer(entry).kind === 'issued') won[entry.user] = true
  }
  return won
}

type Ordering = {
  shop: ShopService
  held: HeldSale
  errands: readonly Errand[]
  concurrency: number
}

async function ordering(
  parts: Parts,
  { shop, held, errands, concurrency }: Ordering,
): Promise<Ordered> {
  const { clock, limits, progress } = parts
  const placing = { clock, shop, limits, hearing: startHearing(clock, limits.silenceMsMax) }
  const latency = startLatency()
  const entries: OrderEntry[] = []
  const counts = noAnswers()
  const orders = errands.reduce((sum, errand) => sum + errand.length, 0)
  const startedAt = clock.now()
  const ended = progress.during(() => {
    const perSecond = (entries.length * 1000) / Math.max(1, clock.now() - startedAt)
    return orderingLine(counts, { orders, ended: entries.length, perSecond })
  })
  // So many errands; those of two orders have both under way.
  const loop = { asks: errands.length, concurrency }
  await runClosedLoop(clock, loop, async (index) => {
    const errand = errands[index] ?? []
    await Promise.all(
      errand.map(async (intent) => {
        const entry = await place(placing, { intent, token: held.tokens[intent.user] ?? '' })
        entries.push(entry)
        addAnswer(counts, entry.answer)
        latency.record(entry.endedAt - entry.sentAt)
      }),
    )
  }).finally(ended)
  return { entries, seconds: (clock.now() - startedAt) / 1000, latency: latency.figures() }
}

function orderingLine(
  counts: OrderCounts,
  { orders, ended, perSecond }: { orders: number; ended: number; perSecond: number },
): string {
  const cancelled = sumOf(counts.cancelled)
  const refused = sumOf(counts.refused)
  const open = counts.pending + counts.unknown
  const figures = [
    `${count(counts.confirmed)} confirmed`,
    `${count(cancelled)} cancelled`,
    `${count(refused)} refused`,
    ...(open > 0 ? [`${count(open)} without an end`] : []),
    `${count(Math.round(perSecond))}/s`,
  ]
  return `Ordering: ${share(ended, orders)}  ${figures.join(' · ')}`
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, figure) => sum + figure, 0)
}

type Reading = {
  shop: ShopService
  held: HeldSale
  evidence: Omit<Parameters<typeof reconcileOrders>[0], 'seen'>
}

async function readBack(parts: Parts, { shop, held, evidence }: Reading): Promise<ShopSeen> {
  const { clock, limits, progress } = parts
  const orders = new Map<string, number>()
  for (const { answer, intent } of evidence.entries) {
    if (answer.kind === 'ended') orders.set(answer.order.orderId, intent.user)
  }
  const plan = {
    tokens: held.tokens,
    productIds: evidence.shop.products.map(({ productId }) => productId),
    orders: [...orders].map(([orderId, user]) => ({ orderId, user })),
  }
  const read = { read: 0 }
  const shown = progress.during(
    () => `Adding up what everyone has: ${share(read.read, held.tokens.length)}`,
  )
  const hearing = startHearing(clock, limits.silenceMsMax)
  const agrees = (seen: ShopSeen) => isSettled(reconcileOrders({ ...evidence, seen }))
  const watch = { agrees, progress: read }
  return readUntilSettled({ clock, shop, hearing, limits }, plan, watch).finally(shown)
}

function saleVerdict({ verdicts, after, plan }: Rehearsal): OrderVerdict {
  const kept = verdicts.filter((verdict) => verdict.kept).length
  const breaches = verdicts.flatMap((verdict) => {
    return verdict.breaches.map((breach) => `${verdict.title}: ${breach}`)
  })
  const sale = `${count(after.issued)} issued to ${count(plan.users)} users`
  return orderVerdict('sale', {
    detail: `${sale}, ${kept} of ${verdicts.length} promises`,
    breaches,
  })
}

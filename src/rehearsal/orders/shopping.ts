// A rehearsal of orders: makes a shop of its own at a running service, holds a sale, lets everyone
// order at once as clients would, and holds what they were answered against what the service says.

import type { Read } from '../../client/answers.ts'
import { sleep } from '../../ports/clock.ts'
import { follow } from '../attempts.ts'
import { holdSale, openSale, readSale, type SaleRehearsal } from '../coupons/sale.ts'
import { finalAnswer } from '../coupons/sale-evidence.ts'
import { count } from '../figures.ts'
import { type Verdict, verdictOf } from '../promises.ts'
import {
  doAll,
  RehearsalError,
  type RehearsalParts,
  type RehearsalPlan,
  type Run,
  runRehearsal,
  see,
} from '../rehearsal.ts'
import type { Service } from '../service.ts'
import { blow, type Storm } from '../storm.ts'
import {
  countAnswers,
  type Intent,
  type OrderEntry,
  type OrderEvidence,
  type ShopSeen,
} from './order-evidence.ts'
import { isSettled, reconcileOrders } from './order-promises.ts'
import {
  discountOfRehearsal,
  type Errand,
  errandsOf,
  type ShopPlan,
  shopOf,
  topUpsOf,
} from './plan.ts'

export type OrdersPlan = RehearsalPlan &
  ShopPlan & {
    /** Coupons of the sale. */
    quantity: number
    /** Claims, and then orders, under way at a time. */
    concurrency: number
  }
/** What is reported of it. */
export type OrdersRehearsal = {
  plan: OrdersPlan
  sale: SaleRehearsal
  orders: Pick<Storm<OrderEntry>, 'entries' | 'seconds' | 'latency'>
  verdicts: Verdict[]
  /** From the last answer until everything agreed. */
  settledAfterMs: number
}

/** A service may limit the requests of one user, operators too: so they share the work. */
const commandsPerOperator = 10
const settlePollMs = 500

/** Throws a RehearsalError where the service does not answer, or lets nobody rehearse. */
export function rehearseOrders(parts: RehearsalParts, plan: OrdersPlan): Promise<OrdersRehearsal> {
  return runRehearsal(parts, { ...plan, connections: plan.concurrency }, async (run) => {
    const { clock, users } = run
    const { quantity, concurrency } = plan
    const coupon = { quantity, discount: discountOfRehearsal }
    const load = { kind: 'closed', concurrency } as const
    const open = await openSale(run, { ...plan, asksPerUser: 1, load, coupon })
    await furnish(run, plan)
    const held = await holdSale(run, open)
    const { tokens, storm } = held
    const yeses = storm.entries.filter((entry) => finalAnswer(entry).kind === 'issued')
    const winners = new Set(yeses.map(({ user }) => user))
    const won = users.map((_, user) => winners.has(user))
    // At once: whoever has won may order in the very next request.
    const orders = await orderAll(run, { errands: errandsOf(plan, won), concurrency, tokens })
    const endedAt = clock.monotonic()
    const given = { shop: shopOf(plan), topUps: topUpsOf(plan) }
    const known = { users, ...given, won, entries: orders.entries }
    const verdicts = await reconcileSettled(run, known, tokens)
    const settledAfterMs = clock.monotonic() - endedAt
    const sale = await readSale(run, held)
    return { plan, sale, orders, verdicts: [saleVerdict(sale), ...verdicts], settledAfterMs }
  })
}

/**
 * What a shop needs before anyone can order: products with stock, and money in the wallets. All of
 * it is asked for until the service says that it is done; there is no rehearsal without it.
 */
async function furnish(run: Run, plan: ShopPlan): Promise<void> {
  const { service, users } = run
  const products = shopOf(plan).products.map((product) => ({
    failed: `no product ${product.productId} was made`,
    send: (token: string) => service.createProduct(product, token),
  }))
  const topUps = topUpsOf(plan).flatMap((amount, user) => {
    const userId = users[user] ?? ''
    const topUp = { userId, amount, key: `rehearsal-${userId}` }
    const send = (token: string) => service.topUp(topUp, token)
    return amount > 0 ? [{ failed: 'no wallet was topped up', send }] : []
  })
  await everyCommand(run, plan, { title: 'Making products', items: products })
  await everyCommand(run, plan, { title: 'Filling wallets', items: topUps })
}

type Command = { failed: string; send(token: string): Promise<Read<true>> }

async function everyCommand(
  run: Run,
  { runId }: ShopPlan,
  commands: { title: string; items: readonly Command[] },
): Promise<void> {
  const { limits, operatorToken } = run
  const operators = Math.ceil(commands.items.length / commandsPerOperator)
  const tokens = Array.from({ length: operators }, (_, n) => {
    return operatorToken(`rehearsal-${runId}-${n}`)
  })
  await doAll(run, commands, async ({ failed, send }, index) => {
    const token = tokens[index % operators] ?? ''
    const done = await see(run, () => send(token), limits.commandMsMax)
    if ('missing' in done) throw new RehearsalError('refused', `${failed}: ${done.missing}`)
  })
}

type Ordering = { errands: readonly Errand[]; concurrency: number; tokens: readonly string[] }

function orderAll(run: Run, ordering: Ordering): Promise<Storm<OrderEntry>> {
  const { errands, concurrency, tokens } = ordering
  return blow<OrderEntry>(run, {
    // So many errands; those of two orders have both under way.
    load: { kind: 'closed', asks: errands.length, concurrency },
    ask: (index) => {
      return (errands[index] ?? []).map((intent) => {
        return place(run, { intent, token: tokens[intent.user] ?? '' })
      })
    },
    attempts: errands.flat().length,
    title: 'Ordering',
    figures: orderFigures,
  })
}

function orderFigures(entries: readonly OrderEntry[]): [figure: number, what: string][] {
  const { confirmed, cancelled, refused, pending, unknown } = countAnswers(entries)
  const sum = (figures: ReadonlyMap<string, number>) => {
    return figures.values().reduce((all, figure) => all + figure, 0)
  }
  return [
    [confirmed, 'confirmed'],
    [sum(cancelled), 'cancelled'],
    [sum(refused), 'refused'],
    [pending + unknown, 'without an end'],
  ]
}

type Placing = Pick<Run, 'clock'> & {
  limits: Pick<Run['limits'], 'orderMsMax'>
  service: Pick<Service, 'place' | 'pollOrder'>
}

/**
 * One order, from its first request to its end: placed again with the same key where nobody could
 * say, followed at its Location where it was only accepted.
 */
export async function place(
  { clock, limits, service }: Placing,
  { intent, token }: { intent: Intent; token: string },
): Promise<OrderEntry> {
  const entry = await follow(clock, {
    msMax: limits.orderMsMax,
    givenUp: 'no answer to the end',
    first: () => service.place(intent, token),
    poll: (location) => service.pollOrder(location, token),
  })
  return { intent, ...entry }
}

type Known = Omit<OrderEvidence, 'seen'>

/**
 * What a cancelled order held is given back a moment later, so all of it is read again while it
 * does not agree with what was answered, for so long.
 */
async function reconcileSettled(
  run: Run,
  known: Known,
  tokens: readonly string[],
): Promise<Verdict[]> {
  const { clock, limits } = run
  const deadline = clock.monotonic() + limits.settleMsMax
  for (;;) {
    const seen = await readShop(run, known, tokens)
    const verdicts = reconcileOrders({ ...known, seen })
    if (isSettled(verdicts) || clock.monotonic() >= deadline) return verdicts
    await sleep(clock, settlePollMs)
  }
}

/** What the service says once every order was answered. */
async function readShop(
  run: Run,
  { shop, entries }: Known,
  tokens: readonly string[],
): Promise<ShopSeen> {
  const { service } = run
  const seen: ShopSeen = { users: [], products: [], orders: new Map() }
  const users = new Map<string, number>()
  for (const { answer, intent } of entries) {
    if (answer.kind === 'ended') users.set(answer.order.orderId, intent.user)
  }
  const orders = { title: 'Reading the orders', items: [...users] }
  await doAll(run, orders, async ([orderId, user]) => {
    seen.orders.set(orderId, await see(run, () => service.order(orderId, tokens[user] ?? '')))
  })
  const products = { title: 'Reading the products', items: shop.products }
  await doAll(run, products, async ({ productId }, index) => {
    seen.products[index] = await see(run, () => service.product(productId))
  })
  const everyone = { title: 'Adding up what everyone has', items: tokens }
  await doAll(run, everyone, async (token, user) => {
    const balance = await see(run, () => service.balance(token))
    seen.users[user] = { balance, coupons: await see(run, () => service.coupons(token)) }
  })
  return seen
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

// A rehearsal of orders: makes a shop of its own at a running service, holds a sale, lets everyone
// order at once as clients would, and holds what they were answered against what the service says.

import type { Read } from '../../client/answers.ts'
import { sleep } from '../../ports/clock.ts'
import type { PaymentTaker } from '../../ports/payments.ts'
import { follow } from '../attempts.ts'
import {
  holdSale,
  newSaleLedger,
  openSale,
  type SaleLedger,
  type SalePlan,
  type SaleReport,
} from '../coupons/sale.ts'
import { countOutcomes, finalAnswer } from '../coupons/sale-evidence.ts'
import { readSale, toldSale } from '../coupons/sale-reading.ts'
import { count, counted, sumOf } from '../figures.ts'
import { type Verdict, verdictOf } from '../promises.ts'
import {
  doAll,
  type Ended,
  type RehearsalParts,
  type RehearsalPlan,
  type Run,
  refuseNobody,
  runRehearsal,
  see,
} from '../rehearsal.ts'
import { RehearsalError } from '../rehearsal-error.ts'
import type { LetterSeen, Service } from '../service.ts'
import { blow, type Ledger, newLedger, type Storm, type StormPlan, stormSoFar } from '../storm.ts'
import { sellAtTills, type TillLedger, toldAtTills } from '../tills/tills.ts'
import {
  countAnswers,
  type Intent,
  type OrderEntry,
  type OrderEvidence,
  orderCase,
  type ShopSeen,
} from './order-evidence.ts'
import { isSettled, reconcileOrders } from './order-promises.ts'
import {
  discountOfRehearsal,
  dueOf,
  type Errand,
  errandsOf,
  type ShopPlan,
  shopOf,
  topUpsOf,
} from './plan.ts'
import { reconcileReturns } from './return-promises.ts'
import { type ReturnLedger, returnSome } from './returning.ts'

export type OrdersPlan = RehearsalPlan &
  ShopPlan & {
    /** Coupons of the sale. */
    quantity: number
    /** Claims, and then orders, under way at a time. */
    concurrency: number
    /** A payment service may be asked for real money. */
    realMoney?: boolean
  }
/** What is reported of it. */
export type OrdersReport = {
  plan: OrdersPlan
  sale: SaleReport
  orders: Pick<Storm<OrderEntry>, 'entries' | 'seconds' | 'latency'>
  verdicts: Verdict[]
  /** From the last answer until everything agreed. */
  settledAfterMs: number | null
}
export type OrdersRehearsal = OrdersReport & Ended

/** A service may limit the requests of one user, operators too: so they share the work. */
const commandsPerOperator = 10
const settlePollMs = 500

/** Throws a RehearsalError where the service does not answer, or lets nobody rehearse. */
export function rehearseOrders(parts: RehearsalParts, plan: OrdersPlan): Promise<OrdersRehearsal> {
  const ledger: OrdersLedger = {
    sale: newSaleLedger(),
    orders: newLedger(),
    known: null,
    returns: { evidence: null },
    tills: { evidence: null },
  }
  return runRehearsal<OrdersReport>(
    parts,
    { ...plan, connections: plan.concurrency },
    {
      play: (run) => shopping(run, plan, ledger),
      told: (run) => toldOrders(run, plan, ledger),
    },
  )
}

/** What is known at every moment; `known`: null while nobody orders yet. */
type OrdersLedger = {
  sale: SaleLedger
  orders: Ledger<OrderEntry>
  known: Omit<OrderEvidence, 'entries' | 'seen'> | null
  returns: ReturnLedger
  tills: TillLedger
}

async function shopping(run: Run, given: OrdersPlan, ledger: OrdersLedger): Promise<OrdersReport> {
  const { clock, users } = run
  const payments = await paymentsOf(run, given)
  // Nobody knows what the customers of a payment service have.
  const plan = payments === 'service' ? { ...given, withoutMoney: 0 } : given
  const deadBefore = await deadLetters(run)
  const open = await openSale(run, salePlanOf(plan), ledger.sale)
  const topUps = payments === 'service' ? [] : topUpsOf(plan)
  await furnish(run, plan, topUps)
  const held = await holdSale(run, open, ledger.sale)
  const { tokens, storm } = held
  const yeses = storm.entries.filter((entry) => finalAnswer(entry).kind === 'issued')
  const winners = new Set(yeses.map(({ user }) => user))
  const won = users.map((_, user) => winners.has(user))
  const known = { users, shop: shopOf(plan), payments, topUps, won }
  ledger.known = known
  // At once: whoever has won may order in the very next request.
  const ordering = { errands: errandsOf(plan, won), concurrency: plan.concurrency, tokens }
  const orders = await orderAll(run, ordering, ledger.orders)
  const endedAt = clock.monotonic()
  const evidence = { ...known, entries: orders.entries }
  noteCaptures(run, evidence)
  const { seen, verdicts } = await reconcileSettled(run, evidence, { tokens, deadBefore })
  const settledAfterMs = clock.monotonic() - endedAt
  const brokenBefore = verdicts.flatMap(({ promise, kept }) => (kept === false ? [promise] : []))
  const returning = { known: { ...evidence, seen }, brokenBefore, tokens }
  const returns = await returnSome(run, returning, ledger.returns)
  const tills = await sellAtTills(run, { runId: plan.runId, tokens }, ledger.tills)
  const letters = await newLetters(run, deadBefore)
  // Whatever had to be given up since then counts as well.
  const now = reconcileOrders({ ...evidence, seen: { ...seen, letters } })
  const before = verdicts.filter((verdict) => !isOfLetters(verdict))
  const ofOrders = [...before, returns, ...tills, ...now.filter(isOfLetters)]
  const sale = await readSale(run, held, { spent: true })
  return { plan, sale, orders, verdicts: [saleVerdict(sale), ...ofOrders], settledAfterMs }
}

function isOfLetters({ promise }: Verdict): boolean {
  return promise === 'letters'
}

function salePlanOf(plan: OrdersPlan): SalePlan {
  const { quantity, concurrency } = plan
  const coupon = { quantity, discount: discountOfRehearsal }
  return { ...plan, asksPerUser: 1, load: { kind: 'closed', concurrency }, coupon }
}

/** What is known of orders that were cut short. */
function toldOrders(run: Run, plan: OrdersPlan, ledger: OrdersLedger): OrdersReport | null {
  const sale = toldSale(run, ledger.sale)
  if (sale === null) return null
  const orders = stormSoFar(ledger.orders, run.clock)
  const evidence = ledger.known && { ...ledger.known, entries: orders.entries, seen: null }
  if (evidence !== null) noteCaptures(run, evidence)
  const verdicts: Verdict[] = evidence === null ? [] : reconcileOrders(evidence)
  const { evidence: returned } = ledger.returns
  if (returned !== null) verdicts.push(reconcileReturns(returned))
  verdicts.push(...toldAtTills(ledger.tills))
  return { plan, sale, orders, verdicts: [saleVerdict(sale), ...verdicts], settledAfterMs: null }
}

/** Real money moves only where somebody has said that it may. */
async function paymentsOf(run: Run, { realMoney = false }: OrdersPlan): Promise<PaymentTaker> {
  refuseNobody(await run.service.payments())
  const taker = await see(run, () => run.service.payments())
  if ('value' in taker && (taker.value === 'wallets' || realMoney)) return taker.value
  if (realMoney) return 'service'
  const found =
    'value' in taker
      ? 'a payment service takes the payments here, so real money would move'
      : `it cannot be said whether real money would move (${taker.missing})`
  throw new RehearsalError('unconfirmed', `${found}: --real-money says that it may`)
}

/** What nobody here can give back. */
function noteCaptures({ made }: Run, evidence: Omit<OrderEvidence, 'seen'>): void {
  if (evidence.payments === 'wallets') return
  const { confirmed } = orderCase({ ...evidence, seen: null })
  const sums = confirmed.map(({ intent }) => dueOf(evidence.shop, intent).sums)
  const sum = count(sumOf(sums, 'total'))
  const captures = `${counted(confirmed.length, 'capture')} of ${sum} in all`
  made.others.push(`${captures} at the payment service, to be given back there`)
}

/** By id, of all consumers. */
async function deadLetters(run: Run): Promise<Map<string, LetterSeen>> {
  const letters = new Map<string, LetterSeen>()
  for (let after: string | null = null; ; ) {
    const page = await see(run, () => run.service.deadLetters(after))
    if ('missing' in page) {
      throw new RehearsalError('refused', `the dead letters cannot be read: ${page.missing}`)
    }
    for (const letter of page.value.letters) letters.set(letter.deadLetterId, letter)
    after = page.value.next
    if (after === null) return letters
  }
}

async function newLetters(run: Run, before: ReadonlyMap<string, LetterSeen>) {
  const dead = [...(await deadLetters(run)).values()]
  return { value: dead.filter(({ deadLetterId }) => !before.has(deadLetterId)) }
}

/**
 * What a shop needs before anyone can order: products with stock, and money in the wallets. All of
 * it is asked for until the service says that it is done; there is no rehearsal without it.
 */
async function furnish(run: Run, plan: ShopPlan, amounts: readonly number[]): Promise<void> {
  const { service, users, made } = run
  const goods = shopOf(plan).products
  made.others.push(
    `${counted(goods.length, 'product')}, rehearsal-${plan.runId}-…, and their pieces`,
  )
  const products = goods.map((product) => ({
    failed: `no product ${product.productId} was made`,
    send: (token: string) => service.createProduct(product, token),
  }))
  const topUps = amounts.flatMap((amount, user) => {
    const userId = users[user] ?? ''
    const topUp = { userId, amount, key: `rehearsal-${userId}` }
    const send = (token: string) => service.topUp(topUp, token)
    return amount > 0 ? [{ failed: 'no wallet was topped up', send }] : []
  })
  await everyCommand(run, plan, { title: 'Making products', items: products })
  if (topUps.length === 0) return
  made.others.push(`${counted(topUps.length, 'wallet')} of made-up users, user-…`)
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

function orderAll(
  run: Run,
  ordering: Ordering,
  ledger: Ledger<OrderEntry>,
): Promise<Storm<OrderEntry>> {
  const { errands, concurrency, tokens } = ordering
  const plan: StormPlan<OrderEntry> = {
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
  }
  return blow(run, plan, ledger)
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
/** Who asks, and the dead letters that were there before. */
type Before = { tokens: readonly string[]; deadBefore: ReadonlyMap<string, LetterSeen> }

/**
 * What a cancelled order held is given back a moment later, so all of it is read again while it
 * does not agree with what was answered, for so long.
 */
async function reconcileSettled(run: Run, known: Known, before: Before) {
  const { clock, limits } = run
  const deadline = clock.monotonic() + limits.settleMsMax
  for (;;) {
    const seen = await readShop(run, known, before)
    const verdicts = reconcileOrders({ ...known, seen })
    if (isSettled(verdicts) || clock.monotonic() >= deadline) return { seen, verdicts }
    await sleep(clock, settlePollMs)
  }
}

/** What the service says once every order was answered. */
async function readShop(
  run: Run,
  { shop, entries }: Known,
  { tokens, deadBefore }: Before,
): Promise<ShopSeen> {
  const { service } = run
  const letters = await newLetters(run, deadBefore)
  const seen: ShopSeen = { users: [], products: [], orders: new Map(), letters }
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

function saleVerdict({ verdicts, after, storm, plan }: SaleReport): Verdict {
  const kept = verdicts.filter((verdict) => verdict.kept === true).length
  const breaches = verdicts.flatMap((verdict) => {
    return verdict.breaches.map((breach) => `${verdict.title}: ${breach}`)
  })
  const { issued } = after ?? countOutcomes(storm.entries.map(({ answer }) => answer))
  const people = `${count(issued)} issued to ${count(plan.users)} users`
  const found = `${people}, ${kept} of ${verdicts.length} promises`
  return verdictOf({ promise: 'sale', title: 'the sale kept its promises', found, breaches })
}

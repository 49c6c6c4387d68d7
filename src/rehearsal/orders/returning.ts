// Returns some of the orders of a rehearsal, in each way there is, and reads back what that gave
// back, until it adds up or for so long.

import { sleep } from '../../ports/clock.ts'
import { follow } from '../attempts.ts'
import type { Verdict } from '../promises.ts'
import { doAll, type Run, see } from '../rehearsal.ts'
import type { OrderAnswer } from '../service.ts'
import type { OrderEvidence, ShopSeen } from './order-evidence.ts'
import {
  type ReturnEvidence,
  type ReturnPlan,
  reconcileReturns,
  returnsOf,
  type ToldReturn,
} from './return-promises.ts'

/** What was told so far; null while nothing is returned. */
export type ReturnLedger = { evidence: ReturnEvidence | null }
export type Returning = {
  known: OrderEvidence & { seen: ShopSeen }
  brokenBefore: readonly string[]
  /** By index of the user. */
  tokens: readonly string[]
}

const settlePollMs = 500

export async function returnSome(
  run: Run,
  returning: Returning,
  ledger: ReturnLedger,
): Promise<Verdict> {
  const { known, brokenBefore } = returning
  const told: ToldReturn[] = []
  ledger.evidence = { known: { ...known, seen: null }, told, brokenBefore }
  if (known.payments === 'service') return reconcileReturns({ known, told, brokenBefore })
  const plans = { title: 'Returning orders', items: returnsOf(known) }
  await doAll(run, plans, async (plan) => {
    told.push({ ...plan, answers: await askAll(run, plan, returning) })
  })
  return reconcileSettled(run, returning, told)
}

async function askAll(run: Run, plan: ReturnPlan, { tokens }: Returning) {
  const operator = run.operatorToken('rehearsal')
  const { asks, atOnce, order, intent } = plan
  const send = async ({ by, key }: ReturnPlan['asks'][number]) => {
    const token = by === 'operator' ? operator : (tokens[intent.user] ?? '')
    const entry = await follow<OrderAnswer>(run.clock, {
      msMax: run.limits.orderMsMax,
      givenUp: 'no answer to the end',
      first: () => run.service.returnOrder({ orderId: order.orderId, key }, token),
      poll: (location) => run.service.pollOrder(location, token),
    })
    return entry.answer
  }
  if (atOnce) return Promise.all(asks.map(send))
  const answers: Awaited<ReturnType<typeof send>>[] = []
  for (const ask of asks) answers.push(await send(ask))
  return answers
}

async function reconcileSettled(
  run: Run,
  returning: Returning,
  told: readonly ToldReturn[],
): Promise<Verdict> {
  const { clock, limits } = run
  const { brokenBefore } = returning
  const deadline = clock.monotonic() + limits.settleMsMax
  for (;;) {
    const known = { ...returning.known, seen: await readAgain(run, returning, told) }
    const verdict = reconcileReturns({ known, told, brokenBefore })
    if (verdict.kept !== false || clock.monotonic() >= deadline) return verdict
    await sleep(clock, settlePollMs)
  }
}

/** Of whoever returned something; what the others have is as it was. */
async function readAgain(
  run: Run,
  { known, tokens }: Returning,
  told: readonly ToldReturn[],
): Promise<ShopSeen> {
  const { service } = run
  const { seen } = known
  const again: ShopSeen = { ...seen, users: [...seen.users], products: [], orders: new Map() }
  const returns = { title: 'Reading what was returned', items: told }
  await doAll(run, returns, async ({ order: { orderId }, intent: { user } }) => {
    const token = tokens[user] ?? ''
    again.orders.set(orderId, await see(run, () => service.order(orderId, token)))
    const balance = await see(run, () => service.balance(token))
    again.users[user] = { balance, coupons: await see(run, () => service.coupons(token)) }
  })
  const products = { title: 'Reading the products', items: known.shop.products }
  await doAll(run, products, async ({ productId }, index) => {
    again.products[index] = await see(run, () => service.product(productId))
  })
  return again
}

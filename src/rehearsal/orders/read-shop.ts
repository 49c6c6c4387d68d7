// What the service says once every order was answered: the orders, the products, and what each
// user has left. What a cancelled order held is given back a moment later, so all of it is read
// again while it does not agree with what was told, for so long.

import type { Read } from '../../client/answers.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import { askAgainConcurrency } from '../coupons/storm.ts'
import { runClosedLoop } from '../scheduler.ts'
import type { Hearing } from '../silence.ts'
import type { OrderSeen } from './order-ledger.ts'
import type { CouponHeld, ProductSeen, ShopService } from './shop-service.ts'

export type ReadBackParts = {
  clock: Clock
  shop: ShopService
  hearing: Hearing
  limits: ReadBackLimits
}
export type ReadBackLimits = {
  /** From the first to the last try of one read. */
  readMsMax: number
  /** For what was left undone to be undone. */
  settleMsMax: number
}
/** Undoing takes milliseconds; three attempts of a step take 3 s, a consumer's successor 10 s. */
export const settleMsMax = 20_000

/** What could not be read says why. */
export type Seen<Value> = { value: Value } | { missing: string }
export type UserSeen = { balance: Seen<number>; coupons: Seen<CouponHeld[]> }
export type ShopSeen = {
  /** By index of the user. */
  users: UserSeen[]
  /** In the order of the plan. */
  products: Seen<ProductSeen>[]
  /** By order id. */
  orders: Map<string, Seen<OrderSeen>>
}
export type ReadBackPlan = {
  tokens: readonly string[]
  productIds: readonly string[]
  orders: readonly { orderId: string; user: number }[]
}

const tryAgainMs = 250
const settlePollMs = 500

/** Ends with what `agrees`, or with what was there in the end. */
export async function readUntilSettled(
  parts: ReadBackParts,
  plan: ReadBackPlan,
  watch: { agrees: (seen: ShopSeen) => boolean; progress: { read: number } },
): Promise<ShopSeen> {
  const deadline = parts.clock.now() + parts.limits.settleMsMax
  for (;;) {
    watch.progress.read = 0
    const seen = await readShop(parts, plan, watch.progress)
    if (watch.agrees(seen) || parts.clock.now() >= deadline) return seen
    await sleep(parts.clock, settlePollMs)
  }
}

async function readShop(
  parts: ReadBackParts,
  plan: ReadBackPlan,
  progress: { read: number },
): Promise<ShopSeen> {
  const { shop, clock } = parts
  const seen: ShopSeen = { users: [], products: [], orders: new Map() }
  const loop = (asks: number) => ({ asks, concurrency: askAgainConcurrency })
  await runClosedLoop(clock, loop(plan.orders.length), async (index) => {
    const order = plan.orders[index]
    if (order === undefined) return
    const token = plan.tokens[order.user] ?? ''
    seen.orders.set(order.orderId, await persist(parts, () => shop.order(order.orderId, token)))
  })
  await runClosedLoop(clock, loop(plan.productIds.length), async (index) => {
    const productId = plan.productIds[index] ?? ''
    seen.products[index] = await persist(parts, () => shop.product(productId))
  })
  await runClosedLoop(clock, loop(plan.tokens.length), async (user) => {
    const token = plan.tokens[user] ?? ''
    const balance = await persist(parts, () => shop.balance(token))
    const coupons = await persist(parts, () => shop.coupons(token))
    seen.users[user] = { balance, coupons }
    progress.read += 1
  })
  return seen
}

async function persist<Value>(
  { clock, hearing, limits }: ReadBackParts,
  send: () => Promise<Read<Value>>,
): Promise<Seen<Value>> {
  const deadline = clock.now() + limits.readMsMax
  for (;;) {
    const read = await send()
    hearing.note(read.ok ? null : read)
    if (read.ok) return { value: read.value }
    if (!read.again || clock.now() >= deadline) return { missing: read.reason }
    await sleep(clock, tryAgainMs)
  }
}

// What the service says once every order was answered: the orders, the products, and what each
// user has left. What a cancelled order held is given back a moment later, so all of it is read
// again while it does not agree with what was answered, for so long.

import type { Read } from '../../client/answers.ts'
import { sleep } from '../../ports/clock.ts'
import { readUntil } from '../attempts.ts'
import { doAll, type Run } from '../rehearsal.ts'
import type { OrderSeen } from './order-ledger.ts'
import type { CouponHeld, ProductSeen, ShopService } from './shop-service.ts'

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
export type ReadPlan = {
  shop: ShopService
  tokens: readonly string[]
  productIds: readonly string[]
  /** By order id, the index of its user. */
  orders: ReadonlyMap<string, number>
}

const settlePollMs = 500

/** Ends with what `agrees`, or with what was there in the end. */
export async function readUntilSettled(
  run: Run,
  plan: ReadPlan,
  agrees: (seen: ShopSeen) => boolean,
): Promise<ShopSeen> {
  const { clock, limits } = run
  const deadline = clock.now() + limits.settleMsMax
  for (;;) {
    const seen = await readShop(run, plan)
    if (agrees(seen) || clock.now() >= deadline) return seen
    await sleep(clock, settlePollMs)
  }
}

async function readShop(
  run: Run,
  { shop, tokens, productIds, orders }: ReadPlan,
): Promise<ShopSeen> {
  async function see<Value>(send: () => Promise<Read<Value>>): Promise<Seen<Value>> {
    const read = await readUntil({ clock: run.clock, msMax: run.limits.readMsMax }, send)
    return read.ok ? { value: read.value } : { missing: read.reason }
  }
  const seen: ShopSeen = { users: [], products: [], orders: new Map() }
  const placed = { title: 'Reading the orders', items: [...orders] }
  await doAll(run, placed, async ([orderId, user]) => {
    seen.orders.set(orderId, await see(() => shop.order(orderId, tokens[user] ?? '')))
  })
  const products = { title: 'Reading the products', items: productIds }
  await doAll(run, products, async (productId, index) => {
    seen.products[index] = await see(() => shop.product(productId))
  })
  const everyone = { title: 'Adding up what everyone has', items: tokens }
  await doAll(run, everyone, async (token, user) => {
    const balance = await see(() => shop.balance(token))
    seen.users[user] = { balance, coupons: await see(() => shop.coupons(token)) }
  })
  return seen
}

// What the service says once every order was answered: the orders, the products, and what each
// user has left. What a cancelled order held is given back a moment later, so all of it is read
// again while it does not agree with what was answered, for so long.

import type { Read } from '../../client/answers.ts'
import { sleep } from '../../ports/clock.ts'
import { readUntil } from '../attempts.ts'
import type { Run } from '../rehearsal.ts'
import { forEach } from '../scheduler.ts'
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
  watch: { agrees: (seen: ShopSeen) => boolean; progress: { read: number } },
): Promise<ShopSeen> {
  const { clock, limits } = run
  const deadline = clock.now() + limits.settleMsMax
  for (;;) {
    watch.progress.read = 0
    const seen = await readShop(run, plan, watch.progress)
    if (watch.agrees(seen) || clock.now() >= deadline) return seen
    await sleep(clock, settlePollMs)
  }
}

async function readShop(
  { clock, limits }: Run,
  { shop, tokens, productIds, orders }: ReadPlan,
  progress: { read: number },
): Promise<ShopSeen> {
  async function see<Value>(send: () => Promise<Read<Value>>): Promise<Seen<Value>> {
    const read = await readUntil({ clock, msMax: limits.readMsMax }, send)
    return read.ok ? { value: read.value } : { missing: read.reason }
  }
  const seen: ShopSeen = { users: [], products: [], orders: new Map() }
  await forEach(clock, [...orders], async ([orderId, user]) => {
    seen.orders.set(orderId, await see(() => shop.order(orderId, tokens[user] ?? '')))
  })
  await forEach(clock, productIds, async (productId, index) => {
    seen.products[index] = await see(() => shop.product(productId))
  })
  await forEach(clock, tokens, async (token, user) => {
    const balance = await see(() => shop.balance(token))
    seen.users[user] = { balance, coupons: await see(() => shop.coupons(token)) }
    progress.read += 1
  })
  return seen
}

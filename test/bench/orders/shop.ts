// A shop: firstcome with products, a coupon and users who can pay, in either profile, as the
// benchmark of orders needs it.

import { setTimeout as pause } from 'node:timers/promises'
import { sumOf, tokenFor } from '../service.ts'
import {
  discount,
  type OrderLoad,
  type OrderLoadResult,
  price,
  productIdOf,
  products,
  runOrderLoad,
} from './order-load.ts'

export type ShopHome = {
  /** Starts all of its processes. */
  open(): Promise<Shop>
  /** Of a shop that is closed: puts orders into the log, and resolves when all have ended. */
  fill(orders: number, lines?: number): Promise<void>
}
export type Shop = {
  url: string
  /** The text of Prometheus, where the consumers tell how far they are. */
  consumerMetrics(): Promise<string>
  /** Starts now; a call says how many seconds each process has used since, by name. */
  meter(): () => Record<string, number>
  close(): Promise<void>
}
export type Customers = { prefix: string; count: number }

const couponId = 'bench-orders'
const quantity = 10_000_000
export const fillUsers = 100
const supplyConnections = 256
const redeemConnections = 256

/** Once for a home. */
export async function stock(shop: Shop): Promise<void> {
  const name = 'Of the benchmark'
  const terms = { couponId, name, quantity, discount: { kind: 'amount', value: discount } }
  await create(shop, '/coupons', terms)
  const all = Array.from({ length: products }, (_, n) => productIdOf(n))
  for (const productId of all) {
    await create(shop, '/products', { productId, name, price, stock: quantity })
  }
  await topUp(shop, { prefix: fillPrefix, count: fillUsers })
}

export const fillPrefix = 'fill-'

/** Each of them can order once, with the coupon. */
export async function supply(shop: Shop, users: Customers): Promise<void> {
  await topUp(shop, users)
  await load(shop, { what: 'claims', users, connections: supplyConnections })
  await settled(shop)
}

export type Ordering = { users: Customers; connections: number; ratePerSecond?: number }

export function order(shop: Shop, ordering: Ordering): Promise<OrderLoadResult> {
  return load(shop, { ...ordering, what: 'orders' })
}

/** Each of them has a coupon reserved; then all of these are used. */
export async function redeem(shop: Shop, users: Customers): Promise<OrderLoadResult[]> {
  const reserving: Asking = { what: 'reserves', users, connections: redeemConnections }
  const reserved = await load(shop, reserving)
  const { redemptionIds } = reserved
  const used = await load(shop, { ...reserving, what: 'uses', redemptionIds })
  return [reserved, used]
}

async function topUp(shop: Shop, users: Customers): Promise<void> {
  await load(shop, { what: 'top-ups', users, connections: supplyConnections })
}

type Asking = Ordering & Pick<OrderLoad, 'what' | 'redemptionIds'>

function load({ url }: Shop, asking: Asking): Promise<OrderLoadResult> {
  return runOrderLoad({ ...asking, port: Number(new URL(url).port), couponId })
}

async function create({ url }: Shop, path: string, body: object): Promise<void> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokenFor('bench', true)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  })
  if (response.status !== 201) throw new Error(`${path}: ${await response.text()}`)
}

const lookEveryMs = 10
/** What follows from a record is published after its commit: nothing to do once is not the end. */
const looks = 3
export const settleMsMax = 60_000

/** Every consumer has taken all there is; resolves to since when, by `performance.now()`. */
export async function settled(
  { consumerMetrics }: Pick<Shop, 'consumerMetrics'>,
  msMax = settleMsMax,
): Promise<number> {
  const until = performance.now() + msMax
  let since = performance.now()
  for (let seen = 0; seen < looks; ) {
    const at = performance.now()
    const text = await consumerMetrics()
    if (!text.includes('firstcome_consumer_lag_records{')) seen = 0
    else seen = sumOf(text, 'firstcome_consumer_lag_records') === 0 ? seen + 1 : 0
    if (seen === 1) since = at
    if (at > until) throw new Error(`the consumers of orders are not through in ${msMax} ms`)
    await pause(lookEveryMs)
  }
  return since
}

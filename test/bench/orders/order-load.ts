// A load on a shop as data, and the process that it runs in: users who win a coupon, an operator
// who fills wallets, users who order, or a till that reserves coupons and uses them, each once.

import { fileURLToPath } from 'node:url'
import type { LoadResult } from '../../load/raw-client.ts'
import { run } from '../child-process.ts'
import { benchSecret } from '../service.ts'

export type OrderWork = 'claims' | 'top-ups' | 'orders' | 'reserves' | 'uses'
export type OrderLoad = {
  port: number
  secret: string
  what: OrderWork
  /** `<prefix>0`, `<prefix>1`, … */
  users: { prefix: string; count: number }
  couponId: string
  connections: number
  /** Absent: as fast as it is answered. */
  ratePerSecond?: number
  /** Of the users, in their order: to be used. */
  redemptionIds?: readonly string[]
}
/** `confirmed`: answers that say so. `redemptionIds`: of what was reserved, in the users' order. */
export type OrderLoadResult = LoadResult & { confirmed: number; redemptionIds: string[] }

export const products = 100
export const price = 1_000
export const discount = 100
export const topUpAmount = 10_000_000

const loadMain = fileURLToPath(import.meta.resolve('./order-load-main.ts'))

export function productIdOf(n: number): string {
  return `product-${n % products}`
}

const answeredWith = { claims: 201, 'top-ups': 200, orders: 201, reserves: 201, uses: 200 }

/** Rejects where anything else was answered than was to be, or an order was not confirmed. */
export async function runOrderLoad(load: Omit<OrderLoad, 'secret'>): Promise<OrderLoadResult> {
  const input = JSON.stringify({ ...load, secret: benchSecret })
  const { output } = await run({ args: [loadMain], cores: undefined, input })
  const result = JSON.parse(output) as OrderLoadResult
  const { sent, lost, byStatus, confirmed } = result
  const asWanted = byStatus[answeredWith[load.what]] === load.users.count && lost === 0
  if (asWanted && (load.what !== 'orders' || confirmed === sent)) return result
  const told = `${JSON.stringify(byStatus)}, ${lost} lost, ${confirmed} confirmed`
  throw new Error(`${load.users.count} ${load.what} were sent: ${told}`)
}

// What is measured of a shop: orders as fast as they end, at a pace, and what one costs beside
// few others and many.

import { setTimeout as pause } from 'node:timers/promises'
import { type Customers, order, redeem, type Shop, type ShopHome, settled, supply } from './shop.ts'

export type Saturated = {
  /** Until the last row of the last consumer was written. */
  ordersPerSecond: number
  answeredMs: { p50: number; p99: number }
  /** Milliseconds of a processor for one order, by process. */
  processorMs: Record<string, number>
}
export type Paced = {
  ratePerSecond: number
  /** From the time an order was due to be sent, to the answer that it is confirmed. */
  confirmedMs: { p50: number; p99: number; max: number }
  processorMs: Record<string, number>
  /** Why the figures do not count; null where they do. */
  void: string | null
}
/** `there`: orders that have ended before. */
export type Cost = Paced & { there: number }

const connections = 256
/** The service stands still first: what the supplies left behind is not an order's cost. */
const restMs = 500
/** Requests that left later than this were not the service's fault, nor its figures. */
const behindMsMax = 100
const warmUpMs = 3_000

export async function measureSaturated(shop: Shop, users: Customers): Promise<Saturated> {
  await supply(shop, users)
  await pause(restMs)
  const meter = shop.meter()
  const result = await order(shop, { users, connections })
  const answeredAt = performance.now()
  const lateMs = Math.max(0, (await settled(shop)) - answeredAt)
  return {
    ordersPerSecond: users.count / (result.seconds + lateMs / 1_000),
    answeredMs: result.latencyMs,
    processorMs: perOrder(meter(), users.count),
  }
}

/** Redemptions, of which each is reserved and used. */
export async function measureRedeemed(shop: Shop, users: Customers): Promise<Saturated> {
  await supply(shop, users)
  await pause(restMs)
  const meter = shop.meter()
  const results = await redeem(shop, users)
  const answeredAt = performance.now()
  const lateMs = Math.max(0, (await settled(shop)) - answeredAt)
  const seconds = results.reduce((sum, result) => sum + result.seconds, lateMs / 1_000)
  return {
    ordersPerSecond: users.count / seconds,
    answeredMs: results[0]?.latencyMs ?? { p50: Number.NaN, p99: Number.NaN },
    processorMs: perOrder(meter(), users.count),
  }
}

export type Pace = { prefix: string; ratePerSecond: number; durationMs: number }

export async function measurePaced(shop: Shop, pace: Pace): Promise<Paced> {
  const { prefix, ratePerSecond, durationMs } = pace
  const warmUp = customers(`${prefix}warm-`, (ratePerSecond * warmUpMs) / 1_000)
  const users = customers(prefix, (ratePerSecond * durationMs) / 1_000)
  await supply(shop, warmUp)
  await supply(shop, users)
  await order(shop, { users: warmUp, connections, ratePerSecond })
  await settled(shop)
  const meter = shop.meter()
  const { latencyMs, behindMs } = await order(shop, { users, connections, ratePerSecond })
  await settled(shop)
  const late = `the load generator was ${behindMs.toFixed(0)} ms behind`
  return {
    ratePerSecond,
    confirmedMs: latencyMs,
    processorMs: perOrder(meter(), users.count),
    void: behindMs > behindMsMax ? late : null,
  }
}

/** Of processes that have just started, so that few orders and many meet the same. */
export async function measureCost(home: ShopHome, there: number, pace: Pace): Promise<Cost> {
  const shop = await home.open()
  try {
    await settled(shop)
    return { there, ...(await measurePaced(shop, pace)) }
  } finally {
    await shop.close()
  }
}

export function customers(prefix: string, count: number): Customers {
  return { prefix, count: Math.round(count) }
}

function perOrder(used: Record<string, number>, orders: number): Record<string, number> {
  const each = Object.entries(used).map(([name, seconds]) => [name, (seconds / orders) * 1_000])
  return Object.fromEntries(each)
}

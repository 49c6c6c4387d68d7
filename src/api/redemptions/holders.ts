// What becomes of a coupon that a shop wants to spend: which order or redemption uses it, and
// whether that has let go of it.

import type { IssuedFacts } from '../../domain/coupons/validity.ts'
import type { Order } from '../../domain/orders/state.ts'
import { sleep } from '../../ports/clock.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import type { ReadStore, RouteParts } from '../http/server-parts.ts'
import { reservedUntilOf } from './redemptions.ts'

const lookEveryMs = 20
/** What has ended is let go of within milliseconds. */
const letGoWaitMsMax = 2_000

type Parts = Pick<RouteParts, 'clock'>

/** Once an order that has ended has let go of it: what was told is what the next one finds. */
export async function onceLetGo(
  { clock, store, reader }: Parts & { store: ReadStore; reader: OrdersReader },
  { userId, couponId }: { userId: string; couponId: string },
): Promise<void> {
  const until = clock.monotonic() + letGoWaitMsMax
  while (clock.monotonic() < until) {
    const [held] = await store.heldBy(userId, { limit: 1, couponId })
    if (held?.orderId === undefined) return
    const [order] = await reader.orders([held.orderId])
    if (order?.status !== 'cancelled' && order?.status !== 'returned') return
    await sleep(clock, lookEveryMs)
  }
}

/** By coupon and user, of those that somebody uses: by whom, by the orders' own rows. */
export async function usesOf(
  reader: OrdersReader | null,
  held: readonly { orderId?: string | undefined }[],
): Promise<ReadonlyMap<string, Order>> {
  const orderIds = held.flatMap(({ orderId }) => orderId ?? [])
  if (reader === null || orderIds.length === 0) return new Map()
  const orders = await reader.orders(orderIds)
  return new Map(orders.map((order) => [order.orderId, order]))
}

/** `order`: the one that uses it, where it is known. */
export function useFacts(
  { orderId }: { orderId?: string | undefined },
  order: Order | undefined,
  now: number,
): Pick<IssuedFacts, 'isUsed' | 'reservedUntil'> {
  if (orderId === undefined) return { isUsed: false }
  if (order?.redemption === undefined || order.status === 'confirmed') return { isUsed: true }
  const reservedUntil = reservedUntilOf(order, now)
  return reservedUntil === undefined ? { isUsed: false } : { isUsed: false, reservedUntil }
}

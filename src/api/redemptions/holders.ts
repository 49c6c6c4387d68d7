// What becomes of a coupon that a shop wants to spend: which order or redemption uses it, and
// whether that has let go of it.

import type { IssuedFacts } from '../../domain/coupons/validity.ts'
import type { Order } from '../../domain/orders/state.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import type { HeldCoupon } from '../../ports/coupons.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import type { ReadStore, RouteParts } from '../http/server-parts.ts'

const lookEveryMs = 20
/** What has ended is let go of, and what is used is spent, within milliseconds. */
const stepWaitMsMax = 2_000
const lookSpentEveryMs = 5

type Parts = Pick<RouteParts, 'clock'>

/** Once an order that has ended has let go of it: what was told is what the next one finds. */
export async function onceLetGo(
  { clock, store, reader }: Parts & { store: ReadStore; reader: OrdersReader },
  { userId, couponId }: { userId: string; couponId: string },
): Promise<void> {
  await lookUntil(clock, lookEveryMs, async () => {
    const [held] = await store.heldBy(userId, { limit: 1, couponId })
    if (held?.orderId === undefined) return true
    const [order] = await reader.orders([held.orderId])
    return order?.status !== 'cancelled' && order?.status !== 'returned'
  })
}

/**
 * Once the coupon step has spent what the order process says is used: a revoke counts by the step,
 * and who was told that it is used would see it counted as unspent. Nobody waits for a database
 * that is away, since it is used all the same.
 */
export async function onceSpent(
  { clock, store }: Pick<RouteParts, 'clock' | 'store'>,
  { orderId, status, userId, coupon }: Order,
): Promise<void> {
  const reads = store()
  if (status !== 'confirmed' || coupon === null || reads === null) return
  const query = { limit: 1, couponId: coupon.couponId }
  await lookUntil(clock, lookSpentEveryMs, async () => {
    const [held] = await reads.heldBy(userId, query).catch(nothingIfAway)
    return held?.orderId !== orderId || held.reservedUntil === undefined
  })
}

/** Or until it is no use to wait for the step any longer. */
async function lookUntil(
  clock: Clock,
  everyMs: number,
  isStored: () => Promise<boolean>,
): Promise<void> {
  const until = clock.monotonic() + stepWaitMsMax
  while (clock.monotonic() < until && !(await isStored())) await sleep(clock, everyMs)
}

function nothingIfAway(error: unknown): HeldCoupon[] {
  if (error instanceof PortError) return []
  throw error
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

/**
 * `order`: the one that uses it, where it is known. It is spent as soon as either the coupon step
 * or the order process says so, so that nobody is shown otherwise than a revoke has counted it.
 */
export function useFacts(
  { orderId, reservedUntil }: Pick<HeldCoupon, 'orderId' | 'reservedUntil'>,
  order: Order | undefined,
): Pick<IssuedFacts, 'isUsed' | 'reservedUntil'> {
  if (orderId === undefined) return { isUsed: false }
  if (order?.redemption !== undefined && order.status === 'cancelled') return { isUsed: false }
  const isUsed = order?.status === 'confirmed' || reservedUntil === undefined
  return isUsed ? { isUsed } : { isUsed, reservedUntil }
}

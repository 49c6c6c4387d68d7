// What becomes of a coupon that a shop wants to spend: which order or redemption uses it, and
// whether that has let go of it.

import type { IssuedFacts } from '../../domain/coupons/validity.ts'
import type { Order } from '../../domain/orders/state.ts'
import type { Clock } from '../../ports/clock.ts'
import type { HeldCoupon } from '../../ports/coupons.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import type { CodeHolders } from './code-holders.ts'
import { lookOften } from './growing-looks.ts'
import type { ToldRedemptions } from './told-redemptions.ts'

/** What has ended is let go of, and what is used is spent, within milliseconds. */
const stepWaitMsMax = 2_000

type Parts = { clock: Clock; holders: Pick<CodeHolders, 'row'> }
type Known = { couponId: string; code: string }

/**
 * Once an order that has ended has let go of it: what was told is what the next one finds.
 * `held`: as it was just read, where it was.
 */
export async function onceLetGo(
  { clock, holders, reader }: Parts & { reader: Pick<OrdersReader, 'orders'> },
  { held, ...known }: Known & { held?: HeldCoupon | undefined },
): Promise<void> {
  const isLetGo = async (row: HeldCoupon | undefined) => {
    if (row?.orderId === undefined) return true
    const [order] = await reader.orders([row.orderId])
    return order?.status !== 'cancelled' && order?.status !== 'returned' ? true : null
  }
  if (await isLetGo(held ?? (await holders.row(known)))) return
  const look = async () => isLetGo(await holders.row(known))
  await lookOften({ clock, msMax: stepWaitMsMax, look })
}

/**
 * Once the coupon step has spent what the order process says is used: a revoke counts by the step,
 * and who was told that it is used would see it counted as unspent. Nobody waits for a database
 * that is away, since it is used all the same.
 */
export async function onceSpent(
  { clock, holders, told }: Parts & { told: ToldRedemptions },
  { orderId, status }: Pick<Order, 'orderId' | 'status'>,
  known: Known,
): Promise<void> {
  if (status !== 'confirmed') return
  const telling = told.onceSpent(orderId)
  const look = async () => {
    const held = await holders.row(known).catch(nothingIfAway)
    return held?.orderId !== orderId || held.reservedUntil === undefined ? true : null
  }
  try {
    await lookOften({
      clock,
      msMax: stepWaitMsMax,
      isTold: told.isTold,
      told: telling.told.then(() => true as const),
      look,
    })
  } finally {
    telling.close()
  }
}

function nothingIfAway(error: unknown): undefined {
  if (error instanceof PortError) return undefined
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

// Orders that were placed long ago, written into the log directly: as the API would have written
// them, of users whose wallets are full, without a coupon. What follows is the consumers' work.

import { type OrderPlaced, ordersTopic } from '../../../src/domain/orders/messages.ts'
import { entryOf } from '../../../src/domain/orders/records.ts'
import type { Log } from '../../../src/ports/log.ts'
import { productIdOf } from './order-load.ts'
import { fillPrefix, fillUsers } from './shop.ts'

const ordersPerAppend = 1_000
/** They wait for each other: none must run out of time. */
const timeLimitMs = 3_600_000
export const fillMsMax = 400_000

/** `lines`: of each. */
export async function appendOrders(
  log: Pick<Log, 'append'>,
  count: number,
  lines = 1,
): Promise<void> {
  for (let at = 0; at < count; at += ordersPerAppend) {
    const length = Math.min(ordersPerAppend, count - at)
    const entries = Array.from({ length }, (_, n) => entryOf(orderOf(at + n, lines)))
    await log.append(ordersTopic, entries)
  }
}

function orderOf(n: number, lines: number): OrderPlaced {
  return {
    type: 'order.placed',
    orderId: `fill-${String(n).padStart(38, '0')}`,
    userId: `${fillPrefix}${n % fillUsers}`,
    lines: Array.from({ length: lines }, (_, at) => ({
      productId: productIdOf(n + at),
      quantity: 1,
    })),
    timeLimitMs,
  }
}

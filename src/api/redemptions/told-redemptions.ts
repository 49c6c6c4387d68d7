// What the consumers of this very process have stored of redemptions, and of orders that have
// ended, as they tell it once it is committed. Who waits for it need not ask SQL, which would keep
// them from storing it. A node whose consumers run elsewhere is told nothing, and asks.

import type { Order } from '../../domain/orders/state.ts'
import type { StoredRedemptions } from '../../ports/orders.ts'
import { Recent } from '../recent.ts'

/** Far more than are used in the time that anybody waits for one. */
const spentMax = 10_000

/** `told` resolves once it is so; `close` is to be called where nobody waits any more. */
export type Told<Value> = { told: Promise<Value>; close(): void }
type Waiting = { isDone(order: Order): boolean; resolve(order: Order): void }

export class ToldRedemptions {
  /** Whether anybody tells. */
  readonly isTold: boolean
  private readonly waiting = new Map<string, Set<Waiting>>()
  private readonly spending = new Map<string, Set<() => void>>()
  private readonly spent = new Recent<string, true>({ max: spentMax })

  constructor(isTold = true) {
    this.isTold = isTold
  }

  /** By its consumer: in the order in which it was committed. */
  tell({ orders, spent }: StoredRedemptions): void {
    for (const order of orders) {
      for (const { isDone, resolve } of this.waiting.get(order.orderId) ?? []) {
        if (isDone(order)) resolve(order)
      }
    }
    for (const orderId of spent) {
      this.spent.set(orderId, true)
      for (const resolve of this.spending.get(orderId) ?? []) resolve()
    }
  }

  /** The first state that it is told from now on that `isDone`. */
  once(orderId: string, isDone: (order: Order) => boolean): Told<Order> {
    const { promise: told, resolve } = Promise.withResolvers<Order>()
    return { told, close: listed(this.waiting, orderId, { isDone, resolve }) }
  }

  /** Once the coupon step has spent what it uses, also before. */
  onceSpent(orderId: string): Told<void> {
    const { promise: told, resolve } = Promise.withResolvers<void>()
    if (this.spent.use(orderId) !== undefined) resolve()
    return { told, close: listed(this.spending, orderId, resolve) }
  }
}

/** Returns what takes it out again. */
function listed<One>(lists: Map<string, Set<One>>, orderId: string, one: One): () => void {
  const list = lists.get(orderId) ?? new Set()
  lists.set(orderId, list.add(one))
  return () => {
    list.delete(one)
    if (list.size === 0 && lists.get(orderId) === list) lists.delete(orderId)
  }
}

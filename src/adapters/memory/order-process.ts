// The memory twin of what the order process keeps.

import type { Order, OrderState } from '../../domain/orders/state.ts'
import type { OrderChange, OrderStore, OrderWanted, Taken } from '../../ports/orders.ts'
import { createConsumerStoreMemory, pick } from './consumer-store.ts'

type Kept = OrderChange & { unannounced: boolean }
export type OrderStoreMemory = OrderStore & {
  kept: ReadonlyMap<string, Kept>
  taken(topic: string, partition: number): Taken
}

export function createOrderStoreMemory(): OrderStoreMemory {
  const kept = new Map<string, Kept>()
  const store = createConsumerStoreMemory(kept, {
    load({ orderIds }: OrderWanted): Map<string, OrderState> {
      return new Map([...pick(kept, orderIds)].map(([orderId, { state }]) => [orderId, state]))
    },
    write(changes: OrderChange[]) {
      for (const change of changes) {
        const { orderId } = change.state
        const before = kept.get(orderId)?.unannounced ?? false
        kept.set(orderId, { ...change, unannounced: before || (change.unannounced ?? false) })
      }
    },
  })

  function ordersWhere(wanted: (change: Kept) => boolean): Order[] {
    return [...kept.values()]
      .filter(wanted)
      .map(({ state }) => state)
      .filter((state): state is Order => state.status !== 'awaited')
  }

  return {
    ...store,
    kept,
    async overdue({ partitions, now, limit }) {
      const live = ordersWhere(({ state, partition }) => {
        return (
          (state.status === 'placed' || state.status === 'due') && partitions.includes(partition)
        )
      })
      const over = live.filter(({ deadline }) => deadline <= now)
      over.sort((a, b) => a.deadline - b.deadline)
      return over.slice(0, limit).map(({ orderId }) => orderId)
    },
    async unannounced({ partitions, limit }) {
      const wanted = (one: Kept) => one.unannounced && partitions.includes(one.partition)
      return structuredClone(ordersWhere(wanted).slice(0, limit))
    },
    async markAnnounced(orderIds) {
      for (const orderId of orderIds) {
        const change = kept.get(orderId)
        if (change !== undefined) kept.set(orderId, { ...change, unannounced: false })
      }
    },
  }
}

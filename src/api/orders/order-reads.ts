// Reads orders from SQL, many at a time: the ids asked for in one turn of the event loop, or while
// one read is under way, go in one query. Bounded in ids and in time.

import type { Order } from '../../domain/orders/state.ts'
import { type Clock, type Deadline, within } from '../../ports/clock.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import { createBatcher } from '../batcher.ts'
import type { OrderLimits } from './order-limits.ts'

export type OrderReadsParts = {
  clock: Clock
  /** null while SQL is not up. */
  reader: () => Pick<OrdersReader, 'orders'> | null
  limits: OrderLimits
}
export type OrderReads = {
  /** As stored when it is asked for, or later; null where there is none. */
  read(orderId: string): Promise<Order | null>
}

type Read = PromiseWithResolvers<Order | null> & { orderId: string }

export function createOrderReads({ clock, reader, limits }: OrderReadsParts): OrderReads {
  /** By id, those that wait for a query. */
  const waiting = new Map<string, Read>()
  const batcher = createBatcher<Read>({
    clock,
    perBatchMax: limits.ordersPerReadMax,
    waitingMax: limits.readsWaitingMax,
    everyMsMin: 0,
    lingerMs: 0,
    async send(batch) {
      for (const { orderId } of batch) waiting.delete(orderId)
      try {
        const found = await query(batch.map(({ orderId }) => orderId))
        const orders = new Map(found.map((order) => [order.orderId, order]))
        for (const { orderId, resolve } of batch) resolve(orders.get(orderId) ?? null)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    },
  })

  async function query(orderIds: readonly string[]): Promise<Order[]> {
    const reads = reader()
    if (reads === null) throw storeAway('the database is starting')
    return within(storeDeadline(clock, limits.readWaitMsMax), reads.orders(orderIds))
  }

  return {
    async read(orderId) {
      const before = waiting.get(orderId)
      if (before !== undefined) return before.promise
      const asked = { orderId, ...Promise.withResolvers<Order | null>() }
      if (!batcher.add(asked)) {
        throw storeAway(`${limits.readsWaitingMax} reads of orders wait already`)
      }
      waiting.set(orderId, asked)
      return asked.promise
    },
  }
}

/** A bound of our own on a call to SQL: an adapter's may be longer than anybody waits. */
export function storeDeadline(clock: Clock, ms: number): Deadline<never> {
  const late = () => {
    throw storeAway(`no answer for ${ms} ms`)
  }
  return { clock, ms, late }
}

function storeAway(message: string): PortError {
  return new PortError('store_unavailable', message, { retryable: true })
}

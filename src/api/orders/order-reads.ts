// Reads orders from SQL, many at a time: the ids asked for within a moment, or while one read is
// under way, go in one query. Bounded in ids and in time.

import type { Order } from '../../domain/orders/state.ts'
import { type Clock, type Deadline, sleep, within } from '../../ports/clock.ts'
import { PortError } from '../../ports/coupons.ts'
import type { OrdersReader } from '../../ports/orders.ts'

export type OrderReadsParts = {
  clock: Clock
  /** null while SQL is not up. */
  reader: () => Pick<OrdersReader, 'orders'> | null
  limits: OrderReadsLimits
}
export type OrderReadsLimits = {
  /** From the first id to its query: short against the query itself. */
  lingerMs: number
  /** Of one query: some megabytes of orders. */
  ordersPerReadMax: number
  /** Ids that wait for a query: about a second of work. */
  readsWaitingMax: number
  /** People have given up by then. */
  readWaitMsMax: number
}
export type OrderReads = {
  /** As stored when it is asked for, or later; null where there is none. */
  read(orderId: string): Promise<Order | null>
}

export function createOrderReads({ clock, reader, limits }: OrderReadsParts): OrderReads {
  const waiting = new Map<string, PromiseWithResolvers<Order | null>>()
  let reading = false

  async function readAll(): Promise<void> {
    await sleep(clock, limits.lingerMs)
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, limits.ordersPerReadMax)
      for (const [orderId] of batch) waiting.delete(orderId)
      try {
        const found = await query(batch.map(([orderId]) => orderId))
        const orders = new Map(found.map((order) => [order.orderId, order]))
        for (const [orderId, { resolve }] of batch) resolve(orders.get(orderId) ?? null)
      } catch (error) {
        for (const [, { reject }] of batch) reject(error)
      }
    }
    reading = false
  }

  async function query(orderIds: readonly string[]): Promise<Order[]> {
    const now = reader()
    if (now === null) throw storeAway('the database is starting')
    return within(storeDeadline(clock, limits.readWaitMsMax), now.orders(orderIds))
  }

  return {
    read(orderId) {
      const asked = waiting.get(orderId)
      if (asked !== undefined) return asked.promise
      if (waiting.size >= limits.readsWaitingMax) {
        return Promise.reject(storeAway(`${limits.readsWaitingMax} reads of orders wait already`))
      }
      const answer = Promise.withResolvers<Order | null>()
      waiting.set(orderId, answer)
      if (!reading) {
        reading = true
        void readAll()
      }
      return answer.promise
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

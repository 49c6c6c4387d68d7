// The memory twin of the SQL reader of orders, over tables that a test or a simulation fills.
// Nothing is shared with its callers, as over a wire.

import type { OrderState, Product } from '../../domain/orders/state.ts'
import { commandKey, type DeadLetterChanges, type DoneCommand } from '../../ports/orders.ts'
import type { CommandConsumer, OrdersReader } from '../../ports/orders-reader.ts'

export type OrdersTables = ReturnType<typeof createOrdersTables>

export function createOrdersTables() {
  const noCommands = () => new Map<string, DoneCommand>()
  return {
    orders: new Map<string, OrderState>(),
    products: new Map<string, Product>(),
    balances: new Map<string, number>(),
    /** By `commandKey`. */
    commands: {
      'stock-step': noCommands(),
      'payment-step': noCommands(),
      'dead-letters': noCommands(),
    } satisfies Record<CommandConsumer, unknown>,
    /** By partition of the orders topic, the first offset that is not applied. */
    ordersApplied: new Map<number, number>(),
    letters: new Map<string, DeadLetterChanges['letters'][number]>(),
  }
}

export function createOrdersReaderMemory(tables: OrdersTables): OrdersReader {
  return {
    async orders(orderIds) {
      const found = [...new Set(orderIds)].map((orderId) => tables.orders.get(orderId))
      return found.flatMap((state) => {
        if (state === undefined || state.status === 'absent' || state.status === 'awaited')
          return []
        return [structuredClone(state)]
      })
    },
    async ordersOf(userId, { limit, after }) {
      const met = [...tables.orders.values()].flatMap((state) =>
        'userId' in state && state.userId === userId ? [state] : [],
      )
      const newest = met.toSorted(
        (a, b) => b.placedAt - a.placedAt || (a.orderId < b.orderId ? 1 : -1),
      )
      const from = after === undefined ? 0 : newest.findIndex((one) => one.orderId === after) + 1
      if (after !== undefined && from === 0) return []
      return structuredClone(newest.slice(from, from + limit))
    },
    product: async (productId) => structuredClone(tables.products.get(productId) ?? null),
    balance: async (userId) => tables.balances.get(userId) ?? 0,
    async commands(by, names) {
      const done = names.map((name) => tables.commands[by].get(commandKey(name)))
      return structuredClone(done.filter((command) => command !== undefined))
    },
    async productCommands(idsFrom) {
      const all = [...tables.commands['stock-step'].values()]
      return structuredClone(all.filter(({ commandId }) => commandId.startsWith(idsFrom)))
    },
    ordersApplied: async () => new Map(tables.ordersApplied),
    async deadLetters({ limit, after = '', status, consumer, reason }) {
      const letters = [...tables.letters.values()].filter((letter) => {
        if (letter.id <= after) return false
        if (status !== undefined && letter.status !== status) return false
        if (reason !== undefined && letter.reason !== reason) return false
        return consumer === undefined || letter.consumer === consumer
      })
      const page = letters.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit)
      return page.map((letter) => {
        const { value: _, headers: __, ...summary } = letter
        return structuredClone(summary)
      })
    },
    async deadLetterGroups({ lettersMax, groupsMax }) {
      const waiting = [...tables.letters.values()].filter(({ status }) => status === 'waiting')
      const first = waiting.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, lettersMax)
      const groups = Map.groupBy(first, ({ consumer, reason }) => `${consumer} ${reason}`)
      const counted = [...groups].map(([name, letters]) => {
        const { consumer = '', reason = '' } = letters[0] ?? {}
        const redrivable = letters.filter((letter) => letter.redrivable).length
        return { name, group: { consumer, reason, count: letters.length, redrivable } }
      })
      const mostFirst = counted.toSorted(
        (a, b) => b.group.count - a.group.count || (a.name < b.name ? -1 : 1),
      )
      return mostFirst.slice(0, groupsMax).map(({ group }) => group)
    },
    deadLetter: async (id) => structuredClone(tables.letters.get(id) ?? null),
  }
}

// The calls about orders and dead letters of a server that has none: SQL is never up.

import type { DeadLetterService } from '../../src/api/orders/dead-letter-service.ts'
import { databaseStarting, type OrderService } from '../../src/api/orders/order-answers.ts'

export const noOrders: OrderService = {
  place: async () => databaseStarting,
  order: async () => databaseStarting,
  command: async () => databaseStarting,
  reader: () => null,
}

export const noDeadLetters: DeadLetterService = {
  list: async () => databaseStarting,
  find: async () => databaseStarting,
  act: async () => databaseStarting,
  redriveMany: async () => databaseStarting,
}

// The calls about orders and dead letters of a server that has none: SQL is never up.

import { databaseStarting } from '../../src/api/claims/claim-answers.ts'
import type { OrderService } from '../../src/api/orders/order-answers.ts'
import { ToldRedemptions } from '../../src/api/redemptions/told-redemptions.ts'

export const noOrders: OrderService = {
  place: async () => databaseStarting,
  return: async () => databaseStarting,
  order: async () => databaseStarting,
  command: async () => databaseStarting,
  redemptions: {
    place: async () => databaseStarting,
    say: async () => databaseStarting,
    find: async () => null,
    told: new ToldRedemptions(false),
  },
  reader: () => null,
}

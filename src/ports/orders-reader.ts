// What the API reads of orders in SQL; it writes nothing.

import type { DeadLetter, DeadLetterSummary } from '../domain/orders/dead-letter.ts'
import type { Order, Product } from '../domain/orders/state.ts'
import type { CommandName, DoneCommand } from './orders.ts'

export type OrdersReader = {
  /** Of those that the order process has met; one of which it knows answers only is left out. */
  orders(orderIds: readonly string[]): Promise<Order[]>
  /** Those of one user, redemptions too, the newest first; strictly before the order `after`. */
  ordersOf(userId: string, page: { limit: number; after?: string }): Promise<Order[]>
  product(productId: string): Promise<Product | null>
  /** 0 where the user never topped up. */
  balance(userId: string): Promise<number>
  /** Those that were applied. */
  commands(by: CommandConsumer, names: readonly CommandName[]): Promise<DoneCommand[]>
  /** Of the stock step, those whose ids begin so: a few at most. */
  productCommands(idsFrom: string): Promise<DoneCommand[]>
  /** By partition, the first offset of the orders topic that the order process has not applied. */
  ordersApplied(): Promise<Map<number, number>>
  deadLetters(page: DeadLetterPage): Promise<DeadLetterSummary[]>
  /** Those that wait, the most first; as far as the bounds go. */
  deadLetterGroups(bounds: GroupBounds): Promise<LetterGroup[]>
  deadLetter(id: string): Promise<DeadLetter | null>
}
export type CommandConsumer = 'stock-step' | 'payment-step' | 'dead-letters'
/** In id order, strictly after `after`. */
export type DeadLetterPage = {
  limit: number
  after?: string
  status?: DeadLetter['status']
  consumer?: string
  /** Word by word. */
  reason?: string
}
/** `lettersMax`: of the first so many in id order. */
export type GroupBounds = { lettersMax: number; groupsMax: number }
export type LetterGroup = { consumer: string; reason: string; count: number; redrivable: number }

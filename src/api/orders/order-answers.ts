// What the order service answers. It knows nothing of HTTP; one table in problems.ts maps refusals
// to status codes.

import type { DeadLetterOutcome } from '../../domain/orders/dead-letter.ts'
import type { DeadLetterCommand } from '../../domain/orders/dead-letter-messages.ts'
import type { Line, ProductMessage, WalletMessage } from '../../domain/orders/messages.ts'
import type { ProductOutcome } from '../../domain/orders/product.ts'
import type { CancelledOrder, ConfirmedOrder, Order } from '../../domain/orders/state.ts'
import type { TopUpDecision } from '../../domain/orders/wallet.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import type { Unavailable } from '../claims/claim-answers.ts'

/** `key`: the client's own name for it; the same user's same key is the same order. */
export type AskedOrder = {
  userId: string
  key: string
  lines: readonly Line[]
  couponId?: string | undefined
}
/** Certain: nothing was stored. Ask again after `retryAfterSeconds`. */
export type OrdersUnavailable = Omit<Unavailable, 'reason'> & {
  reason: Unavailable['reason'] | 'database_starting' | 'database_unavailable'
}
export type PlaceAnswer =
  /** `first`: this very request has placed it. */
  | { kind: 'ended'; first: boolean; order: ConfirmedOrder | CancelledOrder }
  /** Not ended in time, or it is not known whether it was placed. */
  | { kind: 'pending'; orderId: string }
  | { kind: 'key_reused' }
  | { kind: 'coupon_not_held' }
  | OrdersUnavailable
export type FoundOrder =
  | { kind: 'found'; order: Order }
  /** There is none, or it is somebody else's. */
  | { kind: 'unknown_order' }
  | OrdersUnavailable

/** What an operator asks of a consumer: a record that it applies once. */
export type OrderCommand = ProductMessage | WalletMessage | DeadLetterCommand
export type CommandOutcome = ProductOutcome | TopUpDecision['outcome'] | DeadLetterOutcome
export type AppliedCommand =
  /** What its consumer has stored; 'conflict' too where the id was used for another amount. */
  | { kind: 'applied'; outcome: CommandOutcome }
  /** Not applied in time, or it is not known whether it was stored. */
  | { kind: 'pending' }
  | OrdersUnavailable

/** The calls about orders behind the HTTP layer. What reads SQL may reject with a PortError. */
export type OrderService = {
  place(asked: AskedOrder): Promise<PlaceAnswer>
  /** Its user only. */
  order(of: { orderId: string; userId: string }): Promise<FoundOrder>
  /** Appends the record and answers what its consumer made of it. */
  command(command: OrderCommand): Promise<AppliedCommand>
  /** null while SQL is not up. */
  reader(): OrdersReader | null
}

export const stopping = unavailable('stopping')
export const starting = unavailable('starting')
export const busy = unavailable('queue_full')
export const logAway = unavailable('log_unavailable')
export const databaseStarting = unavailable('database_starting')
export const databaseAway = unavailable('database_unavailable')

function unavailable(reason: OrdersUnavailable['reason']): OrdersUnavailable {
  return { kind: 'unavailable', reason, retryAfterSeconds: 1 }
}

// What the order service answers. It knows nothing of HTTP; one table in problems.ts maps refusals
// to status codes.

import { createHash } from 'node:crypto'
import { identifierUnitsMax } from '../../domain/field.ts'
import type { DeadLetterOutcome } from '../../domain/orders/dead-letter.ts'
import type { DeadLetterCommand } from '../../domain/orders/dead-letter-messages.ts'
import type { Line, ProductMessage, WalletMessage } from '../../domain/orders/messages.ts'
import type { ProductOutcome } from '../../domain/orders/product.ts'
import type {
  CancelledOrder,
  ConfirmedOrder,
  Order,
  ReturningOrder,
} from '../../domain/orders/state.ts'
import type { TopUpDecision } from '../../domain/orders/wallet.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import type { Unavailable } from '../claims/claim-answers.ts'
import type { RedemptionService } from '../redemptions/redemptions.ts'

/** `key`: the client's own name for it; the same user's same key is the same order. */
export type AskedOrder = {
  userId: string
  key: string
  lines: readonly Line[]
  couponId?: string | undefined
}
export type PlaceAnswer =
  /** `first`: this very request has placed it. */
  | { kind: 'ended'; first: boolean; order: EndedOrder }
  /** Not ended in time, or it is not known whether it was placed. */
  | { kind: 'pending'; orderId: string }
  | { kind: 'key_reused' }
  | { kind: 'coupon_not_held' }
  | Unavailable
export type EndedOrder = ConfirmedOrder | CancelledOrder | ReturningOrder
/** `key`: the caller's own name for the wish; the same one again is the same wish. */
export type AskedReturn = {
  orderId: string
  by: string
  isOperator: boolean
  key: string
  reason?: string | undefined
}
export type ReturnAnswer =
  | { kind: 'returned'; order: ReturningOrder }
  /** Not given back in time, or it is not known whether the wish was stored. */
  | { kind: 'pending'; orderId: string }
  | { kind: 'order_not_confirmed' }
  /** For its user; an operator still can. */
  | { kind: 'return_too_late' }
  /** By another wish, or it is about to be. */
  | { kind: 'order_already_returned' }
  | { kind: 'key_reused' }
  | { kind: 'unknown_order' }
  | Unavailable
export type FoundOrder =
  | { kind: 'found'; order: Order }
  /** There is none, or it is somebody else's. */
  | { kind: 'unknown_order' }
  | Unavailable

/** What an operator asks of a consumer: a record that it applies once. */
export type OrderCommand = ProductMessage | WalletMessage | DeadLetterCommand
export type CommandOutcome = ProductOutcome | TopUpDecision['outcome'] | DeadLetterOutcome
export type AppliedCommand =
  /** What its consumer has stored; 'conflict' too where the id was used for another amount. */
  | { kind: 'applied'; outcome: CommandOutcome }
  /** Not applied in time, or it is not known whether it was stored. */
  | { kind: 'pending' }
  | Unavailable

/** The calls about orders behind the HTTP layer. What reads SQL may reject with a PortError. */
export type OrderService = {
  place(asked: AskedOrder): Promise<PlaceAnswer>
  /** Whole, and once. */
  return(asked: AskedReturn): Promise<ReturnAnswer>
  /** That user's; null: anybody's. */
  order(of: { orderId: string; userId: string | null }): Promise<FoundOrder>
  /** Appends the record and answers what its consumer made of it. */
  command(command: OrderCommand): Promise<AppliedCommand>
  redemptions: RedemptionService
  /** null while SQL is not up. */
  reader(): OrdersReader | null
  /** Why orders cannot be served, though claims are. */
  degraded?(): readonly string[]
}

/**
 * The id of an order, or of a command, by the Idempotency-Key that its user gave it: the same on
 * every node. As JSON, so that nobody's name can run into another's key; as a hash, because a
 * record has no room for the longest two.
 */
export function idOfKey(userId: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([userId, key]))
    .digest('base64url')
}

/** Of a coupon that its operator has given no id. */
export function couponIdOfKey(by: string, key: string): string {
  return Buffer.from(idOfKey(by, key), 'base64url').toString('hex').slice(0, 32)
}

/** As `idOfKey`, but as it always was of restocks: readable where a record has room for it. */
export function commandIdOfKey(by: string, key: string): string {
  const readable = JSON.stringify([by, key])
  return readable.length <= identifierUnitsMax ? readable : idOfKey(by, key)
}

// What the consumers of orders need from the world, beside coupons.ts. Each consumer has a store of
// its own, in a schema of its own: its positions, and rows that change together with them.
// All stores work alike: a transaction loads and locks what a batch of records is about, a pure
// function says what follows, and the changes are committed with the positions.

import type { CouponEffect, CouponFacts } from '../domain/orders/coupon-step.ts'
import type { DeadLetter } from '../domain/orders/dead-letter.ts'
import {
  orderStepsTopic,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from '../domain/orders/messages.ts'
import { deadLettersTopic } from '../domain/orders/retries.ts'
import type {
  AwaitedOrder,
  Charge,
  CouponRow,
  Order,
  OrderState,
  PaymentRow,
  Product,
  StockRow,
} from '../domain/orders/state.ts'
import type { Instant } from './clock.ts'
import type { WalletChanges, WalletWanted } from './payments.ts'

/** By consumer, the topics that it reads besides the retry topics. */
export const topicsReadBy = {
  'order-process': [ordersTopic, orderStepsTopic],
  'coupon-step': [ordersTopic],
  'stock-step': [ordersTopic, productsTopic],
  'payment-step': [ordersTopic, walletsTopic],
  'dead-letters': [deadLettersTopic],
} as const
export type ConsumerName = keyof typeof topicsReadBy
export const consumerNames = Object.keys(topicsReadBy) as ConsumerName[]

/** Where a consumer stands in one partition of one topic that it reads. */
export type ConsumerPosition = {
  topic: string
  partition: number
  /** The first offset not yet applied. */
  next: number
  /** Below it all that followed is published; never above `next`. */
  published: number
  /** How often a start has taken the record at `next` without getting past it. */
  tries: number
}
/** What became of the records below `next`; the five add up to it. */
export type Taken = {
  applied: number
  /** Known already, or none of this consumer's business. */
  dropped: number
  /** Forwarded to a retry topic. */
  postponed: number
  /** Made a dead letter. */
  buried: number
  /** Read from a retry topic that all share, and meant for another consumer. */
  passedBy: number
}
export const nothingTaken: Taken = { applied: 0, dropped: 0, postponed: 0, buried: 0, passedBy: 0 }
/**
 * `taken`: to be added to what was taken before. `fingerprint`: of the record before `next`;
 * absent: as it was, or not known where `next` moves.
 */
export type PositionMove = ConsumerPosition & { taken: Taken; fingerprint?: string }
export type PositionCheck = { topic: string; partition: number; expected: number }

export type ConsumerStore<Wanted, Loaded, Changes> = {
  positions(): Promise<ConsumerPosition[]>
  /**
   * Stores of positions, which stand at `next`, what is published and what is tried. False: one is
   * not there; nothing was done.
   */
  settle(positions: readonly ConsumerPosition[]): Promise<boolean>
  /**
   * One transaction: checks and locks the positions, loads and locks what `wanted` names, and
   * writes what `decide` says with its moves. `decide` may be called again and has no effects.
   * 'fenced': a position is not as expected; nothing was done. `isPatient`: nobody waits for it, so
   * that it may be one with what others store.
   */
  transact<Result>(
    batch: { checks: readonly PositionCheck[]; wanted: Wanted; isPatient?: boolean },
    decide: (loaded: Loaded) => Decided<Changes, Result>,
  ): Promise<Result | 'fenced'>
}
/** `moves` may be empty: the rows change, and the records are not yet through. */
export type Decided<Changes, Result> = {
  changes: Changes
  moves: readonly PositionMove[]
  result: Result
}

/** An operator's command and what became of it, by the key of its record and its id. */
export type CommandName = { key: string; commandId: string }
/** `amount`: what was asked for; null where the command has none. */
export type DoneCommand = CommandName & { amount: number | null; outcome: string }
/** How commands are found in a Map: no key has a space. */
export function commandKey({ key, commandId }: CommandName): string {
  return `${key} ${commandId}`
}

/** What a step writes of orders. */
export type StepRows<Row> = {
  rows: readonly Row[]
  /** Not decided by a record, which would be read again: the replies may not be published yet. */
  unsaid?: boolean
  /** Orders of which all that was unsaid is published by now. */
  said?: readonly string[]
}
/** Whether the step has still to look at the order again, or to hear of it. */
export function isWaiting(row: { status: string }): boolean {
  return row.status === 'waiting' || 'record' in row
}
/** The store of a step that orders may have to wait for. */
export type StepStore<Row, Wanted, Loaded, Changes> = ConsumerStore<Wanted, Loaded, Changes> & {
  /** Rows that wait, and those of which something may be unsaid; in the order of the order ids. */
  openRows(page: { after: string; limit: number }): Promise<Row[]>
}

export type CouponWanted = {
  orderIds: readonly string[]
  /** `partition`: of the claims log, where the coupon was won. */
  coupons: readonly { couponId: string; userId: string; partition: number }[]
}
export type CouponLoaded = {
  rows: Map<string, CouponRow>
  /** By `couponKey`; for each of the wanted coupons. */
  facts: Map<string, CouponFacts>
}
export type CouponChanges = StepRows<CouponRow> & { effects: readonly CouponEffect[] }
export type CouponStepStore = StepStore<CouponRow, CouponWanted, CouponLoaded, CouponChanges> & {
  /** As they are now; nothing is locked. */
  facts(coupons: CouponWanted['coupons']): Promise<CouponLoaded['facts']>
}
export function couponKey({ couponId, userId }: { couponId: string; userId: string }): string {
  return `${couponId} ${userId}`
}

export type StockWanted = {
  orderIds: readonly string[]
  productIds: readonly string[]
  commands: readonly CommandName[]
}
export type StockLoaded = {
  rows: Map<string, StockRow>
  /** Those wanted and those that the rows hold, locked in id order. */
  products: Map<string, Product>
  /** By `commandKey`. */
  commands: Map<string, DoneCommand>
}
export type StockChanges = StepRows<StockRow> & {
  products: readonly Product[]
  commands: readonly DoneCommand[]
}
export type StockStepStore = StepStore<StockRow, StockWanted, StockLoaded, StockChanges> & {
  /** As they are now; none is locked. */
  products(productIds: readonly string[]): Promise<Map<string, Product>>
}

export type PaymentWanted = {
  orderIds: readonly string[]
  userIds: readonly string[]
  commands: readonly CommandName[]
  /** What the built-in provider is to capture, in the same transaction. */
  captures?: WalletWanted
}
export type PaymentLoaded = {
  rows: Map<string, PaymentRow>
  /** Of the wanted users who ever topped up, locked in id order. */
  balances: Map<string, number>
  /** By `commandKey`. */
  commands: Map<string, DoneCommand>
  /** Of the captures that are wanted, and what may come back: see WalletLoaded. */
  charges: Map<string, Charge>
  unsettled: Map<string, number>
}
export type PaymentChanges = StepRows<PaymentRow> & {
  /** Orders that are confirmed: what was captured for them never comes back. */
  settled?: readonly string[]
  balances: ReadonlyMap<string, number>
  charges?: WalletChanges['charges']
  commands: readonly DoneCommand[]
}
export type PaymentStepStore = StepStore<PaymentRow, PaymentWanted, PaymentLoaded, PaymentChanges>

/**
 * What a consumer has committed of redemptions, and of orders that have ended. `spent`: of these
 * the coupon is, for good.
 */
export type StoredRedemptions = { orders: readonly Order[]; spent: readonly string[] }

export type OrderWanted = { orderIds: readonly string[] }
export type OrderChange = {
  state: AwaitedOrder | Order
  partition: number
  /** Decided by the time, and may not be published yet; undefined: as it was. */
  unannounced?: boolean
}
export type OrderStore = ConsumerStore<OrderWanted, Map<string, OrderState>, OrderChange[]> & {
  /** Of the orders that time can end, those that it ends first. */
  nextDeadlines(query: {
    partitions: readonly number[]
    limit: number
  }): Promise<{ orderId: string; deadline: Instant }[]>
  unannounced(query: { partitions: readonly number[]; limit: number }): Promise<Order[]>
  markAnnounced(orderIds: readonly string[]): Promise<void>
}

export type DeadLetterWanted = { ids: readonly string[]; commands: readonly CommandName[] }
export type DeadLetterLoaded = {
  letters: Map<string, DeadLetter>
  /** By `commandKey`. */
  commands: Map<string, DoneCommand>
}
export type DeadLetterChanges = {
  letters: readonly DeadLetter[]
  commands: readonly DoneCommand[]
}
export type DeadLetterStore = ConsumerStore<DeadLetterWanted, DeadLetterLoaded, DeadLetterChanges>

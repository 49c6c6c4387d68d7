// What is known of one order: by the order process (`OrderState`) and by each step, whose row is
// keyed by the order id. How they change is in process.ts, coupon-step.ts, stock-step.ts and
// payment-step.ts, so that stores can name them. States are never changed in place.

import type { OfferTerms } from '../coupons/offer.ts'
import type {
  AnyPlaced,
  CancelReason,
  CouponRefusal,
  Line,
  OrderMessage,
  OrderPlaced,
  PaymentRefusal,
  PricedLine,
  StepMessage,
  StockRefusal,
  Sums,
  WonCoupon,
} from './messages.ts'
import type { RedemptionEnd } from './redemption-messages.ts'
import type { Origin } from './retries.ts'

/** What nothing has been said of yet: how every order, row, product and charge begins. */
export const absent = { status: 'absent' } as const
type Absent = typeof absent

export type Step = 'coupon' | 'stock' | 'payment'
export type StepOutcome =
  | 'used'
  | 'held'
  | 'captured'
  | 'refused'
  | 'released'
  | 'wanted'
  | 'sold'
  | 'refunded'
/** A step's record, once each, in the order of the steps' topic. `at`: its append time, ms UTC. */
export type StepNote = { step: Step; outcome: StepOutcome; reason?: EndReason; at: number }
export type EndReason = CancelReason | RedemptionEnd

/** The first answer of each step, and a note of all their records; `heard` in the rows of SQL. */
export type Answers = {
  coupon: StepMessage<'coupon.used' | 'coupon.refused'> | null
  stock: StepMessage<'stock.held' | 'stock.refused'> | null
  payment: StepMessage<'payment.captured' | 'payment.refused'> | null
  notes: readonly StepNote[]
}

/** Steps answered before this reader saw the order itself: the two stand in different topics. */
export type AwaitedOrder = { status: 'awaited'; orderId: string; heard: Answers }
export type PlacedOrder = { status: 'placed' } & OrderContent
export type DueOrder = { status: 'due'; sums: Sums } & OrderContent
export type ConfirmedOrder = { status: 'confirmed'; sums: Sums } & Confirmation & OrderContent
/** Every step is to give back what the order has, or has: `asked` says for whom, and why. */
export type ReturningOrder = {
  status: 'returning' | 'returned'
  sums: Sums
  asked: ReturnAsked
} & Confirmation &
  OrderContent
/**
 * The append time of order.confirmed, ms UTC. Null: that record was not met yet. Absent: it was
 * stored before orders could be returned; the payment is the next best.
 */
type Confirmation = { confirmedAt?: number | null }
/** `at`: the append time of the record that asked, ms UTC. */
export type ReturnAsked = { by: string; commandId: string; reason?: string; at: number }
/** `sums` is null where payment was never due; of a redemption, where it was never used. */
export type CancelledOrder = {
  status: 'cancelled'
  reason: EndReason
  sums: Sums | null
} & OrderContent
export type Order = LiveOrder | ConfirmedOrder | CancelledOrder | ReturningOrder
export type LiveOrder = PlacedOrder | DueOrder
export type OrderState = Absent | AwaitedOrder | Order
/** Times are ms UTC; `deadline` is by the log's clock: its own append time and the time limit. */
export type OrderContent = {
  orderId: string
  userId: string
  lines: readonly Line[]
  coupon: WonCoupon | null
  placedAt: number
  deadline: number
  heard: Answers
  redemption?: Redemption
}
/**
 * Of a redemption: the coupon is reserved until the deadline. `word`: what the shop has said and
 * was not done yet; return: it was used, and then released. `isOver`: its time is, as the log says.
 */
export type Redemption = {
  reference: string
  subtotal: number
  use?: boolean
  word?: 'use' | 'return' | 'release'
  isOver?: true
}

/**
 * The step can say neither yes nor no for now: what it needs may still become free, or be gone.
 * `since`: when the order was placed, by the log's clock, ms UTC; the oldest is looked at first.
 */
export type WaitingRow<Placed extends AnyPlaced = OrderPlaced> = {
  status: 'waiting'
  orderId: string
  placed: Placed
  since: number
}

/** cancelled: a tombstone, left by a cancellation that came before anything was done. */
export type Tombstone = { status: 'cancelled'; orderId: string }

/** `reserved`: by a redemption, until then, by the log's clock, ms UTC. */
export type Reserved = { reference: string; until: number }
export type CouponUse = {
  orderId: string
  couponId: string
  userId: string
  reserved?: Reserved
} & OfferTerms
/** `wants`: the redemption whose place it has asked to take. */
export type WaitingForCoupon = WaitingRow<AnyPlaced> & { wants?: string }
export type CouponRow =
  | Absent
  | { status: 'unneeded'; orderId: string } // an order without a coupon
  | WaitingForCoupon
  // kept: its order was confirmed, and nobody uses the coupon again unless that is returned.
  | ({ status: 'used' | 'released'; kept?: true } & CouponUse)
  | { status: 'refused'; orderId: string; reason: CouponRefusal }
  | Tombstone

export type StockHold = { orderId: string; lines: readonly PricedLine[] }
export type StockRow =
  | Absent
  | WaitingRow
  // returned: it was sold, and is given back.
  | ({ status: 'held' | 'released' | 'sold' | 'returned' } & StockHold)
  | { status: 'refused'; orderId: string; reason: StockRefusal; productId: string }
  | Tombstone

export type Payment = { orderId: string; userId: string; amount: number }
/** What the provider is still to be asked for, and how often that has failed. */
export type PaymentAsking = {
  message: OrderMessage<'order.payment_due' | 'order.cancelled' | 'order.return_due'>
  origin: Origin
  attempts: number
  redrives: number
}
export type PaymentRow =
  | Absent
  // Asked and undoing are stored before the provider is asked: its answer may be lost.
  // With a record the step asks; without one, the record waits to be tried again elsewhere.
  | ({
      status: 'asked' | 'captured' | 'undoing' | 'refunded'
      record?: PaymentAsking
      /** Of one that is asked: it was asked before, and nobody knows what became of that. */
      inDoubt?: true
      /** Of one that is undone: the provider has said that it was captured. */
      wasCaptured?: true
      /** Of one that is undone: the provider has said that it was not captured, and why. */
      wasRefused?: PaymentRefusal
      /** The provider contradicts itself; people have to settle it. */
      disputed?: true
    } & Payment)
  // In doubt: an earlier answer was lost, so it may have been captured all the same.
  | { status: 'refused'; orderId: string; reason: PaymentRefusal; inDoubt?: Payment }
  | Tombstone

/** `available + held + sold = supplied`: what it was created with and all that was added. */
export type Product = {
  status: 'stocked'
  productId: string
  name: string
  price: number
  initial: number
  supplied: number
  available: number
  held: number
  sold: number
}
export type ProductState = Absent | Product

/** What the built-in provider did about one order, for ever. */
export type Charge =
  | Absent
  // Unsettled: its order is not known to be confirmed, so it may yet be cancelled.
  | { status: 'captured'; amount: number; unsettled?: true }
  | { status: 'refused'; reason: PaymentRefusal }
  | { status: 'undone'; refunded: number }

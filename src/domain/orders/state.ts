// What is known of one order: by the order process (`OrderState`) and by each step, whose row is
// keyed by the order id. Types alone, so that stores can name them; how they change is in
// process.ts, coupon-step.ts, stock-step.ts and payment-step.ts. States are never changed in place.

import type { Discount } from '../coupons/messages.ts'
import type {
  CancelReason,
  CouponRefusal,
  CouponRefused,
  CouponUsed,
  Line,
  PaymentCaptured,
  PaymentRefusal,
  PaymentRefused,
  PricedLine,
  StockHeld,
  StockRefusal,
  StockRefused,
  Sums,
  WonCoupon,
} from './messages.ts'

export type Step = 'coupon' | 'stock' | 'payment'
export type StepOutcome =
  | 'used'
  | 'held'
  | 'captured'
  | 'refused'
  | 'released'
  | 'sold'
  | 'refunded'
/** A step's record, once each, in the order of the steps' topic. `at`: its append time, ms UTC. */
export type StepNote = { step: Step; outcome: StepOutcome; reason?: CancelReason; at: number }

/** The first answer of each step, and a note of all their records; `heard` in the rows of SQL. */
export type Answers = {
  coupon: CouponUsed | CouponRefused | null
  stock: StockHeld | StockRefused | null
  payment: PaymentCaptured | PaymentRefused | null
  notes: readonly StepNote[]
}

/** Steps answered before this reader saw the order itself: the two stand in different topics. */
export type AwaitedOrder = { status: 'awaited'; orderId: string; heard: Answers }
export type PlacedOrder = { status: 'placed' } & OrderContent
export type DueOrder = { status: 'due'; sums: Sums } & OrderContent
export type ConfirmedOrder = { status: 'confirmed'; sums: Sums } & OrderContent
/** `sums` is null where payment was never due. */
export type CancelledOrder = {
  status: 'cancelled'
  reason: CancelReason
  sums: Sums | null
} & OrderContent
export type Order = PlacedOrder | DueOrder | ConfirmedOrder | CancelledOrder
export type OrderState = { status: 'absent' } | AwaitedOrder | Order
/** Times are ms UTC; `deadline` is by the log's clock: its own append time and the time limit. */
export type OrderContent = {
  orderId: string
  userId: string
  lines: readonly Line[]
  coupon: WonCoupon | null
  placedAt: number
  deadline: number
  heard: Answers
}

/** cancelled: a tombstone, left by a cancellation that came before anything was done. */
export type Tombstone = { status: 'cancelled'; orderId: string }

export type CouponUse = { orderId: string; couponId: string; userId: string; discount?: Discount }
export type CouponRow =
  | { status: 'absent' }
  | { status: 'unneeded'; orderId: string } // an order without a coupon
  | ({ status: 'used' } & CouponUse)
  | { status: 'refused'; orderId: string; reason: CouponRefusal }
  | ({ status: 'released' } & CouponUse)
  | Tombstone

export type StockHold = { orderId: string; lines: readonly PricedLine[] }
export type StockRow =
  | { status: 'absent' }
  | ({ status: 'held' } & StockHold)
  | { status: 'refused'; orderId: string; reason: StockRefusal; productId: string }
  | ({ status: 'released' } & StockHold)
  | ({ status: 'sold' } & StockHold)
  | Tombstone

export type Payment = { orderId: string; userId: string; amount: number }
export type PaymentRow =
  | { status: 'absent' }
  | ({ status: 'asked' } & Payment) // stored before the provider is asked: the answer may be lost
  | ({ status: 'captured' } & Payment)
  | { status: 'refused'; orderId: string; reason: PaymentRefusal }
  | ({ status: 'undoing' } & Payment) // stored before the provider is asked to undo
  | ({ status: 'refunded' } & Payment)
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
export type ProductState = { status: 'absent' } | Product

/** What the built-in provider did about one order, for ever. */
export type Charge =
  | { status: 'absent' }
  | { status: 'captured'; amount: number }
  | { status: 'refused'; reason: PaymentRefusal }
  | { status: 'undone'; refunded: number }

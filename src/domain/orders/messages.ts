// The records of orders: what each topic says, and its limits. The orders topic is written by the
// API (placed) and the order process (the rest), the steps' topic by the three steps. Reading
// them from bytes is in decode-orders.ts and decode-supplies.ts, writing them in records.ts.

import type { Discount } from '../coupons/messages.ts'

export const ordersTopic = 'firstcome.orders'
export const orderStepsTopic = 'firstcome.order-steps'
export const productsTopic = 'firstcome.products'
export const walletsTopic = 'firstcome.wallets'

/** What an order id may be: a UUID, a hash in hexadecimal or base64url; safe in an address. */
export const orderIdPattern = '^[A-Za-z0-9_-]{1,64}$'
export const productIdPattern = '^[a-z0-9][a-z0-9-]{0,62}$'
/** Unicode code points, as JSON Schema counts. */
export const productNameCharactersMax = 200
/** So that one order locks few products, and a record stays small. */
export const orderLinesMax = 50
export const lineQuantityMax = 10_000
/** Whole minor units. The three limits above keep every sum of an order exact in a double. */
export const priceMax = 10_000_000_000
export const orderSumMax = orderLinesMax * lineQuantityMax * priceMax
/** All that a product was ever given; the sums of stock stay far below 2^53. */
export const stockMax = 1_000_000_000
export const topUpAmountMax = 1_000_000_000_000
/** Checked where money comes in, so a refund always has room below 2^53. */
export const balanceMax = 1_000_000_000_000_000
/** A day: whoever holds stock without paying must let go of it some time. */
export const orderTimeLimitMsMax = 86_400_000

export const couponRefusals = ['coupon_not_held', 'coupon_already_used'] as const
export const stockRefusals = ['unknown_product', 'out_of_stock'] as const
export const paymentRefusals = ['insufficient_funds', 'payment_declined'] as const
/** Why an order ended cancelled. mixed_up: a step answered to other content under its id. */
export const cancelReasons = [
  ...couponRefusals,
  ...stockRefusals,
  ...paymentRefusals,
  'timed_out',
  'mixed_up',
] as const
export type CouponRefusal = (typeof couponRefusals)[number]
export type StockRefusal = (typeof stockRefusals)[number]
export type PaymentRefusal = (typeof paymentRefusals)[number]
export type CancelReason = (typeof cancelReasons)[number]

/** An order has at most one line of a product. */
export type Line = { productId: string; quantity: number }
export type PricedLine = Line & { unitPrice: number }
/** The coupon to spend, and where in the claims log the user won it. */
export type WonCoupon = { couponId: string; partition: number; offset: number }
/** Whole minor units: `total` is `subtotal` less `discount`, and never below 0. */
export type Sums = { subtotal: number; discount: number; total: number }

export type OrderPlaced = {
  type: 'order.placed'
  orderId: string
  userId: string
  lines: readonly Line[]
  coupon?: WonCoupon
  /** From this record's append time on; then the order is cancelled. */
  timeLimitMs: number
}
export type OrderPaymentDue = { type: 'order.payment_due'; orderId: string; userId: string } & Sums
/** Names the coupon it has spent: a coupon step that used another one lets go of it. */
export type OrderConfirmed = { type: 'order.confirmed'; orderId: string; couponId?: string }
export type OrderCancelled = { type: 'order.cancelled'; orderId: string; reason: CancelReason }
export type OrderMessage = OrderPlaced | OrderPaymentDue | OrderConfirmed | OrderCancelled

/** Without `discount` the coupon takes nothing off. */
export type CouponUsed = {
  type: 'coupon.used'
  orderId: string
  couponId: string
  discount?: Discount
}
export type CouponRefused = { type: 'coupon.refused'; orderId: string; reason: CouponRefusal }
export type CouponReleased = { type: 'coupon.released'; orderId: string; couponId: string }
/** In the order's own order of lines. */
export type StockHeld = { type: 'stock.held'; orderId: string; lines: readonly PricedLine[] }
/** Names the first product that stood in the way. */
export type StockRefused = {
  type: 'stock.refused'
  orderId: string
  reason: StockRefusal
  productId: string
}
export type StockReleased = { type: 'stock.released'; orderId: string }
export type StockSold = { type: 'stock.sold'; orderId: string }
export type PaymentCaptured = { type: 'payment.captured'; orderId: string; amount: number }
export type PaymentRefused = { type: 'payment.refused'; orderId: string; reason: PaymentRefusal }
export type PaymentRefunded = { type: 'payment.refunded'; orderId: string; amount: number }

export type CouponMessage = CouponUsed | CouponRefused | CouponReleased
export type StockMessage = StockHeld | StockRefused | StockReleased | StockSold
export type PaymentMessage = PaymentCaptured | PaymentRefused | PaymentRefunded
export type StepMessage = CouponMessage | StockMessage | PaymentMessage

export type ProductCreated = {
  type: 'product.created'
  productId: string
  name: string
  price: number
  /** What it starts with; may be 0. */
  stock: number
  by: string
  commandId: string
}
export type StockAdded = {
  type: 'stock.added'
  productId: string
  add: number
  by: string
  commandId: string
}
export type ProductMessage = ProductCreated | StockAdded

export type WalletToppedUp = {
  type: 'wallet.topped_up'
  userId: string
  amount: number
  by: string
  commandId: string
}
export type WalletMessage = WalletToppedUp

/** Any record of the four topics. */
export type OrdersRecord = OrderMessage | StepMessage | ProductMessage | WalletMessage

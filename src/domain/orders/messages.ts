// The records of orders: what each topic says, and its limits. The orders topic is written by the
// API (placed) and the order process (the rest), the steps' topic by the three steps. Ids, limits
// and sums are checked when a record is read, once: whoever holds a message may count with it.

import {
  commandFields,
  couponIdField,
  discountField,
  minimumField,
  reasonCharactersMax,
} from '../coupons/messages.ts'
import {
  count,
  identifier,
  like,
  list,
  object,
  oneOf,
  optional,
  text,
  type Values,
  whole,
} from '../field.ts'
import { decoderOf, type MessageOf, record } from '../record.ts'
import { userIdField } from '../user-id.ts'
import { redemptionRecords } from './redemption-messages.ts'

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
/** A century: what an order may be returned within, in milliseconds from its confirmation on. */
export const returnWithinMsMax = 36_500 * 86_400_000
/** A day: whoever holds stock without paying must let go of it some time. */
export const orderTimeLimitMsMax = 86_400_000

export const couponRefusals = [
  'coupon_not_held',
  'coupon_already_used',
  'coupon_revoked',
  'coupon_expired',
] as const
/** redemption_over: it was released, or its time was over, before the step could answer. */
const couponStepRefusals = [...couponRefusals, 'redemption_over'] as const
export const stockRefusals = ['unknown_product', 'out_of_stock'] as const
export const paymentRefusals = ['insufficient_funds', 'payment_declined'] as const
/**
 * Why an order ended cancelled. minimum_not_met: of its coupon. mixed_up: a step answered to other
 * content under its id.
 */
export const cancelReasons = [
  ...couponRefusals,
  ...stockRefusals,
  ...paymentRefusals,
  'minimum_not_met',
  'timed_out',
  'mixed_up',
] as const
export type CouponRefusal = (typeof couponStepRefusals)[number]
export type StockRefusal = (typeof stockRefusals)[number]
export type PaymentRefusal = (typeof paymentRefusals)[number]
export type CancelReason = (typeof cancelReasons)[number]

const orderId = like(orderIdPattern, 'The order.')
const couponId = couponIdField('The coupon.')
const productId = like(productIdPattern, 'The product.')
const line = {
  productId: like(productIdPattern, 'What.'),
  quantity: count(lineQuantityMax, 'How many pieces.'),
}
const pricedLine = {
  ...line,
  unitPrice: whole(priceMax, 'The price of one piece when it was held, in whole minor units.'),
}
const ofWonCoupon = 'The coupon to spend, and where the user won it.'
const wonCoupon = {
  couponId: couponIdField('Which.'),
  partition: whole(Number.MAX_SAFE_INTEGER, 'Of the claims topic, where the user won it.'),
  offset: whole(Number.MAX_SAFE_INTEGER, 'The claim that won, in that partition.'),
  revoked: optional(
    whole(
      Number.MAX_SAFE_INTEGER,
      'Where it was known to be revoked: the last revoke of the coupon, in that partition.',
    ),
  ),
}
const sums = {
  subtotal: sum('Held prices × quantities'),
  discount: sum('What the coupon takes off'),
  total: sum('What is paid; may be 0'),
}
const lineLimits = { max: orderLinesMax, distinctBy: 'productId' } as const

function sum(says: string) {
  return whole(orderSumMax, `${says}, in whole minor units.`)
}

/** An order has at most one line of a product. */
export type Line = Values<typeof line>
export type PricedLine = Values<typeof pricedLine>
/**
 * The coupon to spend, and where in the claims log the user won it. `revoked`: where it is known to
 * be revoked, by then.
 */
export type WonCoupon = Values<typeof wonCoupon>
/** Whole minor units: `total` is `subtotal` less `discount`, and never below 0. */
export type Sums = Values<typeof sums>

export const orders = {
  topic: ordersTopic,
  key: 'orderId',
  records: {
    'order.placed': record({
      writer: 'api',
      says: 'A user orders. Nothing is used, held or paid yet. The first one of an id counts.',
      fields: {
        orderId: like(
          orderIdPattern,
          "The order. Made from the user and the request's Idempotency-Key.",
        ),
        userId: userIdField('Who orders.'),
        lines: list(line, { ...lineLimits, description: 'What is ordered.' }),
        timeLimitMs: count(
          orderTimeLimitMsMax,
          "Milliseconds from this record's append time on; then the order is cancelled.",
        ),
        coupon: optional(object(wonCoupon, ofWonCoupon)),
      },
    }),
    'order.payment_due': record({
      writer: 'order-process',
      says: 'The coupon is used and the stock is held: this is what is to be paid.',
      fields: { orderId, userId: userIdField('Who pays.'), ...sums },
      rule: {
        says: '`discount` is at most `subtotal`, and `total` is `subtotal` − `discount`.',
        holds: ({ subtotal, discount, total }) => {
          return discount <= subtotal && total === subtotal - discount
        },
      },
    }),
    'order.confirmed': record({
      writer: 'order-process',
      says:
        'The order has succeeded: it is paid, and what was held for it is its own. Only a return ' +
        'ends that.',
      // A coupon step that used another one lets go of it.
      fields: {
        orderId,
        couponId: optional(couponIdField('The coupon it has spent; absent: none.')),
      },
    }),
    'order.return_asked': record({
      writer: 'api',
      says:
        'Somebody wants to return the order, whole. It counts where it was confirmed at an ' +
        'earlier append time, not returned yet, and in time; else nothing follows.',
      fields: {
        orderId,
        by: userIdField('Who asks: its user, or an operator.'),
        commandId: identifier('The request, made from who asks and the Idempotency-Key.'),
        reason: optional(text(reasonCharactersMax, 'Why, for people.')),
        withinMs: optional(
          count(
            returnWithinMsMax,
            'Milliseconds from the append time of `order.confirmed` to that of this record, at ' +
              'most; absent: an operator asks, any time.',
          ),
        ),
      },
    }),
    'order.return_due': record({
      writer: 'order-process',
      says: 'The order is being returned: the steps give back what it has, and say so after it.',
      fields: {
        orderId,
        couponId: optional(couponIdField('The coupon it had spent; absent: none.')),
      },
    }),
    'order.returned': record({
      writer: 'order-process',
      says: 'The order is returned, for good: money, pieces and coupon are back.',
      fields: { orderId },
    }),
    'order.cancelled': record({
      writer: 'order-process',
      says: 'The order has failed, for good. The steps undo what they did, and say so after it.',
      fields: {
        orderId,
        reason: oneOf(
          cancelReasons,
          'What the first step that refused said; `minimum_not_met`: the subtotal is below the ' +
            'minimum of the coupon; `timed_out`: not done within its time ' +
            'limit; `mixed_up`: two orders with different content had the same id.',
        ),
      },
    }),
    ...redemptionRecords({ orderId, coupon: object(wonCoupon, ofWonCoupon) }),
  },
}

const ofCouponStep = { writer: 'coupon-step' }
const ofStockStep = { writer: 'stock-step' }
const ofPaymentStep = { writer: 'payment-step' }

export const orderSteps = {
  topic: orderStepsTopic,
  key: 'orderId',
  records: {
    'coupon.used': record({
      ...ofCouponStep,
      says: 'The coupon is used for this order, and for no other.',
      fields: { orderId, couponId, discount: optional(discountField), minimum: minimumField },
    }),
    'coupon.refused': record({
      ...ofCouponStep,
      says: 'The coupon cannot be used, and is not. The order will be cancelled.',
      fields: {
        orderId,
        reason: oneOf(
          couponStepRefusals,
          'Why. `redemption_over`: it was released, or its time was over, before there was an ' +
            'answer.',
        ),
      },
    }),
    'coupon.wanted': record({
      ...ofCouponStep,
      says: 'Another redemption of the same reference waits for the coupon that this one reserved.',
      fields: { orderId, couponId },
    }),
    'coupon.released': record({
      ...ofCouponStep,
      says: 'After a cancellation or for a return: the user can use the coupon again.',
      fields: { orderId, couponId },
    }),
    'stock.held': record({
      ...ofStockStep,
      says: 'Every line is held, at these prices.',
      fields: {
        orderId,
        lines: list(pricedLine, {
          ...lineLimits,
          description: "In the order's own order of lines.",
        }),
      },
    }),
    'stock.refused': record({
      ...ofStockStep,
      says: 'No line is held. The order will be cancelled.',
      fields: {
        orderId,
        reason: oneOf(stockRefusals, 'Why.'),
        productId: like(productIdPattern, 'The first product that stood in the way.'),
      },
    }),
    'stock.released': record({
      ...ofStockStep,
      says: 'After a cancellation or for a return: others can buy what was held, or sold.',
      fields: { orderId },
    }),
    'stock.sold': record({
      ...ofStockStep,
      says: 'After a confirmation: what was held is sold.',
      fields: { orderId },
    }),
    'payment.captured': record({
      ...ofPaymentStep,
      says: 'The order is paid.',
      fields: { orderId, amount: sum('What was taken; may be 0') },
    }),
    'payment.refused': record({
      ...ofPaymentStep,
      says: 'Nothing was taken. The order will be cancelled.',
      fields: {
        orderId,
        reason: oneOf(
          paymentRefusals,
          'Why. `insufficient_funds` of the wallet: even with what other orders may give back.',
        ),
      },
    }),
    'payment.refunded': record({
      ...ofPaymentStep,
      says: 'After a cancellation or for a return: what was taken is given back.',
      fields: { orderId, amount: sum('What was given back') },
    }),
  },
}

export const products = {
  topic: productsTopic,
  key: 'productId',
  records: {
    'product.created': record({
      writer: 'api',
      says: 'A product is for sale. The first one of an id counts.',
      fields: {
        productId,
        name: text(productNameCharactersMax, 'What people read.'),
        price: whole(priceMax, 'Of one piece, in whole minor units; may be 0.'),
        stock: whole(stockMax, 'How many pieces there are at first.'),
        ...commandFields,
      },
    }),
    'stock.added': record({
      writer: 'api',
      says:
        'More pieces are there. Without effect for a product that does not exist, or beyond ' +
        `${stockMax.toLocaleString('en')} in all.`,
      fields: { productId, add: count(stockMax, 'How many more pieces.'), ...commandFields },
    }),
  },
}

export const wallets = {
  topic: walletsTopic,
  key: 'userId',
  records: {
    'wallet.topped_up': record({
      writer: 'api',
      says: 'Money comes into the wallet of a user.',
      fields: {
        userId: userIdField('Whose wallet.'),
        amount: count(topUpAmountMax, 'How much, in whole minor units.'),
        ...commandFields,
      },
    }),
  },
}

type Orders = (typeof orders)['records']
type OrderSteps = (typeof orderSteps)['records']
/** Any record of the orders topic, or one of these types. */
export type OrderMessage<Type extends keyof Orders = keyof Orders> = MessageOf<typeof orders, Type>
export type OrderPlaced = OrderMessage<'order.placed'>
export type RedemptionMessage = Extract<OrderMessage, { type: `redemption.${string}` }>
export type RedemptionPlaced = OrderMessage<'redemption.placed'>
export type AnyPlaced = OrderPlaced | RedemptionPlaced
export type OrderEnd = OrderMessage<'order.confirmed' | 'order.cancelled'>
/** Any record of the steps' topic, or one of these types. */
export type StepMessage<Type extends keyof OrderSteps = keyof OrderSteps> = MessageOf<
  typeof orderSteps,
  Type
>
export type ProductMessage = MessageOf<typeof products>
export type ProductCreated = MessageOf<typeof products, 'product.created'>
export type StockAdded = MessageOf<typeof products, 'stock.added'>
export type WalletMessage = MessageOf<typeof wallets>
/** Any record of the four topics. */
export type OrdersRecord = OrderMessage | StepMessage | ProductMessage | WalletMessage

export function isOfRedemption(message: { type: string }): message is RedemptionMessage {
  return message.type.startsWith('redemption.')
}

export const decodeOrderMessage = decoderOf(orders)
export const decodeStepMessage = decoderOf(orderSteps)
export const decodeProductMessage = decoderOf(products)
export const decodeWalletMessage = decoderOf(wallets)

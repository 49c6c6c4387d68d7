// The records of the orders topic, of the steps' topic, and of the two topics of supplies.

import { Type } from 'typebox'
import { decodeOrderMessage, decodeStepMessage } from '../../src/domain/orders/decode-orders.ts'
import {
  decodeProductMessage,
  decodeWalletMessage,
} from '../../src/domain/orders/decode-supplies.ts'
import {
  cancelReasons,
  couponRefusals,
  type OrderMessage,
  type OrdersRecord,
  orderSumMax,
  orderTimeLimitMsMax,
  type ProductMessage,
  paymentRefusals,
  priceMax,
  productNameCharactersMax,
  type StepMessage,
  stockMax,
  stockRefusals,
  topUpAmountMax,
  type WalletMessage,
} from '../../src/domain/orders/messages.ts'
import { entryOf } from '../../src/domain/orders/records.ts'
import type { Decoded } from '../../src/domain/wire.ts'
import * as field from './fields.ts'
import type { RecordType, Rule } from './record-type.ts'

const { orderId } = field
const order = 'q5nq1mC0o5cZ7QkTn9m9h0XbJ0V3v9Y2xw1W8vB2a4E'
const couponId = field.couponId('The coupon.')

export const orderRecords: readonly RecordType[] = [
  record(decodeOrderMessage, {
    writer: 'api',
    says: 'A user orders. Nothing is used, held or paid yet. The first one of an id counts.',
    fields: {
      orderId: Type.String({
        ...orderId,
        description: "The order. Made from the user and the request's Idempotency-Key.",
      }),
      userId: field.userId('Who orders.'),
      lines: field.lines,
      coupon: Type.Optional(
        Type.Object(
          {
            couponId: field.couponId('Which.'),
            partition: field.offset('Of the claims topic, where the user won it.'),
            offset: field.offset('The claim that won, in that partition.'),
          },
          { description: 'The coupon to spend, and where the user won it.' },
        ),
      ),
      timeLimitMs: field.count(
        orderTimeLimitMsMax,
        "Milliseconds from this record's append time on; then the order is cancelled.",
      ),
    },
    rules: [field.productsDiffer],
    example: {
      type: 'order.placed',
      orderId: order,
      userId: 'ann',
      lines: [
        { productId: 'green-tea', quantity: 2 },
        { productId: 'cup', quantity: 1 },
      ],
      timeLimitMs: 30_000,
      coupon: { couponId: 'spring-sale', partition: 3, offset: 1204 },
    },
  }),
  record<OrderMessage>(decodeOrderMessage, {
    writer: 'order-process',
    says: 'The coupon is used and the stock is held: this is what is to be paid.',
    fields: {
      orderId,
      userId: field.userId('Who pays.'),
      subtotal: field.sum('Held prices × quantities'),
      discount: field.sum('What the coupon takes off'),
      total: field.sum('What is paid; may be 0'),
    },
    rules: [sumsAddUp()],
    example: {
      type: 'order.payment_due',
      orderId: order,
      userId: 'ann',
      subtotal: 25_000,
      discount: 2_500,
      total: 22_500,
    },
  }),
  record<OrderMessage>(decodeOrderMessage, {
    writer: 'order-process',
    says: 'The order has succeeded, for good: it is paid, and what was held for it is its own.',
    fields: {
      orderId,
      couponId: Type.Optional(field.couponId('The coupon it has spent; absent: none.')),
    },
    example: { type: 'order.confirmed', orderId: order, couponId: 'spring-sale' },
  }),
  record<OrderMessage>(decodeOrderMessage, {
    writer: 'order-process',
    says: 'The order has failed, for good. The steps undo what they did, and say so after it.',
    fields: {
      orderId,
      reason: field.oneOf(
        cancelReasons,
        'What the first step that refused said; `timed_out`: not done within its time limit; ' +
          '`mixed_up`: two orders with different content had the same id.',
      ),
    },
    example: { type: 'order.cancelled', orderId: order, reason: 'out_of_stock' },
  }),
]

export const stepRecords: readonly RecordType[] = [
  record<StepMessage>(decodeStepMessage, {
    writer: 'coupon-step',
    says: 'The coupon is used for this order, and for no other.',
    fields: { orderId, couponId, discount: Type.Optional(field.discount) },
    example: {
      type: 'coupon.used',
      orderId: order,
      couponId: 'spring-sale',
      discount: { kind: 'percent', value: 10 },
    },
  }),
  record<StepMessage>(decodeStepMessage, {
    writer: 'coupon-step',
    says: 'The coupon cannot be used, and is not. The order will be cancelled.',
    fields: { orderId, reason: field.oneOf(couponRefusals, 'Why.') },
    example: { type: 'coupon.refused', orderId: order, reason: 'coupon_already_used' },
  }),
  record<StepMessage>(decodeStepMessage, {
    writer: 'coupon-step',
    says: 'After a cancellation: the user can use the coupon again.',
    fields: { orderId, couponId },
    example: { type: 'coupon.released', orderId: order, couponId: 'spring-sale' },
  }),
  record<StepMessage>(decodeStepMessage, {
    writer: 'stock-step',
    says: 'Every line is held, at these prices.',
    fields: { orderId, lines: field.pricedLines },
    rules: [field.productsDiffer],
    example: {
      type: 'stock.held',
      orderId: order,
      lines: [
        { productId: 'green-tea', quantity: 2, unitPrice: 8_000 },
        { productId: 'cup', quantity: 1, unitPrice: 9_000 },
      ],
    },
  }),
  record<StepMessage>(decodeStepMessage, {
    writer: 'stock-step',
    says: 'No line is held. The order will be cancelled.',
    fields: {
      orderId,
      reason: field.oneOf(stockRefusals, 'Why.'),
      productId: field.productId('The first product that stood in the way.'),
    },
    example: { type: 'stock.refused', orderId: order, reason: 'out_of_stock', productId: 'cup' },
  }),
  record<StepMessage>(decodeStepMessage, {
    writer: 'stock-step',
    says: 'After a cancellation: what was held can be sold to others.',
    fields: { orderId },
    example: { type: 'stock.released', orderId: order },
  }),
  record<StepMessage>(decodeStepMessage, {
    writer: 'stock-step',
    says: 'After a confirmation: what was held is sold.',
    fields: { orderId },
    example: { type: 'stock.sold', orderId: order },
  }),
  record<StepMessage>(decodeStepMessage, {
    writer: 'payment-step',
    says: 'The order is paid.',
    fields: { orderId, amount: field.sum('What was taken; may be 0') },
    example: { type: 'payment.captured', orderId: order, amount: 22_500 },
  }),
  record<StepMessage>(decodeStepMessage, {
    writer: 'payment-step',
    says: 'Nothing was taken. The order will be cancelled.',
    fields: { orderId, reason: field.oneOf(paymentRefusals, 'Why.') },
    example: { type: 'payment.refused', orderId: order, reason: 'insufficient_funds' },
  }),
  record<StepMessage>(decodeStepMessage, {
    writer: 'payment-step',
    says: 'After a cancellation: what was taken is given back.',
    fields: { orderId, amount: field.sum('What was given back') },
    example: { type: 'payment.refunded', orderId: order, amount: 22_500 },
  }),
]

const command = { by: field.by, commandId: field.commandId }
const productId = field.productId('The product.')

export const productRecords: readonly RecordType[] = [
  record<ProductMessage>(decodeProductMessage, {
    writer: 'api',
    says: 'A product is for sale. The first one of an id counts.',
    fields: {
      productId,
      name: field.text(productNameCharactersMax, 'What people read.'),
      price: field.whole(priceMax, 'Of one piece, in whole minor units; may be 0.'),
      stock: field.whole(stockMax, 'How many pieces there are at first.'),
      ...command,
    },
    rules: [field.identifiersFit],
    example: {
      type: 'product.created',
      productId: 'green-tea',
      name: 'Green tea',
      price: 8_000,
      stock: 500,
      by: 'operator',
      commandId: '019a0a3e-9f00-7c35-8a51-0c8ad3c5b1ab',
    },
  }),
  record<ProductMessage>(decodeProductMessage, {
    writer: 'api',
    says:
      'More pieces are there. Without effect for a product that does not exist, or beyond ' +
      `${stockMax.toLocaleString('en')} in all.`,
    fields: { productId, add: field.count(stockMax, 'How many more pieces.'), ...command },
    rules: [field.identifiersFit],
    example: {
      type: 'stock.added',
      productId: 'green-tea',
      add: 200,
      by: 'operator',
      commandId: 'operator:delivery-7',
    },
  }),
]

export const walletRecords: readonly RecordType[] = [
  record<WalletMessage>(decodeWalletMessage, {
    writer: 'api',
    says: 'Money comes into the wallet of a user.',
    fields: {
      userId: field.userId('Whose wallet.'),
      amount: field.count(topUpAmountMax, 'How much, in whole minor units.'),
      ...command,
    },
    rules: [field.identifiersFit],
    example: {
      type: 'wallet.topped_up',
      userId: 'ann',
      amount: 50_000,
      by: 'operator',
      commandId: 'operator:top-up-3',
    },
  }),
]

function record<Message extends OrdersRecord>(
  decode: (value: Buffer) => Decoded<Message>,
  parts: {
    writer: string
    says: string
    fields: Parameters<typeof field.recordSchema>[2]
    rules?: readonly Rule[]
    example: Message
  },
): RecordType {
  const { type } = parts.example
  const key = 'orderId' in parts.fields ? 'orderId' : Object.keys(parts.fields)[0]
  const byCommand = 'commandId' in parts.fields ? '/{commandId}' : ''
  return {
    schema: field.recordSchema(type, parts.says, parts.fields),
    rules: parts.rules ?? [],
    writer: parts.writer,
    key: String(key),
    eventId: `${type}/{${key}}${byCommand}`,
    example: entryOf(parts.example),
    again: (value) => {
      const decoded = decode(value)
      return decoded.kind === 'message' ? entryOf(decoded.message) : null
    },
  }
}

function sumsAddUp(): Rule {
  return {
    says: '`discount` is at most `subtotal`, and `total` is `subtotal` − `discount`.',
    holds: ({ subtotal, discount, total }) => {
      const [before, off] = [Number(subtotal), Number(discount)]
      return off <= before && total === before - off
    },
    mend: (wire) => {
      const subtotal = Math.min(Number(wire.subtotal), orderSumMax)
      const discount = Math.min(Number(wire.discount), subtotal)
      return { ...wire, subtotal, discount, total: subtotal - discount }
    },
  }
}

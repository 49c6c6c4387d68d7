// How a message stands in its topic: its key, its bytes, and CloudEvents attributes in headers
// (binary mode). The event id is derived from the message, so what is published again after a
// crash is the same event, and its reader can drop it.

import { partitionFor } from '../partitioner.ts'
import type { Decoded } from '../wire.ts'
import {
  type OrdersRecord,
  orderStepsTopic,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from './messages.ts'

export type RecordEntry = { key: string; value: Buffer; headers: Record<string, string> }
/** `partitions`: how many its topic has. */
export type StoredPlace = { partition: number; partitions: number }

export function entryOf(message: OrdersRecord): RecordEntry {
  return {
    key: keyOf(message),
    value: Buffer.from(JSON.stringify({ ...message, v: 1 })),
    headers: {
      ce_specversion: '1.0',
      ce_type: message.type,
      ce_source: `/firstcome/${standing[message.type].writer}`,
      ce_id: eventIdOf(message),
      'content-type': 'application/json',
    },
  }
}

export function topicOf(message: OrdersRecord): string {
  return standing[message.type].topic
}

/** What keeps records in order: the order, the product, or the user whose wallet it is. */
export function keyOf(message: OrdersRecord): string {
  if ('orderId' in message) return message.orderId
  return 'productId' in message ? message.productId : message.userId
}

/** Every type stands at most once for an order; what operators do is told apart by its command. */
export function eventIdOf(message: OrdersRecord): string {
  const id = `${message.type}/${keyOf(message)}`
  return 'commandId' in message ? `${id}/${message.commandId}` : id
}

/** A record in another partition than its key's would be out of order there: it is void. */
export function readAt<Message extends OrdersRecord>(
  decoded: Decoded<Message>,
  place: StoredPlace,
): Decoded<Message> {
  if (decoded.kind !== 'message') return decoded
  const home = partitionFor(keyOf(decoded.message), place.partitions)
  return home === place.partition ? decoded : { kind: 'void', reason: 'in the wrong partition' }
}

const fromApi = { topic: ordersTopic, writer: 'api' }
const fromProcess = { topic: ordersTopic, writer: 'order-process' }
const fromCouponStep = { topic: orderStepsTopic, writer: 'coupon-step' }
const fromStockStep = { topic: orderStepsTopic, writer: 'stock-step' }
const fromPaymentStep = { topic: orderStepsTopic, writer: 'payment-step' }
const standing: Readonly<Record<OrdersRecord['type'], { topic: string; writer: string }>> = {
  'order.placed': fromApi,
  'order.payment_due': fromProcess,
  'order.confirmed': fromProcess,
  'order.cancelled': fromProcess,
  'coupon.used': fromCouponStep,
  'coupon.refused': fromCouponStep,
  'coupon.released': fromCouponStep,
  'stock.held': fromStockStep,
  'stock.refused': fromStockStep,
  'stock.released': fromStockStep,
  'stock.sold': fromStockStep,
  'payment.captured': fromPaymentStep,
  'payment.refused': fromPaymentStep,
  'payment.refunded': fromPaymentStep,
  'product.created': { topic: productsTopic, writer: 'api' },
  'stock.added': { topic: productsTopic, writer: 'api' },
  'wallet.topped_up': { topic: walletsTopic, writer: 'api' },
}

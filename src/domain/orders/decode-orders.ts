// The records of the orders topic and of the steps' topic, from bytes. Ids, limits and sums are
// checked here, once: whoever holds a message may count with it.

import { couponIdPattern, isDiscount, userIdPattern } from '../coupons/messages.ts'
import {
  type Decoded,
  decodeWith,
  isCount,
  isLike,
  isObject,
  isOneOf,
  isWhole,
  type Readers,
  type Wire,
} from '../wire.ts'
import {
  cancelReasons,
  couponRefusals,
  type Line,
  lineQuantityMax,
  type OrderCancelled,
  type OrderConfirmed,
  type OrderMessage,
  type OrderPaymentDue,
  type OrderPlaced,
  orderIdPattern,
  orderLinesMax,
  orderSumMax,
  orderTimeLimitMsMax,
  type PricedLine,
  paymentRefusals,
  priceMax,
  productIdPattern,
  type StepMessage,
  stockRefusals,
  type WonCoupon,
} from './messages.ts'

export function decodeOrderMessage(value: Buffer): Decoded<OrderMessage> {
  return decodeWith(value, orderReaders)
}

export function decodeStepMessage(value: Buffer): Decoded<StepMessage> {
  return decodeWith(value, stepReaders)
}

const orderIdShape = new RegExp(orderIdPattern)
const productIdShape = new RegExp(productIdPattern)
const couponIdShape = new RegExp(couponIdPattern)
const userIdShape = new RegExp(userIdPattern)

const orderReaders: Readers<OrderMessage> = new Map<string, (wire: Wire) => OrderMessage | null>([
  ['order.placed', readPlaced],
  ['order.payment_due', readPaymentDue],
  ['order.confirmed', readConfirmed],
  ['order.cancelled', readCancelled],
])

const stepReaders: Readers<StepMessage> = new Map<string, (wire: Wire) => StepMessage | null>([
  ['coupon.used', readCouponUsed],
  ['coupon.refused', readCouponRefused],
  ['coupon.released', readCouponReleased],
  ['stock.held', readStockHeld],
  ['stock.refused', readStockRefused],
  ['stock.released', (wire) => readStockEnd('stock.released', wire)],
  ['stock.sold', (wire) => readStockEnd('stock.sold', wire)],
  ['payment.captured', (wire) => readPaid('payment.captured', wire)],
  ['payment.refused', readPaymentRefused],
  ['payment.refunded', (wire) => readPaid('payment.refunded', wire)],
])

function readPlaced(wire: Wire): OrderPlaced | null {
  const { orderId, userId, timeLimitMs } = wire
  if (!isOrderId(orderId) || !isLike(userId, userIdShape)) return null
  if (!isCount(timeLimitMs, orderTimeLimitMsMax)) return null
  const lines = readLines(wire.lines, readLine)
  const coupon = wire.coupon === undefined ? undefined : readWonCoupon(wire.coupon)
  if (lines === null || coupon === null) return null
  const placed: OrderPlaced = { type: 'order.placed', orderId, userId, lines, timeLimitMs }
  if (coupon !== undefined) placed.coupon = coupon
  return placed
}

function readWonCoupon(wire: unknown): WonCoupon | null {
  if (!isObject(wire) || !isLike(wire.couponId, couponIdShape)) return null
  const { couponId, partition, offset } = wire
  if (!isWhole(partition, Number.MAX_SAFE_INTEGER)) return null
  if (!isWhole(offset, Number.MAX_SAFE_INTEGER)) return null
  return { couponId, partition, offset }
}

function readPaymentDue(wire: Wire): OrderPaymentDue | null {
  const { orderId, userId, subtotal, discount, total } = wire
  if (!isOrderId(orderId) || !isLike(userId, userIdShape)) return null
  if (!isWhole(subtotal, orderSumMax) || !isWhole(discount, subtotal)) return null
  if (total !== subtotal - discount) return null
  return { type: 'order.payment_due', orderId, userId, subtotal, discount, total }
}

function readConfirmed(wire: Wire): OrderConfirmed | null {
  const { orderId, couponId } = wire
  if (!isOrderId(orderId)) return null
  if (couponId === undefined) return { type: 'order.confirmed', orderId }
  return isLike(couponId, couponIdShape) ? { type: 'order.confirmed', orderId, couponId } : null
}

function readCancelled(wire: Wire): OrderCancelled | null {
  const { orderId, reason } = wire
  if (!isOrderId(orderId) || !isOneOf(reason, cancelReasons)) return null
  return { type: 'order.cancelled', orderId, reason }
}

function readCouponUsed(wire: Wire): StepMessage | null {
  const { orderId, couponId, discount } = wire
  if (!isOrderId(orderId) || !isLike(couponId, couponIdShape)) return null
  if (discount === undefined) return { type: 'coupon.used', orderId, couponId }
  if (!isDiscount(discount)) return null
  const { kind, value } = discount
  return { type: 'coupon.used', orderId, couponId, discount: { kind, value } }
}

function readCouponRefused(wire: Wire): StepMessage | null {
  const { orderId, reason } = wire
  if (!isOrderId(orderId) || !isOneOf(reason, couponRefusals)) return null
  return { type: 'coupon.refused', orderId, reason }
}

function readCouponReleased(wire: Wire): StepMessage | null {
  const { orderId, couponId } = wire
  if (!isOrderId(orderId) || !isLike(couponId, couponIdShape)) return null
  return { type: 'coupon.released', orderId, couponId }
}

function readStockHeld(wire: Wire): StepMessage | null {
  const { orderId } = wire
  const lines = readLines(wire.lines, readPricedLine)
  return !isOrderId(orderId) || lines === null ? null : { type: 'stock.held', orderId, lines }
}

function readStockRefused(wire: Wire): StepMessage | null {
  const { orderId, reason, productId } = wire
  if (!isOrderId(orderId) || !isOneOf(reason, stockRefusals)) return null
  if (!isLike(productId, productIdShape)) return null
  return { type: 'stock.refused', orderId, reason, productId }
}

function readStockEnd(type: 'stock.released' | 'stock.sold', wire: Wire): StepMessage | null {
  return isOrderId(wire.orderId) ? { type, orderId: wire.orderId } : null
}

function readPaid(type: 'payment.captured' | 'payment.refunded', wire: Wire): StepMessage | null {
  const { orderId, amount } = wire
  return isOrderId(orderId) && isWhole(amount, orderSumMax) ? { type, orderId, amount } : null
}

function readPaymentRefused(wire: Wire): StepMessage | null {
  const { orderId, reason } = wire
  if (!isOrderId(orderId) || !isOneOf(reason, paymentRefusals)) return null
  return { type: 'payment.refused', orderId, reason }
}

/** One to `orderLinesMax` lines, none of them of the same product as another. */
function readLines<L extends Line>(
  wire: unknown,
  readOne: (line: unknown) => L | null,
): L[] | null {
  if (!Array.isArray(wire) || wire.length === 0 || wire.length > orderLinesMax) return null
  const lines = new Map<string, L>()
  for (const item of wire) {
    const line = readOne(item)
    if (line === null || lines.has(line.productId)) return null
    lines.set(line.productId, line)
  }
  return [...lines.values()]
}

function readLine(wire: unknown): Line | null {
  if (!isObject(wire) || !isLike(wire.productId, productIdShape)) return null
  const { productId, quantity } = wire
  return isCount(quantity, lineQuantityMax) ? { productId, quantity } : null
}

function readPricedLine(wire: unknown): PricedLine | null {
  const line = readLine(wire)
  const unitPrice = isObject(wire) ? wire.unitPrice : undefined
  return line !== null && isWhole(unitPrice, priceMax) ? { ...line, unitPrice } : null
}

function isOrderId(value: unknown): value is string {
  return isLike(value, orderIdShape)
}

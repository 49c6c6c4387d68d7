// One record of each type, as the domain writes it, and any record as the domain reads it and
// writes it again.

import { codeDeriver } from '../../src/domain/coupons/codes.ts'
import { encodeIssuedEvent, encodeRevokedEvent } from '../../src/domain/coupons/coupon-events.ts'
import {
  type CouponMessage,
  claimsTopic,
  couponEventsTopic,
  decodeMessage,
  encodeMessage,
  newestRules,
} from '../../src/domain/coupons/messages.ts'
import {
  deadLetterId,
  decodeDeadLetterMessage,
} from '../../src/domain/orders/dead-letter-messages.ts'
import { deadLetterEntry } from '../../src/domain/orders/dead-letter-records.ts'
import {
  decodeOrderMessage,
  decodeProductMessage,
  decodeStepMessage,
  decodeWalletMessage,
  orderStepsTopic,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from '../../src/domain/orders/messages.ts'
import { type AnyRecord, entryOf } from '../../src/domain/orders/records.ts'
import { deadLettersTopic } from '../../src/domain/orders/retries.ts'
import { type Decoded } from '../../src/domain/record.ts'

export type Entry = { key: string; value: Buffer; headers?: Readonly<Record<string, string>> }

export function exampleOf(topic: string, type: string): Entry {
  const example = topic === couponEventsTopic ? events.get(type) : entries.get(type)
  if (example === undefined) throw new Error(`${type} has no example`)
  return example
}

/** Null: no reader of ours would take it. */
export function rewritten(topic: string, value: Buffer): Entry | null {
  if (topic === claimsTopic) {
    const decoded = decodeMessage(value)
    return decoded.kind === 'message' ? claimEntry(decoded.message) : null
  }
  const decoded = decoders[topic]?.(value)
  return decoded?.kind === 'message' ? entryOf(decoded.message) : null
}

const decoders: Readonly<Record<string, (value: Buffer) => Decoded<AnyRecord>>> = {
  [ordersTopic]: decodeOrderMessage,
  [orderStepsTopic]: decodeStepMessage,
  [productsTopic]: decodeProductMessage,
  [walletsTopic]: decodeWalletMessage,
  [deadLettersTopic]: decodeDeadLetterMessage,
}

function claimEntry(message: CouponMessage): Entry {
  return { key: message.couponId, value: encodeMessage(message) }
}

const couponId = 'spring-sale'
const userId = 'ann'
const claimId = '019a0a3e-a2b1-7f0e-9c3c-5b1d7f0a2e11'
const by = 'operator'
const orderId = 'q5nq1mC0o5cZ7QkTn9m9h0XbJ0V3v9Y2xw1W8vB2a4E'
const productId = 'green-tea'
const commandId = '019a0a3e-c11d-7c20-9b1f-2d4a6f8e0b13'
const place = { topic: ordersTopic, partition: 3, offset: 17, appendedAt: 1777626000012 }
const letter = {
  deadLetterId: deadLetterId('stock-step', place),
  by,
  commandId: 'operator:again-1',
}
const switching = { couponId, by, commandId: '019a0a3e-b001-7d11-8e0f-3f6a1c2b4d5e' }

const claimExamples: readonly CouponMessage[] = [
  {
    type: 'coupon.created',
    couponId,
    by,
    commandId: '019a0a3e-9f00-7c35-8a51-0c8ad3c5b1aa',
    rules: newestRules,
    terms: {
      name: 'Spring sale',
      quantity: 100,
      opensAt: Date.UTC(2026, 4, 1, 9),
      discount: { kind: 'percent', value: 10, max: 3_000 },
      minimum: 20_000,
      validDays: 30,
      audience: { attribute: 'tier', values: ['gold', 'silver'] },
    },
  },
  { type: 'coupon.claimed', couponId, userId, claimId, audience: 'gold' },
  { type: 'coupon.restocked', couponId, by, commandId: 'operator:more-1', add: 50 },
  { type: 'coupon.paused', ...switching },
  { type: 'coupon.resumed', ...switching },
  {
    type: 'coupon.edited',
    ...switching,
    name: 'Spring sale, longer',
    closesAt: Date.UTC(2026, 4, 3),
    reason: 'The fair goes on.',
  },
  { type: 'coupon.revoked', ...switching, userId, reason: 'The account was stolen.' },
  { type: 'coupon.closed', ...switching },
]
const examples: readonly AnyRecord[] = [
  {
    type: 'order.placed',
    orderId,
    userId,
    lines: [
      { productId, quantity: 2 },
      { productId: 'cup', quantity: 1 },
    ],
    timeLimitMs: 30_000,
    coupon: { couponId, partition: 3, offset: 1204 },
  },
  {
    type: 'order.payment_due',
    orderId,
    userId,
    subtotal: 25_000,
    discount: 2_500,
    total: 22_500,
  },
  { type: 'order.confirmed', orderId, couponId },
  { type: 'order.cancelled', orderId, reason: 'out_of_stock' },
  {
    type: 'order.return_asked',
    orderId,
    by: userId,
    commandId: '019a0a3e-9f00-7c35-8a51-0c8ad3c5b1cd',
    reason: 'The cup is broken.',
    withinMs: 604_800_000,
  },
  { type: 'order.return_due', orderId, couponId },
  { type: 'order.returned', orderId },
  {
    type: 'redemption.placed',
    orderId,
    userId,
    coupon: { couponId, partition: 3, offset: 1204 },
    reference: 'till-4/2026-05-01/118',
    subtotal: 25_000,
    use: true,
    by: 'till-4',
    timeLimitMs: 900_000,
  },
  { type: 'redemption.use', orderId, by: 'till-4', commandId },
  { type: 'redemption.release', orderId, by: 'till-4', commandId, reason: 'The card failed.' },
  { type: 'redemption.expired', orderId },
  {
    type: 'redemption.used',
    orderId,
    couponId,
    subtotal: 25_000,
    discount: 2_500,
    total: 22_500,
  },
  { type: 'redemption.released', orderId, reason: 'timed_out' },
  { type: 'coupon.used', orderId, couponId, discount: { kind: 'percent', value: 10 } },
  { type: 'coupon.refused', orderId, reason: 'coupon_already_used' },
  { type: 'coupon.released', orderId, couponId },
  { type: 'coupon.wanted', orderId, couponId },
  {
    type: 'stock.held',
    orderId,
    lines: [
      { productId, quantity: 2, unitPrice: 8_000 },
      { productId: 'cup', quantity: 1, unitPrice: 9_000 },
    ],
  },
  { type: 'stock.refused', orderId, reason: 'out_of_stock', productId: 'cup' },
  { type: 'stock.released', orderId },
  { type: 'stock.sold', orderId },
  { type: 'payment.captured', orderId, amount: 22_500 },
  { type: 'payment.refused', orderId, reason: 'insufficient_funds' },
  { type: 'payment.refunded', orderId, amount: 22_500 },
  {
    type: 'product.created',
    productId,
    name: 'Green tea',
    price: 8_000,
    stock: 500,
    by,
    commandId: '019a0a3e-9f00-7c35-8a51-0c8ad3c5b1ab',
  },
  { type: 'stock.added', productId, add: 200, by, commandId: 'operator:delivery-7' },
  { type: 'wallet.topped_up', userId, amount: 50_000, by, commandId: 'operator:top-up-3' },
  { type: 'dead_letter.redriven', ...letter },
  { type: 'dead_letter.discarded', ...letter },
]
const won = { couponId, slot: 1, claimId, rules: newestRules }
const entries: ReadonlyMap<string, Entry> = new Map([
  ...claimExamples.map((message): [string, Entry] => [message.type, claimEntry(message)]),
  ...examples.map((message): [string, Entry] => [message.type, entryOf(message)]),
  [
    'dead_letter.buried',
    deadLetterEntry({
      consumer: 'stock-step',
      record: entryOf({
        type: 'order.placed',
        orderId,
        userId,
        lines: [{ productId: 'cup', quantity: 1 }],
        timeLimitMs: 30_000,
      }),
      origin: place,
      reason: 'the database does not answer',
      attempts: 3,
      redrivable: true,
      redrives: 0,
    }).entry,
  ],
])
/** A claim may have the name of an event. */
const events: ReadonlyMap<string, Entry> = new Map([
  [
    'coupon.issued',
    encodeIssuedEvent({
      ...won,
      userId,
      code: codeDeriver('a secret of at least thirty-two bytes')(won),
      appendedAt: Date.UTC(2026, 4, 1, 9, 0, 0, 12),
    }),
  ],
  [
    'coupon.revoked',
    encodeRevokedEvent({
      couponId,
      commandId: switching.commandId,
      userId: null,
      taken: { to: 100 },
      reason: 'The fair was called off.',
      appendedAt: Date.UTC(2026, 4, 2, 10),
    }),
  ],
])

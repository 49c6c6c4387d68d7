import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { amountMax } from '../coupons/messages.ts'
import { partitionFor } from '../partitioner.ts'
import { type Decoded } from '../record.ts'
import {
  decodeOrderMessage,
  decodeProductMessage,
  decodeStepMessage,
  decodeWalletMessage,
  lineQuantityMax,
  type OrdersRecord,
  orderLinesMax,
  orderStepsTopic,
  orderSumMax,
  ordersTopic,
  orderTimeLimitMsMax,
  priceMax,
  productNameCharactersMax,
  productsTopic,
  stockMax,
  topUpAmountMax,
  walletsTopic,
} from './messages.ts'
import { entryOf, eventIdOf, keyOf, readAt, topicOf } from './records.ts'

const orderId = 'o-1'
const by = 'op'
const commandId = 'op:k'

/** Bytes are pinned: another version, or another language, reads exactly these. */
const wireForms: readonly (readonly [OrdersRecord, string])[] = [
  [
    {
      type: 'order.placed',
      orderId,
      userId: 'ann',
      lines: [
        { productId: 'tea', quantity: 2 },
        { productId: 'cup', quantity: 1 },
      ],
      timeLimitMs: 30_000,
      coupon: { couponId: 'spring', partition: 3, offset: 0 },
    },
    '{"type":"order.placed","orderId":"o-1","userId":"ann","lines":[{"productId":"tea",' +
      '"quantity":2},{"productId":"cup","quantity":1}],"timeLimitMs":30000,"coupon":' +
      '{"couponId":"spring","partition":3,"offset":0},"v":1}',
  ],
  [
    {
      type: 'order.placed',
      orderId,
      userId: 'ann',
      lines: [{ productId: 'tea', quantity: 1 }],
      timeLimitMs: 1,
    },
    '{"type":"order.placed","orderId":"o-1","userId":"ann","lines":[{"productId":"tea",' +
      '"quantity":1}],"timeLimitMs":1,"v":1}',
  ],
  [
    {
      type: 'order.payment_due',
      orderId,
      userId: 'ann',
      subtotal: 300,
      discount: 100,
      total: 200,
    },
    '{"type":"order.payment_due","orderId":"o-1","userId":"ann","subtotal":300,' +
      '"discount":100,"total":200,"v":1}',
  ],
  [{ type: 'order.confirmed', orderId }, '{"type":"order.confirmed","orderId":"o-1","v":1}'],
  [
    { type: 'order.confirmed', orderId, couponId: 'spring' },
    '{"type":"order.confirmed","orderId":"o-1","couponId":"spring","v":1}',
  ],
  [
    { type: 'order.cancelled', orderId, reason: 'timed_out' },
    '{"type":"order.cancelled","orderId":"o-1","reason":"timed_out","v":1}',
  ],
  [
    {
      type: 'coupon.used',
      orderId,
      couponId: 'spring',
      discount: { kind: 'percent', value: 10 },
    },
    '{"type":"coupon.used","orderId":"o-1","couponId":"spring","discount":{"kind":"percent",' +
      '"value":10},"v":1}',
  ],
  [
    { type: 'coupon.used', orderId, couponId: 'spring' },
    '{"type":"coupon.used","orderId":"o-1","couponId":"spring","v":1}',
  ],
  [
    { type: 'coupon.refused', orderId, reason: 'coupon_not_held' },
    '{"type":"coupon.refused","orderId":"o-1","reason":"coupon_not_held","v":1}',
  ],
  [
    { type: 'coupon.released', orderId, couponId: 'spring' },
    '{"type":"coupon.released","orderId":"o-1","couponId":"spring","v":1}',
  ],
  [
    {
      type: 'stock.held',
      orderId,
      lines: [{ productId: 'tea', quantity: 2, unitPrice: 0 }],
    },
    '{"type":"stock.held","orderId":"o-1","lines":[{"productId":"tea","quantity":2,' +
      '"unitPrice":0}],"v":1}',
  ],
  [
    { type: 'stock.refused', orderId, reason: 'out_of_stock', productId: 'tea' },
    '{"type":"stock.refused","orderId":"o-1","reason":"out_of_stock","productId":"tea","v":1}',
  ],
  [{ type: 'stock.released', orderId }, '{"type":"stock.released","orderId":"o-1","v":1}'],
  [{ type: 'stock.sold', orderId }, '{"type":"stock.sold","orderId":"o-1","v":1}'],
  [
    { type: 'payment.captured', orderId, amount: 0 },
    '{"type":"payment.captured","orderId":"o-1","amount":0,"v":1}',
  ],
  [
    { type: 'payment.refused', orderId, reason: 'insufficient_funds' },
    '{"type":"payment.refused","orderId":"o-1","reason":"insufficient_funds","v":1}',
  ],
  [
    { type: 'payment.refunded', orderId, amount: 200 },
    '{"type":"payment.refunded","orderId":"o-1","amount":200,"v":1}',
  ],
  [
    { type: 'product.created', productId: 'tea', name: '차', price: 150, stock: 0, by, commandId },
    '{"type":"product.created","productId":"tea","name":"차","price":150,"stock":0,"by":"op",' +
      '"commandId":"op:k","v":1}',
  ],
  [
    { type: 'stock.added', productId: 'tea', add: 5, by, commandId },
    '{"type":"stock.added","productId":"tea","add":5,"by":"op","commandId":"op:k","v":1}',
  ],
  [
    { type: 'wallet.topped_up', userId: 'ann', amount: 5, by, commandId },
    '{"type":"wallet.topped_up","userId":"ann","amount":5,"by":"op","commandId":"op:k","v":1}',
  ],
]
const pinned = wireForms.map(([, wire]) => JSON.parse(wire) as Record<string, unknown>)
const [placed, , due, confirmed, , cancelled, used, , couponRefused, couponReleased, held] = pinned
const [stockRefused, , , captured, paymentRefused, , product, added, toppedUp] = pinned.slice(11)
const placedLines = linesOf(placed)
const [line] = placedLines
const [heldLine] = linesOf(held)

describe('the wire form', () => {
  for (const [message, wire] of wireForms) {
    test(`of ${message.type} is written and read as pinned: ${wire.length} characters`, () => {
      assert.equal(entryOf(message).value.toString(), wire)
      assert.deepEqual(decodeOf(message.type)(Buffer.from(wire)), { kind: 'message', message })
    })
  }

  test('may carry fields that this version does not know; they are dropped', () => {
    const lines = [{ ...line, note: 'x' }, ...placedLines.slice(1)]
    const decoded = decode({ ...placed, lines, gift: true })
    assert.deepEqual(decoded, { kind: 'message', message: wireForms[0]?.[0] })
  })

  test('is read at every limit', () => {
    const lines = Array.from({ length: orderLinesMax }, (_, n) => {
      return { productId: `p${n}`, quantity: lineQuantityMax, unitPrice: priceMax }
    })
    const atLimits: object[] = [
      { ...placed, lines, timeLimitMs: orderTimeLimitMsMax, orderId: 'o'.repeat(64) },
      { ...held, lines },
      { ...due, subtotal: orderSumMax, discount: orderSumMax, total: 0 },
      { ...due, subtotal: 0, discount: 0, total: 0 },
      { ...captured, amount: orderSumMax },
      { ...used, discount: { kind: 'amount', value: amountMax } },
      { ...product, price: priceMax, stock: stockMax, name: '🎟'.repeat(productNameCharactersMax) },
      { ...product, price: 0 },
      { ...added, add: stockMax },
      { ...toppedUp, amount: topUpAmountMax, commandId: 'c'.repeat(300) },
    ]
    for (const wire of atLimits) assert.equal(decode(wire).kind, 'message', JSON.stringify(wire))
    assert.ok(Number.isSafeInteger(orderSumMax))
  })
})

/** Each is a change to a good record that makes it void for every reader alike. */
const malformed: readonly (readonly [string, object])[] = [
  ['no orderId', { ...placed, orderId: undefined }],
  ['an empty orderId', { ...placed, orderId: '' }],
  ['an orderId that is no part of an address', { ...placed, orderId: 'a/b' }],
  ['an orderId too long', { ...placed, orderId: 'o'.repeat(65) }],
  ['no userId', { ...placed, userId: undefined }],
  ['a userId with a space in version 1', { ...placed, userId: 'ann b' }],
  ['no lines', { ...placed, lines: undefined }],
  ['lines that are no list', { ...placed, lines: { 0: line } }],
  ['an empty list of lines', { ...placed, lines: [] }],
  ['a line that is null', { ...placed, lines: [null] }],
  ['two lines of one product', { ...placed, lines: [line, line] }],
  [
    'too many lines',
    {
      ...placed,
      lines: Array.from({ length: orderLinesMax + 1 }, (_, n) => {
        return { productId: `p${n}`, quantity: 1 }
      }),
    },
  ],
  ['a productId in capitals', { ...placed, lines: [{ ...line, productId: 'Tea' }] }],
  ['quantity 0', { ...placed, lines: [{ ...line, quantity: 0 }] }],
  ['a quantity below 0', { ...placed, lines: [{ ...line, quantity: -1 }] }],
  ['half a piece', { ...placed, lines: [{ ...line, quantity: 0.5 }] }],
  ['a quantity as text', { ...placed, lines: [{ ...line, quantity: '1' }] }],
  ['too large a quantity', { ...placed, lines: [{ ...line, quantity: lineQuantityMax + 1 }] }],
  ['coupon null', { ...placed, coupon: null }],
  ['a coupon as text', { ...placed, coupon: 'spring' }],
  ['a coupon without its place', { ...placed, coupon: { couponId: 'spring' } }],
  ['a coupon at no offset', { ...placed, coupon: { couponId: 'a', partition: 0, offset: -1 } }],
  ['a coupon of no id', { ...placed, coupon: { couponId: '', partition: 0, offset: 1 } }],
  ['no time limit', { ...placed, timeLimitMs: undefined }],
  ['time limit 0', { ...placed, timeLimitMs: 0 }],
  ['a time limit of ever', { ...placed, timeLimitMs: orderTimeLimitMsMax + 1 }],
  ['payment of nobody', { ...due, userId: undefined }],
  ['a total that is not what is left', { ...due, total: 201 }],
  ['a total below 0', { ...due, discount: 400, total: -100 }],
  ['a discount below 0', { ...due, discount: -100, total: 400 }],
  ['a subtotal with a fraction', { ...due, subtotal: 300.5, total: 200.5 }],
  ['a subtotal beyond the limit', { ...due, subtotal: orderSumMax + 1, total: orderSumMax - 99 }],
  ['confirmed with a coupon of no id', { ...confirmed, couponId: '' }],
  ['confirmed without orderId', { ...confirmed, orderId: undefined }],
  ['cancelled without reason', { ...cancelled, reason: undefined }],
  ['cancelled for a reason of its own', { ...cancelled, reason: 'weather' }],
  ['a coupon used without its id', { ...used, couponId: undefined }],
  ['a discount that is null', { ...used, discount: null }],
  ['percent 101', { ...used, discount: { kind: 'percent', value: 101 } }],
  ['an amount of 0', { ...used, discount: { kind: 'amount', value: 0 } }],
  ['a coupon refused by the stock', { ...couponRefused, reason: 'out_of_stock' }],
  ['a coupon released without its id', { ...couponReleased, couponId: 1 }],
  ['a held line without price', { ...held, lines: [line] }],
  ['a price below 0', { ...held, lines: [{ ...heldLine, unitPrice: -1 }] }],
  ['a price beyond the limit', { ...held, lines: [{ ...heldLine, unitPrice: priceMax + 1 }] }],
  ['stock refused for no product', { ...stockRefused, productId: undefined }],
  ['stock refused by the wallet', { ...stockRefused, reason: 'insufficient_funds' }],
  ['stock sold to nobody', { type: 'stock.sold', v: 1 }],
  ['an amount below 0', { ...captured, amount: -1 }],
  ['an amount with a fraction', { ...captured, amount: 0.1 }],
  ['an amount beyond the limit', { ...captured, amount: orderSumMax + 1 }],
  ['a payment refused without reason', { ...paymentRefused, reason: null }],
  ['no name', { ...product, name: '' }],
  ['a name too long', { ...product, name: 'n'.repeat(productNameCharactersMax + 1) }],
  ['a name with a NUL', { ...product, name: 'n\0' }],
  ['a product price below 0', { ...product, price: -1 }],
  ['a product price beyond the limit', { ...product, price: priceMax + 1 }],
  ['stock below 0', { ...product, stock: -1 }],
  ['stock beyond the limit', { ...product, stock: stockMax + 1 }],
  ['no commandId', { ...product, commandId: undefined }],
  ['stock added without product', { ...added, productId: undefined }],
  ['stock added: none', { ...added, add: 0 }],
  ['stock added beyond the limit', { ...added, add: stockMax + 1 }],
  ['stock added by nobody', { ...added, by: '' }],
  ['a top-up of nothing', { ...toppedUp, amount: 0 }],
  ['a top-up beyond the limit', { ...toppedUp, amount: topUpAmountMax + 1 }],
  ['a top-up of nobody', { ...toppedUp, userId: '' }],
  ['a top-up without commandId', { ...toppedUp, commandId: 7 }],
]

describe('reading', () => {
  for (const [name, wire] of malformed) {
    test(`finds a record with ${name} void`, () => {
      const { type } = wire as { type: string }
      assert.deepEqual(decode(wire), { kind: 'void', reason: `malformed ${type}` })
    })
  }

  const all = [decodeOrderMessage, decodeStepMessage, decodeProductMessage, decodeWalletMessage]

  test('finds what is no JSON, or has no type, void in every topic', () => {
    const noRecords = ['', 'hello', '{"type"', 'null', '1', '[]', '{"v":1}', '{"type":[],"v":1}']
    const broken = Buffer.from('{"type":"order.confirmed","v":1,"orderId":"\xff"}', 'latin1')
    for (const decodeAny of all) {
      for (const text of noRecords) assert.equal(decodeAny(Buffer.from(text)).kind, 'void', text)
      assert.deepEqual(decodeAny(broken), { kind: 'void', reason: 'not JSON' })
    }
  })

  test('does not know other types, nor types of other topics, nor other versions', () => {
    const strangers = ['order.shipped', '', 'constructor', '__proto__', 'coupon.claimed']
    for (const decodeAny of all) {
      for (const type of strangers) {
        const decoded = decodeAny(Buffer.from(JSON.stringify({ type, v: 1 })))
        assert.equal(decoded.kind, 'unknown', type)
      }
    }
    for (const wire of pinned) {
      const readable = all.filter((decodeAny) => {
        return decodeAny(Buffer.from(JSON.stringify(wire))).kind === 'message'
      })
      assert.equal(readable.length, 1)
      for (const v of [2, 0, '1', undefined]) {
        assert.equal(decode({ ...wire, v }).kind, 'unknown')
      }
    }
  })
})

describe('a record', () => {
  const rows: readonly (readonly [string, string, string, string])[] = wireForms.map(
    ([message]) => [message.type, topicOf(message), keyOf(message), eventIdOf(message)],
  )

  test('stands in its topic by its key, under an id that is derived from it', () => {
    const known = new Map(rows.map(([type, ...rest]) => [type, rest]))
    assert.deepEqual(known.get('order.placed'), [ordersTopic, 'o-1', 'order.placed/o-1'])
    assert.deepEqual(known.get('stock.held'), [orderStepsTopic, 'o-1', 'stock.held/o-1'])
    const addedId = 'stock.added/tea/op:k'
    assert.deepEqual(known.get('stock.added'), [productsTopic, 'tea', addedId])
    const topUpId = 'wallet.topped_up/ann/op:k'
    assert.deepEqual(known.get('wallet.topped_up'), [walletsTopic, 'ann', topUpId])
    assert.equal(new Set(rows.map(([, , , id]) => id)).size, known.size)
  })

  test('carries the attributes of CloudEvents in its headers', () => {
    assert.deepEqual(entryOf({ type: 'stock.sold', orderId }).headers, {
      ce_specversion: '1.0',
      ce_type: 'stock.sold',
      ce_source: '/firstcome/stock-step',
      ce_id: 'stock.sold/o-1',
      'content-type': 'application/json',
    })
  })

  test('in another partition than its key says is void', () => {
    const decoded = decodeOrderMessage(Buffer.from(JSON.stringify(placed)))
    const home = partitionFor(orderId, 8)
    for (let partition = 0; partition < 8; partition += 1) {
      const read = readAt(decoded, { partition, partitions: 8 })
      assert.equal(read.kind, partition === home ? 'message' : 'void', `partition ${partition}`)
    }
    const unknown = decodeOrderMessage(Buffer.from('{"type":"x"}'))
    assert.equal(readAt(unknown, { partition: 0, partitions: 8 }), unknown)
  })
})

function linesOf(wire: Record<string, unknown> | undefined): object[] {
  const lines = wire?.lines
  assert.ok(Array.isArray(lines))
  return lines as object[]
}

function decodeOf(type: string): (value: Buffer) => Decoded<OrdersRecord> {
  if (type.startsWith('order.')) return decodeOrderMessage
  if (type === 'product.created' || type === 'stock.added') return decodeProductMessage
  return type === 'wallet.topped_up' ? decodeWalletMessage : decodeStepMessage
}

function decode(wire: object): Decoded<OrdersRecord> {
  const { type } = wire as { type: string }
  return decodeOf(type)(Buffer.from(JSON.stringify(wire)))
}

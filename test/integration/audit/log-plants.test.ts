// Wrongs planted in the log of orders alone, which no row contradicts: what a step answered does
// not follow from what others said.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noRevocations, revocationsOf } from '../../../src/domain/coupons/revocations.ts'
import type { Issued } from '../../../src/domain/coupons/winners.ts'
import {
  balanceMax,
  type ProductCreated,
  topUpAmountMax,
  type WalletMessage,
  walletsTopic,
} from '../../../src/domain/orders/messages.ts'
import { retryTopics } from '../../../src/domain/orders/retries.ts'
import { partitionFor } from '../../../src/domain/partitioner.ts'
import {
  type AuditedWorld,
  auditWorld,
  partitions,
  placed,
  retriedEntry,
  say,
  smallScenario,
  smallWorld,
} from '../../models/orders-audit.ts'

type Plants = Readonly<
  Record<string, readonly [(world: AuditedWorld) => Promise<unknown>, RegExp[]]>
>

const orderId = 'dan-1'
const heldLines = [{ productId: 'tea', quantity: 1, unitPrice: 150 }]
const held = { type: 'stock.held', orderId, lines: heldLines } as const
const usedBefore = { type: 'coupon.refused', reason: 'coupon_already_used' } as const
const expired = { type: 'coupon.refused', reason: 'coupon_expired' } as const
const revokedBefore = { type: 'coupon.refused', reason: 'coupon_revoked' } as const
const notHeld = { type: 'coupon.refused', reason: 'coupon_not_held' } as const
const unknown = { type: 'stock.refused', reason: 'unknown_product', productId: 'tea' } as const
const gone = { type: 'stock.refused', reason: 'out_of_stock', productId: 'tea', orderId } as const
const noJar = { ...unknown, productId: 'jar', orderId } as const
const jar: ProductCreated = {
  type: 'product.created',
  productId: 'jar',
  name: 'Jar',
  price: 5,
  stock: 9,
  by: 'op',
  commandId: 'c9',
}
const plantsInTheLogAlone: Plants = {
  'an order at another price': [
    (world) => {
      const cheap = [{ productId: 'tea', quantity: 1, unitPrice: 1 }]
      return say(world, placed(orderId, { tea: 1 }), { ...held, lines: cheap })
    },
    [/^I12 order dan-1: tea was held for 1, but costs 150$/],
  ],
  'an answer about an order that nobody placed': [
    (world) => say(world, held),
    [/^I10 order dan-1: a step has answered, but nobody has placed it$/],
  ],
  'an unused coupon refused as used': [
    (world) => say(world, placed('dan-1', { tea: 1 }, 1), { ...usedBefore, orderId }),
    [/^I13 order dan-1: coupon spring was refused as used, which no order has spent$/],
  ],
  'a holder refused as none': [
    (world) => say(world, placed('bob-2', { tea: 1 }, 1), { ...notHeld, orderId: 'bob-2' }),
    [/^I13 order bob-2: coupon spring was refused as not held, but bob won it by record 1 of/],
  ],
  'a coupon that had not expired refused as expired': [
    (world) => say(world, placed('bob-2', { tea: 1 }, 1), { ...expired, orderId: 'bob-2' }),
    [/^I15 order bob-2: coupon spring was refused as expired, .* before it ended$/],
  ],
  'a coupon that nobody had revoked refused as revoked': [
    (world) => say(world, placed('bob-2', { tea: 1 }, 1), { ...revokedBefore, orderId: 'bob-2' }),
    [/^I15 order bob-2: coupon spring was refused as revoked, which nobody has revoked$/],
  ],
  'a known product refused as unknown': [
    (world) => orderLater(world, { ...unknown, orderId }),
    [/^I11 order dan-1: product tea was refused as unknown, but record 0 of partition 0 had/],
  ],
  'a product of which there is enough refused as out of stock': [
    // Of ten two orders have five, and one has none.
    (world) => say(world, placed(orderId, { cup: 1, tea: 5 }), gone),
    [/^I11 order dan-1: product tea was refused as out of stock, but 5 were never sold$/],
  ],
  'who has just enough money refused for want of it': [
    (world) => orderPoor(world, { topUps: [150] }),
    [/^I12 order dan-1: 150 was refused for want of money, but 150 of dan was never spent$/],
  ],
  'who has spent some of the money, and has enough left, refused for want of it': [
    (world) => orderPoor(world, { orderId: 'cat-2', quantity: 3 }),
    [/^I12 order cat-2: 450 was refused for want of money, but 550 of cat was never spent$/],
  ],
  'a product that nobody was ever sold refused as unknown': [
    async (world) => {
      await say(world, jar)
      await orderLater(world, noJar)
    },
    [/^I11 order dan-1: product jar was refused as unknown, but record 0 of partition 1 had/],
  ],
  'a product that others had been sold, refused as unknown though its record had failed': [
    async (world) => {
      const [tea = jar] = smallScenario.supplies
      await world.log.append(retryTopics[0], [retriedEntry('stock-step', tea, 0)])
      await orderLater(world, { ...unknown, orderId })
    },
    [/^I11 order dan-1: product tea was refused as unknown, which others had been sold before$/],
  ],
}

const terms = { name: 'Spring', quantity: 3, discount: { kind: 'percent', value: 10 } } as const
const winners = new Map<string, Issued>()
for (const [n, userId] of ['ann', 'bob'].entries()) {
  winners.set(userId, { slot: n + 1, claimId: 'c', offset: n, appendedAt: 1 })
}
const revocations = noRevocations()
const spring = { couponId: 'spring', partition: 0, terms, winners, revocations }
const claims = {
  coupons: new Map([['spring', spring as never]]),
  bounds: [{ start: 0, end: 2 }],
}

describe('no refusal is found', () => {
  for (const [name, refused] of [
    ['of a stranger', [placed('dan-1', { tea: 1 }, 1), { ...notHeld, orderId }]],
    [
      'of who won later than the order says',
      [placed('bob-2', { tea: 1 }, 0), { ...notHeld, orderId: 'bob-2' }],
    ],
    ['of more than is surely there', [placed(orderId, { tea: 6 }), gone]],
    ['of a product that nobody has created', [placed(orderId, { jar: 1 }), noJar]],
  ] as const) {
    test(name, async () => {
      const world = await smallWorld()
      await say(world, ...refused)
      const { found } = await auditWorld(world, { now: null, claims })
      assert.deepEqual(found, [])
    })
  }
})

describe('that a product was unknown is no difference', () => {
  for (const [name, before, options] of [
    ['which was created after the order', [placed(orderId, { jar: 1 }), jar], { now: null }],
    ['which was created in the same millisecond', [jar], { now: null }],
    ['whose record may be the later one by the clocks of two brokers', [jar], { afterMs: 5_000 }],
  ] as const) {
    test(name, async () => {
      const world = await smallWorld()
      await say(world, ...before)
      await orderLater(world, noJar, 'afterMs' in options ? options.afterMs : 0)
      assert.deepEqual((await auditWorld(world, 'now' in options ? options : {})).found, [])
    })
  }

  test('where that is as much later as no clocks differ by it is one', async () => {
    const world = await smallWorld()
    await say(world, jar)
    await orderLater(world, noJar, 5_001)
    assert.equal((await auditWorld(world)).differences, 1)
  })

  test('whose record could not be handled at once', async () => {
    const world = await smallWorld()
    await say(world, jar)
    await world.log.append(retryTopics[0], [retriedEntry('stock-step', jar, 0)])
    await orderLater(world, noJar)
    assert.deepEqual((await auditWorld(world, { now: null })).found, [])
  })

  test('to an order of before an operator had set the clock of the log back', async () => {
    const world = await smallWorld()
    const at = world.clock.at
    await say(world, jar)
    await orderLater(world, noJar)
    const back = { by: 'op', at, before: world.clock.at }
    for (const [acceptedClocks, differences] of [
      [[back], 0],
      [[{ ...back, at: at + 1 }], 1],
      [[{ ...back, before: at }], 1],
    ] as const) {
      const log = Object.assign(world.log, { acceptedClocks })
      assert.equal((await auditWorld({ ...world, log }, { now: null })).differences, differences)
    }
  })
})

describe('that money was wanting is no difference', () => {
  const manyMore = Array.from({ length: balanceMax / topUpAmountMax }, () => topUpAmountMax)
  for (const [name, poor, options] of [
    ['where it was one less', { topUps: [149] }, { now: null }],
    ['where it was spent on others', { orderId: 'cat-2', quantity: 4, topUps: [] }, { now: null }],
    ['where one command came twice', { topUps: [75, 75], commandId: 't' }, { now: null }],
    ['where it came in the same millisecond', { topUps: [150], afterMs: 0 }, { now: null }],
    ['where more was topped up than a wallet takes', { topUps: [150, ...manyMore] }, { now: null }],
  ] as const) {
    test(name, async () => {
      const world = await smallWorld()
      await orderPoor(world, poor)
      assert.deepEqual((await auditWorld(world, options)).found, [])
    })
  }

  test('where a record of it could not be handled at once', async () => {
    const world = await smallWorld()
    // Behind that of ann or of cat.
    const { places } = await orderPoor(world, { topUps: [150] })
    const [offset = 0] = places
    const record = toppedUp('dan', 150, 'dan-0')
    await world.log.append(retryTopics[0], [retriedEntry('payment-step', record, offset)])
    assert.deepEqual((await auditWorld(world, { now: null })).found, [])
  })

  test('where its order was returned later', async () => {
    const world = await smallWorld()
    const charge = world.tables.charges.find(({ orderId: id }) => id === 'cat-1')
    assert.ok(charge !== undefined)
    await orderPoor(world, { orderId: 'cat-2', quantity: 4 })
    Object.assign(charge, { status: 'undone' })
    const { found } = await auditWorld(world, { now: null })
    assert.ok(found.every(({ text }) => !text.includes('want of money')))
  })

  test('where another provider was asked', async () => {
    const world = await smallWorld()
    world.tables.charges = []
    await orderPoor(world, { topUps: [150] })
    const { found } = await auditWorld(world, { now: null })
    assert.ok(found.every(({ text }) => !text.includes('want of money')))
  })

  for (const [name, afterMs, endedMs, expected] of [
    ['where it may have come later by the clocks of two brokers', 5_000, 600_001, 0],
    ['where others may not be read yet', 5_001, 600_000, 0],
    ['but is one where no clocks differ by so much, and others are read', 5_001, 600_001, 1],
  ] as const) {
    test(name, async () => {
      const world = await smallWorld()
      await orderPoor(world, { topUps: [150], afterMs, endedMs, isCharged: true })
      const { found } = await auditWorld(world)
      assert.equal(found.filter(({ text }) => text.includes('want of money')).length, expected)
    })
  }
})

/** That of one of the two, as the third record of the claims log. */
function claimsRevoked(slot: number, appendedAt: number) {
  const taken = { from: slot, to: slot }
  const by = { commandId: 'v', by: 'op', reason: 'why', userId: 'whose' }
  const all = revocationsOf([{ ...by, offset: 2, appendedAt, taken }])
  return { ...claims, coupons: new Map([['spring', { ...spring, revocations: all } as never]]) }
}

test('no refusal of a coupon that is revoked is found', async () => {
  const world = await smallWorld()
  const refused = { ...revokedBefore, orderId: 'bob-2' }
  await say(world, placed('bob-2', { tea: 1 }, 1), refused)
  const { found } = await auditWorld(world, { now: null, claims: claimsRevoked(2, 5) })
  assert.deepEqual(found, [])
})

for (const [name, appendedAt, expected] of [
  [
    'long before it was spent is found',
    -1_000_000,
    [/^I15 order ann-1: it was placed after coupon/],
  ],
  ['since it was spent is not', 1_000_000, []],
] as const) {
  test(`a coupon that was revoked ${name}`, async () => {
    const world = await smallWorld()
    const revoked = claimsRevoked(1, appendedAt)
    const { found } = await auditWorld(world, { now: null, claims: revoked })
    assert.equal(found.length, expected.length)
    expected.forEach((shape, n) => assert.match(`${found[n]?.invariant} ${found[n]?.text}`, shape))
  })
}

describe('an audit of the orders of a stopped service finds, and nothing else with it,', () => {
  for (const [name, [plant, expected]] of Object.entries(plantsInTheLogAlone)) {
    test(name, async () => {
      const world = await smallWorld()
      await plant(world)
      const { found } = await auditWorld(world, { now: null, claims })
      const texts = found.map(({ invariant, text }) => `${invariant} ${text}`)
      assert.equal(texts.length, expected.length, texts.join('\n'))
      expected.forEach((shape, n) => assert.match(texts[n] ?? '', shape))
    })
  }
})

/** So many milliseconds later, by the log's clock. */
async function orderLater(
  world: AuditedWorld,
  refused: Omit<typeof noJar, 'productId'> & { productId: string },
  ms = 1,
): Promise<void> {
  world.clock.at += ms
  await say(world, placed(orderId, { [refused.productId]: 1 }), refused)
}

function toppedUp(userId: string, amount: number, commandId: string): WalletMessage {
  return { type: 'wallet.topped_up', userId, amount, by: 'op', commandId }
}

type Poor = {
  topUps?: readonly number[]
  commandId?: string
  orderId?: string
  quantity?: number
  /** Between the money and the order. */
  afterMs?: number
  endedMs?: number
  isCharged?: boolean
}

/** Some tea, which there was money for; where the money stands. */
async function orderPoor(world: AuditedWorld, poor: Poor): Promise<{ places: number[] }> {
  const { topUps = [], orderId: id = 'dan-1', quantity = 1, afterMs = 1, endedMs } = poor
  const userId = id.split('-')[0] ?? ''
  const places: number[] = []
  for (const [n, amount] of topUps.entries()) {
    const message = toppedUp(userId, amount, poor.commandId ?? `${userId}-${n}`)
    places.push(await appended(world, message))
  }
  world.clock.at += afterMs
  const total = 150 * quantity
  const sums = { subtotal: total, discount: 0, total }
  const reason = 'insufficient_funds'
  await say(
    world,
    placed(id, { tea: quantity }),
    { type: 'stock.held', orderId: id, lines: [{ productId: 'tea', quantity, unitPrice: 150 }] },
    { type: 'order.payment_due', orderId: id, userId, ...sums },
    { type: 'payment.refused', orderId: id, reason },
    { type: 'order.cancelled', orderId: id, reason },
  )
  world.clock.at += endedMs ?? 0
  if (poor.isCharged !== true) return { places }
  const charge = { orderId: id, userId, status: 'refused', amount: 0, reason, unsettled: false }
  world.tables.charges.push(charge)
  return { places }
}

async function appended(world: AuditedWorld, message: WalletMessage): Promise<number> {
  const partition = partitionFor(message.userId, partitions)
  const { end } = await world.log.partitionBounds(walletsTopic, partition)
  await say(world, message)
  return end
}

// Wrongs planted in the log of orders alone, which no row contradicts: what a step answered does
// not follow from what others said.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noRevocations, revocationsOf } from '../../../src/domain/coupons/revocations.ts'
import type { Issued } from '../../../src/domain/coupons/winners.ts'
import type { ProductCreated } from '../../../src/domain/orders/messages.ts'
import { retryTopics } from '../../../src/domain/orders/retries.ts'
import {
  type AuditedWorld,
  auditWorld,
  placed,
  retriedEntry,
  say,
  smallScenario,
  smallWorld,
} from '../../models/orders-audit.ts'

type Plants = Readonly<Record<string, readonly [(world: AuditedWorld) => Promise<void>, RegExp[]]>>

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

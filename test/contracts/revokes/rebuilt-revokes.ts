// What must hold on any database where the issuer's rows are dropped or lost, and made anew, after
// coupons were revoked: before anybody had spent them, and after. The issuer and the coupon step
// are the real ones; their events are never said to be published, as where the process was killed.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Database } from '../../../src/adapters/database/database.ts'
import { createCouponStepStoreSql } from '../../../src/adapters/stores/coupon-step.ts'
import {
  createCouponStoreSql,
  noteLostRows,
  resetProjection,
} from '../../../src/adapters/stores/coupon-store.ts'
import type { CouponMessage } from '../../../src/domain/coupons/messages.ts'
import type { OrderMessage, StepMessage } from '../../../src/domain/orders/messages.ts'
import { createCouponStep } from '../../../src/orders/coupon-step.ts'
import type { CouponStore } from '../../../src/ports/coupons.ts'
import { createIssuerWorld } from '../../models/issuer-world.ts'
import { drive } from '../../models/work-driver.ts'
import { emptyCouponTables } from '../coupon-store-samples.ts'

const couponId = 'sale'
const by = 'operator'
const users = ['ann', 'bob', 'cat', 'dan', 'eve']
/** Where each has won: behind the creation. */
const offsetOf = (userId: string) => 1 + users.indexOf(userId)
const wins: readonly CouponMessage[] = [
  { type: 'coupon.created', couponId, terms: terms(), rules: 2, by, commandId: 'c' },
  ...users.map((userId): CouponMessage => {
    return { type: 'coupon.claimed', couponId, userId, claimId: `claim of ${userId}` }
  }),
]
/** Ann had spent hers by then, cat's is reserved, and bob's and dan's are unspent. */
const revokes: readonly CouponMessage[] = [
  revoke('v1', 'ann'),
  revoke('v2', 'bob'),
  revoke('v3', 'cat'),
  { type: 'coupon.revoked', couponId, all: true, by, commandId: 'v4', reason: 'why' },
]
const told = ['v1 0', 'v2 1', 'v3 1', 'v4 2']
const bounds = [{ start: 0, end: wins.length + revokes.length }]

export function rebuiltRevokes(name: string, open: () => Database): void {
  describe(`rows of revoked coupons that are made anew: ${name}`, () => {
    for (const [what, lose] of [
      ['dropped by a rebuild', (database: Database) => resetProjection(database, bounds)],
      ['lost', loseRows],
    ] as const) {
      it(`and were ${what} are the same, and nobody spends one meanwhile`, async () => {
        const { database, store, step } = await openWorld(open())
        const before = createIssuerWorld()
        await before.append(...wins)
        await before.run({ store })
        assert.deepEqual(await step(placed('ann'), confirmed('ann')), ['coupon.used'])
        assert.deepEqual(await step(reserved('cat')), ['coupon.used'])
        await before.append(...revokes)
        await before.run({ store })
        const rows = await rowsOf(store)
        const counted = rows.revocations.map((one) => `${one.commandId} ${one.unspent}`)
        assert.deepEqual(counted, told)

        await lose(database)
        const anew = createIssuerWorld()
        await anew.append(...wins)
        await anew.run({ store })
        assert.deepEqual(await step(placed('bob'), placed('dan')), [], 'revoked, for all one knows')
        await anew.append(...revokes)
        await anew.run({ store })
        assert.deepEqual(await rowsOf(store), rows)
        const refused = ['coupon_revoked', 'coupon_revoked']
        assert.deepEqual(await step(placed('bob'), placed('dan')), refused)
        assert.deepEqual(await step(...usedAfter('cat')), ['coupon.released'])
        assert.deepEqual(await step(placed('cat', 'again')), ['coupon_revoked'])
      })
    }
  })
}

async function loseRows(database: Database): Promise<void> {
  await database.script(
    'truncate coupons.coupons, coupons.issued_coupons, coupons.positions, coupons.revocations',
  )
  await noteLostRows(database, bounds)
}

async function openWorld(database: Database) {
  await database.script(emptyCouponTables)
  await database.script('truncate coupons.orders')
  const store = { ...createCouponStoreSql({ database }), markPublished: async () => {} }
  const work = createCouponStep(createCouponStepStoreSql(database))
  /** What it answers: the reason, where it refuses. */
  async function step(...messages: OrderMessage[]): Promise<string[]> {
    const driven = await drive(work, messages)
    return driven.flatMap(({ said }) => said.map(answerOf))
  }
  return { database, store, step }
}

function answerOf(message: StepMessage): string {
  return message.type === 'coupon.refused' ? message.reason : message.type
}

async function rowsOf(store: CouponStore) {
  const { coupons } = await store.snapshot()
  return {
    coupons,
    issued: await store.issuedRows({ limit: 99 }),
    winners: await store.winners(couponId, { limit: 99 }),
    revocations: await store.revocations({ partition: 0, from: 0, to: 99 }),
  }
}

function terms() {
  return { name: 'Sale', quantity: 9 }
}

function revoke(commandId: string, userId: string): CouponMessage {
  return { type: 'coupon.revoked', couponId, userId, by, commandId, reason: 'why' }
}

function wonBy(userId: string) {
  return { userId, coupon: { couponId, partition: 0, offset: offsetOf(userId) } }
}

function placed(userId: string, orderId = `order-${userId}`): OrderMessage {
  const lines = [{ productId: 'tea', quantity: 1 }]
  return { type: 'order.placed', orderId, lines, timeLimitMs: 9, ...wonBy(userId) }
}

function confirmed(userId: string): OrderMessage {
  return { type: 'order.confirmed', orderId: `order-${userId}`, couponId }
}

function reserved(userId: string): OrderMessage {
  const cart = { reference: 'cart', subtotal: 1, by: 'shop', timeLimitMs: 9 }
  return { type: 'redemption.placed', orderId: `order-${userId}`, ...cart, ...wonBy(userId) }
}

/** What was reserved before may be used; once it is given back it is revoked. */
function usedAfter(userId: string): OrderMessage[] {
  const orderId = `order-${userId}`
  const sums = { subtotal: 1, discount: 0, total: 1 }
  return [
    { type: 'redemption.used', orderId, couponId, ...sums },
    { type: 'redemption.released', orderId, reason: 'released' },
  ]
}

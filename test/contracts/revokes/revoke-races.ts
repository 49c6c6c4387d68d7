// What must hold on any stores of the issuer and of the coupon step where a revoke and a use meet:
// whichever transaction was first holds, and the number that is told of the revoke says the same.
// The issuer and the coupon step are the real ones.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Database } from '../../../src/adapters/database/database.ts'
import {
  createCouponStepStoreMemory,
  emptyCouponTables as noTables,
} from '../../../src/adapters/memory/consumer-stores.ts'
import { createCouponStoreMemory } from '../../../src/adapters/memory/coupon-store.ts'
import { createCouponStepStoreSql } from '../../../src/adapters/stores/coupon-step.ts'
import { createCouponStoreSql } from '../../../src/adapters/stores/coupon-store.ts'
import type { CouponMessage } from '../../../src/domain/coupons/messages.ts'
import { heldTerms } from '../../../src/domain/coupons/validity.ts'
import type { OrderMessage } from '../../../src/domain/orders/messages.ts'
import { createCouponStep } from '../../../src/orders/coupon-step.ts'
import type { CouponStore } from '../../../src/ports/coupons.ts'
import { type CouponStepStore, couponKey } from '../../../src/ports/orders.ts'
import { createIssuerWorld } from '../../models/issuer-world.ts'
import { drive } from '../../models/work-driver.ts'
import { emptyCouponTables } from '../coupon-store-samples.ts'

type Stores = { issued: CouponStore; step: CouponStepStore }
type Use = {
  /** What the coupon step has taken by then, in its order. */
  before: (userId: string) => OrderMessage[]
  /** How many unspent ones a revoke takes that comes after it. */
  unspent: 0 | 1
}

const couponId = 'sale'
const by = 'operator'
const sums = { subtotal: 500, discount: 0, total: 500 }
const cart = { reference: 'cart', by: 'shop', subtotal: 500, timeLimitMs: 9 }
const uses: Readonly<Record<string, Use>> = {
  nothing: { before: () => [], unspent: 1 },
  'an order': { before: (userId) => [ordered(userId)], unspent: 0 },
  'an order that is confirmed': {
    before: (userId) => [ordered(userId), confirmed(userId)],
    unspent: 0,
  },
  'an order that is cancelled': {
    before: (userId) => [ordered(userId), cancelled(userId)],
    unspent: 1,
  },
  'a use at once': { before: (userId) => [redeemed(userId, { use: true })], unspent: 0 },
  'a use at once that is said to be used': {
    before: (userId) => [redeemed(userId, { use: true }), used(userId)],
    unspent: 0,
  },
  'a use at once that is given back': {
    before: (userId) => [redeemed(userId, { use: true }), used(userId), released(userId)],
    unspent: 1,
  },
  'a use at once below the minimum': {
    before: (userId) => [redeemed(userId, { use: true, subtotal: 99 })],
    unspent: 1,
  },
  'a reservation': { before: (userId) => [redeemed(userId)], unspent: 1 },
  'a reservation that is used': {
    before: (userId) => [redeemed(userId), used(userId)],
    unspent: 0,
  },
  'a reservation that is let go of': {
    before: (userId) => [redeemed(userId), released(userId)],
    unspent: 1,
  },
}
const names = Object.keys(uses)
const userOf = (name: string) => name.replaceAll(' ', '-')
const wins: readonly CouponMessage[] = [
  { type: 'coupon.created', couponId, terms: terms(), rules: 2, by, commandId: 'c' },
  ...names.map((name): CouponMessage => {
    return { type: 'coupon.claimed', couponId, userId: userOf(name), claimId: name }
  }),
]

export function revokeRaces(on: string, open: () => Promise<Stores>): void {
  describe(`a revoke and a use: ${on}`, () => {
    it('the use first: it holds, and a revoke of one counts it, as its preview does', async () => {
      const { issued, issue, step } = await openWorld(open)
      for (const name of names) {
        const { before, unspent } = uses[name] as Use
        const userId = userOf(name)
        const [said = 'coupon.used'] = await step(...before(userId))
        assert.equal(said, 'coupon.used', name)
        assert.equal(await issued.unspent({ couponId, userId }), unspent, `previewed: ${name}`)
        const [held] = await issued.heldBy(userId, { limit: 1 })
        const isSpent = held?.orderId !== undefined && held.reservedUntil === undefined
        assert.equal(isSpent, unspent === 0, `shown: ${name}`)
        assert.equal(await issue(revoke(userId)), unspent, name)
        assert.equal(await issued.unspent({ couponId, userId }), 0, `revoked by now: ${name}`)
      }
    })

    it('the use first: a revoke of all counts them, as its preview does', async () => {
      const { issued, issue, step } = await openWorld(open)
      for (const name of names) await step(...(uses[name] as Use).before(userOf(name)))
      const expected = names.filter((name) => uses[name]?.unspent === 1).length
      assert.equal(await issued.unspent({ couponId }), expected)
      assert.equal(await issue(revoke(null)), expected)
    })

    it('the revoke first: it takes one of each, and whoever comes then is refused', async () => {
      const { issue, step } = await openWorld(open)
      for (const name of names) assert.equal(await issue(revoke(userOf(name))), 1, name)
      for (const name of names) {
        const [first] = (uses[name] as Use).before(userOf(name))
        if (first !== undefined) assert.deepEqual(await step(first), ['coupon_revoked'], name)
      }
    })

    it('what was used first and given back since is revoked', async () => {
      const { issue, step } = await openWorld(open)
      const userId = userOf('a use at once')
      await step(redeemed(userId, { use: true }))
      assert.equal(await issue(revoke(userId)), 0)
      assert.deepEqual(await step(used(userId), released(userId)), ['coupon.released'])
      const again = { ...redeemed(userId, { use: true }), orderId: 'again' }
      assert.deepEqual(await step(again), ['coupon_revoked'])
    })
  })
}

export async function racingInMemory(): Promise<Stores> {
  const tables = noTables()
  const store = createCouponStoreMemory({ step: tables })
  const issued: CouponStore = {
    ...store,
    async apply(batch) {
      const applied = await store.apply(batch)
      for (const row of await store.winners(couponId, { limit: 99 })) {
        tables.issued.set(couponKey(row), heldTerms(row.terms, row.appendedAt))
        if (row.revoked === true) tables.revoked.add(couponKey(row))
      }
      tables.issuerNext.set(0, batch.next)
      return applied
    },
  }
  return { issued, step: createCouponStepStoreMemory(tables) }
}

export async function racingOn(database: Database): Promise<Stores> {
  await database.script(emptyCouponTables)
  await database.script('truncate coupons.orders')
  return { issued: createCouponStoreSql({ database }), step: createCouponStepStoreSql(database) }
}

async function openWorld(open: () => Promise<Stores>) {
  const stores = await open()
  const work = createCouponStep(stores.step)
  const world = createIssuerWorld()
  const issued = { ...stores.issued, markPublished: async () => {} }
  await world.append(...wins)
  await world.run({ store: issued })
  let next = wins.length
  /** How many unspent ones it took. */
  async function issue(message: CouponMessage): Promise<number | undefined> {
    await world.append(message)
    await world.run({ store: issued })
    next += 1
    const [found] = await issued.revocations({ partition: 0, from: next - 1, to: next })
    return found?.unspent
  }
  /** What it answers: the reason, where it refuses. */
  async function step(...messages: OrderMessage[]): Promise<string[]> {
    const driven = await drive(work, messages)
    const said = driven.flatMap((one) => one.said)
    return said.map((one) => (one.type === 'coupon.refused' ? one.reason : one.type))
  }
  return { issued, issue, step }
}

function terms() {
  return { name: 'Sale', quantity: 99, minimum: 100 }
}

function revoke(userId: string | null): CouponMessage {
  const whose = userId === null ? ({ all: true } as const) : { userId }
  return { type: 'coupon.revoked', couponId, ...whose, by, commandId: `v ${userId}`, reason: 'why' }
}

function wonBy(userId: string) {
  const offset = wins.findIndex((message) => 'userId' in message && message.userId === userId)
  return { orderId: `of-${userId}`, userId, coupon: { couponId, partition: 0, offset } }
}

function ordered(userId: string): OrderMessage {
  const lines = [{ productId: 'tea', quantity: 1 }]
  return { type: 'order.placed', lines, timeLimitMs: 9, ...wonBy(userId) }
}

function confirmed(userId: string): OrderMessage {
  return { type: 'order.confirmed', orderId: `of-${userId}`, couponId }
}

function cancelled(userId: string): OrderMessage {
  return { type: 'order.cancelled', orderId: `of-${userId}`, reason: 'timed_out' }
}

function redeemed(userId: string, how: { use?: true; subtotal?: number } = {}): OrderMessage {
  return { type: 'redemption.placed', ...cart, ...how, ...wonBy(userId) }
}

function used(userId: string): OrderMessage {
  return { type: 'redemption.used', orderId: `of-${userId}`, couponId, ...sums }
}

function released(userId: string): OrderMessage {
  return { type: 'redemption.released', orderId: `of-${userId}`, reason: 'released' }
}

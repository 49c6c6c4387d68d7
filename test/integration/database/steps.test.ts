// The coupon step and the wallet on PostgreSQL, several at once over connections of their own, as
// processes would be: a coupon is used once, money is spent once, and nobody waits for ever.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { type PostgresDatabase, startPostgres } from '../../../src/adapters/database/postgres.ts'
import { createCouponStepStoreSql } from '../../../src/adapters/stores/coupon-step.ts'
import { createCouponStoreSql, resetProjection } from '../../../src/adapters/stores/coupon-store.ts'
import {
  createPaymentStepStoreSql,
  createWalletStoreSql,
} from '../../../src/adapters/stores/payment-step.ts'
import type { OrderMessage } from '../../../src/domain/orders/messages.ts'
import type { PaymentEffect } from '../../../src/domain/orders/payment-step.ts'
import { createCouponStep } from '../../../src/orders/coupon-step.ts'
import { createPaymentStep } from '../../../src/orders/payment-step.ts'
import { createWallet } from '../../../src/orders/wallet.ts'
import { revocation } from '../../contracts/coupon-store-revocations.ts'
import { batch, coupon, row } from '../../contracts/coupon-store-samples.ts'
import { openCouponStepSql, openPaymentSql } from '../../contracts/step-stores-sql.ts'
import { type Driven, drive } from '../../models/work-driver.ts'
import { postgresForTests } from '../../services/postgres.ts'

const postgres = await postgresForTests()
after(postgres.close)
const clock = systemClock()
const racesCount = 30

describe('Several steps on PostgreSQL', { skip: postgres.skip }, () => {
  const opened: PostgresDatabase[] = []
  let url: string
  let owner: PostgresDatabase

  before(async () => {
    url = await postgres.newDatabase()
    owner = startPostgres({ url, clock })
    await migrate(owner)
  })
  beforeEach(async () => {
    await openCouponStepSql(owner)
    await openPaymentSql(owner)
  })
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close()
  })
  after(() => owner.close())

  function open(): PostgresDatabase {
    const database = startPostgres({ url, clock })
    opened.push(database)
    return database
  }

  it('let one of the orders that race for a coupon use it', async () => {
    const users = Array.from({ length: 20 }, (_, n) => `user-${n}`)
    const issued = users.map((userId, n) => row({ userId, slot: n + 1, partition: 2 }))
    const issuer = createCouponStoreSql({ database: owner })
    const coupons = [coupon({ quantity: users.length, partition: 2 })]
    await issuer.apply(batch({ partition: 2, next: users.length, coupons, issued }))
    const steps = [0, 1, 2].map(() => createCouponStep(createCouponStepStoreSql(open())))
    for (let race = 0; race < racesCount; race++) {
      const placing = steps.map((step, n) => {
        // Each in another order, so that a lock taken in the order of asking would be a circle.
        const turned = [...users.slice(7 * n), ...users.slice(0, 7 * n)]
        const orders = turned.map((userId) => placed(`${race}-${n}-${userId}`, userId))
        return drive(step, orders)
      })
      const driven = (await Promise.all(placing)).flat()
      const used = driven.flatMap(saidIn('coupon.used'))
      assert.equal(used.length, users.length, `race ${race}`)
      // The others wait: what a living order uses may become free.
      assert.equal(driven.flatMap(saidIn('coupon.refused')).length, 0)
      const ends = used.map(({ orderId }): OrderMessage => {
        return { type: 'order.cancelled', orderId, reason: 'timed_out' }
      })
      const [step] = steps
      assert.ok(step !== undefined)
      const released = (await drive(step, ends)).flatMap(saidIn('coupon.released'))
      assert.equal(released.length, users.length)
    }
  })

  it('come before a revoke or after it: what is used was not taken, and it is said so', async () => {
    const issued = Array.from({ length: racesCount }, (_, n) => {
      return row({ userId: `user-${n}`, slot: n + 1, partition: 2 })
    })
    const issuer = createCouponStoreSql({ database: open() })
    const coupons = [coupon({ quantity: racesCount, partition: 2 })]
    await issuer.apply(batch({ partition: 2, next: racesCount, coupons, issued }))
    const step = createCouponStep(createCouponStepStoreSql(open()))
    const unspent: number[] = []
    const refused: number[] = []
    for (let race = 0; race < racesCount; race++) {
      const taking = race % 2 === 0 ? placed : usedAtOnce
      const offset = racesCount + race
      const taken = { from: race + 1, to: race + 1 }
      const of = { partition: 2, userId: `user-${race}`, taken }
      const revocations = [revocation({ ...of, offset })]
      const whole = { partition: 2, expected: offset, next: offset + 1, coupons, revocations }
      const [driven] = await Promise.all([
        drive(step, [taking(`order-${race}`, `user-${race}`)]),
        issuer.apply(batch(whole)),
      ])
      refused.push(driven.flatMap(saidIn('coupon.refused')).length)
      const [found] = await issuer.revocations({ partition: 2, from: offset, to: offset + 1 })
      unspent.push(found?.unspent ?? -1)
    }
    assert.deepEqual(unspent, refused)
  })

  it('leave no coupon used by an order whose cancellation they meet at the same time', async () => {
    const issued = Array.from({ length: racesCount }, (_, n) => {
      return row({ userId: `user-${n}`, slot: n + 1, partition: 2 })
    })
    const coupons = [coupon({ quantity: racesCount, partition: 2 })]
    const whole = batch({ partition: 2, next: racesCount, coupons, issued })
    await createCouponStoreSql({ database: owner }).apply(whole)
    const [one, other] = [0, 1].map(() => createCouponStep(createCouponStepStoreSql(open())))
    assert.ok(one !== undefined && other !== undefined)
    for (let race = 0; race < racesCount; race++) {
      const orderId = `order-${race}`
      await Promise.all([
        drive(one, [placed(orderId, `user-${race}`)]),
        drive(other, [{ type: 'order.cancelled', orderId, reason: 'timed_out' }]),
      ])
      const text = 'select count(*) from coupons.uses'
      const { rows } = await owner.query({ name: 'count-uses', text })
      assert.deepEqual(rows, [[0]], `race ${race}`)
    }
  })

  it('lose no top-up of two that are the first of a user', async () => {
    const tables = [0, 1, 2].map(() => createPaymentStepStoreSql(open()))
    const steps = tables.map((store) => {
      return createPaymentStep(store, createWallet(createWalletStoreSql(owner)))
    })
    for (let race = 0; race < racesCount; race++) {
      const topUps = steps.map((step, n) => {
        const topUp = { userId: `user-${race}`, amount: 10 ** n, by: 'op', commandId: `${n}` }
        return drive(step, [{ type: 'wallet.topped_up', ...topUp }])
      })
      await Promise.all(topUps)
    }
    assert.deepEqual(await balances(), Array<number>(racesCount).fill(111))
  })

  it('never take a coupon for one that is not held, while the issuer writes it', async () => {
    const issuer = createCouponStoreSql({ database: owner })
    const step = createCouponStep(createCouponStepStoreSql(open()))
    const coupons = [coupon({ quantity: racesCount, partition: 2 })]
    await issuer.apply(batch({ partition: 2, next: 1, coupons }))
    for (let race = 0; race < racesCount; race++) {
      const userId = `user-${race}`
      const offset = race + 1
      const issued = [row({ userId, slot: race + 1, partition: 2, offset })]
      const write = batch({ partition: 2, expected: offset, next: offset + 1, issued })
      const order = placed(`order-${race}`, userId, offset)
      const [[first]] = await Promise.all([drive(step, [order]), issuer.apply(write)])
      const [again] = await drive(step, [order])
      const said = [first, again].flatMap((one) => (one === undefined ? [] : saidOf(one)))
      assert.deepEqual(new Set(said), new Set(['coupon.used']), `race ${race}`)
    }
  })

  it('never take a coupon for one that is not held, while a rebuild drops all rows', async () => {
    const issuer = createCouponStoreSql({ database: owner })
    const step = createCouponStep(createCouponStepStoreSql(open()))
    const coupons = [coupon({ quantity: racesCount, partition: 2 })]
    const issued = Array.from({ length: racesCount }, (_, n) => {
      return row({ userId: `user-${n}`, slot: n + 1, partition: 2, offset: n })
    })
    const whole = batch({ partition: 2, next: racesCount, coupons, issued })
    await issuer.apply(whole)
    const bounds = Array.from({ length: 3 }, () => ({ start: 0, end: racesCount }))
    const rebuilding = open()
    for (let race = 0; race < racesCount; race++) {
      const order = placed(`order-${race}`, `user-${race}`, race)
      const asking = drive(step, [order])
      await resetProjection(rebuilding, bounds)
      const during = await drive(step, [placed(`later-${race}`, `user-${race}`, race)])
      await issuer.apply(whole)
      const said = [...(await asking), ...during].flatMap(saidOf)
      assert.ok(!said.includes('coupon.refused'), `race ${race}: ${said.join(' ')}`)
    }
  })

  it('spend a balance once, and give back what was cancelled, whatever is asked again', async () => {
    const userIds = ['ann', 'bob', 'cat']
    const wallet = createWallet(createWalletStoreSql(owner))
    const step = createPaymentStep(createPaymentStepStoreSql(owner), wallet)
    await drive(
      step,
      userIds.map((userId) => {
        return { type: 'wallet.topped_up', userId, amount: 1_000, by: 'op', commandId: 'one' }
      }),
    )
    const wallets = [0, 1, 2].map(() => createWallet(createWalletStoreSql(open())))
    const questions = Array.from({ length: 45 }, (_, n): PaymentEffect => {
      const userId = userIds[n % 3] ?? ''
      return { kind: 'capture', payment: { orderId: `order-${n}`, userId, amount: 100 } }
    })
    const asking = wallets.map(({ ask }, n) => {
      return ask(n === 1 ? questions.toReversed() : questions, 5_000)
    })
    const [one, reversed, two] = await Promise.all(asking)
    assert.deepEqual(reversed?.toReversed(), one, 'the same question has the same answer')
    assert.deepEqual(two, one)
    assert.equal(one?.filter(({ kind }) => kind === 'captured').length, 30)
    assert.deepEqual(await balances(), [0, 0, 0])
    const undos = questions.map(({ payment }): PaymentEffect => ({ kind: 'undo', payment }))
    const undone = await Promise.all(wallets.map(({ ask }) => ask(undos, 5_000)))
    assert.deepEqual(undone[1], undone[0])
    assert.deepEqual(await balances(), [1_000, 1_000, 1_000])
  })

  async function balances(): Promise<unknown[]> {
    const text = 'select balance from payments.balances order by user_id'
    const { rows } = await owner.query({ name: 'balances-of-all', text })
    return rows.map(([balance]) => balance)
  }
})

function placed(orderId: string, userId: string, offset = 0): OrderMessage {
  const lines = [{ productId: 'tea', quantity: 1 }]
  const won = { couponId: 'spring', partition: 2, offset }
  return { type: 'order.placed', orderId, userId, lines, coupon: won, timeLimitMs: 9 }
}

function usedAtOnce(orderId: string, userId: string): OrderMessage {
  const won = { couponId: 'spring', partition: 2, offset: 0 }
  const cart = { reference: 'cart', subtotal: 1, use: true, by: 'shop', timeLimitMs: 9 }
  return { type: 'redemption.placed', orderId, userId, coupon: won, ...cart }
}

function saidIn(type: string) {
  return (driven: Driven) => {
    return driven.said.filter((message) => message.type === type)
  }
}

function saidOf(driven: Driven): string[] {
  return driven.said.map(({ type }) => type)
}

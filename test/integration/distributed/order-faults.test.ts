// What stands in an order's way on Kafka and PostgreSQL: an issuer that is behind or gone, a
// consumer that is gone, a record that kills whoever takes it, and bytes that are no record.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { idOfKey } from '../../../src/api/orders/order-answers.ts'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { ordersTopic } from '../../../src/domain/orders/messages.ts'
import { retryTopics } from '../../../src/domain/orders/retries.ts'
import { type ConsumerName, consumerNames } from '../../../src/ports/orders.ts'
import { waitFor } from '../../services/server-process.ts'
import { checkOrders } from '../orders/order-checks.ts'
import { OrderPeople, saidOf } from '../orders/order-people.ts'
import type { RoleProcess } from '../processes/service-process.ts'
import { type FaultServices, startFaultServices } from './fault-services.ts'
import { sleep } from './node-clients.ts'
import { type Kept, keepRunning } from './order-roles.ts'

const price = 1_000
const one = (productId: string) => ({ lines: [{ productId, quantity: 1 }] })
/** The issuer sleeps for so long: the first and the second attempt find it behind. */
const behindMs = 1_500

type Letter = {
  deadLetterId: string
  consumer: string
  key: string
  reason: string
  redrivable: boolean
  status: string
}

describe('an order on Kafka and PostgreSQL', { timeout: 600_000 }, () => {
  let services: FaultServices
  let people: OrderPeople
  /** Orders that it places run out of time after a second. */
  let hasty: OrderPeople
  let issuer: RoleProcess
  const poisonedRoles: Kept[] = []
  const consumers = new Map<ConsumerName, RoleProcess>()

  before(async () => {
    services = await startFaultServices()
    const limits = ['600', '1']
    const [patient, quick, ...others] = await Promise.all([
      ...limits.map((limit) => {
        return services.role('api', { FIRSTCOME_ORDER_TIME_LIMIT_SECONDS: limit })
      }),
      services.role('issuer'),
      ...consumerNames.map((name) => services.orders(name)),
    ])
    assert.ok(patient !== undefined && quick !== undefined)
    people = new OrderPeople([patient])
    hasty = new OrderPeople([quick])
    const [first, ...rest] = others
    assert.ok(first !== undefined)
    issuer = first
    consumerNames.forEach((name, n) => {
      const role = rest[n]
      if (role !== undefined) consumers.set(name, role)
    })
    await people.stock('tea', { price, stock: 1_000 })
    await people.offer('off', 100, { kind: 'amount', value: 300 })
  })
  after(async () => {
    for (const kept of poisonedRoles) await kept.release()
    await people?.close()
    await hasty?.close()
    await services?.close()
  })

  async function letters(): Promise<Letter[]> {
    const { status, body } = await people.insist('GET /dead-letters?limit=100')
    assert.equal(status, 200)
    return body.deadLetters as Letter[]
  }

  /** Resolves when there is one of this consumer and key that waits. */
  async function letterOf(consumer: string, key: string): Promise<Letter> {
    let found: Letter | undefined
    await waitFor(`a letter of ${consumer}`, async () => {
      found = (await letters()).find((letter) => {
        return letter.consumer === consumer && letter.key === key && letter.status === 'waiting'
      })
      return found !== undefined
    })
    assert.ok(found)
    return found
  }

  async function redrive({ deadLetterId }: Letter): Promise<void> {
    const { status, body } = await people.insist(`POST /dead-letters/${deadLetterId}/redrive`)
    assert.equal(status, 200, JSON.stringify(body))
  }

  async function retries(): Promise<number> {
    const log = await services.log()
    const bounds = await Promise.all(retryTopics.map((topic) => log.bounds(topic)))
    return bounds.flat().reduce((sum, { end }) => sum + end, 0)
  }

  async function leave(name: ConsumerName): Promise<void> {
    const role = consumers.get(name)
    assert.equal(await role?.stop(), 0, role?.output())
  }

  async function comeBack(name: ConsumerName): Promise<void> {
    consumers.set(name, await services.orders(name))
  }

  it('with a coupon that was won a moment ago waits while the issuer is behind', async () => {
    await people.topUp('behind', price)
    issuer.kill('SIGSTOP')
    await people.win('off', 'behind')
    const placing = people.placeUntilEnded('behind', 'k', { ...one('tea'), couponId: 'off' })
    await sleep(behindMs)
    assert.equal((await people.order('behind', 'k')).status, 'pending')
    issuer.kill('SIGCONT')
    const end = await placing
    assert.deepEqual([end.status, end.total], ['confirmed', 700])
    assert.deepEqual(await letters(), [])
  })

  it('with a coupon waits without an issuer, and is confirmed when one is there', async () => {
    await people.topUp('alone', price)
    assert.equal(await issuer.stop(), 0, issuer.output())
    await people.win('off', 'alone')
    const order = { ...one('tea'), couponId: 'off' }
    const known = await retries()
    assert.equal((await people.place('alone', 'k', order)).status, 202)
    await waitFor('the order to wait in the rows of the coupon step', async () => {
      const text = `select 1 from coupons.orders where unannounced and status = 'waiting'`
      return (await services.sql(text)).length === 1
    })
    assert.equal((await people.order('alone', 'k')).status, 'pending')
    issuer = await services.role('issuer')
    const end = await people.placeUntilEnded('alone', 'k', order)
    assert.deepEqual([end.status, end.total], ['confirmed', 700])
    assert.equal(await retries(), known, 'waiting costs no attempt')
    assert.deepEqual(await letters(), [])
  })

  for (const [name, done] of [
    ['stock-step', []],
    // Whether it is still asked for the money depends on what it reads first; none stays taken.
    ['payment-step', ['stock held', 'stock released']],
  ] as const) {
    it(`runs out of time without the ${name}, whose late step changes nothing`, async () => {
      const user = `without-${name}`
      await people.topUp(user, price)
      // What earlier orders have bought is sold a moment after their end.
      await services.ordersCaughtUp()
      await leave(name)
      const end = await hasty.placeUntilEnded(user, 'k', one('tea'))
      assert.deepEqual([end.status, end.reason], ['cancelled', 'timed_out'])
      const then = await people.product('tea')
      await comeBack(name)
      await services.ordersCaughtUp()
      const late = await people.order(user, 'k')
      assert.deepEqual([late.status, late.reason], ['cancelled', 'timed_out'])
      const said = saidOf(late)
      assert.ok(
        done.every((text) => said.includes(text)),
        said.join(),
      )
      assert.equal(await people.balance(user), price)
      const { available, sold } = await people.product('tea')
      assert.equal(sold, then.sold)
      assert.equal(available, then.available + then.held)
    })
  }

  it('that kills a consumer is a dead letter after three deaths, and others pass it', async (t) => {
    const names = ['stock-step', 'coupon-step'] as const
    const order = { ...one('tea'), couponId: 'off' }
    const startedAt = performance.now()
    const poisoned = await Promise.all(
      names.map(async (name) => {
        const orderId = idOfKey(name, 'k')
        await leave(name)
        const faults = { FIRSTCOME_TEST_FAULTS: `poison:${orderId}` }
        const kept = await keepRunning({ name, start: () => services.orders(name, faults) })
        poisonedRoles.push(kept)
        await Promise.all([people.topUp(name, 700), people.win('off', name)])
        assert.equal((await people.place(name, 'k', order)).order, null)
        return { name, kept, letter: await letterOf(name, orderId) }
      }),
    )
    const tookMs = Math.round(performance.now() - startedAt)
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const user = `passes-${n}`
        await Promise.all([people.topUp(user, 700), people.win('off', user)])
        assert.equal((await people.placeUntilEnded(user, 'k', order)).status, 'confirmed')
      }),
    )
    for (const { name, kept, letter } of poisoned) {
      assert.match(letter.reason, /processes died of it, the last two/)
      assert.equal(letter.redrivable, true)
      assert.equal((await people.order(name, 'k')).status, 'pending')
      assert.equal(kept.deaths(), 3, name)
      await kept.stop()
      await comeBack(name)
      await redrive(letter)
    }
    for (const { name } of poisoned) {
      const end = await people.placeUntilEnded(name, 'k', order)
      assert.deepEqual([end.status, end.total], ['confirmed', 700])
      await people.settled(name, 'k')
      assert.equal(await people.balance(name), 0)
    }
    t.diagnostic(`n = ${names.length}: three deaths and a letter each within ${tookMs} ms`)
  })

  it('is not stopped by bytes that are no record, which are there to be looked at', async () => {
    const log = await services.log()
    const known = new Set((await letters()).map(({ deadLetterId }) => deadLetterId))
    const bytes = Buffer.from([0xff, 0xfe, 0x00])
    await log.append(ordersTopic, [{ key: 'garbage', value: bytes }])
    await log.append(claimsTopic, [{ key: 'garbage', value: Buffer.from('{"type":"no') }])
    const readers = ['coupon-step', 'issuer', 'order-process', 'payment-step', 'stock-step']
    let found: Letter[] = []
    await waitFor('the letters', async () => {
      found = (await letters()).filter(({ deadLetterId }) => !known.has(deadLetterId))
      return found.length >= readers.length
    })
    assert.deepEqual(found.map(({ consumer }) => consumer).toSorted(), readers)
    for (const { deadLetterId, redrivable, key, consumer } of found) {
      assert.deepEqual([redrivable, key], [false, 'garbage'])
      const { body } = await people.insist(`GET /dead-letters/${deadLetterId}`)
      const value = consumer === 'issuer' ? Buffer.from('{"type":"no') : bytes
      assert.equal(body.value, value.toString('base64'))
      const again = await people.insist(`POST /dead-letters/${deadLetterId}/redrive`)
      assert.equal(again.body.type, '/problems/not-redrivable')
    }
    await people.win('off', 'garbage')
    await people.topUp('garbage', 700)
    const end = await people.placeUntilEnded('garbage', 'k', { ...one('tea'), couponId: 'off' })
    assert.equal(end.status, 'confirmed')
  })

  it('leaves every sum exact, in the rows and in the log', async (t) => {
    await services.ordersCaughtUp()
    const counts = await checkOrders(services, { paidByWallet: true })
    assert.deepEqual(counts.reasons, { timed_out: 2 })
    t.diagnostic(`n = ${counts.confirmed + counts.cancelled} orders: ${JSON.stringify(counts)}`)
  })
})

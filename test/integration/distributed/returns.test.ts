// Orders that are returned while their payment provider refuses, fails, hangs up or loses its
// answers, and at two API nodes at once: the money, the pieces and the coupon come back once.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { idOfKey } from '../../../src/api/orders/order-answers.ts'
import { waitFor } from '../../services/server-process.ts'
import { type Answer, OrderPeople } from '../orders/order-people.ts'
import {
  type Mischief,
  type PaymentProvider,
  startPaymentProvider,
} from '../orders/payment-provider.ts'
import { users } from '../processes/crowd.ts'
import { type FaultServices, startFaultServices } from './fault-services.ts'
import { inChunks } from './node-clients.ts'

const price = 1_000
const discount = 100
const couponId = 'gift'
const racing = users('race', 20)
const atOnce = 10
/** By who meets it: what the provider does of each of their refunds until it is mended. */
const troubles = new Map<string, Mischief>([
  ['refuses', { status: 422, body: '{}', isDone: false }],
  ['breaks', { status: 500, body: 'oh', isDone: false }],
  ['has-broken', { status: 500, body: 'oh' }],
  ['is-away', 'cut'],
  ['loses', 'lose'],
  ['hangs', 'hang'],
])
const unlucky = [...troubles.keys()]

describe('returns of orders that a provider was paid for', { timeout: 300_000 }, () => {
  let services: FaultServices
  let provider: PaymentProvider
  let people: OrderPeople

  before(async () => {
    services = await startFaultServices()
    provider = await startPaymentProvider()
    const payments = {
      FIRSTCOME_PAYMENT_URL: provider.url,
      FIRSTCOME_PAYMENT_TIMEOUT_SECONDS: '1',
    }
    const apis = [services.role('api'), services.role('api')]
    await Promise.all([services.role('issuer'), services.orders(undefined, payments)])
    people = new OrderPeople(await Promise.all(apis), 120_000)
    const buyers = [...unlucky, ...racing]
    await people.stock('tea', { price, stock: buyers.length })
    await people.offer(couponId, buyers.length, { kind: 'amount', value: discount })
    await inChunks(buyers, atOnce, async (user) => {
      provider.funds.set(user, price)
      await people.win(couponId, user)
      const order = { lines: [{ productId: 'tea', quantity: 1 }], couponId }
      const { status, total } = await people.placeUntilEnded(user, 'k', order)
      assert.deepEqual([status, total], ['confirmed', price - discount])
    })
  })
  after(async () => {
    await people?.close()
    await provider?.close()
    await services?.close()
  })

  const orderOf = (user: string) => idOfKey(user, 'k')
  const giveBack = (user: string, key: string, node = 0) => {
    return people.insist(`POST /orders/${orderOf(user)}/return`, { as: user, key, node })
  }
  const askOnce = (user: string) => {
    return people.call(`POST /orders/${orderOf(user)}/return`, { as: user, key: 'r' })
  }
  const spend = (user: string, key: string) => {
    const json = { couponId, userId: user, reference: key, subtotal: price, use: true }
    return people.insist('POST /redemptions', { key: `${user}-${key}`, json })
  }

  async function waiting(): Promise<unknown[]> {
    const { body } = await people.insist('GET /dead-letters?status=waiting&limit=100')
    return body.deadLetters as unknown[]
  }

  function refundsOf(user: string): number[] {
    const refunds = provider.moves.filter(({ kind }) => kind === 'refunded')
    return refunds.filter(({ orderId }) => orderId === orderOf(user)).map(({ amount }) => amount)
  }

  it('become dead letters where it fails, and when re-driven give everything back once', async (t) => {
    const startedAt = performance.now()
    for (const [user, trouble] of troubles) provider.troubles.set(user, trouble)
    const asked = await Promise.all(unlucky.map(askOnce))
    for (const { status } of asked) assert.equal(status, 202)
    await waitFor('the dead letters', async () => (await waiting()).length === unlucky.length)
    const ms = Math.round(performance.now() - startedAt)
    for (const user of unlucky) {
      const { body } = await people.insist(`GET /orders/${orderOf(user)}`, { as: user })
      assert.equal(body.status, 'returning')
    }
    t.diagnostic(`dead letters after ${ms} ms`)

    provider.troubles.clear()
    const redrive = (node: number) => people.call('POST /dead-letters/redrive', { json: {}, node })
    const redriven = await Promise.all([redrive(0), redrive(1)])
    assert.ok(
      redriven.every(({ status }) => status === 200),
      JSON.stringify(redriven),
    )
    for (const [n, user] of unlucky.entries()) {
      assert.equal(toldOf(await giveBack(user, 'r', n)), '200 returned', user)
      assert.deepEqual(refundsOf(user), [price - discount], user)
      assert.equal(provider.funds.get(user), price, user)
    }
    assert.deepEqual(await waiting(), [])
    const tea = await people.product('tea')
    assert.deepEqual([tea.available, tea.held], [unlucky.length, 0])
    for (const user of unlucky) {
      assert.deepEqual(toldOf(await spend(user, 'again')), '201 used')
      assert.deepEqual(toldOf(await spend(user, 'once more')), '409 /problems/coupon-already-used')
    }
  })

  it('happen once where they race at two nodes, and the coupon is used by one at a time', async (t) => {
    let spentAtOnce = 0
    await inChunks(racing, atOnce, async (user) => {
      const [one, other, spent] = await Promise.all([
        giveBack(user, 'one', 0),
        giveBack(user, 'other', 1),
        spend(user, 'meanwhile'),
      ])
      assert.deepEqual(
        [one, other].map(toldOf).toSorted(),
        ['200 returned', '409 /problems/order-already-returned'],
        JSON.stringify([one, other]),
      )
      const wasFree = spent.status === 201
      if (wasFree) spentAtOnce += 1
      else assert.equal(toldOf(spent), '409 /problems/coupon-already-used')
      const next = wasFree ? '409 /problems/coupon-already-used' : '201 used'
      assert.equal(toldOf(await spend(user, 'afterwards')), next)
      assert.deepEqual(refundsOf(user), [price - discount])
    })
    const tea = await people.product('tea')
    assert.deepEqual(tea, { available: unlucky.length + racing.length, held: 0, sold: 0 })
    t.diagnostic(`${spentAtOnce} of ${racing.length} were spent as they came back`)
  })

  it('leave nothing for an audit to find', async () => {
    await services.ordersCaughtUp()
    const { code, output } = await services.audit()
    assert.equal(code, 0, output)
  })
})

function toldOf({ status, body }: Answer): string {
  return `${status} ${String(status < 400 ? body.status : body.type)}`
}

// Orders in the embedded service, a real process: what they do with coupons, stock and money, and
// what the five systems before this one left broken. At the end every sum must be exact.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { idOfKey } from '../../../src/api/orders/order-answers.ts'
import { users } from '../processes/crowd.ts'
import { checkOrders } from './order-checks.ts'
import { checkTold, type Order, type OrderPeople, saidOf } from './order-people.ts'
import { OrderShop } from './order-shop.ts'

const rounds = 10
const winners = 30
const price = 1_000
const lots = { price, stock: 10_000 }
const off = { kind: 'amount', value: 300 }
const one = (productId: string) => ({ lines: [{ productId, quantity: 1 }] })

describe('an order', { timeout: 300_000 }, () => {
  let shop: OrderShop
  let people: OrderPeople
  before(async () => {
    shop = await OrderShop.start()
    ;({ people } = shop)
    await people.stock('tea', lots)
  })
  after(() => shop?.close())

  /** Whoever has it has it settled. */
  function settledAll(names: readonly string[], key: string): Promise<Order[]> {
    return Promise.all(names.map((user) => people.settled(user, key)))
  }

  for (const [kind, value, discount] of [
    ['amount', 300, 300],
    ['percent', 15, 300],
    ['amount', 9_999, 2_000],
  ] as const) {
    it(`is confirmed, and a discount of ${value} (${kind}) is subtracted from what is paid`, async () => {
      const user = `${kind}-${value}`
      await people.offer(user, 1, { kind, value })
      await people.topUp(user, 5_000)
      await people.win(user, user)
      const stock = await people.product('tea')
      const order = { lines: [{ productId: 'tea', quantity: 2 }], couponId: user }
      const told = await people.placeUntilEnded(user, 'k', order)
      const total = 2_000 - discount
      assert.deepEqual(
        [told.status, told.subtotal, told.discount, told.total],
        ['confirmed', 2_000, discount, total],
      )
      const end = await people.settled(user, 'k')
      assert.deepEqual(saidOf(end).toSorted(), [
        'coupon used',
        'payment captured',
        'stock held',
        'stock sold',
      ])
      assert.equal(await people.balance(user), 5_000 - total)
      const { available, held, sold } = stock
      const left = { available: available - 2, held, sold: sold + 2 }
      assert.deepEqual(await people.product('tea'), left)
    })
  }

  it('of several lines of which one is short holds nothing of any', async () => {
    for (const [productId, stock] of Object.entries({ plenty: 10, short: 1, rest: 10 })) {
      await people.stock(productId, { price, stock })
    }
    await people.topUp('short', 100 * price)
    const lines = ['plenty', 'short', 'rest'].map((productId) => ({ productId, quantity: 2 }))
    const order = await people.placeUntilEnded('short', 'k', { lines })
    assert.deepEqual([order.status, order.reason], ['cancelled', 'out_of_stock'])
    const end = await people.settled('short', 'k')
    assert.deepEqual(saidOf(end), ['stock refused'])
    for (const [productId, available] of Object.entries({ plenty: 10, short: 1, rest: 10 })) {
      assert.deepEqual(await people.product(productId), { available, held: 0, sold: 0 })
    }
    assert.equal(await people.balance('short'), 100 * price)
  })

  it('of which a step fails leaves nothing done, whichever step it is', async () => {
    await people.stock('cup', { price, stock: 1 })
    await people.offer('undone', 3, off)
    await Promise.all(['poor', 'late', 'twice'].map((user) => people.win('undone', user)))
    const buy = { ...one('cup'), couponId: 'undone' }
    const poor = await people.placeUntilEnded('poor', 'k', buy)
    assert.equal(poor.reason, 'insufficient_funds')
    const undone = ['coupon released', 'stock released']
    const said = saidOf(await people.settled('poor', 'k'))
    assert.ok(
      undone.every((undoing) => said.includes(undoing)),
      said.join(),
    )
    assert.deepEqual(await people.product('cup'), { available: 1, held: 0, sold: 0 })

    // The coupon came back: with money it is spent, and the stock is there.
    await people.topUp('poor', 700)
    assert.equal((await people.placeUntilEnded('poor', 'again', buy)).status, 'confirmed')
    assert.equal(await people.balance('poor'), 0)

    await people.topUp('late', 5_000)
    assert.equal((await people.placeUntilEnded('late', 'k', buy)).reason, 'out_of_stock')
    assert.equal(await people.balance('late'), 5_000)
    await people.settled('late', 'k')
    const elsewhere = { ...one('tea'), couponId: 'undone' }
    assert.equal((await people.placeUntilEnded('late', 'again', elsewhere)).total, 700)

    await people.topUp('twice', 5_000)
    assert.equal((await people.placeUntilEnded('twice', 'k', elsewhere)).status, 'confirmed')
    const second = await people.placeUntilEnded('twice', 'again', elsewhere)
    assert.equal(second.reason, 'coupon_already_used')
    assert.deepEqual(saidOf(await people.settled('twice', 'again')).includes('stock sold'), false)
    assert.equal(await people.balance('twice'), 4_300)
  })

  it(`follows the win of its coupon in the very next request, n = ${winners}`, async () => {
    const names = users('winner', winners)
    await people.offer('next', winners, off)
    await Promise.all(names.map((user) => people.topUp(user, 700)))
    const ends = await Promise.all(
      names.map(async (user) => {
        await people.win('next', user)
        return people.place(user, 'k', { ...one('tea'), couponId: 'next' })
      }),
    )
    for (const { user, refusal } of ends) assert.equal(refusal, null, user)
    for (const order of await settledAll(names, 'k')) {
      assert.deepEqual([order.status, order.total], ['confirmed', 700])
    }
  })

  it(`of two that race for one coupon gets it, the other a reason, n = ${rounds}`, async () => {
    const names = users('racer', rounds)
    await people.offer('race', rounds, off)
    await Promise.all(names.map((user) => people.win('race', user)))
    await Promise.all(names.map((user) => people.topUp(user, 5_000)))
    const spend = { ...one('tea'), couponId: 'race' }
    for (const user of names) {
      const keys = ['left', 'right']
      const ends = await Promise.all(keys.map((key) => people.placeUntilEnded(user, key, spend)))
      const told = ends.map(({ status, reason = '' }) => `${status} ${reason}`).toSorted()
      assert.deepEqual(told, ['cancelled coupon_already_used', 'confirmed '])
      assert.equal(await people.balance(user), 4_300)
    }
    for (const key of ['left', 'right']) await settledAll(names, key)
  })

  it(`of ten gets the last item, and nine are told why not, n = ${rounds}`, async () => {
    const names = users('last', 10)
    await Promise.all(names.map((user) => people.topUp(user, rounds * price)))
    for (let round = 0; round < rounds; round++) {
      const productId = `last-${round}`
      await people.stock(productId, { price, stock: 1 })
      const ends = await Promise.all(
        names.map((user) => people.placeUntilEnded(user, productId, one(productId))),
      )
      const reasons = ends.map(({ status, reason }) => reason ?? status).toSorted()
      assert.deepEqual(reasons, ['confirmed', ...Array<string>(9).fill('out_of_stock')])
      await settledAll(names, productId)
      assert.deepEqual(await people.product(productId), { available: 0, held: 0, sold: 1 })
    }
  })

  it(`is one, however often its key is clicked at once, n = ${rounds}`, async () => {
    const names = users('double', rounds)
    await Promise.all(names.map((user) => people.topUp(user, 10 * price)))
    for (const user of names) {
      const clicks = Array.from({ length: 5 }, () => people.placeUntilEnded(user, 'k', one('tea')))
      const ids = (await Promise.all(clicks)).map(({ orderId, status }) => `${orderId} ${status}`)
      assert.equal(new Set(ids).size, 1)
      const first = people.told.filter((told) => told.user === user && told.status === 201)
      assert.ok(first.length <= 1, 'it was placed once')
      assert.equal(await people.balance(user), 9 * price)
    }
    await settledAll(names, 'k')
  })

  it('is seen by operators and nobody else, and the same key of another is another order', async () => {
    for (const user of ['own', 'theirs']) await people.topUp(user, price)
    const orderId = idOfKey('own', 'k')
    assert.equal((await people.placeUntilEnded('own', 'k', one('tea'))).orderId, orderId)
    const { status, body } = await people.call(`GET /orders/${orderId}`, { as: 'theirs' })
    assert.equal(status, 404)
    assert.ok(!JSON.stringify(body).includes('tea'))
    const looked = await people.call(`GET /orders/${orderId}`, { as: 'operator' })
    assert.deepEqual([looked.status, looked.body.orderId], [200, orderId])
    const other = await people.placeUntilEnded('theirs', 'k', one('tea'))
    assert.notEqual(other.orderId, orderId)
    assert.equal(other.status, 'confirmed')
    await settledAll(['own', 'theirs'], 'k')
  })

  it('and all the others add up, in the rows and in the log', async (t) => {
    const ends = checkTold(people.told)
    await shop.stop()
    const counts = await shop.look((world) => checkOrders(world, { paidByWallet: true }))
    const told = [...ends.values()].filter(({ status }) => status === 'confirmed').length
    assert.equal(counts.confirmed, told)
    assert.equal(counts.confirmed + counts.cancelled, ends.size)
    t.diagnostic(`n = ${ends.size} orders: ${JSON.stringify(counts)}`)
  })

  it('would not add up with any of these differences', async () => {
    await shop.look(async (world) => {
      for (const [plant, undo] of plants) {
        await world.sql(plant)
        await assert.rejects(checkOrders(world, { paidByWallet: true }), plant)
        await world.sql(undo)
      }
      await checkOrders(world, { paidByWallet: true })
    })
  })
})

const someOrder = "(select min(order_id) from orders.orders where status = 'confirmed')"
const stockMoved = (by: number) =>
  `update stock.products set sold = sold + ${by}, available = available - ${by}
    where product_id = 'tea'`
const charged = (by: number) =>
  `update payments.charges set amount = amount + ${by} where order_id = ${someOrder}`
const asStatus = (from: string, to: string) =>
  `update stock.orders set status = '${to}' where status = '${from}' and order_id = ${someOrder}`
const unannounced = (is: boolean) =>
  `update orders.orders set unannounced = ${is} where order_id = ${someOrder}`
/** Each with what undoes it. */
const plants: [plant: string, undo: string][] = [
  [stockMoved(1), stockMoved(-1)],
  [charged(1), charged(-1)],
  [asStatus('sold', 'released'), asStatus('released', 'sold')],
  [unannounced(true), unannounced(false)],
  [
    "insert into coupons.uses values ('off', 'nobody', 'no-order')",
    "delete from coupons.uses where order_id = 'no-order'",
  ],
  [
    "update payments.balances set balance = balance + 1 where user_id = 'late'",
    "update payments.balances set balance = balance - 1 where user_id = 'late'",
  ],
]

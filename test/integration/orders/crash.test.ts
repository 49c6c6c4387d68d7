// kill −9 of the embedded service at each named point of orders, K22 to K29: whatever is done again
// afterwards, every order ends, money, stock and coupons move once, and no event is in the log
// whose row is not there. PASSINGS sets at how many passings of K26 and K27 it dies (2).

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { idOfKey } from '../../../src/api/orders/order-answers.ts'
import { waitFor } from '../../services/server-process.ts'
import { checkEventsHaveRows, checkOrders, stepEvents } from './order-checks.ts'
import { type OrderPeople, saidOf } from './order-people.ts'
import { OrderShop } from './order-shop.ts'
import { type Mischief, type PaymentProvider, startPaymentProvider } from './payment-provider.ts'

const passings = Number(process.env.PASSINGS ?? 2)
const price = 1_000
const total = 700
const off = { kind: 'amount', value: price - total }
const buy = { lines: [{ productId: 'tea', quantity: 1 }], couponId: 'off' }
/** What the provider says for good, though it did what it was asked. */
const refusal: Mischief = { status: 422, body: '{}' }

/** A shop that sells one thing, and a coupon and money for whoever buys it. */
async function openShop(env: Record<string, string> = {}): Promise<OrderShop> {
  const shop = await OrderShop.start(env)
  await shop.people.stock('tea', { price, stock: 1_000 })
  await shop.people.offer('off', 1_000, off)
  return shop
}

describe('kill −9 at a point of an order', { timeout: 600_000 }, () => {
  let shop: OrderShop
  let people: OrderPeople
  let sold = 0
  before(async () => {
    shop = await openShop()
    ;({ people } = shop)
  })
  after(() => shop?.close())

  /** The service dies of the fault while it carries this order. */
  async function dieOf(faults: string, user: string): Promise<void> {
    await shop.doom(faults)
    await people.win('off', user)
    await people.topUp(user, price)
    await Promise.all([people.place(user, 'k', buy), shop.death()])
  }

  /** By the same key, and nothing was done twice. */
  async function confirmedOnce(user: string): Promise<void> {
    const end = await people.placeUntilEnded(user, 'k', buy)
    assert.deepEqual([end.status, end.total], ['confirmed', total])
    await people.settled(user, 'k')
    sold++
    assert.equal((await people.product('tea')).sold, sold)
    assert.equal(await people.balance(user), price - total)
  }

  it('K25, placed and not answered: by the same key it is that order', async () => {
    await shop.doom('crash:K25:1')
    await people.win('off', 'k25')
    await people.topUp('k25', price)
    const [told] = await Promise.all([people.place('k25', 'k', buy), shop.death()])
    assert.equal(told.status, 0, 'the answer was lost')
    await shop.restart()
    await confirmedOnce('k25')
    assert.equal(people.told.at(-1)?.status, 200, 'it had been placed before')
  })

  it('before a commit: nothing is in the log, and nothing in the rows', async () => {
    const orderId = idOfKey('early', 'k')
    await dieOf(`poison:${orderId}`, 'early')
    await shop.look(async (world) => {
      const events = await stepEvents(world)
      assert.deepEqual(
        events.filter((event) => event.orderId === orderId),
        [],
      )
      for (const schema of ['orders', 'coupons', 'stock', 'payments']) {
        const rows = `select * from ${schema}.orders where order_id = '${orderId}'`
        assert.deepEqual(await world.sql(rows), [])
      }
    })
    await shop.restart()
    await confirmedOnce('early')
  })

  for (let nth = 1; nth <= passings; nth++) {
    it(`K26 for time ${2 * nth - 1}: committed, and its event follows after the restart`, async () => {
      await dieOf(`crash:K26:${2 * nth - 1}`, `k26-${nth}`)
      await shop.look(checkEventsHaveRows)
      await shop.restart()
      await confirmedOnce(`k26-${nth}`)
    })

    it(`K27 for time ${2 * nth}: published, and published again, and done once`, async () => {
      await dieOf(`crash:K27:${2 * nth}`, `k27-${nth}`)
      await shop.restart()
      await confirmedOnce(`k27-${nth}`)
    })
  }

  it('leaves every sum exact, in the rows and in the log', async (t) => {
    await shop.stop()
    const { counts, again } = await shop.look(async (world) => {
      const events = await checkEventsHaveRows(world)
      return { counts: await checkOrders(world, { paidByWallet: true }), ...events }
    })
    assert.deepEqual(counts, { confirmed: 2 + 2 * passings, cancelled: 0, reasons: {} })
    assert.ok(again > 0, 'something was published twice')
    t.diagnostic(`n = ${counts.confirmed} kills and orders; ${again} events were published again`)
  })
})

describe('kill −9 while a provider has the money', { timeout: 600_000 }, () => {
  let shop: OrderShop
  let people: OrderPeople
  let provider: PaymentProvider
  /** On a busy machine, too, payment is asked for before. */
  const timedOut = { FIRSTCOME_ORDER_TIME_LIMIT_SECONDS: '8' }
  before(async () => {
    provider = await startPaymentProvider()
    shop = await openShop({
      FIRSTCOME_PAYMENT_URL: provider.url,
      FIRSTCOME_ORDER_TIME_LIMIT_SECONDS: '600',
    })
    ;({ people } = shop)
  })
  after(async () => {
    await shop?.close()
    await provider?.close()
  })

  /** From now on every request meets this, until it is healed. */
  async function ready(user: string, mischief: Mischief): Promise<void> {
    provider.funds.set(user, price)
    await people.win('off', user)
    provider.mischief.push(...Array<Mischief>(10_000).fill(mischief))
  }

  function heal(): void {
    provider.mischief.length = 0
  }

  function movesOf(user: string): string[] {
    const orderId = idOfKey(user, 'k')
    const own = provider.moves.filter((move) => move.orderId === orderId)
    return own.map(({ kind, amount }) => `${kind} ${amount}`)
  }

  async function confirmedOnce(user: string): Promise<void> {
    const end = await people.placeUntilEnded(user, 'k', buy)
    assert.deepEqual([end.status, end.total], ['confirmed', total])
    await people.settled(user, 'k')
    assert.deepEqual(movesOf(user), [`captured ${total}`])
  }

  async function letterOf(user: string, status: string): Promise<string> {
    const key = idOfKey(user, 'k')
    let id = ''
    await waitFor('the dead letter', async () => {
      const { body } = await people.insist(`GET /dead-letters?status=${status}`)
      const letters = body.deadLetters as { deadLetterId: string; key: string }[]
      const own = letters.filter((letter) => letter.key === key)
      assert.ok(own.length <= 1)
      id = own[0]?.deadLetterId ?? ''
      return id !== ''
    })
    return id
  }

  it('K22, forwarded, and its position not moved: it is paid once', async () => {
    await shop.doom('crash:K22:1')
    await ready('k22', refusal)
    await Promise.all([people.place('k22', 'k', buy), shop.death()])
    heal()
    await shop.restart()
    await confirmedOnce('k22')
  })

  it('K23, a dead letter, and its position not moved: one letter, and it is paid once', async () => {
    await shop.doom('crash:K23:1')
    await ready('k23', refusal)
    await Promise.all([people.place('k23', 'k', buy), shop.death()])
    const asked = provider.requests.length
    await shop.restart()
    await waitFor('another attempt', () => provider.requests.length > asked)
    const id = await letterOf('k23', 'waiting')
    heal()
    await people.insist(`POST /dead-letters/${id}/redrive`)
    await confirmedOnce('k23')
    assert.equal(await letterOf('k23', 'redriven'), id)
  })

  it('K24, re-driven and not marked: by the next start it is done, and paid once', async () => {
    await shop.doom('crash:K24:1')
    await ready('k24', refusal)
    assert.equal((await people.place('k24', 'k', buy)).order, null)
    const id = await letterOf('k24', 'waiting')
    heal()
    await Promise.all([people.call(`POST /dead-letters/${id}/redrive`), shop.death()])
    await shop.restart()
    await confirmedOnce('k24')
    const again = await people.insist(`POST /dead-letters/${id}/redrive`)
    assert.equal(again.status, 200, 'twice in a row changes nothing')
    assert.equal(again.body.redrives, 1)
  })

  for (const [what, passing] of [
    ['stored and not asked for', 1],
    ['done and not stored', 2],
  ] as const) {
    it(`K28, the undoing ${what}: the money is given back once`, async () => {
      const user = `k28-${passing}`
      await shop.doom(`crash:K28:${passing}`, timedOut)
      await ready(user, 'lose')
      const placed = people.place(user, 'k', buy)
      await waitFor('the capture', () => movesOf(user).length > 0)
      if (passing === 2) {
        await waitFor('the undoing', () => movesOf(user).length > 1)
        heal()
      }
      await Promise.all([placed, shop.death()])
      heal()
      await shop.restart()
      await undoneOnce(user)
      assert.deepEqual(movesOf(user), [`captured ${total}`, `refunded ${total}`])
    })
  }

  it('K29, timed out and not announced: it is cancelled, and nothing stays done', async () => {
    await shop.doom('crash:K29:1', timedOut)
    await ready('k29', 'hang')
    await Promise.all([people.place('k29', 'k', buy), shop.death()])
    heal()
    await shop.restart()
    await undoneOnce('k29')
  })

  async function undoneOnce(user: string): Promise<void> {
    const end = await people.placeUntilEnded(user, 'k', buy)
    assert.deepEqual([end.status, end.reason], ['cancelled', 'timed_out'])
    const said = saidOf(await people.settled(user, 'k'))
    assert.ok(said.includes('stock released') && said.includes('coupon released'), said.join())
    const orderId = idOfKey(user, 'k')
    await waitFor('the undoing', () => {
      const paths = provider.requests.filter(({ body }) => body.orderId === orderId)
      return paths.at(-1)?.path.endsWith('/undos') ?? false
    })
    const moves = movesOf(user)
    assert.ok([0, 2].includes(moves.length), moves.join())
    assert.equal(provider.funds.get(user), price)
  }

  it('leaves every sum exact, in the rows, in the log and at the provider', async (t) => {
    await shop.stop()
    const counts = await shop.look((world) => checkOrders(world, { paidByWallet: false }))
    const { confirmed, cancelled } = counts
    assert.deepEqual([confirmed, cancelled], [3, 3])
    const left = [...provider.funds.values()].reduce((sum, funds) => sum + funds, 0)
    assert.equal(left, 6 * price - confirmed * total)
    t.diagnostic(`n = ${confirmed + cancelled} kills and orders: ${JSON.stringify(counts)}`)
  })
})

// A payment provider over HTTP that is away for a while or for long, or that fails, hangs, answers
// twice and loses its answers, while people order: nobody else is held up, money moves once for
// each order, and every order ends.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { retryTopics } from '../../../src/domain/orders/retries.ts'
import { waitFor } from '../../services/server-process.ts'
import { seededRandom } from '../../simulation/random.ts'
import { checkOrders } from '../orders/order-checks.ts'
import { type Order, OrderPeople } from '../orders/order-people.ts'
import {
  type Mischief,
  type PaymentProvider,
  startPaymentProvider,
} from '../orders/payment-provider.ts'
import { users } from '../processes/crowd.ts'
import { type FaultServices, startFaultServices } from './fault-services.ts'
import { sleep } from './node-clients.ts'

const price = 1_000
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const many = 20
const awayMs = 10_000
const paid = { lines: [{ productId: 'tea', quantity: 1 }] }
const free = { lines: [{ productId: 'sample', quantity: 1 }] }
const unsettled = `select order_id from payments.orders where status in ('asked', 'undoing')`
const short = { lines: [{ productId: 'gone', quantity: 1 }] }

describe('orders that a provider is paid for', { timeout: 600_000 }, () => {
  let services: FaultServices
  let provider: PaymentProvider
  let people: OrderPeople

  before(async () => {
    services = await startFaultServices()
    provider = await startPaymentProvider()
    const [api] = await Promise.all([
      services.role('api', { FIRSTCOME_ORDER_TIME_LIMIT_SECONDS: '600' }),
      services.role('issuer'),
      services.orders(undefined, { FIRSTCOME_PAYMENT_URL: provider.url }),
    ])
    people = new OrderPeople([api], 120_000)
    await people.stock('tea', { price, stock: 1_000 })
    await people.stock('sample', { price: 0, stock: 1_000 })
    await people.stock('gone', { price, stock: 0 })
  })
  after(async () => {
    await people?.close()
    await provider?.close()
    await services?.close()
  })
  beforeEach(() => {
    provider.mischief.length = 0
    provider.moves.length = 0
  })

  async function placeAll(names: readonly string[]): Promise<Promise<Order>[]> {
    for (const user of names) provider.funds.set(user, price)
    const wanted = (await ordersPlaced()) + names.length
    const placing = names.map((user) => people.placeUntilEnded(user, 'k', paid))
    await waitFor('the orders', async () => (await ordersPlaced()) >= wanted)
    return placing
  }

  async function ordersPlaced(): Promise<number> {
    const [row] = await services.sql('select count(*) from orders.orders')
    return Number(row?.[0])
  }

  /** Orders of which nothing has to be paid are not held up by those that wait. */
  async function othersProceed(name: string): Promise<void> {
    const startedAt = performance.now()
    const ends = await Promise.all([
      people.placeUntilEnded(`free-${name}`, 'k', free),
      people.placeUntilEnded(`short-${name}`, 'k', short),
    ])
    assert.deepEqual(
      ends.map(({ status, reason, total }) => [status, reason, total]),
      [
        ['confirmed', undefined, 0],
        ['cancelled', 'out_of_stock', undefined],
      ],
    )
    assert.ok(performance.now() - startedAt < awayMs / 2)
  }

  async function allConfirmed(placing: readonly Promise<Order>[]): Promise<void> {
    const ends = await Promise.all(placing)
    assert.ok(ends.every(({ status, total }) => status === 'confirmed' && total === price))
    // Once for each, and for nothing else.
    const captured = provider.moves.filter(({ kind, amount }) => {
      return kind === 'captured' && amount === price
    })
    const orderIds = new Set(captured.map(({ orderId }) => orderId))
    assert.deepEqual([...orderIds].toSorted(), ends.map(({ orderId }) => orderId).toSorted())
    assert.equal(provider.moves.length, ends.length)
  }

  async function lettersWaiting(): Promise<number> {
    const { body } = await people.insist('GET /dead-letters?status=waiting&limit=100')
    return (body.deadLetters as unknown[]).length
  }

  async function postponed(): Promise<number> {
    const log = await services.log()
    const ends = await Promise.all(retryTopics.map((topic) => log.bounds(topic)))
    return ends.flat().reduce((sum, { end }) => sum + end, 0)
  }

  it(`wait in the retry topics while it is away for ${awayMs / 1000} s, and all are paid`, async (t) => {
    await provider.stop()
    const awaySince = performance.now()
    const placing = await placeAll(users('short-away', many))
    await waitFor('the retry topics', async () => (await postponed()) >= many)
    await othersProceed('away')
    assert.deepEqual(provider.moves, [])
    await sleep(Math.max(0, awayMs - (performance.now() - awaySince)))
    await provider.start()
    const backAt = performance.now()
    await allConfirmed(placing)
    assert.equal(await lettersWaiting(), 0)
    const ms = Math.round(performance.now() - backAt)
    t.diagnostic(
      `n = ${many}: confirmed ${ms} ms after it was back, ${await postponed()} postponed`,
    )
  })

  it('are dead letters where it is away for longer, and are paid when re-driven', async (t) => {
    await provider.stop()
    const awaySince = performance.now()
    const placing = await placeAll(users('long-away', many))
    await othersProceed('gone')
    await waitFor('the dead letters', async () => (await lettersWaiting()) === many)
    const ms = Math.round(performance.now() - awaySince)
    await provider.start()
    const { status, body } = await people.call('POST /dead-letters/redrive', { json: {} })
    assert.deepEqual([status, body.redriven], [200, many], JSON.stringify(body))
    const again = await people.call('POST /dead-letters/redrive', { json: {} })
    assert.equal(again.body.redriven, 0, 'twice in a row changes nothing')
    await allConfirmed(placing)
    assert.equal(await lettersWaiting(), 0)
    t.diagnostic(`n = ${many}: dead letters after ${ms} ms`)
  })

  it('are paid once each where it fails, hangs, answers twice and loses answers', async (t) => {
    t.diagnostic(`SEED=${seed}`)
    const random = seededRandom(seed)
    const kinds: (Mischief | null)[] = [
      'hang',
      'lose',
      'cut',
      'twice',
      { status: 500, body: 'oh' },
      { status: 503, body: '' },
      { status: 200, body: '{"status":"perhaps"}' },
      { status: 422, body: '{}' },
      null,
    ]
    const met = Array.from(
      { length: 6 * many },
      () => kinds[random.int(0, kinds.length - 1)] ?? null,
    )
    provider.mischief.push(...met)
    const names = users('trouble', many)
    const poor = users('poor', 3)
    const placing = await placeAll(names)
    const refused = poor.map((user) => people.placeUntilEnded(user, 'k', paid))
    let redriven = 0
    let haveEnded = false
    const ends = Promise.all([...placing, ...refused]).finally(() => (haveEnded = true))
    // An operator who tries again whatever was given up. What a provider refused after it had
    // lost an answer is undone behind the end of the order.
    const settled = async () => {
      await sleep(500)
      const { body } = await people.insist('POST /dead-letters/redrive', { json: {} })
      redriven += Number(body.redriven)
      return haveEnded && (await services.sql(unsettled)).length === 0
    }
    await waitFor('settled payments', settled, 120_000)
    await ends
    await allConfirmed(placing)
    for (const order of await Promise.all(refused)) assert.equal(order.reason, 'insufficient_funds')
    const unmet = provider.mischief.length
    t.diagnostic(`n = ${many}, ${met.length - unmet} requests met trouble, ${redriven} re-driven`)
  })

  it('leave every sum exact, in the rows, in the log and at the provider', async (t) => {
    await services.ordersCaughtUp()
    const counts = await checkOrders(services, { paidByWallet: false })
    assert.equal(counts.confirmed, 3 * many + 2)
    const funds = [...provider.funds].filter(([user]) => !user.startsWith('poor'))
    assert.ok(funds.every(([, left]) => left === 0))
    t.diagnostic(`n = ${counts.confirmed + counts.cancelled} orders: ${JSON.stringify(counts)}`)
  })
})

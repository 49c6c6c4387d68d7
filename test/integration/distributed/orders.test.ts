// Orders on Kafka and PostgreSQL while every consumer and every API node is killed at random, and
// at the points where redelivery must follow. ORDERS (1,500 unless given), SECONDS and KILLS set
// its size, SEED repeats a run.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { consumerNames } from '../../../src/ports/orders.ts'
import { type Random, seededRandom } from '../../simulation/random.ts'
import { checkEventsHaveRows, checkOrders } from '../orders/order-checks.ts'
import { checkTold, type NewOrder, OrderPeople, type ToldOrder } from '../orders/order-people.ts'
import { users as people } from '../processes/crowd.ts'
import type { RoleProcess } from '../processes/service-process.ts'
import { type FaultServices, startFaultServices } from './fault-services.ts'
import { inChunks, sleep } from './node-clients.ts'
import { type Kept, keepRunning } from './order-roles.ts'

const orders = Number(process.env.ORDERS ?? 1_500)
const seconds = Number(process.env.SECONDS ?? 15)
const kills = Number(process.env.KILLS ?? 10)
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const ordersEach = 4
/** Each has one coupon, and money for most of what they order. */
const users = people('user', Math.ceil(orders / ordersEach))
const funds = 5_000
const price = 1_000
const off = { kind: 'amount', value: 300 }
const stock = { tea: 2 * orders, cup: 2 * orders, pot: Math.ceil(orders / 5), last: 1 }
const endMsMax = 60_000
const doubleClicks = 0.2
/** Of the processes that come back. */
const armed = 0.5
/**
 * At one node, orders run out of time while much is broken; at the other hardly any does. But two
 * orders of one user may each hold what the other waits for, one the coupon and one the last pot,
 * and who wants a pot waits for them. They end by their time alone, so it is not longer.
 */
const limitsSeconds = [45, 10]
const asksAtOnce = 50

describe('a storm of orders', { timeout: (seconds + 600) * 1000 }, () => {
  let services: FaultServices
  let clients: OrderPeople
  let kept: Kept[] = []

  before(async () => {
    services = await startFaultServices()
    await services.role('issuer')
    const running: RoleProcess[] = []
    const apis = limitsSeconds.map((_, n) => ({
      name: `API node ${n}`,
      start: (env: Record<string, string>) => {
        const limit = `${limitsSeconds[n]}`
        return services.role('api', { FIRSTCOME_ORDER_TIME_LIMIT_SECONDS: limit, ...env })
      },
      async onStarted(role: RoleProcess) {
        running[n] = role
        await clients?.moved(n, role)
      },
    }))
    const consumers = [...consumerNames, undefined].map((only) => ({
      name: only ?? 'all consumers',
      start: (env: Record<string, string>) => services.orders(only, env),
    }))
    kept = await Promise.all([...apis, ...consumers].map(keepRunning))
    clients = new OrderPeople(running, (seconds + 180) * 1000)
  })
  after(async () => {
    for (const one of kept) await one.release()
    await clients?.close()
    await services?.close()
  })

  it('finds people with coupons and money, and a shop', async () => {
    await clients.offer('storm', users.length, off)
    for (const [productId, count] of Object.entries(stock)) {
      await clients.stock(productId, { price, stock: count })
    }
    await inChunks(users, asksAtOnce, async (user) => {
      await Promise.all([clients.win('storm', user), clients.topUp(user, funds)])
    })
  })

  it(`of ${orders} orders and ${kills} kills ends every order soon after all is healed`, async (t) => {
    t.diagnostic(`SEED=${seed}`)
    const random = seededRandom(seed)
    const startedAt = performance.now()
    const placed = placeAll(clients, random)
    await killAll(kept, seededRandom(seed + 1))
    await placed.all
    await Promise.all(kept.map((one) => one.heal()))
    const healedAt = performance.now()
    const redriven = await redriveUntil(clients, placed.ended)
    const endedMs = performance.now() - healedAt
    await services.ordersCaughtUp()
    const quietMs = performance.now() - healedAt
    const died = kept.map((one) => `${one.name} ${one.deaths()}`).join(', ')
    const answers = clients.told
    const unknown = answers.filter(({ status }) => status === 0 || status >= 500).length
    for (const line of [
      `healed after ${Math.round(healedAt - startedAt)} ms; killed: ${died}`,
      `the last end was told ${Math.round(endedMs)} ms later`,
      `all was quiet ${Math.round(quietMs)} ms later`,
      `${redriven} dead letters were re-driven`,
      `${answers.length} answers, of which ${unknown} unknown and ${pendingOf(answers)} pending`,
    ]) {
      t.diagnostic(line)
    }
    assert.ok(endedMs <= endMsMax, `${endedMs} ms`)
    assert.ok(kept.every((one) => one.deaths() > 0) || kills < kept.length)
    assert.ok(unknown > 0, 'the kills met people who asked')
  })

  it('told everybody the truth, and every sum is exact', async (t) => {
    const ends = checkTold(clients.told)
    const counts = await checkOrders(services, { paidByWallet: true })
    const rows = await services.sql('select order_id, status from orders.orders')
    assert.equal(ends.size, rows.length)
    for (const [orderId, status] of rows) {
      assert.equal(ends.get(String(orderId))?.status, status, String(orderId))
    }
    const { again } = await checkEventsHaveRows(services)
    assert.ok(again > 0, 'something was delivered twice')
    t.diagnostic(`n = ${ends.size} orders, 0 untrue: ${JSON.stringify(counts)}`)
    t.diagnostic(`${again} events of the steps were published again`)
    assert.equal(counts.confirmed + counts.cancelled, ends.size)
    // Kills that came soon after each other may look like a record that kills.
    const others = `select id, status, letter->>'reason' from dead_letters.letters
      where status <> 'redriven' or letter->>'reason' not like 'processes died of it%'`
    assert.deepEqual(await services.sql(others), [])
  })

  it('left nothing for an audit to find', async (t) => {
    // Where the order process gave up a record because of kills, and its user asked again before
    // it was re-driven, the order counts from the second record; the audit says so.
    const letters = await services.sql(
      "select letter->>'key' from dead_letters.letters where consumer = 'order-process'",
    )
    const mayDiffer = new Set(letters.map(([orderId]) => String(orderId)))
    t.diagnostic(`n = ${mayDiffer.size} orders were given up by the order process for a while`)
    const { code, output } = await services.audit()
    const { firstDifferences } = JSON.parse(output) as Differences
    const others = firstDifferences.filter(({ invariant, orderId = '' }) => {
      return invariant !== 'I10' || !mayDiffer.has(orderId)
    })
    assert.deepEqual(others, [])
    assert.ok(code === 0 || firstDifferences.length > 0, output)
  })
})

type Differences = { firstDifferences: { invariant: string; orderId?: string }[] }

/** Until it is over an operator tries again what was given up. Gives how many letters that were. */
async function redriveUntil(clients: OrderPeople, over: Promise<unknown>): Promise<number> {
  let redriven = 0
  const done = over.then(() => 'over' as const)
  for (;;) {
    const isOver = (await Promise.race([done, sleep(1_000)])) === 'over'
    const { body } = await clients.insist('POST /dead-letters/redrive', { json: {} })
    redriven += Number(body.redriven)
    if (isOver) return redriven
  }
}

type Arrival = { user: string; key: string; order: NewOrder; atMs: number; twice: boolean }

function arrivals(random: Random): Arrival[] {
  const all: Arrival[] = []
  for (let n = 0; n < orders; n++) {
    const user = users[n % users.length] ?? ''
    const productIds = Object.keys(stock).filter(() => random.chance(0.4))
    if (productIds.length === 0) productIds.push('tea')
    const lines = productIds.map((productId) => ({ productId, quantity: random.int(1, 2) }))
    const order: NewOrder = { lines, node: random.int(0, limitsSeconds.length - 1) }
    if (random.chance(0.5)) order.couponId = 'storm'
    const atMs = random.next() * seconds * 1000
    all.push({ user, key: `order-${n}`, order, atMs, twice: random.chance(doubleClicks) })
  }
  return all.toSorted((a, b) => a.atMs - b.atMs)
}

/** `all`: everybody has asked once. `ended`: everybody knows how it ended. */
function placeAll(clients: OrderPeople, random: Random) {
  const asking: Promise<unknown>[] = []
  const startedAt = performance.now()
  const all = (async () => {
    for (const { user, key, order, atMs, twice } of arrivals(random)) {
      const early = startedAt + atMs - performance.now()
      if (early > 1) await sleep(early)
      asking.push(clients.placeUntilEnded(user, key, order))
      const { node = 0 } = order
      if (twice) asking.push(clients.placeUntilEnded(user, key, { ...order, node: node + 1 }))
    }
  })()
  return { all, ended: all.then(() => Promise.all(asking)) }
}

/** Each is killed in turn, in any order, at random moments; half come back to die at a point. */
async function killAll(kept: readonly Kept[], random: Random): Promise<void> {
  const everyMs = (seconds * 1000) / (kills + 1)
  let turn: Kept[] = []
  for (let n = 0; n < kills; n++) {
    await sleep(everyMs * (0.5 + random.next()))
    if (turn.length === 0) turn = [...kept]
    const [victim] = turn.splice(random.int(0, turn.length - 1), 1)
    const point = random.chance(0.5) ? 'K26' : 'K27'
    const isApi = victim?.name.startsWith('API') ?? false
    const fault = `crash:${isApi ? 'K25' : point}:${random.int(1, 10)}`
    victim?.kill(random.chance(armed) ? fault : undefined)
  }
}

function pendingOf(told: readonly ToldOrder[]): number {
  return told.filter(({ status }) => status === 202).length
}

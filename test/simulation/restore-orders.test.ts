// Rows that were lost, restored from the topics of small worlds full of faults (test/models): at
// rest, and cut at any moment. A failure prints the scenario with its seed.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { ordersTopic, orderTimeLimitMsMax } from '../../src/domain/orders/messages.ts'
import { entryOf } from '../../src/domain/orders/records.ts'
import { deadLettersTopic, retryTopics } from '../../src/domain/orders/retries.ts'
import type { Charge, CouponRow, OrderState } from '../../src/domain/orders/state.ts'
import { createCouponStep } from '../../src/orders/coupon-step.ts'
import { createDeadLetterWork } from '../../src/orders/dead-letters.ts'
import { createOrderProcess } from '../../src/orders/order-process.ts'
import { createPaymentStep } from '../../src/orders/payment-step.ts'
import { type RestoredStores, restoreOrders } from '../../src/orders/restore/restore-orders.ts'
import { createStockStep } from '../../src/orders/stock-step.ts'
import { createWallet } from '../../src/orders/wallet.ts'
import { consumerNames, topicsReadBy } from '../../src/ports/orders.ts'
import type { Payments } from '../../src/ports/payments.ts'
import { PortError } from '../../src/ports/port-error.ts'
import { returnScenarios } from '../models/any-orders.ts'
import { auditWorld } from '../models/orders-audit.ts'
import { createOrdersSystem, type OrdersSystem } from '../models/orders-consumers.ts'
import {
  checkAtRest,
  checkRevoked,
  revokeRest,
  storesOf,
  withoutRows,
} from '../models/orders-restored.ts'
import { callService, takeSupply } from '../models/orders-stores.ts'
import { auditedSystem } from '../models/orders-system-audit.ts'
import { runChaos, runWorld, type Scenario, type World } from '../models/orders-world.ts'
import { replayedClaims } from './world-revokes.ts'

/** Longer than any order may take, with every attempt that a record gets. */
const atRestMs = 20_000
/** Amid the orders that are restored: some are answered by then, and some are not. */
const revokedAfterMs = 5
type Cut = { scenario: Scenario; steps: number; diesFirst: boolean }
/** `steps`: of a world in its chaos. `diesFirst`: the first attempt to restore it is cut, too. */
const anyCut: fc.Arbitrary<Cut> = fc.record({
  scenario: returnScenarios(),
  steps: fc.nat(900),
  diesFirst: fc.boolean(),
})

describe('rows that were lost', () => {
  test('are as they were, where all was said', async () => {
    await fc.assert(
      fc.asyncProperty(returnScenarios(), async (scenario) => {
        const world = runWorld(scenario)
        const system = await withoutRows(world, scenario)
        const parts = { log: system.log, stores: storesOf(system) }
        const restored = await restoreOrders(parts)
        assert.equal(restored?.takenAgain, 0, 'nothing is left to do')
        checkSame(system, world)
        checkAtRest(system, scenario, system.stores.payment.tables.balances)
        assert.equal(await restoreOrders(parts), null, 'nothing is lost any more')
      }),
      { numRuns: 150 },
    )
  })

  test('are restored at any moment, and every order then ends with everything added up', async () => {
    await fc.assert(
      fc.asyncProperty(anyCut, async (cut) => {
        const world = runChaos(cut.scenario, cut.steps)
        const system = await restoreCut(cut, world, true)
        await finish(system, world)
        checkAtRest(system, cut.scenario, system.stores.payment.tables.balances)
        const claims = replayedClaims(world.claims)
        const { found } = await auditWorld(await auditedSystem(system), { now: null, claims })
        assert.deepEqual(found, [], 'no false alarm')
      }),
      { numRuns: 150 },
    )
  })

  test('let each order end by its answers alone, where there is time for them', async () => {
    await fc.assert(
      fc.asyncProperty(returnScenarios(orderTimeLimitMsMax), fc.nat(400), async (any, steps) => {
        // Two contents under one id may wait for a step that has answered to the other.
        const byId = new Map(any.orders.map((order) => [order.orderId, order]))
        // Of two orders with one coupon each may hold what the other waits for, until its time.
        const byCoupon = new Map(
          [...byId.values()].map((order) => {
            const { orderId, userId, coupon } = order
            return [coupon === undefined ? orderId : `${userId} ${coupon.couponId}`, order]
          }),
        )
        // Nobody else says anything of a redemption until a day is over.
        const redemptions = any.redemptions?.filter(({ use }) => use === true) ?? []
        const scenario = { ...any, orders: [...byCoupon.values()], redemptions }
        const world = runChaos(scenario, steps)
        const system = await restoreCut({ scenario, steps, diesFirst: false }, world, true)
        await finish(system, world)
        checkAtRest(system, scenario, system.stores.payment.tables.balances)
      }),
      { numRuns: 100 },
    )
  })

  test('leave open what another provider has done, which is asked again', async () => {
    await fc.assert(
      fc.asyncProperty(anyCut, async (cut) => {
        const world = runChaos(cut.scenario, cut.steps)
        const { stores, calls, waiting } = world
        for (const supply of waiting.supplies) takeSupply(stores, supply)
        const system = await restoreCut(cut, world, false)
        await finish(system, world, {
          ask: async (questions) => questions.map((question) => callService(stores, question)),
          limits: { questionsPerCallMax: 1_000, callsAtOnceMax: 1, answerMsMax: 4_000 },
          close: async () => {},
        })
        // Requests that were still on their way must find the order undone.
        for (const call of calls) callService(stores, call)
        checkAtRest(system, cut.scenario, stores.balances)
        for (const [effect, times] of stores.effects) {
          if (effect.startsWith('payment')) assert.equal(times, 1, `once: ${effect}`)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('were cut at every kind of moment in these few hundred worlds', async () => {
    const seen = new Set<string>()
    for (const cut of fc.sample(anyCut, { seed: 7, numRuns: 700 })) {
      for (const isWallet of [true, false]) {
        const system = await restoreCut(cut, runChaos(cut.scenario, cut.steps), isWallet)
        for (const { headers = {}, value } of system.log.records(retryTopics[0]).flat()) {
          const { type } = JSON.parse(String(value)) as { type: string }
          seen.add(`${headers['firstcome-consumer']} ${type}`)
        }
        for (const { state, unannounced } of system.stores.orders.kept.values()) {
          if (unannounced) seen.add(`unannounced ${state.status}`)
        }
        for (const { status } of system.stores.payment.tables.rows.values()) seen.add(status)
      }
    }
    const missing = expectedSights.filter((sight) => !seen.has(sight))
    assert.deepEqual(missing, [])
  })

  test('come back with what operators did, each command with its outcome', async () => {
    const system = createOrdersSystem()
    const created = { type: 'product.created', productId: 'tea', by: 'op', name: 'x' } as const
    await system.append(
      { ...created, price: 5, stock: 1, commandId: 'a' },
      { ...created, price: 6, stock: 1, commandId: 'b' },
      { type: 'stock.added', productId: 'tea', add: 3, by: 'op', commandId: 'c' },
      { type: 'stock.added', productId: 'tea', add: 3, by: 'op', commandId: 'c' },
      { type: 'stock.added', productId: 'cup', add: 3, by: 'op', commandId: 'd' },
      { type: 'wallet.topped_up', userId: 'ann', amount: 7, by: 'op', commandId: 'e' },
      { type: 'wallet.topped_up', userId: 'ann', amount: 8, by: 'op', commandId: 'e' },
    )
    const nonsense = { key: 'x', value: Buffer.from('nonsense') }
    const [place] = await system.log.append(ordersTopic, [nonsense])
    const deadLetterId = `stock-step.orders.${place?.partition}.${place?.offset}`
    const act = { by: 'op', commandId: 'f', deadLetterId }
    const discarding = entryOf({ type: 'dead_letter.discarded', ...act })
    const redriving = entryOf({ type: 'dead_letter.redriven', ...act })
    const consumers = await system.run()
    await system.pass(1_000)
    await system.log.append(deadLettersTopic, [discarding, redriving])
    await system.pass(1_000)
    await consumers.close()

    const lost = createOrdersSystem()
    const restored = await restoreOrders({ log: system.log, stores: storesOf(lost) })
    assert.deepEqual(restored, { orders: 0, letters: 4, takenAgain: 0 })
    for (const name of ['stock', 'payment', 'letters'] as const) {
      assert.deepEqual(lost.stores[name].tables, system.stores[name].tables)
    }
    assert.equal(lost.stores.letters.tables.letters.get(deadLetterId)?.status, 'discarded')
    assert.equal(lost.stores.stock.tables.commands.size, 4)
  })

  test('are not restored from a log that says more was taken than there is', async () => {
    const system = createOrdersSystem()
    const orderId = 'short'
    const line = { productId: 'tea', quantity: 2 }
    await system.append(
      { type: 'order.placed', orderId, userId: 'ann', lines: [line], timeLimitMs: 1_000 },
      { type: 'stock.held', orderId, lines: [{ ...line, unitPrice: 5 }] },
    )
    const restoring = () => restoreOrders({ log: system.log, stores: storesOf(system) })
    await assert.rejects(restoring, {
      code: 'log_damaged',
      message: /product tea, which is unknown/,
    })
    const tea = { productId: 'tea', by: 'op', name: 'x', price: 5, stock: 1, commandId: 'a' }
    await system.append({ type: 'product.created', ...tea })
    await assert.rejects(restoring, { code: 'log_damaged', message: /took 1 more of product tea/ })
  })

  test('are not restored where there is no log', async () => {
    const system = createOrdersSystem()
    assert.equal(await restoreOrders({ log: system.log, stores: storesOf(system) }), null)
    assert.deepEqual(await system.stores.stock.positions(), [])
  })

  test('are written with the positions of every topic that their consumer reads', () => {
    const { stores, log, clock } = createOrdersSystem()
    const works = [
      createOrderProcess({ store: stores.orders, clock }),
      createCouponStep(stores.coupons),
      createStockStep({ store: stores.stock, log }),
      createPaymentStep(stores.payment, createWallet(stores.wallet)),
      createDeadLetterWork(stores.letters),
    ]
    const read = works.map(({ name, inputs }) => [name, inputs.map(({ topic }) => topic)])
    assert.deepEqual(Object.fromEntries(read), topicsReadBy)
    assert.equal(works.length, consumerNames.length)
  })
})

const expectedSights = [
  ['coupon-step order.placed', 'coupon-step order.cancelled'],
  ['stock-step order.placed', 'stock-step order.confirmed', 'stock-step order.cancelled'],
  ['payment-step order.payment_due', 'payment-step order.cancelled'],
  ['coupon-step order.return_due', 'stock-step order.return_due'],
  ['payment-step order.return_due', 'unannounced returning'],
  ['unannounced due', 'unannounced confirmed', 'unannounced cancelled'],
  ['asked', 'undoing', 'captured', 'refused', 'refunded', 'cancelled'],
].flat()

async function restoreCut(
  { scenario, diesFirst }: Cut,
  world: World,
  isWallet: boolean,
): Promise<OrdersSystem> {
  const system = await withoutRows(world, scenario)
  const stores = storesOf(system, isWallet)
  const { log } = system
  if (diesFirst) {
    const dying = restoreOrders({ log, stores: withoutStockPositions(stores) })
    await assert.rejects(dying, { code: 'store_unavailable' })
  }
  await restoreOrders({ log, stores })
  return system
}

/** Some consumers have their positions by then, and some not. */
function withoutStockPositions(stores: RestoredStores): RestoredStores {
  const { stock } = stores
  const away = new PortError('store_unavailable', 'killed', { retryable: true })
  return {
    ...stores,
    stock: {
      ...stock,
      transact(batch, decide) {
        return batch.checks.length > 0 ? Promise.reject(away) : stock.transact(batch, decide)
      },
    },
  }
}

/** What was not placed by then is placed now. */
async function finish(system: OrdersSystem, world: World, payments?: Payments): Promise<void> {
  await system.append(...world.waiting.orders)
  await system.append(...world.waiting.returns)
  const consumers = await system.run(payments === undefined ? {} : { payments })
  await system.pass(revokedAfterMs)
  const before = revokeRest(system, world)
  await system.pass(atRestMs)
  await consumers.close()
  checkRevoked(system, before)
  assert.deepEqual(system.errors, [])
}

function checkSame({ stores }: OrdersSystem, world: World): void {
  const { coupons, stock, payment, orders } = stores
  const before = world.stores
  assert.deepEqual(sorted(coupons.tables.rows, nothingUsed), sorted(before.couponRows, nothingUsed))
  assert.deepEqual(sorted(stock.tables.rows), sorted(before.stockRows))
  assert.deepEqual(sorted(payment.tables.rows), sorted(before.paymentRows))
  assert.deepEqual(sorted(stock.tables.products), sorted(before.products))
  const uses = [...coupons.tables.uses].map(([key, orderId]) => [key.replace(' ', '/'), orderId])
  assert.deepEqual(uses.sort(), [...before.uses].sort())
  const balances = [...payment.tables.balances].filter(([, balance]) => balance !== 0)
  const balancesBefore = [...before.balances].filter(([, balance]) => balance !== 0)
  assert.deepEqual(balances.sort(), balancesBefore.sort())
  const charges = [...payment.tables.charges].map(([id, { charge }]) => [id, charge] as const)
  assert.deepEqual(sorted(charges, nothingCharged), sorted(before.charges, nothingCharged))
  const states = [...orders.kept].map(([orderId, { state }]) => [orderId, state] as const)
  assert.deepEqual(sorted(states, endOf), sorted(before.orders, endOf))
}

function sorted<Row>(
  rows: Iterable<readonly [string, Row]>,
  view: (row: Row) => unknown = (row) => row,
): unknown[] {
  const viewed = [...rows].map(([key, row]) => [key, view(row)] as const)
  return viewed.filter(([, row]) => row !== null).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Whether the step met a cancelled order before its end or after it has left no trace. */
function nothingUsed(row: CouponRow): unknown {
  if (row.status === 'unneeded') return { ...row, status: 'cancelled' }
  if ((row.status !== 'used' && row.status !== 'released') || !row.reserved) return row
  // Of several copies of its record, and of a use that was met after the release, nor.
  const { kept = false, reserved, ...use } = row
  return { ...use, reference: reserved.reference, kept: row.status === 'used' && kept }
}

/** Whether the wallet was told to undo what it had not done has left no trace. */
function nothingCharged(charge: Charge): Charge | null {
  return charge.status === 'undone' && charge.refunded === 0 ? null : charge
}

/** Without the notes, which may have been taken in another order, and sums that were never told. */
function endOf(state: OrderState): unknown {
  assert.match(state.status, /^(confirmed|cancelled|returned)$/)
  assert.ok('sums' in state)
  const { heard: _, sums, ...order } = state
  return state.status === 'cancelled' ? order : { ...order, sums }
}

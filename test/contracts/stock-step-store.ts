// What every store of the stock step must do, beside what all stores of consumers do.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { stockMax } from '../../src/domain/orders/messages.ts'
import type { Product, StockRow } from '../../src/domain/orders/state.ts'
import {
  commandKey,
  type StockChanges,
  type StockLoaded,
  type StockStepStore,
  type StockWanted,
} from '../../src/ports/orders.ts'
import { PortError } from '../../src/ports/port-error.ts'
import { firedBy } from './consumer-store.ts'
import { testOpened } from './opened.ts'

export type StockUnderTest = { store: StockStepStore; close(): Promise<void> }
type Run = (store: StockStepStore) => Promise<void>

export function stockStepContract(name: string, open: () => Promise<StockUnderTest>): void {
  const test = testOf(open)
  describe(`the stock step's store: ${name}`, () => {
    test('knows nothing at first', async (store) => {
      const wanted = { ...nothing, orderIds: ['a'], productIds: ['tea'] }
      assert.deepEqual(await load(store, wanted), noneLoaded())
      assert.deepEqual(await load(store, nothing), noneLoaded())
    })

    test('keeps the rows of orders, whatever they say', async (store) => {
      const lines = [{ productId: 'tea', quantity: 2, unitPrice: 150 }]
      const rows: StockRow[] = [
        { status: 'held', orderId: 'b', lines },
        { status: 'released', orderId: 'a', lines },
        { status: 'returned', orderId: 'r', lines },
        { status: 'refused', orderId: 'Z', reason: 'out_of_stock', productId: 'tea' },
        { status: 'cancelled', orderId: '-' },
      ]
      await change(store, { rows })
      const sold: StockRow = { status: 'sold', orderId: 'b', lines }
      await change(store, { rows: [sold] })
      const loaded = await load(store, { ...nothing, orderIds: ['a', 'b', 'r', 'Z', '-', 'c'] })
      const kept = [...rows.slice(1), sold].map((row) => [idOf(row), row])
      assert.deepEqual(Object.fromEntries(loaded.rows), Object.fromEntries(kept))
    })

    test('gives the rows that wait, and those that may be unsaid until they are said', async (store) => {
      const placed = { type: 'order.placed', userId: 'ann', lines: [], timeLimitMs: 9 } as const
      const waiting = (orderId: string): StockRow => {
        return { status: 'waiting', orderId, placed: { ...placed, orderId }, since: 1 }
      }
      const held = (orderId: string): StockRow => ({ status: 'held', orderId, lines: [] })
      await change(store, { rows: [waiting('c'), held('b'), waiting('a'), waiting('d')] })
      const ids = async (after: string, limit: number) => {
        return (await store.openRows({ after, limit })).map(idOf)
      }
      assert.deepEqual(await ids('', 9), ['a', 'c', 'd'])
      assert.deepEqual(await ids('a', 1), ['c'])
      await change(store, { rows: [held('a'), held('c')], unsaid: true })
      assert.deepEqual(await ids('', 9), ['a', 'c', 'd'])
      assert.deepEqual(await store.openRows({ after: '', limit: 1 }), [held('a')])
      await change(store, { said: ['a', 'c'] })
      await change(store, { rows: [held('d')] })
      assert.deepEqual(await ids('', 9), [])
    })

    test('tells how products stand now, without locking any', async (store) => {
      await change(store, { products: [product('z'), product('a')] })
      const found = await store.products(['z', 'b', 'a'])
      assert.deepEqual(Object.fromEntries(found), { a: product('a'), z: product('z') })
      assert.equal((await store.products([])).size, 0)
    })

    test('keeps products, and what changes of them', async (store) => {
      const most = product('z', {
        name: '차 🍵',
        price: 0,
        supplied: stockMax,
        available: stockMax,
      })
      await change(store, { products: [most, product('a')] })
      const later = { ...product('a'), supplied: 12, available: 7, held: 3, sold: 2 }
      await change(store, { products: [later] })
      const { products } = await load(store, { ...nothing, productIds: ['z', 'a', 'b'] })
      assert.deepEqual(Object.fromEntries(products), { a: later, z: most })
    })

    test('loads the products that a row holds, besides those asked for', async (store) => {
      const lines = ['b', 'a'].map((productId) => ({ productId, quantity: 1, unitPrice: 1 }))
      const products = ['a', 'b', 'c', 'd'].map((id) => product(id))
      await change(store, { rows: [{ status: 'held', orderId: 'o', lines }], products })
      const loaded = await load(store, { ...nothing, orderIds: ['o'], productIds: ['c', 'b'] })
      assert.deepEqual([...loaded.products.keys()].toSorted(), ['a', 'b', 'c'])
    })

    test('keeps the first outcome of a command', async (store) => {
      const command = { key: 'tea', commandId: 'op:1', amount: 7, outcome: 'done' }
      const created = { key: 'tea', commandId: 'op:2', amount: null, outcome: 'unchanged' }
      await change(store, { commands: [command, created] })
      await change(store, { commands: [{ ...command, amount: 8, outcome: 'conflict' }] })
      const strange = { key: 'cup', commandId: 'op:1' }
      const { commands } = await load(store, { ...nothing, commands: [created, command, strange] })
      const kept = [command, created].map((one) => [commandKey(one), one])
      assert.deepEqual(Object.fromEntries(commands), Object.fromEntries(kept))
    })

    concurrencyTests(test)
  })
}

/** The second line, which the memory twin has not. */
export function stockConstraints(name: string, open: () => Promise<StockUnderTest>): void {
  const test = testOf(open)
  describe(`the constraints of the stock step's tables: ${name}`, () => {
    for (const [what, wrong, constraint] of [
      ['less than nothing available', { available: -1, held: 11 }, 'none_below_zero'],
      ['less than nothing held', { available: 11, held: -1 }, 'none_below_zero'],
      ['less than nothing sold', { available: 11, sold: -1 }, 'none_below_zero'],
      ['a piece more than supplied', { sold: 1 }, 'adds_up'],
      ['a piece less than supplied', { available: 9 }, 'adds_up'],
    ] as const) {
      test(`refuse a product with ${what}, and the whole transaction with it`, async (store) => {
        await change(store, { products: [product('a'), product('b')] })
        const rows: StockRow[] = [{ status: 'cancelled', orderId: 'o' }]
        const better = { ...product('a'), available: 5, held: 5 }
        const products = [better, { ...product('b'), ...wrong }]
        await assert.rejects(change(store, { rows, products }), firedBy(constraint))
        const loaded = await load(store, { ...nothing, orderIds: ['o'], productIds: ['a', 'b'] })
        assert.equal(loaded.rows.size, 0)
        assert.deepEqual([...loaded.products.values()].toSorted(byId), [product('a'), product('b')])
      })
    }
  })
}

function concurrencyTests(test: (title: string, run: Run) => void): void {
  test('sells each piece once, in whatever order transactions name products', async (store) => {
    const ids = ['a', 'b', 'c']
    await change(store, { products: ids.map((id) => product(id)) })
    const selling = Array.from({ length: 16 }, (_, n) => {
      // In both orders, so that whoever locked as asked would meet another halfway.
      const productIds = n % 2 === 0 ? ids : ids.toReversed()
      return store.transact({ checks: [], wanted: { ...nothing, productIds } }, ({ products }) => {
        const all = [...products.values()]
        if (all.some(({ available }) => available < 1)) return unchanged(false)
        const sold = all.map((one) => ({
          ...one,
          available: one.available - 1,
          sold: one.sold + 1,
        }))
        return { changes: { ...noChanges, products: sold }, moves: [], result: true }
      })
    })
    const results = await Promise.all(selling)
    assert.equal(results.filter((isSold) => isSold === true).length, 10)
    const { products } = await load(store, { ...nothing, productIds: ids })
    const counts = [...products.values()].map(({ available, sold }) => [available, sold])
    assert.deepEqual(counts, [
      [0, 10],
      [0, 10],
      [0, 10],
    ])
  })

  test('holds once for an order that several meet first at the same time', async (store) => {
    await change(store, { products: [product('tea')] })
    const line = { productId: 'tea', quantity: 1, unitPrice: 150 }
    const wanted = { ...nothing, orderIds: ['o'], productIds: ['tea'] }
    const holding = Array.from({ length: 6 }, () =>
      store.transact({ checks: [], wanted }, ({ rows, products }) => {
        if (rows.has('o')) return unchanged('repeated')
        const tea = products.get('tea')
        assert.ok(tea)
        const held = { ...tea, available: tea.available - 1, held: tea.held + 1 }
        const row: StockRow = { status: 'held', orderId: 'o', lines: [line] }
        return {
          changes: { ...noChanges, rows: [row], products: [held] },
          moves: [],
          result: 'held',
        }
      }),
    )
    const results = await Promise.allSettled(holding)
    const held = results.filter((one) => one.status === 'fulfilled' && one.value === 'held')
    assert.equal(held.length, 1)
    // Who came second is told the row, or to try again.
    for (const one of results) if (one.status === 'rejected') checkRetryable(one.reason)
    const { products } = await load(store, wanted)
    assert.deepEqual(products.get('tea'), { ...product('tea'), available: 9, held: 1 })
  })
}

const nothing: StockWanted = { orderIds: [], productIds: [], commands: [] }
const noChanges: StockChanges = { rows: [], products: [], commands: [] }

function testOf(open: () => Promise<StockUnderTest>) {
  const test = testOpened(open)
  return (title: string, run: Run) => test(title, ({ store }) => run(store))
}

function noneLoaded(): StockLoaded {
  return { rows: new Map(), products: new Map(), commands: new Map() }
}

function unchanged<Result>(result: Result) {
  return { changes: noChanges, moves: [], result }
}

async function load(store: StockStepStore, wanted: StockWanted): Promise<StockLoaded> {
  const loaded = await store.transact({ checks: [], wanted }, (found) => unchanged(found))
  assert.ok(loaded !== 'fenced')
  return loaded
}

/** As the step does: loads what it writes, in the same transaction. */
async function change(store: StockStepStore, some: Partial<StockChanges>): Promise<void> {
  const changes = { ...noChanges, ...some }
  const wanted = {
    orderIds: changes.rows.map(idOf),
    productIds: changes.products.map(({ productId }) => productId),
    commands: changes.commands,
  }
  await store.transact({ checks: [], wanted }, () => ({ changes, moves: [], result: null }))
}

function product(productId: string, some: Partial<Product> = {}): Product {
  const counts = { initial: 10, supplied: 10, available: 10, held: 0, sold: 0 }
  return { status: 'stocked', productId, name: productId, price: 150, ...counts, ...some }
}

function idOf(row: StockRow): string {
  return 'orderId' in row ? row.orderId : ''
}

function byId(a: Product, b: Product): number {
  return a.productId < b.productId ? -1 : 1
}

function checkRetryable(error: unknown): void {
  assert.ok(error instanceof PortError, String(error))
  assert.ok(error.retryable, error.message)
}

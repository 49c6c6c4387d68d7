import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createOrdersSystem, type OrdersSystem } from '../../test/models/orders-consumers.ts'
import type { OrderPlaced } from '../domain/orders/messages.ts'
import { retryTopics } from '../domain/orders/retries.ts'
import { PortError } from '../ports/port-error.ts'

function placed(orderId: string): OrderPlaced {
  const lines = [{ productId: 'tea', quantity: 1 }]
  return { type: 'order.placed', orderId, userId: 'ann', lines, timeLimitMs: 600_000 }
}

async function supplied(stock: number): Promise<OrdersSystem> {
  const system = createOrdersSystem()
  const tea = { productId: 'tea', name: 'Tea', price: 100, stock }
  await system.append(
    { type: 'product.created', ...tea, by: 'op', commandId: 'tea' },
    { type: 'wallet.topped_up', userId: 'ann', amount: 100_000, by: 'op', commandId: 'top' },
  )
  const process = await system.run({ names: ['stock-step', 'payment-step'] })
  await system.pass(50)
  await process.close()
  return system
}

/** The table of the stock step takes no row of these orders, until it is mended. */
function breakTable(
  { stores: { stock } }: OrdersSystem,
  of: { isBad(orderId: string): boolean; isOfTable: boolean },
): () => void {
  const { transact } = stock
  stock.transact = async (batch, decide) => {
    if (!batch.wanted.orderIds.some(of.isBad)) return transact(batch, decide)
    throw new PortError('store_broken', 'no such table', { isOfTable: of.isOfTable })
  }
  return () => {
    stock.transact = transact
  }
}

function sold({ stores }: OrdersSystem): number | undefined {
  const tea = stores.stock.tables.products.get('tea')
  return tea?.status === 'stocked' ? tea.sold : undefined
}

describe('a table that takes nothing', () => {
  const cases = [
    ['at once where the database says that it lies in the table', true, 0],
    ['after some that were blamed one behind the other', false, 20],
  ] as const
  for (const [when, isOfTable, blamed] of cases) {
    test(`halts its consumer ${when}, and no others are buried`, async () => {
      const system = await supplied(10)
      const mend = breakTable(system, { isBad: () => true, isOfTable })
      await system.append(...Array.from({ length: 50 }, (_, n) => placed(`order-${n}`)))
      const process = await system.run()
      await system.pass(500)
      assert.match(String(system.errors[0]), /takes nothing of what stock-step does: no such table/)
      const postponed = system.log.records(retryTopics[0]).flat()
      assert.equal(postponed.length, blamed)
      await process.close()
      mend()
      const next = await system.run()
      await system.pass(20_000)
      assert.equal(system.stores.letters.tables.letters.size, 0)
      assert.equal(sold(system), 10)
      await next.close()
    })
  }

  test('is not what many records are, each of which fails, among others', async () => {
    const system = await supplied(200)
    breakTable(system, { isBad: (orderId) => orderId.startsWith('bad'), isOfTable: false })
    const process = await system.run()
    for (let n = 0; n < 60; n++) await system.append(placed(`bad-${n}`), placed(`good-${n}`))
    await system.pass(10_000)
    assert.deepEqual(system.errors, [])
    assert.equal(sold(system), 60)
    assert.equal(system.stores.letters.tables.letters.size, 60)
    await process.close()
  })
})

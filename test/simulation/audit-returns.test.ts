// What an audit finds where a returned order was not given back what it says: each planted by hand
// in a world in which an order was bought, paid with a coupon and returned.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OrderMessage } from '../../src/domain/orders/messages.ts'
import { type AuditedWorld, auditWorld, worldAtRest } from '../models/orders-audit.ts'
import type { Scenario } from '../models/orders-world.ts'

const orderId = 'ann-1'
const discount = { kind: 'percent', value: 10 } as const
const by = 'op'
const tea = { productId: 'tea', name: 'Tea', price: 150, stock: 5, by, commandId: 'tea' }
const scenario: Scenario = {
  seed: 1,
  won: [{ couponId: 'spring', userId: 'ann', offset: 0, discount }],
  supplies: [
    { type: 'product.created', ...tea },
    { type: 'wallet.topped_up', userId: 'ann', amount: 500, by, commandId: 'money' },
  ],
  orders: [
    {
      type: 'order.placed',
      orderId,
      userId: 'ann',
      lines: [{ productId: 'tea', quantity: 2 }],
      timeLimitMs: 86_400_000,
      coupon: { couponId: 'spring', partition: 0, offset: 0 },
    },
  ],
  // The first may be asked too soon; of those in time one is enough.
  returns: ['c', 'd', 'e', 'f'].map((commandId): OrderMessage<'order.return_asked'> => {
    return { type: 'order.return_asked', orderId, by: 'ann', commandId }
  }),
}
/** Chance may let it be ordered before there is any; the first world in which it is returned. */
async function returnedWorld(): Promise<AuditedWorld> {
  for (let seed = 1; seed < 100; seed += 1) {
    const world = await worldAtRest({ ...scenario, seed })
    if (world.tables.orders[0]?.status === 'returned') return world
  }
  assert.fail('no world in which it is returned')
}

type Plant = (world: AuditedWorld) => void
const plants: Readonly<Record<string, readonly [Plant, readonly RegExp[]]>> = {
  'money that was not refunded': [
    ({ tables }) => {
      const row = rowOf(tables['payment-rows'])
      Object.assign(row, { status: 'captured', row: { ...row.row, status: 'captured' } })
    },
    [/I12 .*payment row is captured, but the step said payment.refunded/, /270 was not given back/],
  ],
  'pieces that are not back': [
    ({ tables }) => {
      const row = rowOf(tables['stock-rows'])
      Object.assign(row, { status: 'sold', row: { ...row.row, status: 'sold' } })
    },
    [/I11 .*returned in the log, but its stock row is sold/],
  ],
  'a coupon that is still used': [
    ({ tables }) => {
      const row = rowOf(tables['coupon-rows'])
      Object.assign(row, { status: 'used', row: { ...row.row, status: 'used' } })
      tables.uses.push({ orderId, userId: 'ann', couponId: 'spring' })
    },
    [/I13 .*its coupon row is used/, /I13 .*is used by order ann-1, which was returned/],
  ],
}

function rowOf<Row extends { row: unknown }>(rows: readonly Row[]): Row & { row: object } {
  const [row] = rows
  assert.ok(row !== undefined)
  return row as Row & { row: object }
}

describe('an audit of a returned order', () => {
  test('finds nothing where all is back, and counts it', async () => {
    const { found, counts } = await auditWorld(await returnedWorld())
    assert.deepEqual(found, [])
    assert.deepEqual([counts.orders, counts.confirmed, counts.returned], [1, 0, 1])
  })

  for (const [name, [plant, expected]] of Object.entries(plants)) {
    test(`finds ${name}`, async () => {
      const world = await returnedWorld()
      plant(world)
      const { found } = await auditWorld(world)
      const texts = found.map(({ invariant, text }) => `${invariant} ${text}`)
      for (const it of expected)
        assert.ok(
          texts.some((text) => it.test(text)),
          texts.join('\n'),
        )
    })
  }

  test('finds a row that says returned where the log does not', async () => {
    const world = await returnedWorld()
    const unsaid = await worldAtRest({ ...scenario, returns: [] })
    const [row] = unsaid.tables.orders
    assert.ok(row !== undefined)
    Object.assign(row, world.tables.orders[0])
    const { found } = await auditWorld(unsaid)
    const texts = found.map(({ text }) => text)
    assert.ok(
      texts.some((text) => /its row is not what the log gives/.test(text)),
      texts.join('\n'),
    )
  })
})

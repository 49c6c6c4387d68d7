import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AuditedTable, OrdersAuditSource } from '../../ports/orders-audit.ts'
import { readOrdersRows } from './read-rows.ts'

describe('rows of a running service', () => {
  it('are asked for in two lanes, the stock and the money behind what was held and paid', async () => {
    const { source, ends, begun, most } = slowSource(false)
    await readOrdersRows(source)
    assert.equal(most(), 2)
    assert.equal(begun[0], 'orders')
    for (const [first, then] of [
      ['stock-rows', 'products'],
      ['products', 'stock-commands'],
      ['payment-rows', 'balances'],
      ['payment-rows', 'charges'],
      ['balances', 'payment-commands'],
      ['letters', 'letter-commands'],
    ] as const) {
      const endedBefore = ends.get(then)?.before ?? []
      assert.ok(endedBefore.includes(first), `${then} before all of ${first}`)
    }
  })

  it('are asked for one by one where there is one session for all of them', async () => {
    const { source, most } = slowSource(true)
    await readOrdersRows(source)
    assert.equal(most(), 1)
  })
})

/** Two pages of each table, each after some turns of the event loop. */
function slowSource(oneMoment: boolean) {
  const begun: AuditedTable[] = []
  const ended: AuditedTable[] = []
  /** By table, which others had ended when it was first asked for. */
  const ends = new Map<AuditedTable, { before: AuditedTable[] }>()
  let asked = 0
  let most = 0
  const source: OrdersAuditSource = {
    oneMoment,
    read: (run) =>
      run({
        positions: async () => [],
        async page({ table, after: [first] }) {
          if (!ends.has(table)) {
            ends.set(table, { before: [...ended] })
            begun.push(table)
          }
          asked += 1
          most = Math.max(most, asked)
          for (let turn = 0; turn < 3; turn += 1) {
            await new Promise((resolve) => setImmediate(resolve))
          }
          asked -= 1
          if (first === '') return { rows: '', about: [], next: ['more', ''] }
          ended.push(table)
          return { rows: '', about: [] }
        },
      }),
  }
  return { source, ends, begun, most: () => most }
}
